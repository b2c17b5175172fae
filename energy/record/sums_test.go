package record

import (
	"fmt"
	"math"
	"math/rand/v2"
	"testing"
	"time"

	"github.com/curtaild/curtaild/energy"
)

// day is a random course of a site with several loads, policies and gaps.
type day struct {
	rnd   *rand.Rand
	specs []*energy.LoadSpec
	snap  energy.Snapshot
	kind  energy.BalanceKind
	meter bool
}

func newDay(seed uint64) *day {
	d := &day{rnd: rand.New(rand.NewPCG(seed, 1))}
	d.kind = []energy.BalanceKind{energy.BalanceGrid, energy.BalanceSurplus, energy.BalanceGenerationLoad}[d.rnd.IntN(3)]
	for i := range 1 + d.rnd.IntN(6) {
		d.specs = append(d.specs, &energy.LoadSpec{Name: fmt.Sprint("rig-", i), Group: []string{"", "a", "b"}[d.rnd.IntN(3)]})
	}
	d.snap.Loads = make([]energy.LoadView, len(d.specs))
	return d
}

// next is the site some time later.
func (d *day) next() energy.Snapshot {
	prev := d.snap
	s := energy.Snapshot{At: prev.At.Add(time.Duration(d.rnd.Int64N(int64(20 * time.Second)))), Plan: prev.Plan + 1}
	if prev.At.IsZero() {
		s.At = noon.Add(time.Duration(d.rnd.IntN(1e6)) * time.Millisecond)
	}
	if d.rnd.IntN(100) == 0 {
		s.At = s.At.Add(time.Duration(d.rnd.IntN(3000)) * time.Second)
	}
	var sum float64
	for i, spec := range d.specs {
		v := prev.Loads[i]
		v.Spec = spec
		if d.rnd.IntN(4) == 0 {
			v.Draw = energy.Watts(d.rnd.IntN(2) * d.rnd.IntN(4000))
			v.Setpoint.Point = d.rnd.IntN(3)
			v.Setpoint.Policy = []string{"", "soak", "night"}[d.rnd.IntN(3)]
			v.Decision.Reason = energy.Reasons()[d.rnd.IntN(len(energy.Reasons()))]
		}
		if d.rnd.IntN(3) == 0 {
			v.Status.At, v.Status.State, v.Status.Source = s.At, energy.StateRunning, energy.Measured
			v.Status.Energy += energy.Joules(d.rnd.Float64() * 50e3)
		}
		sum += float64(v.Draw)
		s.Loads = append(s.Loads, v)
	}
	sample := func(most float64) energy.Sample {
		x := energy.Sample{Value: d.rnd.Float64() * most, At: s.At, Until: s.At.Add(time.Duration(d.rnd.IntN(40)) * time.Second), Quality: energy.Good}
		if d.rnd.IntN(20) == 0 {
			x.Quality = energy.Stale
		}
		return x
	}
	b := &s.Balance
	b.OK = d.rnd.IntN(20) > 0
	b.Net, b.Available, b.Draw, b.DrawBy = energy.Watts(d.rnd.IntN(20e3)), energy.Watts(d.rnd.IntN(20e3)), energy.Watts(sum), energy.DrawByRigs
	b.Generation, b.Load, b.Surplus = sample(20e3), sample(20e3), sample(20e3)
	if d.kind == energy.BalanceGrid {
		b.Grid = sample(20e3)
		b.Grid.Value -= 10e3
	}
	if d.rnd.IntN(2) == 0 {
		b.Battery = sample(8e3)
		b.Battery.Value -= 4e3
	}
	if d.meter {
		b.Flexible = sample(12e3)
		b.Draw, b.DrawBy = b.Flexible.Watts(), energy.DrawByMeter
	}
	d.snap = s
	return s
}

// On any day, what the uses have had adds up to what we drew, and every part
// to its whole, in every interval; and what counters say is what was booked.
func TestSumsOnRandomDays(t *testing.T) {
	limit := energy.Watts(3e3)
	for seed := range uint64(40) {
		d := newDay(seed)
		d.meter = seed%3 == 0
		r := newRecorder(func(c *Config) { c.Balance, c.ExportLimit, c.Aux = d.kind, &limit, 4 })
		var points []energy.Point
		for range 1000 {
			points = append(points, r.Observe(d.next())...)
			if d.rnd.IntN(50) == 0 {
				restart(t, &r)
			}
		}
		points = append(points, r.Flush(d.snap.At)...)
		checkSums(t, seed, points)
	}
}

func restart(t *testing.T, r **Recorder) {
	t.Helper()
	saved, err := (*r).Checkpoint()
	if err != nil {
		t.Fatal(err)
	}
	fresh := New((*r).cfg)
	if err := fresh.Restore(saved); err != nil {
		t.Fatal(err)
	}
	*r = fresh
}

func checkSums(t *testing.T, seed uint64, points []energy.Point) {
	t.Helper()
	uses := map[time.Time]float64{}
	flexible := map[time.Time]float64{}
	for _, p := range points {
		f := find([]energy.Point{p}, p.Measurement, "")
		switch p.Measurement {
		case "site_interval":
			flexible[p.Time] = f["flexible_wh"]
			if f["covered_s"] < 0 || f["covered_s"] > 900 || f["measured_frac"] < 0 || f["measured_frac"] > 1 {
				t.Fatalf("seed %d: %v", seed, f)
			}
		case "use_interval":
			uses[p.Time] += f["absorbed_wh"] + f["battery_wh"] + f["imported_wh"] + f["unattributed_wh"]
			near(t, seed, "imports", f["imported_wh"], f["import_grid_wh"]+f["import_min_on_wh"]+f["import_stale_wh"]+f["import_tracking_wh"])
			near(t, seed, "absorbed", f["absorbed_wh"], f["avoided_curtailment_wh"]+f["displaced_export_wh"])
			for k, v := range f {
				if v < -1e-9 {
					t.Fatalf("seed %d: %s %v", seed, k, v)
				}
			}
		}
	}
	if len(flexible) < 3 {
		t.Fatalf("seed %d: %d intervals", seed, len(flexible))
	}
	for at, want := range flexible {
		near(t, seed, at.String(), uses[at], want)
	}
}

func near(t *testing.T, seed uint64, what string, got, want float64) {
	t.Helper()
	if math.Abs(got-want) > 1e-6*(1+math.Abs(want)) {
		t.Fatalf("seed %d: %s: %v, want %v", seed, what, got, want)
	}
}
