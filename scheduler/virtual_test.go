package scheduler_test

import (
	"log/slog"
	"testing"
	"time"

	"github.com/curtaild/curtaild/energy"
	"github.com/curtaild/curtaild/policies"
	"github.com/curtaild/curtaild/scheduler"
)

// follower is a load that does at once what it is told.
type follower struct {
	name string
	got  []energy.Setpoint
}

func (f *follower) Name() string             { return f.name }
func (f *follower) Apply(sp energy.Setpoint) { f.got = append(f.got, sp) }

// On a virtual clock the site decides when it is told to, and says when it
// wants to be asked again.
func TestVirtual(t *testing.T) {
	start := time.Date(2026, 4, 1, 12, 0, 0, 0, time.UTC)
	points := []energy.OperatingPoint{{Name: "off"}, {Name: "on", Draw: 1000, Rate: 50e12}}
	load := &follower{name: "a"}
	v, err := scheduler.NewVirtual(scheduler.Loop{
		Setup: scheduler.Setup{
			Readings: []energy.ReadingSpec{{Name: "free", Role: energy.RoleSurplus, MaxAge: 30 * time.Second, Min: 0, Max: 1e6}},
			Balance:  energy.BalanceSpec{Kind: energy.BalanceSurplus},
			Policies: []policies.Policy{{
				Name: "soak", Loads: []string{"a"}, Use: policies.Use{Available: true},
				Start: policies.Threshold{Power: 900, For: 20 * time.Second}, Stop: policies.Threshold{Power: 500},
			}},
			Location: time.UTC,
		},
		Loads: []scheduler.Load{load}, Specs: []*energy.LoadSpec{{Name: "a"}},
		Log: slog.New(slog.DiscardHandler),
	}, start)
	if err != nil {
		t.Fatal(err)
	}
	v.Status(start, energy.Status{Load: "a", At: start, State: energy.StateIdle, Points: points, Source: energy.Measured})
	read := func(at time.Time, w energy.Watts) {
		v.Reading(energy.Reading{Name: "free", At: at, Value: float64(w)})
	}
	read(start, 1500)
	next, _ := v.Pass(start)
	if want := start.Add(20 * time.Second); !next.Equal(want) || len(load.got) != 0 {
		t.Fatalf("first pass: next %v (want %v), %d set-points (want none)", next, want, len(load.got))
	}
	_, plan := v.Pass(next)
	if len(load.got) != 1 || load.got[0].Point != 1 || plan.Decisions[0].Reason != energy.Surplus {
		t.Fatalf("after the delay: %+v, %+v", load.got, plan.Decisions)
	}
	v.Hold(next.Add(time.Second), true, "test")
	v.Pass(next.Add(time.Second))
	if len(load.got) != 2 || load.got[1].Point != energy.Off {
		t.Fatalf("held: %+v", load.got)
	}
}
