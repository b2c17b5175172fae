package scheduler

import (
	"math"
	"time"

	"github.com/curtaild/curtaild/energy"
)

// Way is a kind of change that has a pace of its own.
type Way string

// The ways.
const (
	WayStart Way = "start"
	WayStop  Way = "stop"
	WayUp    Way = "up"
	WayDown  Way = "down"
)

// Watch is a load on its way to an operating point, and then at rest there.
type Watch struct {
	Name    string       `json:"name,omitempty"` // of the point; empty: nothing has been seen
	Point   int          `json:"point"`
	Way     Way          `json:"way,omitempty"` // empty: it is only waited for
	Begun   time.Time    `json:"begun"`         // when the device took the set-point
	From    energy.Watts `json:"from_w"`
	To      energy.Watts `json:"to_w"`   // expected
	Area    float64      `json:"area_j"` // above From, since Begun
	Last    time.Time    `json:"last"`   // the last sample
	LastW   energy.Watts `json:"last_w"`
	Leap    energy.Watts `json:"leap_w"` // the greatest difference of two samples
	LeapS   float64      `json:"leap_s"` // and the seconds between them
	Settled bool         `json:"settled,omitempty"`

	// Since SteadyAt the draw has stayed within a band around Steady.
	Steady    energy.Watts `json:"steady_w"`
	SteadyAt  time.Time    `json:"steady_at"`
	SteadySum energy.Watts `json:"steady_sum_w"`
	SteadyN   int          `json:"steady_n"`
}

// wait watches for the draw to settle at a point, and learns no pace.
func (l *Learned) wait(at time.Time, o *Sighting) {
	w, sp := &l.Watch, o.Setpoint
	l.Watch = Watch{
		Name: sp.Name, Point: sp.Point, To: l.draw(&o.Points[sp.Point]), Begun: at, Last: w.Last, LastW: w.LastW,
	}
}

// silence is how long nothing may be heard of a load that has settled until it
// is no longer taken for granted that it has.
const silence = 5 * time.Minute

// follow sees to it that the watch is about the set-point that the device has
// taken.
func (l *Learned) follow(at time.Time, o *Sighting) {
	w, st, sp := &l.Watch, o.Status, o.Setpoint
	if at.Before(w.Last.Add(-time.Minute)) {
		l.Watch = Watch{} // the clock has been set back
	}
	if w.Name != sp.Name {
		switch {
		case w.Name == "", sp.Seq == 0: // or the device goes where it wants
			l.wait(at, o)
		case st.Seq >= sp.Seq:
			l.turn(at, o)
		}
		return
	}
	w.Point = sp.Point
	switch {
	case st.State == energy.StateSuspect, st.State == energy.StateFault, st.State == energy.StateThrottled, st.State == energy.StatePaused:
		l.wait(at, o)
	case !w.Settled:
	case !rests(st.State, sp.Point), st.Point >= 0 && st.Point != sp.Point, at.Sub(w.Last) > silence:
		l.wait(at, o) // a reboot, or somebody else
	}
}

// turn begins to watch a change to another point.
func (l *Learned) turn(at time.Time, o *Sighting) {
	w, sp := &l.Watch, o.Setpoint
	to := l.draw(&o.Points[sp.Point])
	if !w.Settled && w.Way != "" && w.short(w.To) && w.short(to) {
		// On its way still, with both ends before it: the way goes on.
		w.Name, w.Point, w.To = sp.Name, sp.Point, to
		if sp.Point == energy.Off {
			w.Way = WayStop
		}
		return
	}
	way := wayOf(w.Point, sp.Point)
	if !w.Settled {
		way = "" // where it comes from is not known
	}
	from := w.LastW
	if w.Settled && w.SteadyN > 0 {
		from = w.SteadySum / energy.Watts(w.SteadyN)
	}
	begun := o.Status.At.Round(0)
	if at.After(sp.At) && sp.At.Before(begun) && math.Abs(float64(o.Status.Draw-from)) > math.Abs(float64(to-from))/10 {
		begun = sp.At.Round(0) // it took it before it said so
	}
	l.Watch = Watch{
		Name: sp.Name, Point: sp.Point, Way: way, Begun: begun, From: from, To: to,
		Last: begun, LastW: from, SteadyAt: begun, Steady: from,
	}
}

// short reports whether the draw is far from having reached to, on its way
// from From.
func (w *Watch) short(to energy.Watts) bool {
	way := to - w.From
	return (way > 0) == (w.To > w.From) && way != 0 && (w.LastW-w.From)/way < 0.9
}

// sample takes in one draw. The band is how far draws may differ and still be
// called steady.
func (w *Watch) sample(at time.Time, draw, band energy.Watts) {
	dt := at.Sub(w.Last).Seconds()
	if w.Last.IsZero() {
		dt, w.LastW = 0, draw
	}
	w.Area += float64((draw+w.LastW)/2-w.From) * dt
	if leap := abs(draw - w.LastW); leap > w.Leap {
		w.Leap, w.LeapS = leap, dt
	}
	w.Last, w.LastW = at, draw
	if abs(draw-w.Steady) > band || w.SteadyN == 0 {
		w.Steady, w.SteadyAt, w.SteadySum, w.SteadyN = draw, at, 0, 0
	}
	if w.SteadyN < 32 || !w.Settled { // then the mean stands
		w.SteadySum += draw
		w.SteadyN++
	}
}

// How long a draw must stay to be called settled, at least; and how long after
// a change it is believed that did next to nothing.
const (
	steadyFor = 15 * time.Second
	believed  = 30 * time.Minute
)

// steady reports whether the draw has settled: it has stayed for a quarter of
// the time that the change has taken, and is more than half way there. If
// patience is over, a quarter of the way does: a part of the device is dead.
// What did not move at all may be a command that was ignored; and what rests
// at next to nothing, a device that only says that it runs.
func (w *Watch) steady(at time.Time, patience time.Duration) bool {
	since := at.Sub(w.Begun)
	if w.SteadyN < 3 || at.Sub(w.SteadyAt) < max(steadyFor, since/4) {
		return false
	}
	gone := float64(w.LastW-w.From) / float64(w.To-w.From)
	switch {
	case since > believed:
		return true
	case w.Way == "":
		return w.Point == energy.Off || w.LastW > w.To/4
	case gone > 0.5:
		return true
	}
	return since > patience && gone > 0.25
}

// slopes are the least and the greatest slope in W/s of the straight line with
// the same energy as the way that has ended; not ok if the way was too short to
// tell. They differ when the draw leapt between two samples: nobody knows when.
func (w *Watch) slopes(least energy.Watts) (lo, hi float64, ok bool) {
	way := float64(w.SteadySum)/float64(w.SteadyN) - float64(w.From)
	if math.Abs(way) < float64(least) || (way > 0) != (w.To > w.From) {
		return 0, 0, false
	}
	// A line that takes t to rise lacks the end value for t/2.
	t := 2 * (w.Last.Sub(w.Begun).Seconds() - w.Area/way)
	open := 0.0
	if leap := math.Abs(float64(w.Leap) / way); leap > 0.5 {
		open = w.LeapS * leap
	}
	const shortest = 0.1 // s
	way = math.Abs(way)
	return way / max(shortest, t+open), way / max(shortest, t-open), true
}
