package scheduler

import (
	"fmt"
	"math/rand/v2"
	"testing"
	"time"

	"github.com/curtaild/curtaild/energy"
	"github.com/curtaild/curtaild/policies"
)

// The promises of Decide, each checked on thousands of random sites. A site
// that breaks one is made smaller as long as it still does, and then shown.
func TestDecideInvariants(t *testing.T) {
	checks := map[string]func(testing.TB, *siteSpec) string{
		"grants within budgets":       checkBudgets,
		"draw within ceilings":        checkCeilings,
		"every decision has a reason": checkReasons,
		"the same input, same plan":   checkPure,
		"its own result is stable":    checkStable,
		"nothing changes before Wake": checkWake,
		"courses within the budget":   checkCourses,
		"starts within the day's":     checkStarts,
		"grants along their ramps":    checkRamps,
		"only what pays":              checkProfit,
		"draw follows the budget":     checkTracks,
	}
	for name, check := range checks {
		t.Run(name, func(t *testing.T) {
			for seed := range uint64(1500) {
				s := randomSite(rand.New(rand.NewPCG(seed, 5)))
				s.past(t, rand.New(rand.NewPCG(seed, 6)))
				if fault := check(t, s); fault != "" {
					s, fault = shrink(t, s, fault, check)
					t.Fatalf("seed %d: %s\n%s", seed, fault, show(t, s))
				}
			}
		})
	}
}

// cost is what a decision costs above the draw when off, and whether a floor
// or an unreachable device, rather than a policy, is behind (part of) it.
func costOf(in Input, i int, d energy.Decision) (granted, floor energy.Watts) {
	l, st := &in.Fleet.loads[i], in.Loads[i]
	switch {
	case l.points == nil:
		return 0, max(0, st.Course.From, st.Course.To)
	case st.State == energy.StateUnreachable:
		if st.Course == (energy.Course{}) {
			return 0, max(0, l.points[st.Setpoint].Draw-l.off)
		}
		return 0, max(0, st.Course.From-l.off, st.Course.To-l.off)
	}
	granted = l.cost(int32(d.To))
	if st.State == energy.StateSuspect {
		floor += max(0, st.Course.To-l.points[st.Setpoint].Draw)
	}
	if _, held := within(noon, st.Since, l.minOn); held && st.Setpoint > 0 && d.To > 0 {
		granted -= l.low
		floor += l.low
	}
	return granted, floor
}

func drawOf(in Input, i int, now time.Time) energy.Watts {
	l, st := &in.Fleet.loads[i], in.Loads[i]
	if st.Course == (energy.Course{}) && l.points != nil {
		return l.points[st.Setpoint].Draw
	}
	return st.Course.At(now)
}

// ruleOf is the index of the policy named in a decision; -1 for none.
func ruleOf(in Input, d energy.Decision) int {
	for p := range in.Rules {
		if in.Rules[p].Name() == d.Policy && d.Reason != energy.MinOn {
			return p
		}
	}
	return -1
}

// What available policies grant never exceeds what is available less what
// floors hold and less reserve; what a fixed one grants never exceeds its
// power. Stale, nothing rises, and after keep it is as the policy says.
func checkBudgets(t testing.TB, s *siteSpec) string {
	in, ok := s.try(t)
	if !ok || s.tracks() {
		return ""
	}
	plan := Decide(noon, in)
	gross := 1 + energy.Watts(in.Aux)/100
	idle, floors := energy.Watts(0), energy.Watts(0)
	granted := make([]energy.Watts, len(in.Rules))
	for i, d := range plan.Decisions {
		g, f := costOf(in, i, d)
		idle, floors = idle+in.Fleet.loads[i].off, floors+f
		if p := ruleOf(in, d); p >= 0 && d.Reason == energy.Bridged {
			if d.To != 1 || carry(&in.Rules[p].policy) == 0 {
				return fmt.Sprintf("%s is carried through a dip at point %d", d.Load, d.To)
			}
		} else if p >= 0 {
			granted[p] += g
			if why := stalePromise(in, p, i, d); why != "" {
				return why
			}
		}
	}
	above := energy.Watts(0)
	for p := range in.Rules {
		pol := in.Rules[p].policy
		if !pol.Use.Available {
			if granted[p]*gross > pol.Use.Fixed+1 {
				return fmt.Sprintf("%s grants %v", pol.Name, granted[p])
			}
			above += granted[p]
			continue
		}
		above += granted[p]
		// Floors are checked where all policies leave the same reserve and
		// none is fixed; elsewhere see aside.
		budget := (in.Balance.Available-pol.Reserve+hidden(in))/gross - idle
		if len(in.Rules) == 1 {
			budget -= floors
		}
		if in.Balance.OK && granted[p] > 0 && above > budget+1 {
			return fmt.Sprintf("down to %s %v are granted of %v", pol.Name, above, budget)
		}
	}
	return ""
}

