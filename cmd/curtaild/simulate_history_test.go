package main

import (
	"math"
	"slices"
	"testing"
	"testing/synctest"
	"time"

	"github.com/curtaild/curtaild/cmd/curtaild/config"
	"github.com/curtaild/curtaild/cmd/curtaild/simulate"
	"github.com/curtaild/curtaild/energy"
	"github.com/curtaild/curtaild/scheduler"
)

// What the daemon has recorded is played again: the same power was there, and
// under the same policy the same rigs come on as often and for as long.
func TestSimulateHistory(t *testing.T) {
	dir := t.TempDir()
	var loop *scheduler.Loop
	var began, ended time.Time
	starts, ran := 0, time.Duration(0) // of the daemon's rigs
	synctest.Test(t, func(t *testing.T) {
		p := openPast(t, dir)
		loop, began = p.loop, time.Now()
		on := map[string]bool{}
		for _, w := range []energy.Watts{300, 2300, 4200, 300, 2300, 200} {
			for range 15 {
				p.sun(w, time.Minute)
				p.mu.Lock()
				for name, point := range p.points {
					if point != energy.Off {
						ran += time.Minute
						if !on[name] {
							starts++
						}
					}
					on[name] = point != energy.Off
				}
				p.mu.Unlock()
			}
		}
		ended = time.Now()
		p.stop(scheduler.ErrHandOver)
	})
	cfg := &config.Config{Readings: loop.Setup.Readings, Balance: loop.Setup.Balance}
	series, err := readHistory(dir, cfg, simulate.Config{From: began, To: ended})
	if err != nil {
		t.Fatal(err)
	}
	c := simulate.Config{Setup: loop.Setup, Latency: time.Millisecond, Between: simulate.Held, Included: true}
	for _, spec := range loop.Specs {
		c.Loads = append(c.Loads, simulate.Load{Spec: spec, Points: pastPoints()})
	}
	r, err := simulate.Run(t.Context(), c, series)
	if err != nil {
		t.Fatal(err)
	}
	if want := (300 + 2300 + 4200 + 300 + 2300 + 200) * 0.25 / 1000; math.Abs(r.AvailableKWh-want) > 0.02*want {
		t.Errorf("%.3f kWh were available, want %.3f", r.AvailableKWh, want)
	}
	hours, again := 0.0, 0
	for _, rig := range r.Rigs {
		hours += rig.Hours
		again += rig.Starts
	}
	if math.Abs(hours-ran.Hours()) > 0.1 || again != starts || starts == 0 {
		t.Errorf("simulated, the rigs ran for %.2f h after %d starts; recorded, for %.2f h after %d", hours, again, ran.Hours(), starts)
	}
	if _, err := readHistory(t.TempDir(), cfg, simulate.Config{}); err == nil {
		t.Error("a history of nothing")
	}
	if !slices.IsSortedFunc(series.At, time.Time.Compare) {
		t.Error("rows out of order")
	}
}
