package scheduler

import (
	"math"
	"time"

	"github.com/curtaild/curtaild/energy"
	"github.com/curtaild/curtaild/policies"
)

// admission says whether a policy may run, and how.
type admission struct {
	open   bool
	why    energy.Reason
	frozen bool         // its inputs are stale: nothing rises
	blind  time.Time    // from when on floors do not hold either; zero: never
	most   energy.Watts // at most this much for its loads; infinite if nothing says so
	slowed bool         // most is less than there is, because of its ramp
	eased  map[int32]bool
}

// admit judges policy p, and what its terms leave its loads.
func (d *decider) admit(p int32, g *Grant) admission {
	r := &d.in.Rules[p]
	a := d.priced(r, d.judge(r, g))
	if a.open {
		d.worth(p)
		d.climb(p, &a, max(g.Left, r.policy.Use.Fixed))
	}
	return a
}

// judge looks at a policy's calendar, the freshness of its inputs, its gate. A
// gate is only remembered while its calendar is open and its inputs are fresh
// (or kept), so each return goes through the start delay.
func (d *decider) judge(r *Rule, g *Grant) admission {
	a := admission{most: energy.Watts(math.Inf(1))}
	if a.why = d.calendar(r); a.why != "" {
		return a
	}
	if !d.in.Balance.OK && (r.gated() || d.limited) {
		return d.stale(r, a)
	}
	if !r.gated() {
		a.open, a.why = true, energy.Fixed
		return a
	}
	// The gate does not count floors of loads further down: a load that
	// starts there would shut it.
	g.Left = (d.free(r.policy.Reserve) - d.foreign - d.owned) * d.gross
	gate, why, due := d.in.Memory.Gates[r.policy.Name].Step(d.now, &r.policy, g.Left)
	d.plan.wakeAt(due)
	d.plan.Memory.Gates[r.policy.Name] = gate
	if why == energy.Surplus && !r.policy.Use.Available {
		why = energy.Fixed
	}
	a.open, a.why = gate.Open, why
	return a
}

// calendar says why r's calendar is shut; empty if it is not.
func (d *decider) calendar(r *Rule) energy.Reason {
	if len(r.windows) == 0 {
		return ""
	}
	if !d.in.ClockOK {
		return energy.Clock
	}
	why := energy.Closed
	for _, w := range r.windows {
		open, next := w.state(d.now)
		d.plan.wakeAt(next)
		if open {
			why = ""
		}
	}
	return why
}

// stale judges a policy whose inputs are stale: it keeps what it has for a
// while, then does what it says.
func (d *decider) stale(r *Rule, a admission) admission {
	p := &r.policy
	since, known := d.in.Memory.Stale[p.Name]
	if !known || since.After(d.now) {
		since = d.now
	}
	d.plan.Memory.stale(p.Name, since)
	kept := since.Add(p.OnStale.Keep)
	if thenOf(p) == policies.ThenStop {
		a.blind = kept
	}
	switch {
	case r.gated() && !d.in.Memory.Gates[p.Name].Open:
		a.why = energy.StaleInput
		return a
	case d.now.Before(kept):
		d.plan.wakeAt(kept)
	case thenOf(p) == policies.ThenStop:
		a.why = energy.StaleInput
		return a
	case thenOf(p) == policies.ThenPower:
		a.most = p.OnStale.Power
	}
	if r.gated() {
		d.plan.Memory.Gates[p.Name] = Gate{Open: true}
	}
	a.open, a.frozen, a.why = true, true, energy.StaleKeep
	return a
}

// within reports whether d has not yet passed since t, and when it will have.
func within(now, t time.Time, d time.Duration) (time.Time, bool) {
	if t.IsZero() || d <= 0 || t.After(now) { // after now: the clock was put back
		return time.Time{}, false
	}
	end := t.Add(d)
	return end, now.Before(end)
}
