package simulate

import (
	"math"
	"time"
)

// columns is how many spans a trace keeps, whatever its length: about two for
// each column of pixels.
const columns = 2400

// trace is the course of a run, thinned to what can be seen: for each of some
// thousand spans of time the least, the most and the mean.
type trace struct {
	start time.Time
	span  time.Duration // of each bin
	bins  []bin
}

type bin struct {
	free, granted, drawn band
	starts               int
}

// band is the envelope of one quantity over a span, and its mean; without
// seconds it was not known.
type band struct{ low, high, sum, seconds float64 }

func (b *band) add(l line, s float64) {
	if b.seconds == 0 {
		b.low, b.high = math.Inf(1), math.Inf(-1)
	}
	b.low, b.high = min(b.low, l.a, l.b), max(b.high, l.a, l.b)
	b.sum += l.mean() * s
	b.seconds += s
}

func (b *band) mean() float64 { return b.sum / b.seconds }

// piece is a span of a run in which everything goes straight.
type piece struct {
	from, to   time.Duration
	free, ours line
	granted    float64
	known      bool // what is free
}

func newTrace(start time.Time, length time.Duration) *trace {
	return &trace{start: start, span: max(time.Second, length/columns+1), bins: make([]bin, min(columns, int(length/time.Second)+1))}
}

// at is the bin of an instant.
func (t *trace) at(x time.Duration) int { return min(int(x/t.span), len(t.bins)-1) }

// mark notes that a load was started at x.
func (t *trace) mark(x time.Duration) { t.bins[t.at(x)].starts++ }

// add takes in a piece.
func (t *trace) add(p piece) {
	whole := float64(p.to - p.from)
	for from := p.from; from < p.to; {
		i := t.at(from)
		to := p.to
		if i+1 < len(t.bins) {
			to = min(to, time.Duration(i+1)*t.span)
		}
		a, b := float64(from-p.from)/whole, float64(to-p.from)/whole
		s := (to - from).Seconds()
		cut := func(l line) line { return line{l.at(a), l.at(b)} }
		if p.known {
			t.bins[i].free.add(cut(p.free).above(), s)
		}
		t.bins[i].drawn.add(cut(p.ours), s)
		t.bins[i].granted.add(line{p.granted, p.granted}, s)
		from = to
	}
}
