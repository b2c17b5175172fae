package power

import (
	"math"
	"time"

	"github.com/curtaild/curtaild/energy"
)

// Share tells what of a machine's draw is for the local workers. The counter
// shows the sum: what the machine draws anyway, what our busy cores add, and
// what those of other programs add. How much each of the three is follows from
// how the sum has moved with them: a filter of Kalman's kind over
//
//	W = base + core × our busy cores + other × others' busy cores
//
// whose three coefficients wander slowly, as temperature and clocks do. What a
// window shows beyond that is shared as the draw above the base is, so that
// what is told over time adds up to what the counter has shown.
type Share struct {
	guess energy.Watts // of a busy core, before anything is measured
	known bool         // there has been a window
	coef  [3]float64   // base, core, other
	cov   [3][3]float64
}

// Window is a stretch of time over which a machine was looked at.
type Window struct {
	Length time.Duration
	Energy energy.Joules // of the machine
	Ours   time.Duration // CPU time of the workers
	All    time.Duration // CPU time of all programs, the workers' included
}

// The least and the longest window that says something: shorter ones are mostly
// the grain of CPU times, in longer ones everything may have been.
const (
	minWindow = time.Second
	maxWindow = 30 * time.Second
)

const (
	wander   = 0.0005 // of a core's coefficient, as a fraction per root second
	baseWalk = 0.03   // W per root second
	noise    = 0.5    // W, of a window
	noisy    = 0.02   // of its power, more
	// sure is how far off, one standard deviation as a fraction, the
	// coefficient of our cores may be before its figures count as measured.
	sure = 0.1
)

// NewShare begins with a guess of what a busy core draws.
func NewShare(core energy.Watts) *Share { return &Share{guess: core} }

// Add takes in one window and returns what the workers drew in it. It is false
// while too little has been seen to tell.
func (s *Share) Add(w Window) (ours energy.Watts, ok bool) {
	seconds := w.Length.Seconds()
	if w.Length < minWindow || w.Length > maxWindow || w.Ours < 0 || w.All < 0 || !(w.Energy >= 0) {
		return 0, false
	}
	watts := float64(w.Energy) / seconds
	x := [3]float64{1, w.Ours.Seconds() / seconds, max(0, (w.All-w.Ours).Seconds()) / seconds}
	if !s.known {
		s.begin(watts, x)
	}
	s.update(watts, x, seconds)
	return s.part(watts, x), s.Sure()
}

// begin takes the first window's power for the base and guesses for the rest.
func (s *Share) begin(watts float64, x [3]float64) {
	g := float64(s.guess)
	s.known = true
	s.coef = [3]float64{max(0, watts-g*(x[1]+x[2])), g, g}
	s.cov = [3][3]float64{{watts*watts + 1, 0, 0}, {0, g * g, 0}, {0, 0, g * g}}
}

// Loosen makes it learn anew what our cores draw: they do something else.
func (s *Share) Loosen() { s.cov[1][1] += s.coef[1] * s.coef[1] }

// update is one step of the filter.
func (s *Share) update(watts float64, x [3]float64, seconds float64) {
	s.cov[0][0] += baseWalk * baseWalk * seconds
	for i := 1; i < 3; i++ {
		step := wander * max(s.coef[i], 0.1*float64(s.guess))
		s.cov[i][i] += step * step * seconds
	}
	var gain [3]float64
	spread := noise + noisy*watts
	variance := spread * spread
	for i := range gain {
		for j := range x {
			gain[i] += s.cov[i][j] * x[j]
		}
		variance += x[i] * gain[i]
	}
	off := watts - s.coef[0] - s.coef[1]*x[1] - s.coef[2]*x[2]
	for i := range gain {
		s.coef[i] = max(0, s.coef[i]+gain[i]*off/variance)
	}
	for i := range gain {
		for j := range gain {
			s.cov[i][j] -= gain[i] * gain[j] / variance
		}
	}
	for i := range gain { // rounding must not make them lopsided, or negative
		s.cov[i][i] = max(s.cov[i][i], 1e-12)
		for j := range i {
			s.cov[i][j] = (s.cov[i][j] + s.cov[j][i]) / 2
			s.cov[j][i] = s.cov[i][j]
		}
	}
}

// part is what of a window's power was ours.
func (s *Share) part(watts float64, x [3]float64) energy.Watts {
	ours, others := s.coef[1]*x[1], s.coef[2]*x[2]
	rest := watts - s.coef[0] - ours - others
	if ours == 0 {
		return 0
	}
	return energy.Watts(max(0, ours+rest*ours/(ours+others+noise+noisy*watts)))
}

// Sure reports whether enough has been seen to tell our part from the rest.
func (s *Share) Sure() bool {
	return s.known && s.coef[1] > 0 && math.Sqrt(s.cov[1][1]) < sure*s.coef[1]
}
