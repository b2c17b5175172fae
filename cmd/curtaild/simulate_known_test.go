package main

import (
	"slices"
	"testing"
	"testing/synctest"
	"time"

	"github.com/curtaild/curtaild/cmd/curtaild/config"
	"github.com/curtaild/curtaild/cmd/curtaild/simulate"
	"github.com/curtaild/curtaild/energy"
	"github.com/curtaild/curtaild/scheduler"
)

// What the daemon knew of its loads is read back beside it: a rig whose points
// the config does not list can be simulated too.
func TestSimulateKnownLoads(t *testing.T) {
	dir := t.TempDir()
	var loop *scheduler.Loop
	synctest.Test(t, func(t *testing.T) {
		p := openPast(t, dir)
		loop = p.loop
		p.sun(2300, 70*time.Minute) // into a second stream, in which the rigs are known
		p.stop(scheduler.ErrHandOver)
	})
	known, at, err := knownLoads(dir)
	if err != nil || at.IsZero() {
		t.Fatalf("known at %v: %v", at, err)
	}
	cfg := &config.Config{}
	for _, spec := range loop.Specs {
		k, ok := known[spec.Name]
		if !ok || !slices.Equal(k.Points, pastPoints()) {
			t.Errorf("%s: %+v", spec.Name, k)
		}
		cfg.Rigs = append(cfg.Rigs, config.Rig{Spec: *spec})
	}
	loads, err := simulatedLoads(cfg, known)
	if err != nil {
		t.Fatal(err)
	}
	if n := teach(loads, known, cfg); n != len(loop.Specs) || !slices.Equal(loads[0].Points, pastPoints()) {
		t.Errorf("%d of %d loads, %+v", n, len(loop.Specs), loads[0])
	}
	if known, _, err := knownLoads(t.TempDir()); err != nil || len(known) > 0 {
		t.Errorf("where no daemon has run: %v, %v", known, err)
	}
}

// A daemon that has only just begun, or begun again, knows its loads too: by
// what was learned before, and else by what they say.
func TestSimulateKnownSoon(t *testing.T) {
	for before, learned := range map[time.Duration]bool{0: false, 5 * time.Minute: false, 70 * time.Minute: true} {
		dir := t.TempDir()
		var again time.Time
		synctest.Test(t, func(t *testing.T) {
			if before > 0 {
				p := openPast(t, dir)
				p.sun(2300, before)
				p.stop(scheduler.ErrHandOver)
			}
			again = time.Now()
			p := openPast(t, dir)
			p.sun(2300, 30*time.Second)
			p.stop(scheduler.ErrHandOver)
		})
		known, at, err := knownLoads(dir)
		if err != nil || len(known) != 2 || !slices.Equal(known["a-1"].Points, pastPoints()) {
			t.Fatalf("after %v and a start: %v, %+v", before, err, known)
		}
		if at.Before(again) != learned {
			t.Errorf("after %v and a start at %v they are as of %v, learned %v", before, again, at, learned)
		}
		// Where nothing was learned, ramps are the family's.
		cfg := &config.Config{Rigs: []config.Rig{{Spec: energy.LoadSpec{Name: "a-1", Family: "luxos"}}}}
		loads, err := simulatedLoads(cfg, known)
		if teach(loads, known, cfg); err != nil || len(loads) != 1 || loads[0].Spec.Ramp.Up <= 0 {
			t.Errorf("after %v and a start: %v, %+v", before, err, loads)
		}
	}
}

// What the config says of a rig's points stands; ramps are the learned ones.
func TestTeach(t *testing.T) {
	stated := []energy.OperatingPoint{{Name: "off"}, {Name: "on", Draw: 900, Rate: 1}}
	learned := []energy.OperatingPoint{{Name: "off"}, {Name: "on", Draw: 1000, Rate: 1}}
	ramp := energy.Ramp{Up: 12, Down: 300}
	cfg := &config.Config{Rigs: []config.Rig{{Spec: energy.LoadSpec{Name: "a"}, Points: stated}, {Spec: energy.LoadSpec{Name: "b"}}}}
	loads := []simulate.Load{{Spec: &cfg.Rigs[0].Spec, Points: stated}, {Spec: &cfg.Rigs[1].Spec, Points: learned}, {Spec: &energy.LoadSpec{Name: "c"}}}
	known := map[string]scheduler.Known{
		"a": {Spec: &energy.LoadSpec{Name: "a", Ramp: ramp}, Points: learned},
		"b": {Spec: &energy.LoadSpec{Name: "b", Ramp: ramp}, Points: learned},
	}
	if n := teach(loads, known, cfg); n != 2 {
		t.Errorf("%d loads, want 2", n)
	}
	if loads[0].Spec.Ramp != ramp || loads[0].Points[1].Draw != 900 || loads[1].Points[1].Draw != 1000 || loads[2].Spec.Ramp == ramp {
		t.Errorf("%+v", loads)
	}
	if cfg.Rigs[0].Spec.Ramp == ramp {
		t.Error("the config was written to")
	}
}
