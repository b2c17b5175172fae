package scheduler

import (
	"math"
	"slices"

	"github.com/curtaild/curtaild/energy"
	"github.com/curtaild/curtaild/policies"
)

// dearest is the most joules that a further hash may cost a policy, of what
// the site draws: beyond it, the power would bring as much when it is sold.
// Power that brings nothing may cost any hash, and power that must be paid for
// to be rid of is worth drawing without hashes.
func (d *decider) dearest(p *policies.Policy) (joules float64, bounded bool) {
	const perMWh = 3.6e9
	price, each := d.in.Balance.ExportPrice.Value, p.HashValue
	if p.ByWork {
		each = d.in.HashValue
	}
	switch {
	case p.Objective != policies.Profit || price < 0:
		return 0, false
	case price == 0:
		return math.Inf(1), true
	}
	return float64(each) * perMWh / price, true
}

// worth caps the loads that policy p is about to own where their next hashes
// would bring less than the power for them.
func (d *decider) worth(p int32) {
	r := &d.in.Rules[p]
	most, bounded := d.dearest(&r.policy)
	if !bounded {
		return
	}
	most /= float64(d.gross)
	var hull []step
	for _, i := range r.loads {
		s := &d.slots[i]
		if s.owner != nobody || s.top == 0 {
			continue
		}
		hull = appendHull(hull[:0], i, d.in.Fleet.loads[i].points)
		point := int32(energy.Off)
		for _, st := range hull {
			if st.price >= most {
				break
			}
			point = st.point
		}
		switch {
		case len(hull) > 0 && point == hull[len(hull)-1].point: // all of it pays
		case point == energy.Off && s.floor:
			s.cap(1, energy.MinOn)
		default:
			s.cap(point, energy.NoProfit)
		}
	}
}

// priced judges whether what power brings when it is sold, and what hashes
// bring, is known well enough for policy r to weigh one against the other. A
// price that has gone stale stands for as long as the policy keeps what is
// stale.
func (d *decider) priced(r *Rule, a admission) admission {
	if r.policy.Objective != policies.Profit || !d.in.Priced || !a.open {
		return a
	}
	price := &d.in.Balance.ExportPrice
	if r.policy.ByWork && d.in.HashValue == 0 && price.Value > 0 {
		a.open, a.why = false, energy.StaleInput
		delete(d.plan.Memory.Gates, r.policy.Name)
		return a
	}
	if price.OKAt(d.now) {
		d.plan.wakeAt(price.Until)
		return a
	}
	kept := price.Until.Add(r.policy.OnStale.Keep)
	last := price.Quality == energy.Good || price.Quality == energy.Stale
	switch {
	case last && d.now.Before(kept):
		d.plan.wakeAt(kept)
	case last && thenOf(&r.policy) == policies.ThenKeep:
	case last && thenOf(&r.policy) == policies.ThenPower:
		a.most = min(a.most, r.policy.OnStale.Power)
	default:
		a.open, a.why = false, energy.StaleInput
		delete(d.plan.Memory.Gates, r.policy.Name)
	}
	return a
}

// priced reports whether there is a reading of what power brings when it is
// sold.
func (s *site) priced() bool {
	return slices.ContainsFunc(s.Setup.Readings, func(r energy.ReadingSpec) bool { return r.Role == energy.RoleExportPrice })
}

// hashValue is what hashes bring by the work of the load that earns the most
// with each: any other could be put to the same.
func (s *site) hashValue() policies.HashValue {
	most := 0.0
	for i := range s.loads {
		most = max(most, s.loads[i].status.PerHash)
	}
	return policies.HashValue(most * s.Setup.Coin)
}
