package rigs

import (
	"time"

	"github.com/curtaild/curtaild/energy"
)

// integrator sums a quantity that is sampled now and then and ramps in
// between: watts into joules, hashes per second into hashes. Its total stands
// for all time up to the last sample, so it lags behind now by one sample and
// never has to take anything back.
type integrator struct {
	total  float64
	at     time.Time // of the last sample; zero: none yet
	value  float64   // at at
	target float64   // where the value is going
	up     float64   // per second, on the way to target; 0: at once
	down   float64
	// edge is a change of target since the last sample; zero: none.
	edge   time.Time
	toward float64 // the target from edge on
}

// head tells where the quantity will go from t on.
func (g *integrator) head(t time.Time, target, up, down float64) {
	g.settleEdge(t)
	g.edge, g.toward, g.up, g.down = t, target, up, down
}

// settleEdge turns an edge that has not been sampled yet into part of the sum,
// so that a second one can follow it.
func (g *integrator) settleEdge(t time.Time) {
	if g.edge.IsZero() || !t.After(g.edge) || g.at.IsZero() {
		return
	}
	before := g.course(g.at, g.value, g.target)
	mid := g.at
	if g.edge.After(g.at) {
		mid = g.edge
		g.total += area(before, g.at, mid)
	}
	after := g.course(mid, float64(before.At(mid)), g.toward)
	g.total += area(after, mid, t)
	g.at, g.value, g.target = t, float64(after.At(t)), g.toward
	g.edge = time.Time{}
}

// sample adds what passed since the last sample. Between samples the quantity
// is taken to have followed its course if that explains the new value, and a
// straight line if it does not.
func (g *integrator) sample(t time.Time, v float64) {
	switch {
	case g.at.IsZero():
		g.at, g.value = t, v
		return
	case !t.After(g.at):
		return
	}
	g.total += g.between(t, v)
	g.at, g.value = t, v
	if !g.edge.IsZero() && !g.edge.After(t) {
		g.target, g.edge = g.toward, time.Time{}
	}
}

func (g *integrator) between(t time.Time, v float64) float64 {
	from, start := g.value, g.at
	target, sum := g.target, 0.0
	if !g.edge.IsZero() && g.edge.Before(t) {
		target = g.toward
		if g.edge.After(g.at) {
			before := g.course(g.at, g.value, g.target)
			sum = area(before, g.at, g.edge)
			from, start = float64(before.At(g.edge)), g.edge
		}
	}
	c := g.course(start, from, target)
	end := float64(c.At(t))
	if explains(from, end, v) {
		// The course, stretched so that it ends where the sample is.
		seconds := t.Sub(start).Seconds()
		share := (area(c, start, t) - from*seconds) / (end - from)
		return sum + from*seconds + (v-from)*share
	}
	return sum + (from+v)/2*t.Sub(start).Seconds()
}

// explains reports whether a course that leads from one value to end makes v
// likely.
func explains(from, end, v float64) bool {
	way, off := end-from, end-v
	return way != 0 && off/way < 0.15 && off/way > -0.15
}

// hold lets the last value stand until t: nothing newer is to be had.
func (g *integrator) hold(t time.Time) {
	if g.at.IsZero() {
		return
	}
	g.settleEdge(t)
	if t.After(g.at) {
		g.sample(t, g.value)
	}
}

// skip leaves out the time up to t, when nothing is known of it.
func (g *integrator) skip(t time.Time, v float64) {
	g.at, g.value, g.edge = t, v, time.Time{}
}

func (g *integrator) course(start time.Time, from, target float64) energy.Course {
	return energy.Toward(start, energy.Watts(from), energy.Watts(target),
		energy.Ramp{Up: energy.Watts(g.up), Down: energy.Watts(g.down)})
}

// area is the integral of a course from a to b. A course is straight up to its
// end and level from there on.
func area(c energy.Course, a, b time.Time) float64 {
	end := c.End()
	switch {
	case !b.After(a):
		return 0
	case !end.After(a):
		return float64(c.To) * b.Sub(a).Seconds()
	case !b.After(end):
		return float64(c.At(a)+c.At(b)) / 2 * b.Sub(a).Seconds()
	}
	return float64(c.At(a)+c.To)/2*end.Sub(a).Seconds() + float64(c.To)*b.Sub(end).Seconds()
}
