package scheduler

import (
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
	if f.fall <= tolerance {
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

// fly holds back rises until draw that is on its way down has gone far enough:
// at no instant may the expected draw exceed what policies and ceilings allow.
// A rise counts along its ramp. Rises of one policy go in the order in which
// they were granted: the first that must wait holds back those behind it.
func (d *decider) fly() {
	if len(d.rising) == 0 {
		return
	}
	air := make([]flight, len(d.in.Rules)+1) // by owner; first nobody's
	for i := range d.slots {
		if s := &d.slots[i]; s.level && s.at == s.from {
			air[s.owner+1].base += s.cost
		} else {
			air[s.owner+1].add(d.course(int32(i), false))
		}
	}
	falling := false
	for _, f := range air {
		falling = falling || f.fall > tolerance
	}
	if !falling {
		return
	}
	blocked := make([]bool, len(d.in.Rules))
	for _, i := range d.rising {
		s := &d.slots[i]
		before, after := d.course(i, false), d.course(i, true)
		if !blocked[s.owner] {
			old := air[s.owner+1]
			air[s.owner+1] = old.without(before)
			air[s.owner+1].add(after)
			if wait := d.mustWait(air, s.owner, before); wait > 0 {
				air[s.owner+1] = old
				blocked[s.owner] = true
				d.plan.wakeAt(d.now.Add(time.Duration(min(wait, 3600) * float64(time.Second))))
			}
		}
		if blocked[s.owner] {
			s.at, s.waits = s.from, true
		}
	}
}

// without takes g out of the sum, as far as that can be done: the times stay.
func (f flight) without(g flight) flight {
	f.base -= g.base
	f.fall = max(0, f.fall-g.fall)
	f.down = max(0, f.down-g.down)
	f.rise = max(0, f.rise-g.rise)
	f.climb = max(0, f.climb-g.climb)
	return f
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
		return way(draw, l.cost(s.at), l.ramp)
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

// mustWait is how many seconds the newest rise of policy p has to wait at
// least; 0 if it may go.
func (d *decider) mustWait(air []flight, p int32, own flight) (wait float64) {
	check := func(f flight, limit energy.Watts) {
		if by, w := f.over(limit, own); by > 0 {
			wait = max(wait, w, 1e-3)
		}
	}
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
	check(all, d.lowest)
	if r := &d.in.Rules[p].policy; r.Use.Available {
		check(above, d.free(r.Reserve))
		check(shared, d.free(d.leastReserve()))
	} else {
		check(air[p+1], r.Use.Fixed/d.gross)
	}
	return wait
}
