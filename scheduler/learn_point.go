package scheduler

import (
	"math"
	"slices"
	"time"

	"github.com/curtaild/curtaild/energy"
)

const (
	// alike is how many odd draws that agree with each other make a new level.
	alike = 4
	// prior is how many draws the stated one is worth, and inert how many the
	// past is worth at the most.
	prior, inert = 4, 28
	// pointBand is how far, as a fraction, a learned draw must be from the one
	// in force to replace it. Hash rates wobble more.
	pointBand, rateBand = 0.02, 0.05
	// ratesAfter is how long after a draw has settled the hash rate, which
	// devices average, is taken to have followed.
	ratesAfter = time.Minute
	// machine is the change, as a fraction, that tells of the whole machine
	// rather than of one level.
	machine = 0.15
)

// LearnedPoint is what is known of one operating point.
type LearnedPoint struct {
	Name   string          `json:"name"`
	Stated energy.Watts    `json:"stated_w"` // by the load; if it states another, all is forgotten
	Draw   energy.Watts    `json:"draw_w"`   // in force
	Rate   energy.HashRate `json:"rate_hs"`

	Mean     energy.Watts    `json:"mean_w"`
	MeanRate energy.HashRate `json:"mean_rate_hs"`
	N        int             `json:"n"` // draws that it is the mean of
	RateN    int             `json:"rate_n"`
	// Odd draws in a row, all on one side and close to each other.
	Odd      int          `json:"odd,omitempty"`
	OddSum   energy.Watts `json:"odd_sum_w,omitempty"`
	OddLeast energy.Watts `json:"odd_least_w,omitempty"`
	OddMost  energy.Watts `json:"odd_most_w,omitempty"`
}

// observe takes in one draw of a load that rests at its set-point.
func (l *Learned) observe(at time.Time, o *Sighting) (news bool) {
	stated := &o.Points[o.Setpoint.Point]
	off := o.Setpoint.Point == energy.Off
	if o.Status.Stated || !plausible(stated.Draw) || (!off && stated.Draw <= 0) {
		return false
	}
	l.rest(stated)
	p := &l.Here
	draw, was, sure := o.Status.Draw, p.Mean, p.N >= alike
	jumped := p.take(draw, l.band(max(draw, p.Mean), o.Points))
	if !off && !jumped && p.Odd == 0 && draw > 0 {
		l.hear(float64(abs(draw-p.Mean) / draw))
	}
	if !off && o.Status.Rate > 0 && o.Status.Rate < 1e20 && at.Sub(l.Watch.SteadyAt) >= ratesAfter && p.Odd == 0 {
		p.RateN++
		p.MeanRate += (o.Status.Rate - p.MeanRate) / energy.HashRate(prior+min(p.RateN, inert))
	}
	news = p.enact(o.Points, off)
	if ratio := float64(p.Mean / was); jumped && !off && math.Abs(ratio-1) > machine {
		l.scale(o.Points, ratio, sure)
		news = true
	}
	return news
}

// is reports whether k is about p, as it is stated now.
func (k *LearnedPoint) is(p *energy.OperatingPoint) bool {
	return k.Stated == p.Draw && k.Name == p.Name
}

// rest makes Here be what is known of a point.
func (l *Learned) rest(p *energy.OperatingPoint) {
	if l.Here.is(p) {
		return
	}
	here := newLearnedPoint(p)
	if k := l.point(p); k != nil {
		here = *k
	}
	points := make([]LearnedPoint, 0, len(l.Points)+1)
	for _, k := range append(l.Points[:len(l.Points):len(l.Points)], l.Here) {
		if k.Name != "" && k.Name != p.Name {
			points = append(points, k)
		}
	}
	l.Here, l.Points = here, points
}

// newLearnedPoint is a point of which only what the load states is known.
func newLearnedPoint(p *energy.OperatingPoint) LearnedPoint {
	return LearnedPoint{Name: p.Name, Stated: p.Draw, Draw: p.Draw, Rate: p.Rate, Mean: p.Draw, MeanRate: p.Rate}
}

