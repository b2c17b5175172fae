package scheduler

import (
	"fmt"
	"math"
	"testing"
	"time"

	"github.com/curtaild/curtaild/energy"
	"github.com/curtaild/curtaild/policies"
)

// A load whose starts of the day are used up is not started, and not stopped
// for it either.
func checkStarts(t testing.TB, s *siteSpec) string {
	in, ok := s.try(t)
	if !ok {
		return ""
	}
	for _, at := range []time.Time{noon, in.DayEnd.Add(-time.Second), in.DayEnd} {
		if at.Before(noon) {
			continue
		}
		for i, d := range Decide(at, in).Decisions {
			over := in.DayEnd.IsZero() || at.Before(in.DayEnd)
			spec, l := s.specs[i], in.Loads[i]
			if used := spec.MaxStarts > 0 && l.Starts >= spec.MaxStarts && over; used && d.From == 0 && d.To > 0 {
				return fmt.Sprintf("at %v: %+v, started %d times of %d", at, d, l.Starts, spec.MaxStarts)
			}
			if d.Reason == energy.MaxStarts && (d.From > 0 || !over || spec.MaxStarts == 0) {
				return fmt.Sprintf("at %v: %+v", at, d)
			}
		}
	}
	return ""
}

// What a policy grants rises no faster than its ramp says, but for the widest
// step of one load. It is let down as its ramp says as long as there is power:
// there, nothing else is said of the loads that go.
func checkRamps(t testing.TB, s *siteSpec) string {
	in, ok := s.try(t)
	if !ok {
		return ""
	}
	const seconds = 20
	for k := 0; k <= seconds; k++ {
		now := noon.Add(time.Duration(k) * time.Second)
		before := in
		plan := Decide(now, in)
		in = obey(in, plan, now)
		for p := range in.Rules {
			if why := rampPromise(before, plan, p); why != "" {
				return fmt.Sprintf("after %d s: %s", k, why)
			}
		}
	}
	return ""
}

func rampPromise(in Input, plan Plan, p int) string {
	r := &in.Rules[p]
	gross := 1 + energy.Watts(in.Aux)/100
	held, granted := energy.Watts(0), energy.Watts(0)
	for i, d := range plan.Decisions {
		l := &in.Fleet.loads[i]
		if d.Policy != r.Name() || l.points == nil {
			continue
		}
		if in.Loads[i].State == energy.StateUnreachable {
			return "" // what it draws counts, and is beyond control
		}
		held += l.cost(int32(in.Loads[i].Setpoint)) * gross
		granted += l.cost(int32(d.To)) * gross
		if d.Reason == energy.RampLimit && d.From == d.To && d.To > 0 && r.policy.Ramp == (energy.Ramp{}) {
			return fmt.Sprintf("%+v without a ramp", d)
		}
	}
	if up := r.policy.Ramp.Up; up > 0 && plan.Policies[p].Open {
		level, known := plan.Memory.Rising[r.Name()]
		if known && granted > max(held, level.Level)+1 {
			return fmt.Sprintf("%s grants %v of %v that its ramp allows", r.Name(), granted, level.Level)
		}
		if was, before := in.Memory.Rising[r.Name()]; before && known && level.Level > held+1 &&
			level.Level > was.Level+up*energy.Watts(math.Max(0, plan.At.Sub(was.At).Seconds()))+1 {
			return fmt.Sprintf("the ramp of %s rose from %v to %v", r.Name(), was, level)
		}
	}
	was, before := in.Memory.Falling[r.Name()]
	if level, eased := plan.Memory.Falling[r.Name()]; eased && (r.policy.Ramp.Down <= 0 || before && level.Level > was.Level+1) {
		return fmt.Sprintf("the way down of %s went from %v to %v", r.Name(), was, level)
	}
	return ""
}

// Under profit, no load rises to where its next hashes bring less than their
// power, and with the price unknown nothing runs.
func checkProfit(t testing.TB, s *siteSpec) string {
	in, ok := s.try(t)
	if !ok {
		return ""
	}
	gross := 1 + float64(in.Aux)/100
	price := in.Balance.ExportPrice
	for i, d := range Decide(noon, in).Decisions {
		p := ruleOf(in, d)
		if p < 0 || in.Rules[p].policy.Objective != policies.Profit || d.To <= d.From {
			continue
		}
		if in.Priced && price.Quality == "" {
			return fmt.Sprintf("%+v, at a price that was never heard", d)
		}
		for _, st := range appendHull(nil, int32(i), s.points[i]) {
			forgone := st.price * gross * price.Value / 3.6e9
			each := in.Rules[p].policy.HashValue
			if in.Rules[p].policy.ByWork {
				each = in.HashValue
			}
			if st.point <= int32(d.To) && price.Value > 0 && forgone >= float64(each) {
				return fmt.Sprintf("%+v: a hash brings %v and forgoes %v", d, each, forgone)
			}
		}
	}
	return ""
}
