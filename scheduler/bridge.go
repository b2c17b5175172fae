package scheduler

import (
	"math"
	"slices"
	"time"

	"github.com/curtaild/curtaild/energy"
	"github.com/curtaild/curtaild/policies"
)

// Bridging is one policy's memory of what it has bought to carry its loads
// through dips.
type Bridging struct {
	Since time.Time     `json:"since,omitzero"` // when the present dip began; zero: there is none
	At    time.Time     `json:"at"`             // of the last decision
	Power energy.Watts  `json:"power"`          // that has been bought since then
	Dip   energy.Joules `json:"dip"`            // bought in the present dip
	Low   energy.Watts  `json:"low,omitempty"`  // what ran when it began, at its lowest points: with that there again it is over
	Day   energy.Joules `json:"day"`            // and on the local day that ends at DayEnd
	// DayEnd is zero while the end of the day is not known.
	DayEnd time.Time `json:"day_end,omitzero"`
}

// step is the account as of now: what was bought has gone on until now.
func (b Bridging) step(now, dayEnd time.Time) Bridging {
	if dt := min(now.Sub(b.At), longest); dt > 0 && b.Power > 0 { // nobody was there for longer
		e := energy.Joules(float64(b.Power) * dt.Seconds())
		b.Dip, b.Day = b.Dip+e, b.Day+e
	}
	if !dayEnd.IsZero() && !dayEnd.Equal(b.DayEnd) {
		if !b.DayEnd.IsZero() && !now.Before(b.DayEnd) {
			b.Day = 0
		}
		b.DayEnd = dayEnd
	}
	b.At, b.Power = now, 0
	return b
}

// buy notes that w is bought from now on. In a dip there is only budget for
// low, the lowest points of what runs.
func (b Bridging) buy(now time.Time, w, low, budget energy.Watts) Bridging {
	b.At, b.Power = now, w
	switch {
	case b.Since.IsZero() && budget < low-tolerance:
		b.Since, b.Low = now, low
	case !b.Since.IsZero() && (budget >= b.Low-tolerance || low <= tolerance):
		b.Since, b.Dip, b.Low = time.Time{}, 0, 0
	}
	return b
}

// carry is for how long policy p may carry loads through a dip, in seconds: 0
// if it may not at all.
func carry(p *policies.Policy) float64 {
	switch b := p.Bridge; {
	case !p.Use.Available: // a fixed power has no dips
	case b.Auto:
		return math.Inf(1)
	case b.For > 0:
		return b.For.Seconds()
	case b.PerDip > 0 || b.PerDay > 0:
		return kept
	}
	return 0
}

// mayBuy reports whether policy p may buy (more) to carry its loads, and until
// when at the most, if it bought w; zero: without end.
func (d *decider) mayBuy(p int32, b Bridging, w energy.Watts) (ok bool, until time.Time) {
	r := &d.in.Rules[p].policy
	if carry(r) == 0 || d.dear(r) {
		return false, time.Time{}
	}
	end := func(t time.Time) {
		if until.IsZero() || t.Before(until) {
			until = t
		}
	}
	if r.Bridge.For > 0 && !b.Since.IsZero() {
		end(b.Since.Add(r.Bridge.For))
	} else if r.Bridge.For > 0 {
		end(d.now.Add(r.Bridge.For))
	}
	for _, most := range []struct{ all, spent energy.Joules }{{r.Bridge.PerDip, b.Dip}, {r.Bridge.PerDay, b.Day}} {
		if most.all > 0 && w > 0 {
			end(d.now.Add(time.Duration(float64(most.all-most.spent) / float64(w) * float64(time.Second))))
		}
	}
	return until.IsZero() || until.After(d.now), until
}

// dear reports whether power costs more than policy r pays for a bridge, or
// what it costs is not known.
func (d *decider) dear(r *policies.Policy) bool {
	if !r.Bridge.HasMaxPrice {
		return false
	}
	price := d.in.Balance.ImportPrice
	d.plan.wakeAt(price.Until)
	return !price.OKAt(d.now) || price.Value > r.Bridge.MaxPrice
}

// carried reports whether policy p, whose gate has closed, still carries the
// loads that run: a bridge outlasts the gate.
func (d *decider) carried(p int32) bool {
	ru := &d.rules[p]
	r := &d.in.Rules[p].policy
	if ru.open || ru.why != energy.NoSurplus && ru.why != energy.StartDelay || carry(r) == 0 || !d.in.Balance.OK {
		return false
	}
	if !slices.ContainsFunc(d.in.Rules[p].loads, func(i int32) bool { return d.carries(p, i) }) {
		return false
	}
	ok, _ := d.mayBuy(p, d.in.Memory.Bridges[r.Name].step(d.now, d.in.DayEnd), 0)
	return ok
}

// carries reports whether load i runs under policy p.
func (d *decider) carries(p, i int32) bool {
	return d.slots[i].from > energy.Off && d.in.Loads[i].Policy == d.in.Rules[p].policy.Name
}

// allowance is up to which power loads of policy p that run may be kept at
// their lowest points, when left is what there is above floors.
func (d *decider) allowance(p int32, left purse, floors energy.Watts) energy.Watts {
	r := &d.in.Rules[p].policy
	hold := d.rules[p].out.hold
	if carry(r) == 0 || d.rules[p].frozen {
		return 0
	}
	b := d.plan.Memory.Bridges[r.Name]
	if ok, _ := d.mayBuy(p, b, max(0, hold-left.least()-floors)); !ok {
		return 0
	}
	return hold
}

// account notes what policy p, with the given budget, buys from now on. Floors
// are not bought for a bridge.
func (d *decider) account(p int32, budget energy.Watts) {
	r := &d.in.Rules[p].policy
	if carry(r) == 0 || r.Bridge.Auto {
		return
	}
	bought, low, cost := energy.Watts(0), energy.Watts(0), energy.Watts(0)
	for _, i := range d.in.Rules[p].loads {
		s := &d.slots[i]
		if s.owner != p || s.at == energy.Off {
			continue
		}
		low, cost = low+s.low, cost+s.cost
		if s.bridged {
			bought += s.cost
		}
	}
	bought = max(0, min(bought, cost-budget)) * d.gross
	if d.rules[p].carried { // whatever there is: the gate would have it stop
		budget = min(budget, 0)
	}
	b := d.plan.Memory.Bridges[r.Name].buy(d.now, bought, low, budget)
	d.plan.Memory.bridge(r.Name, b)
	if _, until := d.mayBuy(p, b, bought); !b.Since.IsZero() {
		d.plan.wakeAt(until)
	}
}

// tops is the highest points of the loads of policy p whose floors are set
// aside.
func (d *decider) tops(p int32) (w energy.Watts) {
	for _, i := range d.in.Rules[p].loads {
		if s := &d.slots[i]; s.owner == p && s.floor {
			w += d.in.Fleet.loads[i].cost(s.most)
		}
	}
	return w
}
