package scheduler

import (
	"fmt"
	"slices"
	"testing"

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
		d.lookAhead(int32(i))
		point := int32(dec.To)
		// What falls cannot fall faster, and what starts or is kept at its
		// lowest point was not raised.
		if least := d.soon(int32(i), min(point, 1)); d.slots[i].floor || dec.Reason == energy.Bridged || point <= 1 {
			drawn += least
			continue
		}
		raised = true
		drawn += d.soon(int32(i), point)
	}
	if raised && drawn > budget+1 {
		// Nothing is raised beyond the budget: without it the rest must be over, too.
		return fmt.Sprintf("%v will be drawn of %v", drawn, budget)
	}
	return ""
}
