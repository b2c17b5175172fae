package hasher

import (
	"maps"
	"math"
)

// Learned is what the workers have measured of themselves, by kernel. It is
// kept over restarts. A value: what is handed out is never written to.
type Learned struct {
	Kernel  string            `json:"kernel,omitempty"` // the one that was last in use
	Lessons map[string]Lesson `json:"lessons,omitempty"`
}

// Lesson is what is known of one kernel, for a core that is busy all the time.
type Lesson struct {
	Rate Curve `json:"rate"` // hashes a second
	Core Curve `json:"core"` // W; zero where nothing measures it
}

// knots are the duties at which a curve is known, in equal steps up to 1.
const knots = 4

// Curve is a figure of a busy core as it depends on the duty, since a core
// makes and draws less when its neighbours are busy too: straight lines
// between knots at 1/4, 1/2, 3/4 and 1. A knot of 0 is not known yet.
type Curve [knots]float64

// flat is a curve of which one value is known.
func flat(v float64) (c Curve) {
	for i := range c {
		c[i] = v
	}
	return c
}

// At is the figure at a duty, 0 to 1; 0 if nothing is known. A knot that is
// not known is as the nearest that is.
func (c Curve) At(duty float64) float64 {
	i, part := knot(duty)
	a, b := c.near(i), c.near(i+1)
	return a + part*(b-a)
}

// knot is the knot below a duty, and how far, from 0 to 1, that is from it to
// the next.
func knot(duty float64) (i int, part float64) {
	at := min(max(duty*knots-1, 0), knots-1)
	i = min(int(at), knots-2)
	return i, at - float64(i)
}

func (c Curve) near(i int) float64 {
	for d := range knots {
		for _, k := range []int{i - d, i + d} {
			if k >= 0 && k < knots && c[k] > 0 {
				return c[k]
			}
		}
	}
	return 0
}

// follow is how far a curve goes towards one measurement.
const follow = 0.3

// Learn returns the curve after one measurement at a duty.
func (c Curve) Learn(duty, measured float64) Curve {
	if !(measured > 0) || math.IsInf(measured, 0) {
		return c
	}
	i, part := knot(duty)
	weights := [2]float64{1 - part, part}
	off := measured - c.At(duty)
	norm := weights[0]*weights[0] + weights[1]*weights[1]
	for k, w := range weights {
		switch at := &c[i+k]; {
		case *at > 0:
			*at = max(*at+follow*off*w/norm, measured/100)
		case w >= 0.5:
			*at = measured
		}
	}
	return c
}

// strays reports whether c is anywhere out of the dead band around what is
// stated.
func (c Curve) strays(stated Curve) bool {
	for i := range c {
		a, b := c.near(i), stated.near(i)
		if math.Abs(a-b) > deadBand*b {
			return true
		}
	}
	return false
}

// sane reports whether a curve that was read back can be one.
func (c Curve) sane(most float64) bool {
	for _, v := range c {
		if !(v >= 0 && v <= most) {
			return false
		}
	}
	return true
}

// with is l with another lesson of a kernel.
func (l Learned) with(kernel string, lesson Lesson) Learned {
	l.Lessons = maps.Clone(l.Lessons)
	if l.Lessons == nil {
		l.Lessons = map[string]Lesson{}
	}
	l.Lessons[kernel] = lesson
	return l
}

// sane is l without what cannot be: it comes from a disk.
func (l Learned) sane() Learned {
	l.Lessons = maps.Clone(l.Lessons)
	maps.DeleteFunc(l.Lessons, func(_ string, s Lesson) bool {
		return !s.Rate.sane(maxRate) || !s.Core.sane(maxCore) || s.Rate == Curve{}
	})
	return l
}
