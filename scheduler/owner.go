package scheduler

import (
	"time"

	"github.com/curtaild/curtaild/energy"
)

// own gives policy p all loads it names that have no owner yet, and returns
// what their floors cost and what those draw that do not answer.
func (d *decider) own(p int32) (floors, gone energy.Watts) {
	frozen := d.rules[p].frozen
	for _, i := range d.in.Rules[p].loads {
		s := &d.slots[i]
		if s.owner != nobody || s.top == 0 {
			continue
		}
		if d.rules[p].carried && !d.carries(p, i) {
			if moreTelling(s.why, d.rules[p].why) {
				s.why = d.rules[p].why
			}
			continue
		}
		s.owner = p
		if d.rules[p].carried && s.most > 1 {
			s.apart = &bound{s.most, s.limit}
			s.most, s.limit = 1, energy.Bridged
		}
		if top := d.frozenAt(p, i); frozen && top < s.most {
			s.most, s.limit = top, energy.StaleKeep
		}
		if s.floor {
			floors += s.low
			d.pending[d.home(i)] -= s.low
		}
		if s.gone {
			gone += max(0, s.draw-d.in.Fleet.loads[i].off)
		}
	}
	return floors, gone
}

// release lets go of loads that policy p, whose gate has closed, cannot carry
// after all: they run, and the next policy that names them may keep them.
func (d *decider) release(p int32) {
	for _, i := range d.in.Rules[p].loads {
		s := &d.slots[i]
		if s.owner != p || s.at > energy.Off || s.floor {
			continue
		}
		s.owner = nobody
		if moreTelling(s.why, d.rules[p].why) {
			s.why = d.rules[p].why
		}
		if s.apart != nil {
			s.most, s.limit, s.apart = s.apart.most, s.apart.limit, nil
		}
	}
}

// frozenAt is the point that load i of policy p keeps at the most while its
// inputs are stale. One that is tracked may have been told more than there is
// power for: it stays within the point that it has reached.
func (d *decider) frozenAt(p, i int32) int32 {
	s, l := &d.slots[i], &d.in.Fleet.loads[i]
	if !tracks(&d.in.Rules[p].policy) {
		return s.from
	}
	top := min(s.from, 1)
	for top < s.from && l.points[top+1].Draw <= s.draw+tolerance {
		top++
	}
	return top
}

// drop takes the floor of load i away, from t on: what it runs for cannot be
// judged any more, which beats its wear.
func (d *decider) drop(i int32, t time.Time) {
	if d.now.Before(t) {
		d.plan.wakeAt(t)
		return
	}
	s := &d.slots[i]
	d.pending[d.home(i)] -= s.low
	d.ceiling = d.ceiling.less(-s.low)
	s.floor, s.at, s.cost = false, energy.Off, 0
}

// home is the place in pending of load i: 1 + the policy it last ran under, 0
// if that is not known.
func (d *decider) home(i int32) int {
	for p := range d.in.Rules {
		if d.in.Rules[p].policy.Name == d.in.Loads[i].Policy {
			return p + 1
		}
	}
	return 0
}

// moreTelling reports whether reason b says more than a about why no policy
// wants a load: a gate that is shut says more than a calendar.
func moreTelling(a, b energy.Reason) bool {
	return a == "" || ((a == energy.Closed || a == energy.Clock) && b != energy.Closed && b != energy.Clock)
}
