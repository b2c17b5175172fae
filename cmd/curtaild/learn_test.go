package main

import (
	"context"
	"math"
	"sync"
	"testing"
	"time"

	"github.com/curtaild/curtaild/energy"
	"github.com/curtaild/curtaild/rigs"
	"github.com/curtaild/curtaild/rigs/emulate"
	"github.com/curtaild/curtaild/rigs/luxos"
	"github.com/curtaild/curtaild/scheduler"
)

// haste is how many times faster than in life the rigs of this test go. What
// they say is stretched again before it is learned from.
const haste = 60

// hasty is a family's defaults, sped up.
func hasty(f rigs.Family) rigs.Family {
	for _, d := range []*time.Duration{&f.Settle.Start, &f.Settle.Stop, &f.Settle.Level, &f.StartTime, &f.StopTime, &f.Poll} {
		*d /= haste
	}
	return f
}

// learnFrom sends an emulated rig to one point after the other, waits at each
// until it has settled and was looked at for a minute, and returns what was
// learned of it.
func learnFrom(t *testing.T, o emulate.Options, way []int) (l scheduler.Learned, points []energy.OperatingPoint) {
	o.TimeScale, o.Metered, o.Point = haste, true, 3
	o.Points = []energy.OperatingPoint{
		{Name: "off", Draw: 20}, {Name: "290MHz", Draw: 1200, Rate: 60e12},
		{Name: "390MHz", Draw: 1700, Rate: 80e12}, {Name: "490MHz", Draw: 2300, Rate: 100e12},
	}
	dev, err := emulate.NewLuxOS(o)
	if err != nil {
		t.Fatal(err)
	}
	rig := rigs.New(rigs.Config{Name: "a", Driver: luxos.New(dev.Addr(), luxos.Options{}), Family: hasty(luxos.Defaults())})
	out := make(chan energy.Status, 1)
	fleet := rigs.NewFleet([]*rigs.Rig{rig}, rigs.Bounds{}, out)
	ctx, cancel := context.WithTimeout(context.Background(), 4*time.Minute)
	var wg sync.WaitGroup
	wg.Go(func() { _ = fleet.Run(ctx) })
	defer func() {
		cancel()
		wg.Wait()
		_ = dev.Close()
	}()
	begun := time.Now().Round(0)
	stretch := func(t time.Time) time.Time {
		if t.IsZero() {
			return t
		}
		return begun.Add(haste * t.Round(0).Sub(begun))
	}
	sp, at := energy.Setpoint{Name: "off"}, -1
	for at < len(way) {
		select {
		case <-ctx.Done():
			t.Fatalf("got as far as step %d: %+v", at, l.Watch)
		case st := <-out:
			if len(st.Points) == 0 {
				continue
			}
			points = st.Points
			st.At, st.DrawAt = stretch(st.At), stretch(st.DrawAt)
			l.Step(&scheduler.Sighting{Status: &st, Setpoint: &sp, Points: points, Ramp: luxos.Defaults().Ramp(points)})
			w := &l.Watch
			if w.Name != sp.Name || !w.Settled || st.At.Sub(w.SteadyAt) < time.Minute {
				continue
			}
			if at++; at == len(way) {
				break
			}
			now := time.Now()
			sp = energy.Setpoint{Load: "a", Seq: uint64(at + 1), Point: way[at], Name: points[way[at]].Name, Draw: points[way[at]].Draw, At: now}
			rig.Apply(sp)
			sp.At = stretch(now)
		}
	}
	return l, points
}

// Rigs that speak their protocol teach what they do, whatever their family's
// defaults say.
func TestLearnFromRigs(t *testing.T) {
	if testing.Short() {
		t.Skip("it takes most of a minute, and -short was given")
	}
	for name, c := range map[string]emulate.Options{
		"twice as fast":     {StartTime: 150 * time.Second, StopTime: 90 * time.Second},
		"slower, and noisy": {StartTime: 7 * time.Minute, StopTime: 2 * time.Minute, Noise: 0.02},
	} {
		t.Run(name, func(t *testing.T) {
			t.Parallel()
			var way []int
			for range 3 {
				way = append(way, 1, 3, 1, 0)
			}
			l, points := learnFrom(t, c, way)
			span := points[len(points)-1].Draw - points[energy.Off].Draw
			got := l.Ramp(luxos.Defaults().Ramp(points))
			for _, k := range []struct {
				name     string
				got      energy.Watts
				duration time.Duration
			}{
				{"start", got.Between(0, 1).Up, c.StartTime},
				{"up", got.Between(1, 2).Up, c.StartTime},
				{"down", got.Between(2, 1).Down, c.StopTime},
				{"stop", got.Between(1, 0).Down, c.StopTime},
			} {
				want := span / energy.Watts(k.duration.Seconds())
				if off := math.Abs(float64(k.got/want - 1)); off > 0.35 {
					t.Errorf("%s: %v a second, want %v", k.name, k.got, want)
				}
			}
		})
	}
}
