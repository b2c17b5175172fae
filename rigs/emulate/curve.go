package emulate

import (
	"sort"

	"github.com/curtaild/curtaild/energy"
)

// curve tells the hash rate of a rig from its draw: none below the lowest
// operating point, linear between points, and no more than the highest's
// above. It never changes once made.
type curve struct {
	points []energy.OperatingPoint
	// areas[i] is the rate integrated over the draw, from point 1 to point i.
	areas []float64
	up    energy.Watts // per second; 0: at once
	down  energy.Watts
}

// newCurve takes checked points and the ramps from off to the highest point
// and back, in seconds; none or less is at once.
func newCurve(points []energy.OperatingPoint, upS, downS float64) *curve {
	c := &curve{points: points, areas: make([]float64, len(points))}
	for i := 2; i < len(points); i++ {
		a, b := points[i-1], points[i]
		c.areas[i] = c.areas[i-1] + float64(a.Rate+b.Rate)/2*float64(b.Draw-a.Draw)
	}
	span := points[len(points)-1].Draw - points[energy.Off].Draw
	if upS > 0 {
		c.up = span / energy.Watts(upS)
	}
	if downS > 0 {
		c.down = span / energy.Watts(downS)
	}
	return c
}

// below is the highest hashing point that draws no more than w; 0 if none.
func (c *curve) below(w energy.Watts) int {
	n := sort.Search(len(c.points)-1, func(i int) bool { return c.points[i+1].Draw > w })
	return n
}

// rate is the hash rate at draw w.
func (c *curve) rate(w energy.Watts) energy.HashRate {
	i := c.below(w)
	switch {
	case i == 0:
		return 0
	case i == len(c.points)-1:
		return c.points[i].Rate
	}
	a, b := c.points[i], c.points[i+1]
	return a.Rate + (b.Rate-a.Rate)*energy.HashRate((w-a.Draw)/(b.Draw-a.Draw))
}

// area is the rate integrated over the draw, from the lowest hashing point's
// to w.
func (c *curve) area(w energy.Watts) float64 {
	i := c.below(w)
	if i == 0 {
		return 0
	}
	a := c.points[i]
	return c.areas[i] + float64(a.Rate+c.rate(w))/2*float64(w-a.Draw)
}
