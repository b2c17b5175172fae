package scheduler

import (
	"cmp"
	"math"
	"slices"
	"time"

	"github.com/curtaild/curtaild/energy"
)

// deadBand is how much of a load's mean step a budget that wobbles must have
// to spare before the load rises; see [Fleet].
const deadBand = 0.05

// Fleet is the loads and their operating points, prepared for deciding. It is
// never changed once made, so any number of decisions may share it.
//
// A load rises along the convex hull of its points, in the order of marginal
// efficiency: joules for each further hash. A point that lies inside the hull
// is only used to fill what is left in the end. A load without hash rates
// comes last, and takes its points one after the other.
type Fleet struct {
	loads []fleetLoad
	steps []step  // of all loads, fewest joules a further hash first
	bases []int32 // all loads, fewest joules a hash at their lowest point first
}

type fleetLoad struct {
	spec   *energy.LoadSpec
	name   string // from spec, near at hand, as are ramp, minOn and minOff
	ramp   energy.Ramp
	minOn  time.Duration
	minOff time.Duration
	points []energy.OperatingPoint
	off    energy.Watts // draw when off
	low    energy.Watts // what its lowest running point costs
	band   energy.Watts
	bent   bool    // has points inside the hull
	base   float64 // joules a hash of its lowest running point
	fast   bool    // it is at whatever point within seconds
	nimble bool    // and may be started and stopped at any time

	maxStarts int // on one local day; 0: any
}

// step is one segment of a load's hull: up to point, from whatever is below.
type step struct {
	load  int32
	point int32
	cost  energy.Watts // of the point: its draw less the draw when off
	price float64      // joules for each further hash
}

// NewFleet prepares loads for deciding. The points of each load begin with
// off and follow by rising draw; a load with fewer than two is not identified
// yet. Neither specs nor points are copied, and neither may change afterwards.
func NewFleet(specs []*energy.LoadSpec, points [][]energy.OperatingPoint) *Fleet {
	f := &Fleet{loads: make([]fleetLoad, len(specs)), bases: make([]int32, len(specs))}
	for i, spec := range specs {
		l := fleetLoad{spec: spec, name: spec.Name, ramp: spec.Ramp, minOn: spec.MinOn, minOff: spec.MinOff, maxStarts: spec.MaxStarts}
		if i < len(points) && len(points[i]) > 1 {
			l.points = points[i]
			top := len(l.points) - 1
			l.off = l.points[energy.Off].Draw
			l.band = deadBand * (l.points[top].Draw - l.off) / energy.Watts(top)
			n := len(f.steps)
			f.steps = appendHull(f.steps, int32(i), l.points)
			l.bent = len(f.steps)-n < top
			l.base = price(l.points[energy.Off], l.points[1])
			l.low = l.cost(1)
			l.fast = fast(spec.Ramp, l.points[top].Draw)
			l.nimble = l.fast && spec.MinOn == 0 && spec.MinOff == 0 && spec.MaxStarts == 0
		}
		f.loads[i], f.bases[i] = l, int32(i)
	}
	slices.SortFunc(f.steps, func(a, b step) int {
		return cmp.Or(cmp.Compare(a.price, b.price), cmp.Compare(a.load, b.load), cmp.Compare(a.point, b.point))
	})
	slices.SortStableFunc(f.bases, func(a, b int32) int { return cmp.Compare(f.loads[a].base, f.loads[b].base) })
	return f
}

// quick is how long a fast load may take to its top, and back to off.
const quick = 5.0 // s

func fast(r energy.Ramp, top energy.Watts) bool {
	within := func(rate energy.Watts) bool { return rate == 0 || float64(top/rate) <= quick }
	return within(r.Between(energy.Off, 1).Up) && within(r.Between(1, energy.Off).Down) && within(r.Up) && within(r.Down)
}

// WithPoints returns a fleet in which load i has the given points. Rules are
// compiled against one fleet: make them again too.
func (f *Fleet) WithPoints(i int, points []energy.OperatingPoint) *Fleet {
	specs := make([]*energy.LoadSpec, len(f.loads))
	all := make([][]energy.OperatingPoint, len(f.loads))
	for j, l := range f.loads {
		specs[j], all[j] = l.spec, l.points
	}
	all[i] = points
	return NewFleet(specs, all)
}

// Len is the number of loads.
func (f *Fleet) Len() int { return len(f.loads) }

// Spec is what the config says of load i.
func (f *Fleet) Spec(i int) *energy.LoadSpec { return f.loads[i].spec }

// Points are the operating points of load i; nil while it is not identified.
func (f *Fleet) Points(i int) []energy.OperatingPoint { return f.loads[i].points }

// cost is what a point takes from a budget.
func (l *fleetLoad) cost(point int32) energy.Watts { return l.points[point].Draw - l.off }

// price is the joules for each further hash from a to b; infinite if there are
// none.
func price(a, b energy.OperatingPoint) float64 {
	dw, dr := float64(b.Draw-a.Draw), float64(b.Rate-a.Rate)
	if dr <= 0 {
		return math.Inf(1)
	}
	return max(0, dw) / dr
}

// appendHull appends the steps of a load's hull: from off, always to the point
// that gives the next hashes for the fewest joules (the highest such), up to
// the highest rate.
func appendHull(steps []step, load int32, points []energy.OperatingPoint) []step {
	if !slices.ContainsFunc(points, func(p energy.OperatingPoint) bool { return p.Rate > 0 }) {
		for i := 1; i < len(points); i++ {
			steps = append(steps, step{load, int32(i), points[i].Draw - points[energy.Off].Draw, math.Inf(1)})
		}
		return steps
	}
	for at := energy.Off; ; {
		best, lowest := at, math.Inf(1)
		for i := at + 1; i < len(points); i++ {
			if p := price(points[at], points[i]); p <= lowest && !math.IsInf(p, 1) {
				best, lowest = i, p
			}
		}
		if best == at {
			return steps
		}
		steps = append(steps, step{load, int32(best), points[best].Draw - points[energy.Off].Draw, lowest})
		at = best
	}
}
