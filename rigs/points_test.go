package rigs

import (
	"slices"
	"testing"
	"time"

	"github.com/curtaild/curtaild/energy"
)

func TestWithOff(t *testing.T) {
	for name, c := range map[string]struct {
		in   []energy.OperatingPoint
		want []energy.OperatingPoint
	}{
		"none":          {},
		"off is added":  {[]energy.OperatingPoint{{Name: "b", Draw: 9}, {Name: "a", Draw: 5}}, []energy.OperatingPoint{{Name: "off", Draw: 3}, {Name: "a", Draw: 5}, {Name: "b", Draw: 9}}},
		"off is kept":   {[]energy.OperatingPoint{{Name: "a", Draw: 5}, {Name: "Off", Draw: 2}}, []energy.OperatingPoint{{Name: "off", Draw: 2}, {Name: "a", Draw: 5}}},
		"off is lowest": {[]energy.OperatingPoint{{Name: "a", Draw: 1}}, []energy.OperatingPoint{{Name: "off", Draw: 1}, {Name: "a", Draw: 1}}},
	} {
		if got := withOff(c.in, 3); !slices.Equal(got, c.want) {
			t.Errorf("%s: %v, want %v", name, got, c.want)
		}
	}
}

// Points from the config are the operator's word, those of the device are not.
func TestStatedPoints(t *testing.T) {
	for name, c := range map[string]struct {
		points []energy.OperatingPoint
		want   bool
	}{"from the device": {nil, false}, "from the config": {levelsOf(3), true}} {
		t.Run(name, func(t *testing.T) {
			in(t, func(t *testing.T) {
				b := start(t, newDevice(3), func(k *Config) { k.Points = c.points })
				if s := b.wait(time.Minute); s.Stated != c.want || len(s.Points) != 4 {
					t.Errorf("stated %v, want %v; points %v", s.Stated, c.want, s.Points)
				}
			})
		})
	}
}
