package simulate

import (
	"math"
	"time"
)

// columns is how many spans a trace keeps of some weeks: about two for each
// column of pixels.
const columns = 2400

// longer runs are drawn by days.
const longer = 45 * 24 * time.Hour

// quarter divides the days of every time zone. A trace keeps a few hundred
// thousand at the most, ten years of them.
const (
	quarter = 15 * time.Minute
	most    = 350_000
)

// trace is the course of a run, thinned to what can be seen: for each of some
// thousand spans of time the least, the most and the mean.
type trace struct {
	start time.Time
	span  time.Duration // of each bin
	lead  time.Duration // of the first bin, before the start
	days  bool          // the run is drawn by days
	bins  []bin
}

type bin struct {
	free, granted, drawn band
	over                 float64 // J drawn above what was free
	starts               int
}

// take adds another bin to this one.
func (b *bin) take(c *bin) {
	b.free.take(c.free)
	b.granted.take(c.granted)
	b.drawn.take(c.drawn)
	b.over += c.over
	b.starts += c.starts
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

func (b *band) take(c band) {
	switch {
	case c.seconds == 0:
		return
	case b.seconds == 0:
		b.low, b.high = c.low, c.high
	}
	b.low, b.high = min(b.low, c.low), max(b.high, c.high)
	b.sum += c.sum
	b.seconds += c.seconds
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
	if length > longer {
		t := &trace{start: start, span: quarter * (1 + length/quarter/most), days: true}
		t.lead = start.Sub(start.Truncate(t.span))
		t.bins = make([]bin, (length+t.lead)/t.span+1)
		return t
	}
	return &trace{start: start, span: max(time.Second, length/columns+1), bins: make([]bin, min(columns, int(length/time.Second)+1))}
}

// at is the bin of an instant.
func (t *trace) at(x time.Duration) int { return min(int((x+t.lead)/t.span), len(t.bins)-1) }

// edge is where a bin begins.
func (t *trace) edge(bin int) time.Duration { return max(0, time.Duration(bin)*t.span-t.lead) }

// mark notes that a load was started at x.
func (t *trace) mark(x time.Duration) { t.bins[t.at(x)].starts++ }

// add takes in a piece.
func (t *trace) add(p piece) {
	whole := float64(p.to - p.from)
	for from := p.from; from < p.to; {
		i := t.at(from)
		to := p.to
		if i+1 < len(t.bins) {
			to = min(to, t.edge(i+1))
		}
		a, b := float64(from-p.from)/whole, float64(to-p.from)/whole
		s := (to - from).Seconds()
		cut := func(l line) line { return line{l.at(a), l.at(b)} }
		if p.known {
			free := cut(p.free).above()
			t.bins[i].free.add(free, s)
			t.bins[i].over += cut(p.ours).less(free).positive() * s
		}
		t.bins[i].drawn.add(cut(p.ours), s)
		t.bins[i].granted.add(line{p.granted, p.granted}, s)
		from = to
	}
}
