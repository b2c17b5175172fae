package scheduler

import (
	"slices"
	"time"

	"github.com/curtaild/curtaild/energy"
)

// loadState is what the loop knows of one load.
//
// While a command is on its way nobody knows whether it has been obeyed, so
// there are two courses of the draw. The upper one counts a rise from when it
// was sent, and a reduction from when the device took it: it is what plans and
// signals go by. The lower one does the opposite, and is what the balance goes
// by. They are one again when the device has answered.
type loadState struct {
	// What every pass looks at is next to each other.
	course   energy.Course
	lower    energy.Course
	awaited  bool                    // lower counts: a set-point has been sent, and has not been taken yet
	points   []energy.OperatingPoint // that plans go by
	setpoint energy.Setpoint
	since    time.Time // of the last change between off and on
	decision energy.Decision
	status   energy.Status
	anchored time.Time // when the draw was read that the course starts from
	starts   Starts
	lore     lore
}

// send makes sp the load's set-point.
func (l *loadState) send(now time.Time, sp energy.Setpoint, ramp energy.Ramp) {
	if (l.setpoint.Point == energy.Off) != (sp.Point == energy.Off) {
		l.since = now
	}
	most, least := l.draw(now)
	if l.lore.From != energy.Off || !now.Before(l.course.End()) { // else it is still on its way from off
		l.lore.From = l.setpoint.Point
	}
	l.lore.Due = time.Time{}
	ramp = ramp.Between(l.lore.From, sp.Point)
	l.setpoint, l.awaited, l.anchored = sp, true, now
	l.course = energy.Toward(now, most, max(most, sp.Draw), ramp)
	l.lower = energy.Toward(now, least, min(least, sp.Draw), ramp)
}

// hear takes in the status of a load that answers.
func (l *loadState) hear(now time.Time, ramp energy.Ramp, observe bool) {
	st := &l.status
	ramp = ramp.Between(l.lore.From, l.setpoint.Point)
	if l.awaited && st.Seq >= l.setpoint.Seq {
		_, least := l.draw(now)
		l.awaited, l.course = false, energy.Toward(now, least, l.setpoint.Draw, ramp)
		if settle := l.lore.Learned.Settle(l.lore.From, l.setpoint.Point); settle > 0 {
			l.lore.Due = now.Add(2 * settle)
		}
	}
	at := st.DrawAt
	if at.IsZero() {
		at = st.At
	}
	if !at.After(l.anchored) {
		return // it says again what it has said before: the course goes on
	}
	l.anchored = at
	to := l.setpoint.Draw
	switch {
	case l.awaited:
		l.course = energy.Toward(at, st.Draw, max(st.Draw, to), ramp)
		l.lower = energy.Toward(at, st.Draw, min(st.Draw, to), ramp)
		return
	case observe, !at.Before(l.course.End()), l.lore.over(at):
		to = st.Draw // what a settled load says it draws beats what its point promises
	}
	l.course = energy.Toward(at, st.Draw, to, ramp)
}

// lose takes in that a load does not answer: it counts as drawing what it last
// did, until it is proven off.
func (l *loadState) lose(now time.Time, ramp energy.Ramp) {
	if l.setpoint.Point == energy.Off || l.status.Draw > 0 {
		l.course = energy.Toward(now, l.status.Draw, max(l.status.Draw, l.course.To), ramp)
	}
	l.awaited = false
}

// draw is what the load is taken to draw at now, at the most and at the least.
func (l *loadState) draw(now time.Time) (most, least energy.Watts) {
	most = l.course.At(now)
	if !l.awaited {
		return most, most
	}
	return most, min(most, l.lower.At(now))
}

// expected is the course for deciding. A reduction that the device has not
// taken yet is about to begin, at every instant anew: so nothing rises into
// its room before it does.
func (l *loadState) expected(now time.Time, r energy.Ramp) energy.Course {
	draw, _ := l.draw(now)
	if !l.awaited || l.setpoint.Draw >= draw {
		return l.course
	}
	r = r.Between(l.lore.From, l.setpoint.Point)
	if r.Down == 0 {
		r.Down = max(1, draw-l.setpoint.Draw) // within a second
	}
	return energy.Toward(now, draw, l.setpoint.Draw, r)
}

// repoint takes over a changed list of operating points. A set-point is found
// again by its name, else by its draw.
func (l *loadState) repoint(points []energy.OperatingPoint) {
	l.points = points
	sp := &l.setpoint
	if sp.Point == energy.Off {
		sp.Draw, sp.Name = points[energy.Off].Draw, points[energy.Off].Name
		return
	}
	sp.Point = nearest(points, sp.Name, sp.Draw)
	sp.Name, sp.Draw = points[sp.Point].Name, points[sp.Point].Draw
}

// nearest is the running point of that name, else the one that draws most
// nearly so much, else off.
func nearest(points []energy.OperatingPoint, name string, draw energy.Watts) int {
	if i := slices.IndexFunc(points, func(p energy.OperatingPoint) bool { return p.Name == name }); i > energy.Off {
		return i
	}
	best := energy.Off
	for i := 1; i < len(points); i++ {
		if best == energy.Off || abs(points[i].Draw-draw) < abs(points[best].Draw-draw) {
			best = i
		}
	}
	return best
}
