package scheduler

import (
	"slices"
	"time"

	"github.com/curtaild/curtaild/energy"
)

// flight is the expected course of several loads together, above their draw
// when off: what has settled, what is on its way down and what is on its way
// up. The sum of the ways down lies below a straight line from fall to 0 over
// last, that of the ways up below the lesser of rise and climb times the
// time: so a bound on the sum is found without going through every course.
type flight struct {
	base  energy.Watts // settled, the ends of ways down, the beginnings of ways up
	fall  energy.Watts // still to go down
	down  energy.Watts // per second, at first
	last  float64      // seconds until the last way down ends
	rise  energy.Watts // still to go up
	climb energy.Watts // per second, at first
	first float64      // seconds until the first way up ends; 0: none
}

func (f *flight) add(g flight) {
	f.base += g.base
	f.fall += g.fall
	f.down += g.down
	f.last = max(f.last, g.last)
	f.rise += g.rise
	f.climb += g.climb
	if g.first > 0 && (f.first == 0 || g.first < f.first) {
		f.first = g.first
	}
}

// way is the flight of one load that draws from now and goes to to, both above
// its draw when off.
func way(from, to energy.Watts, r energy.Ramp) flight {
	switch {
	case from > to && r.Down > 0:
		return flight{base: to, fall: from - to, down: r.Down, last: float64((from - to) / r.Down)}
	case to > from && r.Up > 0:
		return flight{base: from, rise: to - from, climb: r.Up, first: float64((to - from) / r.Up)}
	}
	return flight{base: to}
}

// over is by how much the flight, at its highest, exceeds limit, when only the
// time until all ways down have ended counts (after that, allocation has seen
// to it); and how many seconds must pass at least before it no longer does.
// The flight is that with one more rise; own is that load's flight without,
// which may be on its way down until the rise is granted.
func (f flight) over(limit energy.Watts, own flight) (by energy.Watts, wait float64) {
	if f.fall <= tolerance || f.base+f.fall+f.rise <= limit {
		return 0, 0
	}
	seconds := func(w energy.Watts) float64 { return float64(w / (f.down + own.down)) }
	by, wait = f.base+f.fall-limit, seconds(f.base+f.fall-limit)
	if up := float64(f.rise / f.climb); f.climb > 0 && up < f.last {
		late := f.base + f.rise + f.fall*energy.Watts(1-up/f.last) - limit
		if late > tolerance {
			up = float64((f.rise + own.fall) / f.climb)
			w := min(f.last-up, seconds(f.base+f.rise+f.fall-limit)-up)
			if f.first > 0 {
				w = min(w, f.first)
			}
			wait = max(wait, w)
		}
		by = max(by, late)
	}
	if by <= tolerance {
		return 0, 0
	}
	return by, wait
}

// moment is the shortest wait, in seconds.
const moment = 1e-3

// swap is the sum with one load's flight replaced: exact but for the times,
// which stay if they were that load's.
func (f flight) swap(before, after flight) flight {
	f.base -= before.base
	f.fall = max(0, f.fall-before.fall)
	f.down = max(0, f.down-before.down)
	f.rise = max(0, f.rise-before.rise)
	f.climb = max(0, f.climb-before.climb)
	f.add(after)
	return f
}

// scope is a sum of flights that must stay below a limit.
type scope struct {
	sum   flight
	limit energy.Watts
}

// fly holds back rises until draw that is on its way down has gone far enough:
// at no instant may the expected draw exceed what policies and ceilings allow.
// A rise counts along its ramp. Rises of one policy go in the order in which
// they were granted: the first that must wait holds back those behind it.
func (d *decider) fly() {
	if len(d.rising) == 0 {
		return
	}
	air, risen := d.air()
	if !slices.ContainsFunc(air, func(f flight) bool { return f.fall > tolerance }) || d.allMay(risen) {
		return
	}
	scopes, policy, blocked := make([]scope, 0, 3), int32(nobody), false
	rough := false // a load on its way down has been turned: the sums' times may be too long
	for _, i := range d.rising {
		s := &d.slots[i]
		if s.owner != policy {
			policy, blocked = s.owner, false
			scopes = d.scopes(scopes[:0], air, policy)
		}
		if !blocked {
			before, after := d.course(i, false), d.course(i, true)
			if wait := mustWait(scopes, before, after); wait > 0 {
				blocked = true
				if rough {
					wait = moment // look again, with sums made anew
				}
				d.plan.wakeAt(d.now.Add(time.Duration(min(wait, 3600) * float64(time.Second))))
			} else {
				for k := range scopes {
					scopes[k].sum = scopes[k].sum.swap(before, after)
				}
				air[policy+1] = air[policy+1].swap(before, after)
				rough = rough || before.fall > 0
			}
		}
		if blocked {
			s.at, s.waits = s.from, true
		}
	}
}