// hear takes in one relative deviation of a draw that has settled.
func (l *Learned) hear(deviation float64) {
	if l.Noise == 0 {
		l.Noise = firstNoise
	}
	l.Noise = min(mostNoise, l.Noise+(deviation-l.Noise)/32)
}

// take takes in a draw. It reports whether it made a new level.
func (p *LearnedPoint) take(draw, band energy.Watts) (jumped bool) {
	if abs(draw-p.Mean) <= band {
		p.Odd = 0
		p.N++
		p.Mean += (draw - p.Mean) / energy.Watts(prior+min(p.N, inert))
		return false
	}
	least, most := min(p.OddLeast, draw), max(p.OddMost, draw)
	if p.Odd == 0 || most-least > 2*band || (least < p.Mean) != (most < p.Mean) {
		p.Odd, p.OddSum, least, most = 0, 0, draw, draw
	}
	p.OddLeast, p.OddMost = least, most
	p.OddSum += draw
	if p.Odd++; p.Odd < alike {
		return false
	}
	mean := p.OddSum / alike
	if p.Mean > 0 {
		p.MeanRate *= energy.HashRate(mean / p.Mean)
	}
	p.Mean, p.N, p.RateN, p.Odd = mean, alike, 0, 0
	return true
}

// enact puts what has been learned in force where it is sure and has moved far
// enough. It reports whether it did.
func (p *LearnedPoint) enact(points []energy.OperatingPoint, off bool) bool {
	if p.N < alike {
		return false
	}
	draw := p.Mean
	if !off {
		draw = min(max(draw, p.Stated/widest), p.Stated*widest)
	}
	band := max(pointBand*p.Draw, smallest(points))
	rates := p.RateN >= inert/2 && math.Abs(float64(p.MeanRate-p.Rate)) > rateBand*float64(p.Rate)
	if abs(draw-p.Draw) <= band && !rates {
		return false
	}
	p.Draw, p.Rate = draw, p.MeanRate
	return true
}

// scale carries a jump at the point where it rests over to the other levels: a
// board that has died is missing at each of them. If the first look at a point
// showed that it was stated wrongly, only those follow that have not been seen
// either.
func (l *Learned) scale(points []energy.OperatingPoint, ratio float64, all bool) {
	var others []LearnedPoint
	for i := range points {
		p := &points[i]
		k := l.point(p)
		if k == &l.Here || k == nil && i == energy.Off {
			continue
		}
		next := newLearnedPoint(p)
		if k != nil {
			next = *k
		}
		if i != energy.Off && p.Draw > 0 && (next.N == 0 || all) {
			next.Mean = min(max(next.Mean*energy.Watts(ratio), p.Draw/widest), p.Draw*widest)
			next.MeanRate *= energy.HashRate(ratio)
			next.Draw, next.Rate, next.N, next.RateN, next.Odd = next.Mean, next.MeanRate, 0, 0, 0
		}
		others = append(others, next)
	}
	l.Points = others
}

// State is the points as plans go by them, given as the load states them. The
// result is shared where nothing has been learned.
func (l *Learned) State(stated []energy.OperatingPoint) []energy.OperatingPoint {
	out, own := stated, false
	for i := range stated {
		p := &stated[i]
		k := l.point(p)
		if k == nil || k.Draw == p.Draw && k.Rate == p.Rate {
			continue
		}
		if !own {
			out, own = slices.Clone(stated), true
		}
		out[i].Draw, out[i].Rate = k.Draw, k.Rate
	}
	if !own {
		return stated
	}
	for i := 2; i < len(out); i++ { // the order of the points holds
		out[i].Draw = max(out[i].Draw, out[i-1].Draw*1.001)
	}
	out[energy.Off].Draw = min(out[energy.Off].Draw, out[1].Draw)
	return out
}
