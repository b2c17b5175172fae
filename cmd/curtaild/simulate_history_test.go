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
	"github.com/curtaild/curtaild/policies"
	"github.com/curtaild/curtaild/scheduler"
)

// What the daemon has recorded is played again: the same power was there, and
// under the same policy the same loads are told the same, in the same order
// and, as far as the history's steps tell, at the same times.
func TestSimulateHistory(t *testing.T) {
	for _, objective := range []policies.Objective{policies.Hashes, policies.Net} {
		t.Run(string(objective), func(t *testing.T) { recordAndSimulate(t, objective) })
	}
}

func recordAndSimulate(t *testing.T, objective policies.Objective) {
	dir := t.TempDir()
	var loop *scheduler.Loop
	var began, ended time.Time
	var recorded, simulated []told
	day, sum := []energy.Watts{300, 2300, 4200, 1700, 3100, 2600, 300, 2300, 3900, 1200, 200}, 0.0
	for _, w := range day {
		sum += float64(w)
	}
	synctest.Test(t, func(t *testing.T) {
		p := openPast(t, dir, func(l *scheduler.Loop) { l.Setup.Policies[0].Objective = objective })
		loop, began = p.loop, time.Now()
		for _, w := range day {
			p.sun(w, 15*time.Minute)
		}
		ended = time.Now()
		p.stop(scheduler.ErrHandOver)
		recorded = p.told
	})
	cfg := &config.Config{Readings: loop.Setup.Readings, Balance: loop.Setup.Balance}
	series, err := readHistory(dir, cfg, simulate.Config{From: began, To: ended})
	if err != nil {
		t.Fatal(err)
	}
	c := simulate.Config{Setup: loop.Setup, Latency: time.Millisecond, Between: simulate.Held, Included: true,
		Told: func(at time.Time, load string, point int) { simulated = append(simulated, told{at, load, point}) }}
	for _, spec := range loop.Specs {
		c.Loads = append(c.Loads, simulate.Load{Spec: spec, Points: pastPoints()})
	}
	r, err := simulate.Run(t.Context(), c, series)
	if err != nil {
		t.Fatal(err)
	}
	if want := sum * 0.25 / 1000; math.Abs(r.AvailableKWh-want) > 0.02*want {
		t.Errorf("%.3f kWh were available, want %.3f", r.AvailableKWh, want)
	}
	samePlans(t, recorded, simulated)
	if _, err := readHistory(t.TempDir(), cfg, simulate.Config{}); err == nil {
		t.Error("a history of nothing")
	}
	if !slices.IsSortedFunc(series.At, time.Time.Compare) {
		t.Error("rows out of order")
	}
}

// samePlans compares what loads were told, but for the times at which the
// history's rows lie.
func samePlans(t *testing.T, recorded, simulated []told) {
	t.Helper()
	if len(recorded) < 6 || len(recorded) != len(simulated) {
		t.Fatalf("recorded %v, simulated %v", recorded, simulated)
	}
	for i, r := range recorded {
		s := simulated[i]
		if s.load != r.load || s.point != r.point || s.at.Sub(r.at).Abs() > historyStep+11*time.Second { // the meter's own pace
			t.Errorf("set-point %d: recorded %v, simulated %v", i, r, s)
		}
	}
}