// air is the flight of each owner's loads, nobody's first: without any rise,
// and with all.
func (d *decider) air() (air, risen []flight) {
	n := len(d.in.Rules) + 1
	both := make([]flight, 2*n)
	air, risen = both[:n], both[n:]
	for i := range d.slots {
		s := &d.slots[i]
		o := s.owner + 1
		switch {
		case s.level && s.at == s.from:
			air[o].base += s.cost
			risen[o].base += s.cost
		case s.at > s.from:
			air[o].add(d.course(int32(i), false))
			risen[o].add(d.course(int32(i), true))
		default:
			f := d.course(int32(i), false)
			air[o].add(f)
			risen[o].add(f)
		}
	}
	return air, risen
}

// allMay reports whether every rise may go at once: then none by itself
// would have to wait.
func (d *decider) allMay(risen []flight) bool {
	var scopes []scope
	for p := range d.in.Rules {
		scopes = d.scopes(scopes, risen, int32(p))
	}
	return mustWait(scopes, flight{}, flight{}) == 0
}

// scopes are the sums that a rise of policy p must keep below their limits:
// all loads below the ceilings, its own below a fixed power; or those of it and
// the policies above it below what is available less its reserve, and these
// with those further down that draw on the same below what that may at most
// be.
func (d *decider) scopes(out []scope, air []flight, p int32) []scope {
	var all, above, shared flight
	for b, f := range air {
		all.add(f)
		if b <= int(p)+1 {
			above.add(f)
		}
		if b <= int(p)+1 || d.in.Rules[b-1].policy.Use.Available {
			shared.add(f)
		}
	}
	out = append(out, scope{all, d.lowest})
	if d.tracked(p) { // its own power it has seen to
		return out
	}
	r := &d.in.Rules[p].policy
	if !r.Use.Available {
		return append(out, scope{air[p+1], r.Use.Fixed / d.gross})
	}
	return append(out, scope{above, d.free(r.Reserve)}, scope{shared, d.free(d.leastReserve())})
}

// mustWait is how many seconds a rise has to wait at least, if it takes its
// load's flight from before to after; 0 if it may go.
func mustWait(scopes []scope, before, after flight) (wait float64) {
	for k := range scopes {
		if by, w := scopes[k].sum.swap(before, after).over(scopes[k].limit, before); by > 0 {
			wait = max(wait, w, moment)
		}
	}
	return wait
}

// course is the flight of load i: towards the point it is granted, or if that
// is a rise and risen is false, as if it stayed.
func (d *decider) course(i int32, risen bool) flight {
	s, l, st := &d.slots[i], &d.in.Fleet.loads[i], &d.in.Loads[i]
	if s.top == 0 || s.gone {
		return flight{base: s.draw - l.off}
	}
	draw := s.draw - l.off
	if s.at < s.from || (s.at > s.from && risen) {
		return way(draw, l.cost(s.at), l.ramp.Between(int(s.from), int(s.at)))
	}
	// It stays: what it settles at is the point's draw; how far it has to go
	// is in its course.
	to := l.cost(s.from)
	if st.Course == (energy.Course{}) {
		return flight{base: to}
	}
	aim := st.Course.To - l.off
	if st.State == energy.StateSuspect {
		to = max(to, aim)
	}
	f := way(draw, aim, energy.Ramp{Up: st.Course.Up, Down: st.Course.Down})
	f.base += to - aim
	return f
}
