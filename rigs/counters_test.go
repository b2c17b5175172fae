package rigs

import (
	"context"
	"math"
	"sync"
	"testing"
	"testing/synctest"
	"time"

	"github.com/curtaild/curtaild/energy"
)

// The energy counter must follow the meter through starts, stops and changes
// of level, at slow and at fast polls.
func TestEnergyCounter(t *testing.T) {
	for _, poll := range []time.Duration{time.Second, 5 * time.Second} {
		t.Run(poll.String(), func(t *testing.T) {
			in(t, func(t *testing.T) {
				dev, drawn := newDevice(2), 0.0 // up to the last poll
				dev.report = func(*Report) {
					dev.count(time.Now())
					drawn = dev.joules
				}
				b := start(t, dev, func(c *Config) { c.Family.Poll = poll })
				b.wait(poll)
				from, meter := b.status().Energy, drawn
				for i, name := range []string{"off", "L3", "L1", "L2", "off", "L1", "off", "L3"} {
					b.tell(name)
					b.wait(time.Duration(37+13*i) * time.Second)
				}
				b.wait(2 * poll)
				got, want := float64(b.status().Energy-from), drawn-meter
				if off := math.Abs(got/want - 1); off > 0.006 {
					t.Errorf("counted %.0f J, drawn %.0f J: %.2f %% off", got, want, 100*off)
				}
			})
		})
	}
}

func TestCountersGoOnAfterARestart(t *testing.T) {
	in(t, func(t *testing.T) {
		dev := newDevice(3)
		var kept Counters
		r := New(Config{Name: "a", Driver: dev, Family: testFamily()})
		ctx, cancel := context.WithCancel(t.Context())
		out := make(chan energy.Status, 1000)
		var wg sync.WaitGroup
		wg.Go(func() { _ = NewFleet([]*Rig{r}, Bounds{}, out).Run(ctx) })
		time.Sleep(time.Minute)
		synctest.Wait()
		kept = r.Counters()
		cancel()
		wg.Wait()
		time.Sleep(30 * time.Second)
		b := start(t, dev, func(c *Config) { c.Counters = kept })
		s := b.wait(30 * time.Second)
		if want := 3000 * 120.0; math.Abs(float64(s.Energy)/want-1) > 0.06 || s.Energy < kept.Energy {
			t.Errorf("counted %v J, drawn %.0f J", float64(s.Energy), want)
		}
		if s.Starts != 0 || kept.ID != dev.id {
			t.Errorf("starts %d, id %q", s.Starts, kept.ID)
		}
		if again := New(Config{Name: "a", Driver: dev, Counters: kept}).Counters(); again != kept {
			t.Errorf("unheard, %+v, want %+v", again, kept)
		}
	})
}

func TestShareCountersAreMonotone(t *testing.T) {
	ta := newTally(Counters{})
	now := time.Unix(1e9, 0)
	for i, c := range []struct{ device, want uint64 }{{100, 0}, {110, 10}, {5, 15}, {5, 15}, {8, 18}, {0, 18}, {2, 20}} {
		ta.take(now.Add(time.Duration(i)*time.Second), Report{State: energy.StateRunning, Accepted: c.device}, 0)
		if ta.c.Accepted != c.want {
			t.Errorf("step %d: %d, want %d", i, ta.c.Accepted, c.want)
		}
	}
}