func stalePromise(in Input, p, i int, d energy.Decision) string {
	pol := in.Rules[p].policy
	if in.Balance.OK || !pol.Use.Available {
		return ""
	}
	if d.To > in.Loads[i].Setpoint {
		return fmt.Sprintf("%s rises while stale", d.Load)
	}
	since, known := in.Memory.Stale[pol.Name]
	over := known && !noon.Before(since.Add(pol.OnStale.Keep))
	if over && pol.OnStale.Then == policies.ThenStop && d.To > 0 {
		return fmt.Sprintf("%s runs though stale for too long", d.Load)
	}
	return ""
}

// No ceiling is exceeded by what we command; what is beyond control comes on
// top of nothing.
func checkCeilings(t testing.TB, s *siteSpec) string {
	in, ok := s.try(t)
	if !ok {
		return ""
	}
	plan := Decide(noon, in)
	gross := 1 + energy.Watts(in.Aux)/100
	total, commanded := energy.Watts(0), energy.Watts(0)
	for i, d := range plan.Decisions {
		g, f := costOf(in, i, d)
		total += g + f + in.Fleet.loads[i].off
		if in.Fleet.loads[i].points != nil && in.Loads[i].State != energy.StateUnreachable {
			commanded += in.Fleet.loads[i].cost(int32(d.To))
		}
	}
	ceilings := in.Ceilings
	if in.ImportLimit != nil {
		ceilings = append(ceilings, Ceiling{energy.AtPCCImport, *in.ImportLimit, energy.ImportLimit})
	}
	for _, c := range ceilings {
		limit := c.Max
		if c.At == energy.AtPCCImport {
			if !in.Balance.OK {
				continue
			}
			limit += in.Balance.Net
		}
		if total*gross > limit+1 && commanded > 0 {
			return fmt.Sprintf("%v drawn, %v of it commanded, under a ceiling of %v", total*gross, commanded, limit)
		}
	}
	return ""
}

func checkReasons(t testing.TB, s *siteSpec) string {
	in, ok := s.try(t)
	if !ok {
		return ""
	}
	known := map[energy.Reason]bool{}
	for _, r := range energy.Reasons() {
		known[r] = true
	}
	plan := Decide(noon, in)
	for i, d := range plan.Decisions {
		if !known[d.Reason] || d.Load != in.Fleet.Spec(i).Name {
			return fmt.Sprintf("decision %+v", d)
		}
		if (d.To > 0 && d.Reason == energy.NoSurplus) || (d.To == 0 && d.Reason == energy.Surplus) {
			return fmt.Sprintf("decision %+v", d)
		}
	}
	if !plan.Wake.IsZero() && !plan.Wake.After(noon) {
		return fmt.Sprintf("wake %v", plan.Wake)
	}
	return ""
}

// With a rise, the expected courses stay within what is available, at every
// instant.
func checkCourses(t testing.TB, s *siteSpec) string {
	in, ok := s.try(t)
	if !ok || !in.Balance.OK || s.tracks() {
		return ""
	}
	plan := Decide(noon, in)
	reserve, rises := energy.Watts(1e9), false
	for p := range in.Rules {
		if !in.Rules[p].policy.Use.Available {
			return ""
		}
		reserve = min(reserve, in.Rules[p].policy.Reserve)
	}
	for i, d := range plan.Decisions {
		rises = rises || d.To > d.From
		if in.Loads[i].State == energy.StateUnreachable || in.Loads[i].State == energy.StateSuspect || in.Fleet.Points(i) == nil {
			return ""
		}
	}
	if !rises {
		return ""
	}
	limit := in.Balance.Available - reserve + hidden(in)
	for _, c := range in.Ceilings {
		if c.At == energy.AtFlexible {
			limit = min(limit, c.Max)
		}
	}
	after := obey(in, plan, noon)
	for ms := 0; ms < 60_000; ms += 500 {
		at := noon.Add(time.Duration(ms) * time.Millisecond)
		sum := energy.Watts(0)
		for i := range after.Loads {
			sum += drawOf(after, i, at)
		}
		if sum *= 1 + energy.Watts(in.Aux)/100; sum > limit+1 {
			return fmt.Sprintf("after %d ms %v are drawn of %v", ms, sum, limit)
		}
	}
	return ""
}
