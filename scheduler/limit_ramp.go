package scheduler

import (
	"time"

	"github.com/curtaild/curtaild/energy"
)

// rampTick is how finely a ramp is followed: between its ticks, nothing that
// it allows changes.
const rampTick = time.Second

// Slope is where on its ramp a policy's grant is: the level, in watts of the
// site above the loads' draw when off, that it had reached at a time.
type Slope struct {
	Level energy.Watts `json:"level"`
	At    time.Time    `json:"at"`
}

// step is the slope at the last tick up to now, at so many watts a second.
func (s Slope) step(now time.Time, rate energy.Watts) Slope {
	if s.At.After(now) { // the clock was put back
		s.At = now
	}
	passed := now.Sub(s.At).Truncate(rampTick)
	return Slope{s.Level + rate*energy.Watts(passed.Seconds()), s.At.Add(passed)}
}

// climb bounds what policy p may grant, so that its grant rises no faster than
// its ramp: from what its loads hold, and never further ahead of that than the
// widest step of one load. What they were handed by another policy they keep.
func (d *decider) climb(p int32, a *admission, left energy.Watts) {
	r := &d.in.Rules[p]
	up := r.policy.Ramp.Up
	if up <= 0 || a.frozen {
		return
	}
	held := d.held(r) * d.gross
	s, known := d.in.Memory.Rising[r.policy.Name]
	if !known {
		s = Slope{held, d.now}
	}
	s = s.step(d.now, up)
	ahead := held + r.stride*d.gross
	s.Level = max(held, min(s.Level, ahead))
	d.plan.Memory.rising(r.policy.Name, s)
	if s.Level < ahead {
		d.plan.wakeAt(s.At.Add(rampTick))
	}
	if s.Level < a.most {
		a.most, a.slowed = s.Level, s.Level < left
	}
}

// held is what the loads that rule r is about to own cost as they stand.
func (d *decider) held(r *Rule) (sum energy.Watts) {
	for _, i := range r.loads {
		s := &d.slots[i]
		switch {
		case s.owner != nobody || s.top == 0:
		case s.gone:
			sum += max(0, s.draw-d.in.Fleet.loads[i].off)
		default:
			sum += d.in.Fleet.loads[i].cost(min(s.from, s.most))
		}
	}
	return sum
}

// ease lets down along their ramps the loads that policies have cut, or
// stopped to want, while there is power that would carry them: for the
// policy's own reasons, then. What falls short is never made up for.
func (d *decider) ease() {
	for p := range d.in.Rules {
		ru := &d.rules[p]
		if d.in.Rules[p].policy.Ramp.Down <= 0 || ru.frozen || ru.why == energy.StaleInput {
			continue
		}
		d.easePolicy(int32(p))
	}
}

func (d *decider) easePolicy(p int32) {
	r := &d.in.Rules[p]
	st := d.standing(p)
	if !st.cut {
		return
	}
	slope, known := d.in.Memory.Falling[r.policy.Name]
	if !known {
		slope = Slope{st.held * d.gross, d.now}
	}
	slope = slope.step(d.now, -r.policy.Ramp.Down)
	room := d.room(p, st)
	lacks := slope.Level/d.gross - st.granted
	keeping := d.keeping(p)
	for _, low := range []bool{true, false} { // levels are cut before loads stop
		for _, i := range keeping {
			if lacks > tolerance && d.lets(p, i) {
				lacks -= d.easeLoad(p, i, ask{lacks, low}, &room)
			}
		}
	}
	if len(d.rules[p].eased) > 0 {
		d.plan.Memory.falling(r.policy.Name, slope)
		d.plan.wakeAt(slope.At.Add(rampTick))
	}
}

// ask is what easing wants of a load.
type ask struct {
	lacks energy.Watts // so much is to be made up for
	low   bool         // by the lowest running point alone
}

// easeLoad takes load i back up towards where it was: to the lowest point that
// makes up for what the ramp lacks, as far as there is room. It returns what
// that takes.
func (d *decider) easeLoad(p, i int32, want ask, room *purse) energy.Watts {
	l, s := &d.in.Fleet.loads[i], &d.slots[i]
	to := s.at
	for point := s.at + 1; point <= s.from && (point == 1 || !want.low); point++ {
		more := l.cost(point) - s.cost
		if !room.holds(more, 0) || !d.ceiling.holds(more, 0) {
			break
		}
		to = point
		if more >= want.lacks-tolerance {
			break
		}
	}
	if to == s.at {
		return 0
	}
	more := l.cost(to) - s.cost
	*room, d.ceiling = room.less(more), d.ceiling.less(more)
	if s.floor && s.owner == nobody {
		d.pending[d.home(i)] -= s.low
		d.owned += s.low
	}
	d.owned += more
	s.owner, s.at, s.cost = p, to, l.cost(to)
	d.rules[p].ease(i)
	return more
}

// lets reports whether load i is policy p's to let down: it is at a lower point
// than before, under p or under no policy since p does not want it any more.
func (d *decider) lets(p, i int32) bool {
	s := &d.slots[i]
	if s.gone || s.at >= s.from || s.waits {
		return false
	}
	return s.owner == p || s.owner == nobody && d.in.Loads[i].Policy == d.in.Rules[p].policy.Name
}

// standing is how the loads of one policy stand, those included that it does
// not want any more.
type standing struct {
	held    energy.Watts // until now
	granted energy.Watts
	gone    energy.Watts // drawn by those that do not answer
	cut     bool         // one has been
}

func (d *decider) standing(p int32) (st standing) {
	for _, i := range d.in.Rules[p].loads {
		s, l := &d.slots[i], &d.in.Fleet.loads[i]
		mine := s.owner == p || s.owner == nobody && d.in.Loads[i].Policy == d.in.Rules[p].policy.Name
		switch {
		case !mine || s.top == 0:
		case s.gone:
			st.gone += max(0, s.draw-l.off)
		default:
			st.held += l.cost(s.from)
			st.granted += s.cost
			st.cut = st.cut || d.lets(p, i)
		}
	}
	return st
}

// room is what policy p may add to let its loads down: no more than there is,
// or than it may grant at all.
func (d *decider) room(p int32, st standing) purse {
	room := fullPurse()
	room.hard = d.rules[p].most/d.gross - st.gone - st.granted
	pol := &d.in.Rules[p].policy
	if !pol.Use.Available {
		room.hard = min(room.hard, pol.Use.Fixed/d.gross-st.granted-st.gone)
	}
	switch {
	case !pol.Use.Available && !d.shared(): // it may import
	case !d.in.Balance.OK:
		room.soft = 0
	default:
		set := energy.Watts(0)
		for _, w := range d.pending {
			set += max(0, w)
		}
		room.soft = d.free(pol.Reserve) - d.foreign - d.owned - set
	}
	return room
}

// shared reports whether a policy that is open counts on what is available.
func (d *decider) shared() bool {
	for q := range d.rules {
		if d.rules[q].open && d.in.Rules[q].policy.Use.Available {
			return true
		}
	}
	return false
}

// ease notes that load i is let down.
func (a *admission) ease(i int32) {
	if a.eased == nil {
		a.eased = make(map[int32]bool)
	}
	a.eased[i] = true
}
