package scheduler

import (
	"fmt"
	"math/rand/v2"
	"strings"
	"testing"
	"time"

	"github.com/curtaild/curtaild/energy"
	"github.com/curtaild/curtaild/policies"
)

func TestHull(t *testing.T) {
	tests := map[string]struct {
		points []float64 // draw and rate, after off
		want   []int32
	}{
		"each further hash dearer":       {[]float64{1000, 50, 1500, 70, 2000, 85}, []int32{1, 2, 3}},
		"the middle is worth nothing":    {[]float64{1000, 50, 1500, 60, 2000, 100}, []int32{3}},
		"the first is dear":              {[]float64{1000, 10, 1500, 70, 2000, 85}, []int32{2, 3}},
		"more power, fewer hashes":       {[]float64{1000, 50, 1500, 40, 2000, 60}, []int32{1, 3}},
		"more power, no more hashes":     {[]float64{1000, 50, 1500, 50}, []int32{1}},
		"on a line: the higher":          {[]float64{1000, 50, 2000, 100}, []int32{2}},
		"no rates: one after the other":  {[]float64{1000, 0, 1500, 0}, []int32{1, 2}},
		"no rate at first, then hashing": {[]float64{1000, 0, 1500, 70}, []int32{2}},
	}
	for name, tt := range tests {
		t.Run(name, func(t *testing.T) {
			s := newSite(0)
			s.specs, s.points, s.in.Loads = nil, nil, nil
			s.add("x", 0, tt.points...)
			f := NewFleet(s.specs, s.points)
			var got []int32
			for _, st := range f.steps {
				got = append(got, st.point)
			}
			if fmt.Sprint(got) != fmt.Sprint(tt.want) {
				t.Errorf("steps to %v, want %v", got, tt.want)
			}
		})
	}
}

// Greedy is within one step of the best there is: the hashes it gives up are
// fewer than those of the largest step of any load, found by trying every
// combination of points.
func TestAllocationIsNearTheBest(t *testing.T) {
	exact, all := 0, 0
	for seed := range uint64(3000) {
		r := rand.New(rand.NewPCG(seed, 11))
		s := newSite(energy.Watts(r.IntN(9000)), policy(func(p *policies.Policy) { p.Use = policies.Use{Fixed: energy.Watts(r.IntN(9000))} }))
		s.specs, s.points, s.in.Loads = nil, nil, nil
		step := 0.0
		for i := range 1 + r.IntN(5) {
			var points []float64
			draw, rate := 0.0, 0.0
			for range 1 + r.IntN(4) {
				draw += 50 + float64(r.IntN(1500))
				rate += 1 + float64(r.IntN(100))
				points = append(points, draw, rate)
			}
			s.add(fmt.Sprintf("l%d", i), 0, points...)
		}
		in := s.input(t)
		for _, l := range in.Fleet.loads {
			at := energy.Off
			for _, st := range in.Fleet.steps {
				if in.Fleet.loads[st.load].spec == l.spec {
					step = max(step, float64(l.points[st.point].Rate-l.points[at].Rate))
					at = int(st.point)
				}
			}
		}
		plan := Decide(noon, in)
		got, draw := 0.0, energy.Watts(0)
		for i, d := range plan.Decisions {
			got += float64(in.Fleet.Points(i)[d.To].Rate)
			draw += d.ToW
		}
		budget := s.policies[0].Use.Fixed
		best := bestRate(in.Fleet, 0, budget)
		if draw > budget || got > best+1e-9 || got < best-step {
			t.Fatalf("seed %d: %v of at best %v for %v, largest step %v, points %v", seed, got, best, budget, step, s.points)
		}
		all++
		if got >= best-1e-9 {
			exact++
		}
	}
	t.Logf("%d of %d are the best there is", exact, all)
}

// bestRate tries every combination of points of loads i and up.
func bestRate(f *Fleet, i int, budget energy.Watts) float64 {
	if i == f.Len() {
		return 0
	}
	best := -1.0
	for _, p := range f.Points(i) {
		if p.Draw <= budget {
			best = max(best, float64(p.Rate)+bestRate(f, i+1, budget-p.Draw))
		}
	}
	return best
}

func TestPointsInsideTheHullFillUp(t *testing.T) {
	s := newSite(1300)
	s.specs, s.points, s.in.Loads = nil, nil, nil
	s.add("x", 0, 1000, 50, 1500, 60, 2000, 200)
	in := s.input(t)
	p := Decide(noon, in)
	if p.Decisions[0].To != 1 {
		t.Fatalf("takes point %d, want 1: the hull goes straight to 3, which does not fit", p.Decisions[0].To)
	}
	in = obey(in, p, noon)
	in.Balance.Available = 1600
	if p = Decide(noon, in); p.Decisions[0].To != 2 {
		t.Fatalf("takes point %d, want 2", p.Decisions[0].To)
	}
	in = obey(in, p, noon)
	in.Balance.Available = 1500
	if p = Decide(noon, in); p.Decisions[0].To != 2 {
		t.Fatalf("takes point %d, want 2 held", p.Decisions[0].To)
	}
}

// A budget that wobbles around a step moves a load at most once.
func TestDeadBand(t *testing.T) {
	in := newSite(2900).input(t)
	moves, r := 0, rand.New(rand.NewPCG(1, 1))
	in = obey(in, Decide(noon, in), noon)
	for range 200 {
		in.Balance.Available = 2500 + energy.Watts(r.IntN(37))
		p := Decide(noon, in)
		for _, d := range p.Decisions {
			if d.From != d.To {
				moves++
			}
		}
		in = obey(in, p, noon)
	}
	if moves > 1 {
		t.Errorf("%d moves", moves)
	}
}

func TestNewRules(t *testing.T) {
	s := newSite(0)
	s.specs[1].Labels = []string{"g", "s19"}
	f := NewFleet(s.specs, s.points)
	rules, err := NewRules([]policies.Policy{
		{Name: "p", Loads: []string{"s19", "a", "g"}, Order: policies.Listed},
		{Name: "q", Loads: []string{"g", "s19"}},
	}, f, time.UTC)
	if err != nil {
		t.Fatal(err)
	}
	for i, want := range []string{"[1 0]", "[0 1]"} {
		if got := fmt.Sprint(rules[i].bases); got != want {
			t.Errorf("%s: order %s, want %s", rules[i].Name(), got, want)
		}
		if len(rules[i].Loads()) != 2 || len(rules[i].steps) != 4 {
			t.Errorf("%s: loads %v, steps %v", rules[i].Name(), rules[i].Loads(), rules[i].steps)
		}
	}
	_, err = NewRules([]policies.Policy{
		{Name: "p", Loads: []string{"c"}},
		{Name: "q", Loads: []string{"a"}, Schedule: []policies.Window{{Open: "x", Close: "0 7 * * 7"}}},
	}, f, time.UTC)
	for _, part := range []string{`policy "p"`, `named "c"`, `policy "q"`, `"x"`, `"0 7 * * 7"`} {
		if err == nil || !strings.Contains(err.Error(), part) {
			t.Errorf("error %v lacks %s", err, part)
		}
	}
}

func TestWithPoints(t *testing.T) {
	s := newSite(1100)
	in := s.input(t)
	in.Fleet = in.Fleet.WithPoints(0, nil)
	rules, err := NewRules(s.policies, in.Fleet, time.UTC)
	if err != nil {
		t.Fatal(err)
	}
	in.Rules = rules
	p := Decide(noon, in)
	if p.Decisions[0].Reason != energy.Unidentified || p.Decisions[1].To != 1 {
		t.Errorf("decisions %+v", p.Decisions)
	}
}
