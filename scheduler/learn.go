package scheduler

import (
	"math"
	"time"

	"github.com/curtaild/curtaild/energy"
)

// Learned is what one load has taught by what it measured: how fast its draw
// follows a set-point and how long it takes to settle, and what it draws and
// hashes at each operating point. Until it has been learned, what the load and
// its family state holds.
//
// It is a value: statuses step it, it is kept on disk, and what follows from it
// enters decisions through the fleet's ramps and points. It never shares what
// it writes to. A single odd measurement moves nothing; a few that agree do,
// at once. What plans go by changes with a dead band, or they would flap.
type Learned struct {
	Start Pace `json:"start,omitzero"` // from off
	Stop  Pace `json:"stop,omitzero"`  // to off
	Up    Pace `json:"up,omitzero"`    // between levels
	Down  Pace `json:"down,omitzero"`

	Here   LearnedPoint   `json:"here,omitzero"`    // the point where it rests, or rested last
	Points []LearnedPoint `json:"points,omitempty"` // the others
	// Noise is the mean deviation of a draw that has settled, as a fraction.
	Noise float64 `json:"noise,omitempty"`
	Watch Watch   `json:"watch,omitzero"`
}

// Sighting is one status of a load, with what it is seen against.
type Sighting struct {
	Status   *energy.Status
	Setpoint *energy.Setpoint        // the last one sent
	Points   []energy.OperatingPoint // as the load states them
	Ramp     energy.Ramp             // the family's
}

// widest is how far what is learned may lie from what was stated, as a factor
// either way. No device is so far from its family: beyond lies a wrong unit, or
// a machine that does something else.
const widest = 10

// bounded bounds a slope by the family's: from a tenth of its slower to ten
// times its faster, since a family tells only of whole starts and stops, and a
// change of level may be as fast as the one or as slow as the other.
func bounded(slope energy.Watts, family energy.Ramp) energy.Watts {
	slow, fast := min(family.Up, family.Down), max(family.Up, family.Down)
	if slow <= 0 {
		slow = fast
	}
	return min(max(slope, slow/widest), fast*widest)
}

// Step takes in one more status, and tells whether that changes what plans go
// by. Draws that are not measured teach nothing.
func (l *Learned) Step(o *Sighting) (news bool) {
	st, sp := o.Status, o.Setpoint
	if len(o.Points) < 2 || sp.Point < 0 || sp.Point >= len(o.Points) {
		return false
	}
	at := st.DrawAt
	if at.IsZero() {
		at = st.At
	}
	at = at.Round(0) // as it comes back from disk
	l.follow(at, o)
	w := &l.Watch
	if w.Name != sp.Name || !st.State.Heard() || !at.After(w.Last) {
		return false
	}
	draw, measured := st.Draw, st.Source == energy.Measured && plausible(st.Draw)
	if !measured {
		if sp.Point != energy.Off || !rests(st.State, sp.Point) {
			return false
		}
		draw = l.draw(&o.Points[energy.Off]) // a meter in the power supply sleeps with it
	}
	band := l.band(draw, o.Points)
	w.sample(at, draw, band)
	switch {
	case !rests(st.State, sp.Point): // on its way
		return false
	case !w.Settled:
		if w.Settled = w.steady(at, l.patience(o)); !w.Settled {
			return false
		}
		return l.pace(o, band)
	}
	return measured && l.observe(at, o)
}

// plausible reports whether a draw can be one.
func plausible(w energy.Watts) bool { return w >= 0 && w < 1e8 }

// rests reports whether a load in that state may have settled at a point.
func rests(s energy.State, point int) bool {
	if point == energy.Off {
		return s == energy.StateIdle
	}
	return s == energy.StateRunning
}

// The noise that a draw is taken to have until it has been learned, and the
// most that it may have.
const (
	firstNoise = 0.015
	mostNoise  = 0.032
)

