package days

import (
	"math"
	"math/rand/v2"
)

// market is how one day's orders look.
type market struct {
	length, gap float64 // s, medians
	spread      float64 // of both, of the logarithm
	low         float64 // smallest power, as a share of the largest
	edge        float64 // s from one power to another
	change      float64 // chance that a block goes on at another power
	noise       float64 // standard deviation, as a share of the power
	memory      float64 // s, of the noise
}

func newMarket(r *rand.Rand) market {
	m := market{
		length: math.Exp(between(r, math.Log(180), math.Log(9000))),
		gap:    math.Exp(between(r, math.Log(90), math.Log(9000))),
		spread: between(r, 0.2, 1.1),
		low:    between(r, 0.03, 0.9),
		change: between(r, 0, 0.6),
		memory: between(r, 3, 120),
	}
	if r.Float64() < 0.6 {
		m.edge = between(r, 5, 120)
	}
	if r.Float64() < 0.5 {
		m.noise = between(r, 0.002, 0.05)
	}
	return m
}

// Orders is a day of blocks of surplus that somebody orders on and off; its
// largest value is peak, W.
func Orders(seed uint64, peak float64) []float64 {
	r := source(^seed)
	m := newMarket(r)
	day := make([]float64, Seconds)
	power, noise := 0.0, 0.0
	target, until := 0.0, m.gap*r.Float64()
	step := 1.0 // the largest change of power in a second
	memory := math.Exp(-1 / m.memory)
	for t := range day {
		if until--; until < 0 {
			target, until = m.next(r, target)
			if m.edge > 0 {
				step = math.Abs(target-power) / m.edge
			}
		}
		power += min(step, max(-step, target-power))
		noise = memory*noise + math.Sqrt(1-memory*memory)*r.NormFloat64()
		day[t] = max(0, power*(1+m.noise*noise))
	}
	return scale(day, peak)
}

// next is the power after an order that has run out, as a share of the largest,
// and how long it stays, s.
func (m market) next(r *rand.Rand, now float64) (power, seconds float64) {
	stretch := math.Exp(m.spread * r.NormFloat64())
	if now > 0 && r.Float64() >= m.change {
		return 0, m.gap * stretch
	}
	return between(r, m.low, 1), m.length * stretch
}
