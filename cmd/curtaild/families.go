package main

import (
	"fmt"
	"net"

	"github.com/curtaild/curtaild/cmd/curtaild/config"
	"github.com/curtaild/curtaild/rigs"
	"github.com/curtaild/curtaild/rigs/bitaxe"
	"github.com/curtaild/curtaild/rigs/luxos"
)

// family is how devices of one firmware are reached.
type family struct {
	defaults rigs.Family
	driver   func(config.Rig) rigs.Driver
}

// families are all that curtaild can drive, by the name that the config uses.
func families() map[string]family {
	return map[string]family{
		"luxos":  {luxos.Defaults(), func(r config.Rig) rigs.Driver { return luxos.New(r.Address, luxos.Options{}) }},
		"bitaxe": {bitaxe.Defaults(), func(r config.Rig) rigs.Driver { return bitaxe.New(r.Address, bitaxe.Options{Points: r.Points}) }},
	}
}

// newRig returns the rig that the config describes, with its counters as they
// were last. Who only observes keeps no session that would lock others out.
func newRig(r config.Rig, counters rigs.Counters, observe bool) (*rigs.Rig, error) {
	f, ok := families()[r.Spec.Family]
	if !ok {
		return nil, fmt.Errorf("rig %s: no driver for family %q", r.Spec.Name, r.Spec.Family)
	}
	fam := f.defaults
	if r.StartTime > 0 {
		fam.StartTime = r.StartTime
	}
	if r.StopTime > 0 {
		fam.StopTime = r.StopTime
	}
	if r.Poll > 0 {
		fam.Poll = r.Poll
	}
	host, _, err := net.SplitHostPort(r.Address)
	if err != nil {
		return nil, fmt.Errorf("rig %s: %w", r.Spec.Name, err)
	}
	return rigs.New(rigs.Config{
		Name: r.Spec.Name, Host: host, Driver: f.driver(r), Family: fam,
		Points: r.Points, KeepReady: !observe, Counters: counters,
	}), nil
}
