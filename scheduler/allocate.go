package scheduler

import "github.com/curtaild/curtaild/energy"

// allocate hands what is left to the loads of policy p, and returns what it
// has spent. It is a greedy fill: the lowest points of the loads that run
// first (so that levels are cut before loads stop, and nothing restarts in
// vain), then whatever gives the next hashes for the fewest joules; what does
// not fit is passed over for something smaller.
//
// Holding a point takes its cost; rising to it takes a dead band more where
// the power wobbles, so a set-point does not follow noise up and down. The
// outcome depends on the loads' present points in no other way, and is its own
// fixed point: with the same budget, the next decision moves nothing.
//
// Loads that run may be carried at their lowest points beyond what there is,
// as the policy's bridge allows and past dips suggest; and none starts but for
// power that is expected to last.
func (d *decider) allocate(p int32, left purse, floors energy.Watts) (spent energy.Watts) {
	r := &d.in.Rules[p]
	low, high := floors, d.tops(p) // of what runs: the lowest points, and the highest
	allowed := d.allowance(p, left, floors)
	hard := left.hard // no bridge beats a limit
	for _, i := range d.keeping(p) {
		s := &d.slots[i]
		switch {
		case s.owner != p:
		case s.gone: // its draw is counted whatever we say
			if left.holds(0, 0) {
				s.at = s.from
			}
		case s.from == energy.Off || s.floor || s.most == energy.Off:
		case left.holds(s.low, 0), low+s.low <= allowed+tolerance && s.low <= hard-left.spent+tolerance && d.ceiling.holds(left.spent+s.low, 0):
			if s.bridged = d.rules[p].carried || !left.holds(s.low, 0); s.bridged {
				d.soonAgain()
			}
			s.at, s.cost = 1, s.low
			left = left.less(s.low)
			low += s.low
			high += d.in.Fleet.loads[i].cost(s.most)
		}
	}
	for k := range r.steps {
		st := &r.steps[k]
		s := &d.slots[st.load]
		if s.owner != p || st.point <= s.at || st.point > s.most || s.gone {
			continue
		}
		start := s.at == energy.Off && s.from == energy.Off
		if start && !d.in.Fleet.loads[st.load].nimble && !d.rules[p].out.starts(low+s.low, high) {
			if s.brief = left.holds(s.low, s.band) && d.rules[p].out.brief(low+s.low, high); s.brief {
				d.soonAgain()
			}
			continue
		}
		if d.raise(&left, st.load, st.point, st.cost) && start {
			low += s.low
			high += d.in.Fleet.loads[st.load].cost(s.most)
		}
	}
	if len(r.bent) > 0 {
		d.fill(p, &left)
	}
	return left.spent
}

// raise takes load i to a higher point, if that fits.
func (d *decider) raise(left *purse, i, point int32, cost energy.Watts) bool {
	s := &d.slots[i]
	if !left.holds(cost-s.cost, s.bandTo(point)) {
		return false
	}
	if s.at <= s.from && point > s.from {
		d.rising = append(d.rising, i)
	}
	*left = left.less(cost - s.cost)
	s.at, s.cost = point, cost
	return true
}

// bandTo is the dead band that a load needs to be at a point: none for one
// that it holds already.
func (s *slot) bandTo(point int32) energy.Watts {
	if point <= s.from {
		return 0
	}
	return s.band
}

// fill puts what is left into points that lie inside a load's hull: those with
// the most hashes that fit. While nothing may rise, a load keeps its point
// whatever it is worth.
func (d *decider) fill(p int32, left *purse) {
	for _, i := range d.in.Rules[p].bent {
		s, l := &d.slots[i], &d.in.Fleet.loads[i]
		if s.owner != p || s.gone {
			continue
		}
		if d.rules[p].frozen {
			if s.from > s.at && s.from <= s.most {
				d.raise(left, i, s.from, l.cost(s.from))
			}
			continue
		}
		best := s.at
		for point := s.at + 1; point <= s.most; point++ {
			if l.points[point].Rate > l.points[best].Rate && left.holds(l.cost(point)-s.cost, s.bandTo(point)) {
				best = point
			}
		}
		if best > s.at {
			d.raise(left, i, best, l.cost(best))
		}
	}
}
