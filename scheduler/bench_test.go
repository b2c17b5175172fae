package scheduler

import (
	"fmt"
	"math/rand/v2"
	"slices"
	"testing"
	"time"

	"github.com/curtaild/curtaild/energy"
	"github.com/curtaild/curtaild/policies"
)

// farm is n rigs of four operating points, no two of the same efficiency,
// under two policies, with an import limit and enough power for two thirds.
func farm(tb testing.TB, n int) Input {
	r := rand.New(rand.NewPCG(7, 8))
	specs := make([]*energy.LoadSpec, n)
	points := make([][]energy.OperatingPoint, n)
	for i := range n {
		specs[i] = &energy.LoadSpec{
			Name: fmt.Sprintf("rig-%d", i), Group: []string{"a", "b"}[i%2],
			MinOn: 5 * time.Minute, MinOff: 5 * time.Minute, Ramp: energy.Ramp{Up: 29, Down: 350},
		}
		k := energy.Watts(0.9 + 0.2*r.Float64())
		points[i] = []energy.OperatingPoint{
			{Name: "off", Draw: 10}, {Name: "low", Draw: 2400 * k, Rate: 150e12},
			{Name: "mid", Draw: 3000 * k, Rate: 177.5e12}, {Name: "high", Draw: 3500 * k, Rate: 200e12},
		}
	}
	fleet := NewFleet(specs, points)
	rules, err := NewRules([]policies.Policy{
		{Name: "fixed", Loads: []string{"rig-0"}, Use: policies.Use{Fixed: 5000}},
		{Name: "soak", Loads: []string{"a", "b"}, Use: policies.Use{Available: true}, Reserve: 2000},
	}, fleet, time.UTC)
	if err != nil {
		tb.Fatal(err)
	}
	limit := energy.Watts(10_000)
	in := Input{
		Balance:     energy.Balance{OK: true, Available: energy.Watts(n) * 2200, Net: energy.Watts(n) * 2200},
		ImportLimit: &limit, Rules: rules, Fleet: fleet, Loads: make([]LoadState, n), ClockOK: true,
	}
	for i := range in.Loads {
		in.Loads[i].State = energy.StateIdle
	}
	in = obey(in, Decide(noon, in), noon)
	for i := range in.Loads {
		in.Loads[i].Since = noon.Add(-time.Hour)
	}
	return in
}

func BenchmarkDecide(b *testing.B) {
	for _, n := range []int{10, 1000, 10000} {
		b.Run(fmt.Sprintf("rigs=%d", n), func(b *testing.B) { benchSteady(b, farm(b, n)) })
	}
}

// benchSteady decides again and again on the same input.
func benchSteady(b *testing.B, in Input) {
	now := noon.Add(time.Hour)
	in = obey(in, Decide(now, in), now)
	now = now.Add(time.Hour)
	b.ReportAllocs()
	for b.Loop() {
		Decide(now, in)
	}
}

// With a budget that swings by a third: at each decision a third of the
// fleet rises or falls, with the last third still on its way.
func BenchmarkDecideSwing(b *testing.B) {
	for _, n := range []int{10, 1000, 10000} {
		b.Run(fmt.Sprintf("rigs=%d", n), func(b *testing.B) {
			benchSwing(b, farm(b, n), 2*time.Second)
		})
	}
}

// benchSwing decides in turn for the two budgets, each with the fleet as the
// other has left it, gap before.
func benchSwing(b *testing.B, in Input, gap time.Duration) {
	now, n := noon.Add(time.Hour), energy.Watts(len(in.Loads))
	var swing [2]Input
	for k := range swing {
		in.Balance.Available = n * energy.Watts(1500+700*k)
		in = obey(in, Decide(now, in), now)
		now = now.Add(gap)
		swing[k] = in
		swing[k].Loads = slices.Clone(in.Loads)
	}
	swing[0].Balance, swing[1].Balance = swing[1].Balance, swing[0].Balance
	b.ReportAllocs()
	for i := 0; b.Loop(); i++ {
		Decide(now, swing[i%2])
	}
}

// The yardstick beside them.
func BenchmarkSort30000(b *testing.B) {
	r := rand.New(rand.NewPCG(1, 2))
	in := make([]float64, 30_000)
	for i := range in {
		in[i] = r.Float64()
	}
	work := make([]float64, len(in))
	for b.Loop() {
		copy(work, in)
		slices.Sort(work)
	}
}

// All terms at once: ramps both ways, hashes weighed against a price, starts
// per day.
func BenchmarkDecideTerms(b *testing.B) {
	for _, n := range []int{10, 1000, 10000} {
		b.Run(fmt.Sprintf("rigs=%d", n), func(b *testing.B) {
			in := farm(b, n)
			in.Rules = slices.Clone(in.Rules)
			soak := &in.Rules[1]
			soak.policy.Ramp = energy.Ramp{Up: 1000, Down: 1000}
			soak.policy.Objective, soak.policy.HashValue = policies.Profit, 1e-15
			soak.stride = soak.widestStep(in.Fleet)
			in.Priced, in.Balance.ExportPrice = true, energy.Sample{Quality: energy.Good, Value: 170}
			for i := range in.Loads {
				in.Fleet.loads[i].maxStarts, in.Loads[i].Starts = 4, i%6
			}
			in.DayEnd = noon.Add(12 * time.Hour)
			benchSteady(b, in)
		})
	}
}

// Draw that is tracked, with a budget that swings: the objective net.
func BenchmarkDecideNet(b *testing.B) {
	for _, n := range []int{10, 1000, 10000} {
		b.Run(fmt.Sprintf("rigs=%d", n), func(b *testing.B) {
			in := farm(b, n)
			in.Rules = slices.Clone(in.Rules)
			soak := &in.Rules[1].policy
			soak.Objective, soak.Bridge.Auto = policies.Net, true
			in.Rules[1].shape.carry = carry(soak)
			benchSwing(b, in, 5*time.Second)
		})
	}
}
