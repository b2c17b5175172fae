package scheduler

import (
	"math"
	"sync"
	"time"

	"github.com/curtaild/curtaild/energy"
	"github.com/curtaild/curtaild/policies"
)

// Decide computes the plan for now. It is a pure function: it reads no clock,
// keeps nothing and cannot fail; bad or missing data is a reason. It has four
// parts: bounds (what stands above policies), then for each policy its
// admission (may it run?) and allocation (which loads take how much?), and in
// the end the flight (does everything on its way stay within the budget?).
func Decide(now time.Time, in Input) Plan {
	d := newDecider(now, in)
	defer d.done()
	if in.Stop != "" {
		d.stop()
		return d.plan
	}
	d.bound()
	for p := range in.Rules {
		d.decide(int32(p))
	}
	d.ease()
	d.fly()
	d.explain()
	return d.plan
}

// nobody owns a load that no open policy names.
const nobody = -1

// tolerance absorbs the rounding of long sums.
const tolerance energy.Watts = 1e-3

// decider holds what one call of Decide works on.
type decider struct {
	now   time.Time
	in    Input
	plan  Plan
	work  *scratch
	slots []slot
	rules []ruling

	gross   energy.Watts  // 1 + aux: what a watt drawn by a load costs the site
	idle    energy.Watts  // what all loads draw when off
	foreign energy.Watts  // what loads draw above that, beyond our control
	ceiling purse         // what ceilings leave, after floors
	lowest  energy.Watts  // the lowest ceiling, above the draw when off
	bounded energy.Reason // why
	limited bool          // something binds the import
	finals  bool          // some load runs that may not start again today
	pending []energy.Watts
	owned   energy.Watts // what policies down to the present one have, floors included
	rising  []int32      // loads, in the order in which they were granted more
}

// slot is one load in the making of a plan.
type slot struct {
	draw  energy.Watts // expected now
	cost  energy.Watts // of the point granted so far
	low   energy.Watts // cost of the lowest running point
	band  energy.Watts
	from  int32
	at    int32 // the point granted so far
	most  int32 // the highest it may take
	top   int32 // the highest it has; 0: not identified
	owner int32
	floor bool // its lowest running point is set aside
	gone  bool // does not answer: whatever it draws is beyond control
	waits bool // for draw that is on its way down
	final bool // runs, and may not start again today
	// Once it is tracked: what it will draw when a command can reach it, and
	// what soon, at the point granted so far, above its draw when off.
	ahead, will energy.Watts
	brief       bool // there is enough for it, but not for long enough
	// bridged: it runs on power that is bought to carry it through a dip
	bridged bool
	level   bool          // draws what its set-point does, and answers
	limit   energy.Reason // why most is less than top
	apart   *bound        // most and limit apart from the bridge that carries it, if that lowered them
	why     energy.Reason // why nobody owns it, or which ceiling cut its floor
}

// bound is the highest point that a load may take, and why.
type bound struct {
	most  int32
	limit energy.Reason
}

// ruling is how one policy stands in the making of a plan.
type ruling struct {
	admission
	noFit energy.Reason // why a load does not get (more) power
	short bool          // what floors hold is more than there is
	// carried: its gate has closed, but a bridge still carries what runs.
	carried bool
	out     outlook
}

func newDecider(now time.Time, in Input) *decider {
	n := len(in.Loads)
	work := borrow(n)
	d := &decider{
		now: now, in: in,
		gross:   1 + energy.Watts(in.Aux)/100,
		work:    work,
		slots:   work.slots,
		rising:  work.rising[:0],
		rules:   make([]ruling, len(in.Rules)),
		pending: make([]energy.Watts, len(in.Rules)+1),
		plan: Plan{
			At: now, Memory: newMemory(len(in.Rules)),
			Decisions: make([]energy.Decision, n),
			Policies:  make([]Grant, len(in.Rules)),
		},
	}
	d.probe()
	if in.Balance.OK {
		d.plan.Budget = max(0, in.Balance.Available-d.leastReserve())
	}
	return d
}

// scratch is what decisions work on. It is lent from one to the next, in any
// order: nothing of it outlives the decision.
type scratch struct {
	slots           []slot
	rising, on, off []int32
	keeping         []int32
}

var lent sync.Pool

func borrow(n int) *scratch {
	w, ok := lent.Get().(*scratch)
	if !ok || cap(w.slots) < n {
		return &scratch{slots: make([]slot, n), rising: make([]int32, 0, n), on: make([]int32, 0, n), off: make([]int32, 0, n)}
	}
	w.slots = w.slots[:n]
	clear(w.slots)
	return w
}

