package simulate

import "math"

// account adds up what became of the power. Everything in it is exact for
// straight lines.
type account struct {
	most float64 // W, of all loads at their highest points

	covered   float64 // s in which what is free was known
	available float64 // J
	absorbed  float64
	imported  float64
	given     float64 // absorbed of what the plant held back before
	lost      float64 // held back still
	drawn     float64
	peak      float64 // W, the most imported
	square    float64 // of what we draw less what we could, W²·s
	active    float64 // s with anything available or drawn
	paid      float64 // for what was imported, in the price's currency
	forgone   float64 // what would have been got for what was absorbed
	unpaid    float64 // J imported while its price was not known
	unsold    float64 // J absorbed so
}

// line is a power that goes straight from one value to another, W.
type line struct{ a, b float64 }

func (l line) at(f float64) float64 { return l.a + (l.b-l.a)*f }
func (l line) mean() float64        { return (l.a + l.b) / 2 }

// less is the line of a difference.
func (l line) less(m line) line { return line{l.a - m.a, l.b - m.b} }

// above is the line where it is above 0; one that does not cross it.
func (l line) above() line { return line{max(0, l.a), max(0, l.b)} }

// zero is where the line crosses 0, as a fraction of its length; 1 if it does
// not.
func (l line) zero() float64 {
	if l.a*l.b >= 0 {
		return 1
	}
	return l.a / (l.a - l.b)
}

// positive is the mean of the line, counted as 0 where it is below.
func (l line) positive() float64 {
	f := l.zero()
	if f == 1 {
		return l.above().mean()
	}
	return (max(0, l.a)*f + max(0, l.b)*(1-f)) / 2
}

// prices are what a MWh costs and brings; NaN where that is not known.
type prices struct{ imports, exports float64 }

// add takes in s seconds. Free is what was left without us, before what the
// plant holds back at its connection.
func (c *account) add(s float64, free, held, ours line, p prices) {
	if s <= 0 {
		return
	}
	c.covered += s
	sum := line{free.a + held.a, free.b + held.b}
	pieces(func(from, to float64) {
		cut := func(l line) line { return line{l.at(from), l.at(to)} }
		c.piece(s*(to-from), cut(sum).above(), cut(held), cut(ours), p)
	}, sum, sum.less(ours), held.less(ours), sum.less(line{c.most, c.most}))
}

// pieces cuts a span where any of the lines crosses 0.
func pieces(do func(from, to float64), lines ...line) {
	var cuts [8]float64
	n := 0
	for _, l := range lines {
		if f := l.zero(); f < 1 {
			i := n
			for ; i > 0 && cuts[i-1] > f; i-- {
				cuts[i] = cuts[i-1]
			}
			cuts[i] = f
			n++
		}
	}
	from := 0.0
	for _, f := range cuts[:n] {
		if f > from {
			do(from, f)
			from = f
		}
	}
	do(from, 1)
}

// piece is a span in which no line crosses another.
func (c *account) piece(s float64, available, held, ours line, p prices) {
	absorbed := line{min(available.a, ours.a), min(available.b, ours.b)}.mean() * s
	given := line{min(held.a, ours.a), min(held.b, ours.b)}.mean() * s
	over := ours.less(available)
	imported := over.above().mean() * s
	c.available += available.mean() * s
	c.absorbed += absorbed
	c.imported += imported
	c.given += given
	c.lost += held.mean()*s - given
	c.drawn += ours.mean() * s
	c.peak = math.Max(c.peak, math.Max(over.a, over.b))
	const mwh = 3.6e9
	if p.imports == p.imports {
		c.paid += imported / mwh * p.imports
	} else {
		c.unpaid += imported
	}
	if sold := max(0, absorbed-given); p.exports == p.exports {
		c.forgone += sold / mwh * p.exports
	} else {
		c.unsold += sold
	}
	if available.a > 0 || available.b > 0 || ours.a > 0 || ours.b > 0 {
		want := line{min(available.a, c.most), min(available.b, c.most)}
		e := ours.less(want)
		c.square += (e.a*e.a + e.a*e.b + e.b*e.b) / 3 * s
		c.active += s
	}
}

// rmse is the root of the mean square of what we draw less what we could, W.
func (c *account) rmse() float64 {
	if c.active == 0 {
		return 0
	}
	return math.Sqrt(c.square / c.active)
}
