package main

import (
	"maps"
	"slices"
	"testing"

	"github.com/curtaild/curtaild/cmd/curtaild/config"
	"github.com/curtaild/curtaild/energy/mqtt"
	"github.com/curtaild/curtaild/rigs/emulate"
)

// The config may name what the program has, and all of it.
func TestConfigKnowsWhatThereIs(t *testing.T) {
	if got, want := slices.Sorted(slices.Values(config.Decoders())), slices.Sorted(slices.Values(mqtt.Decoders())); !slices.Equal(got, want) {
		t.Errorf("decoders %q, want %q", got, want)
	}
	var known []string
	for _, f := range config.Families() {
		known = append(known, f.Name)
	}
	drivers := slices.Sorted(maps.Keys(families()))
	if slices.Sort(known); !slices.Equal(known, drivers) {
		t.Errorf("families %q, want %q", known, drivers)
	}
	if got := slices.Sorted(slices.Values(emulate.Families())); !slices.Equal(got, drivers) {
		t.Errorf("emulated families %q, want %q", got, drivers)
	}
}
