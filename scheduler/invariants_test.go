package scheduler

import (
	"encoding/json"
	"fmt"
	"math/rand/v2"
	"reflect"
	"slices"
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

func randomSite(r *rand.Rand) *siteSpec {
	secs := func(n int) time.Duration { return time.Duration(r.IntN(n)) * time.Second }
	watts := func(n int) energy.Watts { return energy.Watts(r.IntN(n)) }
	s := &siteSpec{in: Input{
		Balance: energy.Balance{OK: r.IntN(6) > 0, Available: watts(16000) - 2000, Net: watts(16000) - 2000},
		Aux:     energy.Pct(r.IntN(2) * 4), ClockOK: r.IntN(8) > 0,
	}}
	if r.IntN(3) == 0 {
		w := watts(8000)
		s.in.ImportLimit = &w
	}
	for range r.IntN(3) {
		at := []energy.Bind{energy.AtFlexible, energy.AtPCCImport}[r.IntN(2)]
		s.in.Ceilings = append(s.in.Ceilings, Ceiling{at, watts(12000), energy.SignalLimit})
	}
	if s.randomPrice(r); r.IntN(4) > 0 {
		s.in.DayEnd = noon.Add(time.Duration(r.IntN(400)-50) * time.Second)
	}
	for i := range 1 + r.IntN(6) {
		s.randomLoad(r, i)
	}
	s.in.Memory = Memory{Gates: map[string]Gate{}, Stale: map[string]time.Time{}}
	for i := range 1 + r.IntN(3) {
		p := policies.Policy{Name: fmt.Sprintf("p%d", i), Loads: []string{"g", "h"}[:1+r.IntN(2)], Order: []policies.Order{policies.Efficient, policies.Listed}[r.IntN(2)]}
		p.Use = policies.Use{Available: r.IntN(3) > 0}
		if !p.Use.Available {
			p.Use.Fixed = watts(6000)
		}
		if p.Use.Available || r.IntN(4) == 0 {
			p.Start = policies.Threshold{Power: watts(3000), For: secs(60)}
			p.Stop = policies.Threshold{Power: watts(int(p.Start.Power) + 1), For: secs(60)}
		}
		p.Reserve = watts(1500) * energy.Watts(r.IntN(2))
		p.OnStale = policies.OnStale{Keep: secs(100), Then: []policies.Then{policies.ThenStop, policies.ThenKeep, policies.ThenPower}[r.IntN(3)], Power: watts(4000)}
		randomTerms(r, &p)
		if r.IntN(5) == 0 {
			p.Schedule = []policies.Window{{Open: "0 11 * * *", Close: "1 12 * * *"}}
		}
		s.policies = append(s.policies, p)
		if g := (Gate{Open: r.IntN(3) > 0}); r.IntN(3) > 0 {
			if r.IntN(2) == 0 {
				g.Since = noon.Add(-secs(70))
			}
			s.in.Memory.Gates[p.Name] = g
		}
		s.in.Memory.rising(p.Name, Slope{watts(4000), noon.Add(-secs(30))})
		if r.IntN(2) == 0 {
			s.in.Memory.falling(p.Name, Slope{watts(8000), noon.Add(-secs(30))})
		}
		if r.IntN(2) == 0 {
			s.in.Memory.Stale[p.Name] = noon.Add(-secs(120))
		}
	}
	for i := range s.in.Loads { // it ran under a policy that names it
		l := &s.in.Loads[i]
		if !slices.ContainsFunc(s.policies, func(p policies.Policy) bool {
			return p.Name == l.Policy && slices.Contains(p.Loads, s.specs[i].Group)
		}) {
			l.Policy = ""
		}
	}
	return s
}

// randomTerms gives some policies a ramp, and some an eye for profit.
func randomTerms(r *rand.Rand, p *policies.Policy) {
	if r.IntN(3) == 0 {
		p.Ramp.Up = energy.Watts(1 + r.IntN(300))
	}
	if r.IntN(3) == 0 {
		p.Ramp.Down = energy.Watts(1 + r.IntN(300))
	}
	p.Objective = []policies.Objective{policies.Hashes, policies.Net, policies.Profit}[r.IntN(3)]
	switch r.IntN(5) {
	case 0:
		p.Bridge.Auto = true
	case 1:
		p.Bridge.For = time.Duration(r.IntN(200)) * time.Second
	case 2:
		p.Bridge.PerDip, p.Bridge.PerDay = energy.Joules(r.IntN(4000)), energy.Joules(r.IntN(9000))
	}
	each := r.IntN(200)
	p.HashValue, p.ByWork = policies.HashValue(each)/3.6e9, each%4 == 0
}

// randomPrice is known, stale, never heard or not measured.
func (s *siteSpec) randomPrice(r *rand.Rand) {
	s.in.Priced = r.IntN(4) > 0
	s.in.HashValue = policies.HashValue(max(0, int(s.in.Balance.Available)%200)) / 3.6e9
	if s.in.Priced && r.IntN(8) > 0 {
		s.in.Balance.ExportPrice = energy.Sample{Quality: energy.Good, Value: float64(r.IntN(15) - 2), Until: noon.Add(time.Duration(r.IntN(200)-60) * time.Second)}
	}
}

func (s *siteSpec) randomLoad(r *rand.Rand, i int) {
	n := 1 + r.IntN(4)
	off := energy.Watts(r.IntN(3) * 20)
	var points []float64
	draw, rate := float64(off), 0.0
	for range n {
		draw += 50 + float64(r.IntN(1500))
		rate += float64(r.IntN(100))
		points = append(points, draw, rate)
	}
	s.add(fmt.Sprintf("l%d", i), off, points...)
	sp, l := s.specs[i], &s.in.Loads[i]
	if r.IntN(2) == 0 {
		sp.Group = "h"
	}
	sp.MinOn, sp.MinOff = time.Duration(r.IntN(2)*r.IntN(300))*time.Second, time.Duration(r.IntN(2)*r.IntN(300))*time.Second
	if r.IntN(3) > 0 {
		sp.Ramp = energy.Ramp{Up: energy.Watts(20 + r.IntN(200)), Down: energy.Watts(50 + r.IntN(400))}
	}
	sp.MaxStarts, l.Starts = r.IntN(2)*r.IntN(4), r.IntN(4)
	l.Setpoint = r.IntN(2) * r.IntN(n+1)
	l.Since = noon.Add(-time.Duration(r.IntN(400)) * time.Second)
	l.Policy = []string{"", "p0", "p1", "p2"}[r.IntN(4)]
	if r.IntN(3) == 0 { // on its way to where it is told to be
		from := s.points[i][r.IntN(n+1)].Draw
		l.Course = energy.Toward(noon.Add(-time.Duration(r.IntN(15))*time.Second), from, s.points[i][l.Setpoint].Draw, sp.Ramp)
	}
	switch r.IntN(14) {
	case 0:
		l.State = energy.StateUnreachable
	case 1:
		l.State, l.StartingUntil = energy.StateUnknown, noon.Add(time.Duration(r.IntN(12)-2)*time.Second)
	case 2:
		l.State = energy.StateFault
		if r.IntN(2) == 0 {
			l.State = energy.StatePaused
		}
	case 3:
		l.State = energy.StateSuspect
	case 4:
		if r.IntN(2) == 0 {
			s.points[i], l.Setpoint, l.Course = nil, 0, energy.Course{}
		}
	}
}

// input is like newSite's; a random site may lack a group.
func (s *siteSpec) try(t testing.TB) (Input, bool) {
	seen := map[string]bool{}
	for _, sp := range s.specs {
		seen[sp.Group] = true
	}
	for _, p := range s.policies {
		for _, l := range p.Loads {
			if !seen[l] {
				return Input{}, false
			}
		}
	}
	return s.input(t), true
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

func checkPure(t testing.TB, s *siteSpec) string {
	in, ok := s.try(t)
	if !ok {
		return ""
	}
	before := fmt.Sprintf("%+v %+v", in.Memory, in.Loads)
	plan := Decide(noon, in)
	if after := fmt.Sprintf("%+v %+v", in.Memory, in.Loads); before != after {
		return "the input has changed: " + after
	}
	text, err := json.Marshal(in.Memory)
	if err != nil {
		return err.Error()
	}
	in.Memory = Memory{}
	if err := json.Unmarshal(text, &in.Memory); err != nil {
		return err.Error()
	}
	if again := Decide(noon, in); !reflect.DeepEqual(again.Decisions, plan.Decisions) || !again.Wake.Equal(plan.Wake) {
		return fmt.Sprintf("another plan: %+v", again.Decisions)
	}
	return ""
}

func sameSetpoints(in Input, a, b Plan) string {
	for i := range a.Decisions {
		if a.Decisions[i].To != b.Decisions[i].To {
			return fmt.Sprintf("%+v, then %+v, course %+v", a.Decisions[i], b.Decisions[i], in.Loads[i].Course)
		}
	}
	return ""
}

func checkStable(t testing.TB, s *siteSpec) string {
	in, ok := s.try(t)
	if !ok {
		return ""
	}
	plan := Decide(noon, in)
	if plan.Wake.Equal(noon.Add(time.Millisecond)) {
		return "" // it has asked to look again at once, see fly
	}
	for i, d := range plan.Decisions {
		_, floor := costOf(in, i, d)
		if floor > 0 && d.Policy != in.Loads[i].Policy {
			return "" // from whose power a floor is taken is known once it has changed hands, see aside
		}
		if p := ruleOf(in, d); p >= 0 && d.Reason == energy.InFlight && in.Rules[p].policy.Ramp.Up > 0 {
			return "" // its ramp goes on from what its loads hold, and those cut hold it no more
		}
	}
	in = obey(in, plan, noon)
	return sameSetpoints(in, plan, Decide(noon, in))
}

// Once its own result is carried out, nothing changes until Wake.
func checkWake(t testing.TB, s *siteSpec) string {
	in, ok := s.try(t)
	if !ok || s.tracks() { // what is tracked is looked at again within a period
		return ""
	}
	now := noon
	for range 4 {
		plan := Decide(now, in)
		in = obey(in, plan, now)
		plan = Decide(now, in)
		wake := plan.Wake
		if wake.IsZero() {
			wake = now.Add(time.Hour)
		}
		for _, part := range []float64{0.3, 0.99} {
			if wake.Sub(now) <= time.Millisecond {
				break // no nap is shorter
			}
			at := now.Add(time.Duration(part * float64(wake.Sub(now))))
			if diff := sameSetpoints(in, plan, Decide(at, in)); diff != "" {
				return fmt.Sprintf("at %v, before wake %v: %s", at.Sub(noon), wake.Sub(noon), diff)
			}
		}
		now = wake
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
