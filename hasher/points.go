package hasher

import (
	"fmt"
	"slices"

	"github.com/curtaild/curtaild/energy"
)

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

// coreAt is the draw of a busy core at a duty: as measured, else as the config
// says.
func (m model) coreAt(l Lesson, duty float64) energy.Watts {
	if w := l.Core.At(duty); w > 0 {
		return energy.Watts(w)
	}
	return m.core
}

// points are off and the levels, in equal steps of duty, by what has been
// measured.
func (m model) points(l Lesson) []energy.OperatingPoint {
	all := []energy.OperatingPoint{{Name: "off", Draw: m.idle}}
	for i := 1; i <= m.levels; i++ {
		duty := m.duty(i)
		cores := duty * float64(m.workers)
		all = append(all, energy.OperatingPoint{
			Name: fmt.Sprintf("%.4g %%", 100*duty),
			// Curves may bend, but more is never less.
			Draw: max(m.idle+m.coreAt(l, duty)*energy.Watts(cores), 1.001*all[i-1].Draw),
			Rate: max(energy.HashRate(cores*l.Rate.At(duty)), 1.001*all[i-1].Rate),
		})
	}
	return all
}

// resolve finds the point a set-point means: by name where it has one, so
// that a changed list cannot be misread.
func resolve(points []energy.OperatingPoint, sp energy.Setpoint) (int, bool) {
	if sp.Point >= 0 && sp.Point < len(points) && (sp.Name == "" || points[sp.Point].Name == sp.Name) {
		return sp.Point, true
	}
	i := slices.IndexFunc(points, func(p energy.OperatingPoint) bool { return sp.Name != "" && p.Name == sp.Name })
	return i, i >= 0
}
