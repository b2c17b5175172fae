package hasher

import (
	"fmt"
	"math"
	"slices"

	"github.com/curtaild/curtaild/energy"
)

// deadBand is how far, as a fraction, the measured rate must be from the
// stated one before operating points change. Plans flap otherwise.
const deadBand = 0.05

// model turns duty into power: the draw of the machine when nothing hashes,
// as far as it is on for hashing's sake, and of each busy core on top.
type model struct {
	workers int
	levels  int
	idle    energy.Watts
	core    energy.Watts
}

// duty of an operating point, of every worker's core.
func (m model) duty(point int) float64 { return float64(point) / float64(m.levels) }

// points are off and the levels, in equal steps of duty, given the hashes a
// second of CPU time that one worker makes.
func (m model) points(rate float64) []energy.OperatingPoint {
	all := []energy.OperatingPoint{{Name: "off", Draw: m.idle}}
	for i := 1; i <= m.levels; i++ {
		cores := m.duty(i) * float64(m.workers)
		all = append(all, energy.OperatingPoint{
			Name: fmt.Sprintf("%.4g %%", 100*m.duty(i)),
			Draw: m.draw(cores),
			Rate: energy.HashRate(cores * rate),
		})
	}
	return all
}

// draw with so many cores busy.
func (m model) draw(cores float64) energy.Watts { return m.idle + m.core*energy.Watts(cores) }

// resolve finds the point a set-point means: by name where it has one, so
// that a changed list cannot be misread.
func resolve(points []energy.OperatingPoint, sp energy.Setpoint) (int, bool) {
	if sp.Point >= 0 && sp.Point < len(points) && (sp.Name == "" || points[sp.Point].Name == sp.Name) {
		return sp.Point, true
	}
	i := slices.IndexFunc(points, func(p energy.OperatingPoint) bool { return sp.Name != "" && p.Name == sp.Name })
	return i, i >= 0
}

// learner measures hashes a second of CPU time.
type learner struct {
	rate   float64 // as stated
	hashes float64
	cpu    float64 // seconds
}

// learnFrom is the CPU time, in seconds, that one measurement takes.
const learnFrom = 2

// add takes in a stretch of work and reports whether the stated rate moved.
func (l *learner) add(hashes, cpu float64) bool {
	l.hashes += hashes
	l.cpu += cpu
	if l.cpu < learnFrom || l.hashes <= 0 {
		return false
	}
	measured := l.hashes / l.cpu
	l.hashes, l.cpu = 0, 0
	return l.state(measured)
}

// maxRate is more hashes a second than any core makes.
const maxRate = 1e12

// state adopts a measured rate if it is out of the dead band.
func (l *learner) state(measured float64) bool {
	if !(measured > 0 && measured <= maxRate) {
		return false
	}
	if l.rate > 0 && math.Abs(measured/l.rate-1) <= deadBand {
		return false
	}
	l.rate = measured
	return true
}