// done gives it back.
func (d *decider) done() { lent.Put(d.work) }

// leastReserve is the smallest reserve of the policies that draw on what is
// available.
func (d *decider) leastReserve() energy.Watts {
	least := energy.Watts(math.Inf(1))
	for i := range d.in.Rules {
		if p := &d.in.Rules[i].policy; p.Use.Available {
			least = min(least, p.Reserve)
		}
	}
	if math.IsInf(float64(least), 1) {
		return 0
	}
	return least
}

// free is what available power leaves above the loads' draw when off, after
// reserve; in the loads' watts.
func (d *decider) free(reserve energy.Watts) energy.Watts {
	return (d.in.Balance.Available-reserve)/d.gross - d.idle
}

// decide lets policy p take what it may from what those above it left.
func (d *decider) decide(p int32) {
	r, g := &d.in.Rules[p], &d.plan.Policies[p]
	g.Policy = r.policy.Name
	ru := &d.rules[p]
	if b, ok := d.in.Memory.Beliefs[r.policy.Name]; ok {
		d.plan.Memory.believe(r.policy.Name, b)
	}
	if b, ok := d.in.Memory.Bridges[r.policy.Name]; ok {
		d.plan.Memory.bridge(r.policy.Name, b.step(d.now, d.in.DayEnd))
	}
	ru.admission = d.admit(p, g)
	ru.carried = d.carried(p)
	g.Open, g.Reason = ru.open, ru.why
	if !ru.open && !ru.carried {
		for _, i := range r.loads {
			s := &d.slots[i]
			if s.owner != nobody {
				continue
			}
			if moreTelling(s.why, ru.why) {
				s.why = ru.why
			}
			if s.floor && !ru.blind.IsZero() && d.home(i) == int(p)+1 {
				d.drop(i, ru.blind)
			}
		}
		return
	}
	floors, gone := d.own(p)
	own := d.purse(p, floors, gone)
	left := own.within(d.ceiling)
	ru.noFit = energy.NoBudget
	if d.ceiling.least() < own.least() {
		ru.noFit = d.bounded
	}
	ru.short = own.least() < -tolerance
	ru.out = d.expect(p, own.soft+floors) // a ramp or a signal tells nothing of the sun
	var spent energy.Watts
	if d.tracked(p) {
		spent = d.track(p, own.least()+floors, purse{hard: left.hard, soft: d.ceiling.soft})
	} else {
		spent = d.allocate(p, left, floors)
	}
	d.account(p, own.least()+floors)
	if ru.carried {
		d.release(p)
	}
	d.ceiling = d.ceiling.less(spent)
	d.owned += floors + spent
}

// purse is what policy p may grant above its own loads' floors.
func (d *decider) purse(p int32, floors, gone energy.Watts) purse {
	ru, use := &d.rules[p], d.in.Rules[p].policy.Use
	left := fullPurse()
	left.hard = ru.most/d.gross - floors - gone
	switch {
	case !use.Available:
		left.hard = min(left.hard, use.Fixed/d.gross-floors-gone)
	case !ru.frozen: // else nothing is known of what is available
		left.soft = d.free(d.in.Rules[p].policy.Reserve) - d.foreign - d.owned - floors - d.aside(p)
	}
	return left
}

// aside is what policy p must leave for floors of loads that are not (yet)
// owned. Those of a fixed power further down do not concern p: that power is
// drawn whatever is available. Those of a policy further down that leaves a
// smaller reserve stand in what p leaves: else a load that starts down there
// would push p's loads out.
func (d *decider) aside(p int32) energy.Watts {
	sum, inReserve := energy.Watts(0), energy.Watts(0)
	reserve := d.in.Rules[p].policy.Reserve
	least := reserve
	for b, w := range d.pending {
		if w <= 0 {
			continue
		}
		if q := b - 1; q > int(p) {
			below := &d.in.Rules[q].policy
			if !below.Use.Available {
				continue
			}
			if below.Reserve < reserve {
				inReserve += w
				least = min(least, below.Reserve)
			}
		}
		sum += w
	}
	return sum - min(inReserve, reserve-least)
}

// thenOf is what policy p says of inputs that stay stale.
func thenOf(p *policies.Policy) policies.Then {
	if p.OnStale.Then == "" {
		return policies.ThenStop
	}
	return p.OnStale.Then
}