// band is how far a draw may lie from what is expected and still agree with
// it: three standard deviations.
func (l *Learned) band(w energy.Watts, points []energy.OperatingPoint) energy.Watts {
	noise := l.Noise
	if noise == 0 {
		noise = firstNoise
	}
	return max(w*energy.Watts(max(0.015, 3*1.25*noise)), smallest(points))
}

// smallest is a difference of draw that no plan for these points should mind.
func smallest(points []energy.OperatingPoint) energy.Watts {
	return max(0.01, 0.002*points[len(points)-1].Draw)
}

// Ramp is how fast the draw follows a set-point, given the family's default.
// What has no default follows at once and is not learned.
func (l *Learned) Ramp(def energy.Ramp) energy.Ramp {
	r := energy.Ramp{Up: l.Up.slope(def.Up, def), Down: l.Down.slope(def.Down, def)}
	if s := l.Start.slope(starting(def), def); s != r.Up {
		r.Start = s
	}
	if s := l.Stop.slope(stopping(def), def); s != r.Down {
		r.Stop = s
	}
	return r
}

func starting(r energy.Ramp) energy.Watts { return r.Between(energy.Off, 1).Up }
func stopping(r energy.Ramp) energy.Watts { return r.Between(1, energy.Off).Down }

// paceOf is what is known of a kind of change, and its default slope.
func (l *Learned) paceOf(k Way, def energy.Ramp) (*Pace, energy.Watts) {
	switch k {
	case WayStart:
		return &l.Start, starting(def)
	case WayStop:
		return &l.Stop, stopping(def)
	case WayUp:
		return &l.Up, def.Up
	case WayDown:
		return &l.Down, def.Down
	}
	return nil, 0
}

// Settle is how long a load takes until its draw stays, on a change between
// two points; 0 while that is not known.
func (l *Learned) Settle(from, to int) time.Duration {
	p, _ := l.paceOf(wayOf(from, to), energy.Ramp{})
	if p == nil {
		return 0
	}
	return time.Duration(p.Settle * float64(time.Second))
}

// wayOf is the kind of a change from one point to another.
func wayOf(from, to int) Way {
	switch {
	case from == to:
		return ""
	case from == energy.Off:
		return WayStart
	case to == energy.Off:
		return WayStop
	case to > from:
		return WayUp
	}
	return WayDown
}

// pace learns from a change that has come to its end.
func (l *Learned) pace(o *Sighting, band energy.Watts) (news bool) {
	w := &l.Watch
	p, def := l.paceOf(w.Way, o.Ramp)
	if p == nil || def <= 0 {
		return false
	}
	lo, hi, ok := w.slopes(4 * band)
	if !ok {
		return false
	}
	return p.learn(lo, hi, w.SteadyAt.Sub(w.Begun).Seconds(), def, o.Ramp)
}

// patience is how long to wait for a draw that does not come near what its
// point promises, before it is believed.
func (l *Learned) patience(o *Sighting) time.Duration {
	p, def := l.paceOf(l.Watch.Way, o.Ramp)
	if p == nil || p.slope(def, o.Ramp) <= 0 {
		return 0
	}
	seconds := math.Abs(float64(l.Watch.To-l.Watch.From)) / float64(p.slope(def, o.Ramp))
	return time.Minute + time.Duration(3*min(seconds, 3600)*float64(time.Second))
}

// point is what is known of a point; nil while nothing is, or it is now stated
// otherwise. It is not to be written to.
func (l *Learned) point(p *energy.OperatingPoint) *LearnedPoint {
	if l.Here.is(p) {
		return &l.Here
	}
	for i := range l.Points {
		if l.Points[i].is(p) {
			return &l.Points[i]
		}
	}
	return nil
}

// draw is what plans go by at a point.
func (l *Learned) draw(p *energy.OperatingPoint) energy.Watts {
	if k := l.point(p); k != nil {
		return k.Draw
	}
	return p.Draw
}
