package scheduler

import (
	"fmt"
	"slices"
	"testing"
	"time"

	"github.com/curtaild/curtaild/energy"
	"github.com/curtaild/curtaild/policies"
)

// tracks reports whether a policy of the site may buy what it takes to follow
// its budget.
func (s *siteSpec) tracks() bool {
	return slices.ContainsFunc(s.policies, func(p policies.Policy) bool {
		return p.Objective == policies.Net && p.Bridge.Auto && p.Use.Available
	})
}

func costAt(in Input, i int, point int32) energy.Watts { return in.Fleet.loads[i].cost(point) }

// What a tracked policy raises is drawn within the budget until the next
// decision: beyond it are only floors, what is carried through a dip under its
// own reason, and the first steps of loads that start.
func checkTracks(t testing.TB, s *siteSpec) string {
	in, ok := s.try(t)
	if !ok || !s.tracks() || !in.Balance.OK || len(in.Rules) != 1 {
		return ""
	}
	plan := Decide(noon, in)
	d := newDecider(noon, in)
	d.bound()
	budget := d.free(in.Rules[0].policy.Reserve) - d.foreign
	drawn, raised := energy.Watts(0), false
	for i, dec := range plan.Decisions {
		if in.Fleet.Points(i) == nil || in.Loads[i].State == energy.StateUnreachable {
			continue
		}
		if ruleOf(in, dec) < 0 {
			continue
		}
		d.lookAhead(int32(i), noon.Add(in.latency()))
		point := int32(dec.To)
		// What falls cannot fall faster, and what starts or is kept at its
		// lowest point was not raised.
		if least := d.soon(int32(i), min(point, 1), costAt(in, i, min(point, 1))); d.slots[i].floor || dec.Reason == energy.Bridged || point <= 1 {
			drawn += least
			continue
		}
		raised = true
		drawn += d.soon(int32(i), point, costAt(in, i, point))
	}
	if raised && drawn > budget+1 {
		// Nothing is raised beyond the budget: without it the rest must be over, too.
		return fmt.Sprintf("%v will be drawn of %v", drawn, budget)
	}
	return ""
}

var tracked = policy(func(p *policies.Policy) { p.Objective, p.Bridge.Auto = policies.Net, true })

// A ceiling holds along the way, too.
func TestTrackBelowCeilingInFlight(t *testing.T) {
	s := newSite(9000, tracked, on(time.Hour, 0, 0), ceiling(energy.AtFlexible, 1600))
	for i := range s.specs {
		s.specs[i].Ramp, s.specs[i].MinOff = energy.Ramp{Up: 1000, Down: 10}, time.Duration(i)*time.Hour
	}
	s.in.Loads[1].Since = noon.Add(-time.Second)
	s.in.Loads[1].Course = energy.Toward(noon, 1500, 0, s.specs[1].Ramp)
	in := s.input(t)
	in = obey(in, Decide(noon, in), noon)
	for s := range 60 {
		at, sum := noon.Add(time.Duration(s)*time.Second), energy.Watts(0)
		for i := range in.Loads {
			sum += drawOf(in, i, at)
		}
		if sum > 1601 {
			t.Fatalf("after %d s %v are drawn under a ceiling of 1.6 kW", s, sum)
		}
	}
}

// What was told more than there is power for stays where it has come to when
// the inputs go stale.
func TestTrackGoesStale(t *testing.T) {
	s := newSite(2000, tracked, policy(func(p *policies.Policy) { p.OnStale = policies.OnStale{Keep: 2 * time.Minute, Then: policies.ThenStop} }))
	s.specs, s.points, s.in.Loads = nil, nil, nil
	for i := range 8 {
		s.add(fmt.Sprint(i), 0, 2400, 150, 3500, 200)
		s.specs[i].Ramp = energy.Ramp{Up: 30, Down: 350}
	}
	in, now := s.input(t), noon
	play := func(w energy.Watts, seconds int) {
		in.Balance.Available, in.Balance.Net = w, w
		for range seconds / 5 {
			in = obey(in, Decide(now, in), now)
			now = now.Add(5 * time.Second)
		}
	}
	play(2000, 120)
	for _, rises := range []int{5, 15, 30, 60, 90} {
		play(20_000, rises)
		stale := in
		stale.Balance = energy.Balance{Reason: energy.StaleInput}
		before := energy.Watts(0)
		for i := range in.Loads {
			before += drawOf(in, i, now)
		}
		stale = obey(stale, Decide(now, stale), now)
		for s := range 110 {
			sum := energy.Watts(0)
			for i := range stale.Loads {
				sum += drawOf(stale, i, now.Add(time.Duration(s)*time.Second))
			}
			if sum > max(before, 8*2400)+1 {
				t.Fatalf("after a rise of %d s and %d s of silence %v are drawn, %v when it went stale", rises, s, sum, before)
			}
		}
	}
}

// Points inside the hull are of use, too.
func TestTrackFills(t *testing.T) {
	s := newSite(2500, tracked)
	s.specs, s.points, s.in.Loads = nil, nil, nil
	s.add("c", 0, 1000, 10, 2000, 20, 3000, 100)
	if d := Decide(noon, s.input(t)).Decisions[0]; d.To != 2 {
		t.Errorf("%+v", d)
	}
}

// Nothing starts beyond what there is, whatever is remembered.
func TestTrackStartsWithinTheBudget(t *testing.T) {
	s := newSite(3000, tracked)
	for i := range s.specs {
		s.specs[i].MinOff, s.in.Loads[i].Since = 10*time.Minute, noon
	}
	in, now := s.input(t), noon
	for i := range 140 {
		if i >= 114 {
			in.Balance.Available, in.Balance.Net = 300, 300
		}
		plan := Decide(now, in)
		for _, d := range plan.Decisions {
			if d.From == energy.Off && d.To > energy.Off && in.Balance.Available < 1000 {
				t.Fatalf("%d s: %+v", 5*i, d)
			}
		}
		in = obey(in, plan, now)
		now = now.Add(5 * time.Second)
	}
}

// Fast loads take the fast part: they give way first in a dip, and are the
// first to take what comes back; the slow ones stay where they are.
func TestTrackFastLoadsFirst(t *testing.T) {
	s := newSite(7000, tracked)
	s.specs, s.points, s.in.Loads = nil, nil, nil
	s.add("slow", 0, 2400, 150, 3500, 200)
	s.add("fast", 0, 1000, 50, 3000, 160)
	s.specs[0].Ramp = energy.Ramp{Up: 30, Down: 300}
	on(time.Hour, 2, 2)(s)
	in, now := s.input(t), noon
	play := func(w energy.Watts, seconds int) (slow, fast int) {
		in.Balance.Available, in.Balance.Net = w, w
		for range seconds / 5 {
			in = obey(in, Decide(now, in), now)
			now = now.Add(5 * time.Second)
		}
		return in.Loads[0].Setpoint, in.Loads[1].Setpoint
	}
	if slow, fast := play(7000, 60); slow != 2 || fast != 2 {
		t.Fatalf("with enough for both at their tops: %d and %d", slow, fast)
	}
	if slow, fast := play(5000, 30); slow != 2 || fast != 1 {
		t.Errorf("in a dip: %d and %d, want the fast one to give way", slow, fast)
	}
	if slow, fast := play(7000, 30); slow != 2 || fast != 2 {
		t.Errorf("after it: %d and %d", slow, fast)
	}
}
