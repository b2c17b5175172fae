package scheduler

import (
	"math"
	"time"

	"github.com/curtaild/curtaild/energy"
)

// bound finds what stands above policies: floors and ceilings of each load,
// and the ceilings on all of them.
func (d *decider) bound() {
	d.plan.wakeAt(d.in.Balance.Until)
	floors := energy.Watts(0)
	for i := range d.slots {
		d.boundLoad(int32(i))
		if d.slots[i].floor {
			floors += d.slots[i].low
		}
	}
	d.ceilings()
	if d.ceiling.holds(floors, 0) {
		d.ceiling = d.ceiling.less(floors)
		for i := range d.slots {
			d.setAside(int32(i))
		}
		return
	}
	// Ceilings beat floors: those that cost most for a hash are cut first.
	for _, i := range d.in.Fleet.bases {
		s := &d.slots[i]
		switch {
		case !s.floor:
		case d.ceiling.holds(s.low, 0):
			d.ceiling = d.ceiling.less(s.low)
			d.setAside(i)
		default:
			s.floor, s.why = false, d.bounded
		}
	}
}

// setAside grants load i its floor, if it has one.
func (d *decider) setAside(i int32) {
	if s := &d.slots[i]; s.floor {
		s.at, s.cost = 1, s.low
		d.pending[d.home(i)] += s.low
	}
}

// boundLoad finds the floor and the ceiling of load i, and what it draws
// whether we want it or not.
func (d *decider) boundLoad(i int32) {
	l, st, s := &d.in.Fleet.loads[i], &d.in.Loads[i], &d.slots[i]
	s.owner = nobody
	if l.points == nil {
		s.draw = max(0, st.Course.From, st.Course.To)
		d.foreign += s.draw
		return
	}
	s.top = int32(len(l.points) - 1)
	s.from = min(max(int32(st.Setpoint), 0), s.top)
	s.most, s.low, s.band = s.top, l.low, l.band
	s.draw = l.points[s.from].Draw
	if st.Course.From != s.draw || st.Course.To != s.draw {
		s.draw, s.level = d.drawOf(st, s.draw)
	} else {
		s.level = true
	}
	d.idle += l.off
	switch st.State {
	case energy.StateUnreachable:
		s.gone, s.level = true, false
		if st.Course != (energy.Course{}) { // wherever on its way it got stuck
			s.draw = max(st.Course.From, st.Course.To)
		}
		d.foreign += max(0, s.draw-l.off)
		s.cap(s.from, energy.Unreachable)
		return
	case energy.StateUnknown, "":
		if d.now.Before(st.StartingUntil) {
			d.plan.wakeAt(st.StartingUntil)
			s.cap(s.from, energy.Starting)
		}
	case energy.StateSuspect:
		d.foreign += max(0, st.Course.To-l.points[s.from].Draw)
		s.cap(s.from, energy.Fault)
	case energy.StateFault:
		s.cap(s.from, energy.Fault)
	case energy.StatePaused: // it draws nothing, whatever it was told
		s.cap(energy.Off, energy.Paused)
		return
	}
	if s.from == energy.Off {
		if d.usedUp(l, st) {
			s.cap(energy.Off, energy.MaxStarts)
		}
		if end, yes := within(d.now, st.Since, l.minOff); yes {
			d.plan.wakeAt(end)
			s.cap(energy.Off, energy.MinOff)
		}
		return
	}
	s.final = d.usedUp(l, st)
	d.finals = d.finals || s.final
	if end, yes := within(d.now, st.Since, l.minOn); yes {
		d.plan.wakeAt(end)
		s.floor = true
	}
}

// drawOf is what a load draws whose set-point draws set, and whether that is
// where it will stay.
func (d *decider) drawOf(st *LoadState, set energy.Watts) (draw energy.Watts, level bool) {
	if st.Course == (energy.Course{}) {
		return set, true
	}
	draw = st.Course.At(d.now)
	return draw, draw == st.Course.To && st.State != energy.StateSuspect
}

// cap lets a load take at most the given point. What the load says of itself
// comes first, and stays the reason.
func (s *slot) cap(most int32, why energy.Reason) {
	if most < s.most {
		s.most, s.limit = most, why
	}
}

// ceilings finds what limits and signals leave for all loads together, above
// what they draw when off. A limit on import leaves them what they may draw
// until grid power has reached it; while the balance is not known, it cannot
// be judged, and policies go by their on_stale.
func (d *decider) ceilings() {
	d.ceiling, d.lowest = fullPurse(), energy.Watts(math.Inf(1))
	add := func(c *energy.Watts, total energy.Watts, why energy.Reason) {
		w := total/d.gross - d.idle
		*c = min(*c, w-d.foreign)
		if w < d.lowest {
			d.lowest, d.bounded = w, why
		}
	}
	imports := func(limit energy.Watts, why energy.Reason) {
		d.limited = true
		if d.in.Balance.OK {
			add(&d.ceiling.soft, d.in.Balance.Net+limit, why)
		}
	}
	if d.in.ImportLimit != nil {
		imports(*d.in.ImportLimit+d.in.Balance.Held, energy.ImportLimit) // what the plant will make is not bought
	}
	for _, c := range d.in.Ceilings {
		if c.At == energy.AtPCCImport {
			imports(c.Max, c.Reason)
		} else {
			add(&d.ceiling.hard, c.Max, c.Reason)
		}
	}
}

// stop brings every load off, floors or not; at shutdown, every load that is
// to stop on exit. The memory survives a shutdown, because loads that stay on
// will be found running; after any other stop, policies start over.
func (d *decider) stop() {
	exit := d.in.Stop == energy.Shutdown
	if exit {
		d.plan.Memory = d.in.Memory
	}
	for i := range d.slots {
		d.boundLoad(int32(i))
		l, s, out := &d.in.Fleet.loads[i], &d.slots[i], &d.plan.Decisions[i]
		*out = energy.Decision{Load: l.name, Reason: d.in.Stop, From: int(s.from), FromW: s.draw}
		if s.top == 0 {
			out.From = d.in.Loads[i].Setpoint
		} else {
			out.FromW = l.points[s.from].Draw
			out.ToW = l.off
		}
		if exit && l.spec.OnExit != energy.ExitStop {
			out.Policy, out.To, out.ToW = d.in.Loads[i].Policy, out.From, out.FromW
			if s.top > 0 {
				d.plan.Granted += l.cost(s.from) * d.gross
			}
		}
	}
	for p := range d.in.Rules {
		name := d.in.Rules[p].policy.Name
		if b, ok := d.in.Memory.Beliefs[name]; ok && !exit {
			d.plan.Memory.believe(name, b)
		}
		if b, ok := d.in.Memory.Bridges[name]; ok && !exit {
			d.plan.Memory.bridge(name, b.step(d.now, d.in.DayEnd))
		}
		d.plan.Policies[p] = Grant{Policy: d.in.Rules[p].policy.Name, Reason: d.in.Stop}
	}
	d.plan.Wake = time.Time{} // nothing ends a stop but its release
}
