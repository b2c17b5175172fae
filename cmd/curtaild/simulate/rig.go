package simulate

import (
	"math"
	"time"

	"github.com/curtaild/curtaild/energy"
)

// Load is one load of the simulated fleet: its draw follows set-points along
// straight ramps, and its hash rate follows its draw.
type Load struct {
	Spec   *energy.LoadSpec        // its Ramp is the model's
	Points []energy.OperatingPoint // off first, then by rising draw
}

// rig is the state of one load at an instant. What it does between two
// commands is known in closed form, so it is brought up to date only when
// somebody asks.
type rig struct {
	*Load
	worth []float64 // at each point, the integral of the hash rate over the draw from the lowest running one

	at    time.Duration // since the start of the run; all below holds then
	draw  float64       // W
	slope float64       // W/s
	point int           // where it is, or on its way to
	end   time.Duration // when it is there; forever if it already is
	seq   uint64        // of the set-point it has taken

	energy  float64 // J
	hashes  float64
	running float64 // s not at off
	starts  int
	marked  int // of starts, in the trace
	changes int // from one running point to another
}

const forever = time.Duration(math.MaxInt64)

func newRig(l *Load) rig {
	r := rig{Load: l, draw: float64(l.Points[energy.Off].Draw), end: forever, worth: make([]float64, len(l.Points))}
	for i := 2; i < len(l.Points); i++ {
		a, b := l.Points[i-1], l.Points[i]
		r.worth[i] = r.worth[i-1] + float64(a.Rate+b.Rate)/2*float64(b.Draw-a.Draw)
	}
	return r
}

// advance brings the rig to t, but not past the end of its ramp: there
// somebody has to call settle.
func (r *rig) advance(t time.Duration) {
	s := (t - r.at).Seconds()
	if s <= 0 {
		return
	}
	after := r.draw + r.slope*s
	r.energy += (r.draw + after) / 2 * s
	if r.point != energy.Off {
		r.running += s
		r.hashes += r.work(r.draw, after, s)
	}
	r.draw, r.at = after, t
}

// settle ends the ramp, at its end.
func (r *rig) settle() {
	r.draw, r.slope, r.end = float64(r.Points[r.point].Draw), 0, forever
}

// take is a command that has arrived at t. It reports whether anything moves.
func (r *rig) take(t time.Duration, point int, seq uint64) {
	r.advance(t)
	r.seq = seq
	if point == r.point {
		return
	}
	switch {
	case r.point == energy.Off:
		r.starts++
	case point != energy.Off:
		r.changes++
	}
	r.point = point
	aim := float64(r.Points[point].Draw)
	r.slope = float64(r.Spec.Ramp.Up)
	if aim < r.draw {
		r.slope = -float64(r.Spec.Ramp.Down)
	}
	if r.slope == 0 || aim == r.draw {
		r.settle()
		return
	}
	r.end = t + max(1, time.Duration(math.Round((aim-r.draw)/r.slope*float64(time.Second))))
}

// work is the hashes of s seconds in which the draw goes straight from a to b.
// Below the lowest running point there are none; between two points the rate
// lies between theirs.
func (r *rig) work(a, b, s float64) float64 {
	if math.Abs(b-a) < 1e-9 {
		return r.rate(a) * s
	}
	return (r.area(b) - r.area(a)) / (b - a) * s
}

// rate is the hash rate at a draw.
func (r *rig) rate(draw float64) float64 {
	i := r.below(draw)
	if i == 0 {
		return 0
	}
	p := r.Points[i]
	if i == len(r.Points)-1 {
		return float64(p.Rate)
	}
	q := r.Points[i+1]
	return float64(p.Rate) + float64(q.Rate-p.Rate)*(draw-float64(p.Draw))/float64(q.Draw-p.Draw)
}

// area is the integral of rate from the lowest running point to a draw.
func (r *rig) area(draw float64) float64 {
	i := r.below(draw)
	if i == 0 {
		return 0
	}
	return r.worth[i] + (float64(r.Points[i].Rate)+r.rate(draw))/2*(draw-float64(r.Points[i].Draw))
}

// below is the highest running point that draws no more than that; 0: none.
func (r *rig) below(draw float64) int {
	for i := len(r.Points) - 1; i > energy.Off; i-- {
		if draw >= float64(r.Points[i].Draw)-1e-6 {
			return i
		}
	}
	return 0
}

// status makes st what the rig says of itself at t.
func (r *rig) status(t time.Time, st *energy.Status) {
	*st = energy.Status{
		Load: r.Spec.Name, At: t, State: energy.StateRunning, Point: r.point, Seq: r.seq, Points: r.Points, Ramp: r.Spec.Ramp,
		Draw: energy.Watts(r.draw), Source: energy.Measured,
		Energy: energy.Joules(r.energy), Hashes: r.hashes, Starts: uint64(r.starts),
	}
	switch {
	case r.point == energy.Off && r.end != forever:
		st.State = energy.StateStopping
	case r.point == energy.Off:
		st.State = energy.StateIdle
	default:
		if st.Rate = energy.HashRate(r.rate(r.draw)); st.Rate == 0 {
			st.State = energy.StateStarting
		}
	}
}
