package scheduler

import (
	"math"
	"time"

	"github.com/curtaild/curtaild/energy"
	"github.com/curtaild/curtaild/policies"
)

// expect is what is to be expected of the budget of policy p, which is w now.
// Without loads to learn for, or where power does not come and go, there are
// no bounds.
func (d *decider) expect(p int32, w energy.Watts) outlook {
	r := &d.in.Rules[p]
	if !r.policy.Use.Available || math.IsInf(float64(w), 1) || d.rules[p].frozen || r.shape.n == 0 {
		return unbounded(w)
	}
	b := d.in.Memory.Beliefs[r.policy.Name].step(d.now, w, r.shape)
	d.plan.Memory.believe(r.policy.Name, b)
	reach := 0.0
	for _, i := range r.loads {
		s, l := &d.slots[i], &d.in.Fleet.loads[i]
		if s.owner != p || s.gone || s.from == energy.Off {
			continue
		}
		top := l.cost(s.most)
		if now, up := s.draw-l.off, l.ramp.Between(energy.Off, 1).Up; now < l.low && up > 0 {
			top = min(top, now+reachIn*up)
		}
		reach += float64(top)
	}
	o := b.follows(reach, r.shape)
	o.free, o.hold = max(0, w), max(o.hold, w)
	if r.policy.Objective != policies.Net {
		o.high = energy.Watts(math.Inf(1)) // more loads, at lower points, are what gives most hashes
	} else if !math.IsInf(float64(o.high), 1) {
		o.high = max(o.high, w)
	}
	return d.foretold(o, w, r.shape)
}

// atLeast is how far ahead a forecast is asked; further where loads must run
// for longer.
const atLeast = 5 * time.Minute

// foretold is o, of a budget that is w now, with what a forecast says, as far
// as that is trusted: nothing starts for power that is about to go, and a dip
// is held through for what is about to come, and no longer.
func (d *decider) foretold(o outlook, w energy.Watts, sh shape) outlook {
	trust := energy.Watts(d.in.Forecast.Trust)
	span := max(atLeast, time.Duration(sh.minOn*float64(time.Second)))
	mean, ok := d.in.Forecast.Expected(d.now, d.now.Add(span))
	if !ok || trust <= 0 {
		return o
	}
	comes := max(0, w+(mean-d.in.Balance.Available)/d.gross)
	if comes < w {
		o.low = min(o.low, w+trust*(comes-w))
	}
	if sh.carry > 0 {
		o.hold = max(w, o.hold+trust*(max(w, comes)-o.hold))
	}
	d.soonAgain() // the forecast goes on while the reading stays
	return o
}
