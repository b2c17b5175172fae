package energy

import (
	"sort"
	"time"
)

const (
	drawsKept = 15 * time.Minute
	drawsMax  = 8192 // samples; above it the course is thinned
)

// Draws is the course of our own draw over the last 15 minutes: straight
// lines between the samples that were added. It lets a reading be combined
// with what we drew when the reading was measured. The zero value is empty and
// ready; one goroutine owns it. A look-up takes O(log n).
type Draws struct {
	// Source says where the draws come from: anything but measured (or
	// nothing) makes the balance call them an estimate.
	Source PowerSource

	s []drawn
}

// drawn is one sample, with the energy since some start, so that a mean needs
// no walk.
type drawn struct {
	ns    int64 // unix
	w     float64
	since float64 // J
}

// Add says that we drew w at t. Samples come in the order of time; between two
// of them the draw is taken to have gone straight. A step is two samples of
// the same instant, before and after. When the clock has been set back, what
// lies after t is forgotten.
func (d *Draws) Add(t time.Time, w Watts) {
	x := drawn{ns: t.UnixNano(), w: float64(w)}
	for len(d.s) > 0 && d.s[len(d.s)-1].ns > x.ns {
		d.s = d.s[:len(d.s)-1]
	}
	if n := len(d.s); n > 0 {
		p := d.s[n-1]
		if p == (drawn{x.ns, x.w, p.since}) {
			return
		}
		// A level that goes on needs only its two ends.
		if n > 1 && p.w == x.w && d.s[n-2].w == x.w {
			d.s = d.s[:n-1]
			p = d.s[n-2]
		}
		x.since = p.since + (p.w+x.w)/2*seconds(x.ns-p.ns)
	}
	d.s = append(d.s, x)
	d.trim(x.ns - int64(drawsKept))
}

// Lower takes w off the whole course, down to 0 at the least: part of it was
// taken to be drawn, and was not.
func (d *Draws) Lower(w Watts) {
	for i := range d.s {
		x := &d.s[i]
		if x.w = max(0, x.w-float64(w)); i > 0 {
			p := d.s[i-1]
			x.since = p.since + (p.w+x.w)/2*seconds(x.ns-p.ns)
		}
	}
}

// trim drops what ended before the given time, keeping the sample that reaches
// over it. It moves the rest only when half is gone, or all is full.
func (d *Draws) trim(before int64) {
	k := sort.Search(len(d.s), func(i int) bool { return d.s[i].ns > before }) - 1
	if k > 0 && (k >= len(d.s)/2 || len(d.s) >= drawsMax) {
		n := copy(d.s, d.s[k:])
		d.s = d.s[:n]
		base := d.s[0].since
		for i := range d.s { // or the sums would lose digits over the years
			d.s[i].since -= base
		}
	}
	if len(d.s) >= drawsMax {
		d.thin()
	}
}

// thin drops samples of the older three quarters where they are closer
// together than 15 minutes of a quarter of the memory allow. Energies stay
// exact at the samples that are left.
func (d *Draws) thin() {
	const step = int64(drawsKept) / (drawsMax / 4)
	upTo := len(d.s) * 3 / 4
	kept := d.s[:1]
	for i := 1; i < len(d.s); i++ {
		if i >= upTo || d.s[i+1].ns-kept[len(kept)-1].ns >= step {
			kept = append(kept, d.s[i])
		}
	}
	d.s = kept
}

// At is the draw at t. Before the first sample it is the first, after the last
// the last; with no sample it is 0. At a step it is the draw before it: what
// was measured then had not seen the step.
func (d *Draws) At(t time.Time) Watts {
	w, _ := d.at(t.UnixNano())
	return Watts(w)
}

// Mean is the mean draw from one instant to another.
func (d *Draws) Mean(from, to time.Time) Watts {
	a, b := from.UnixNano(), to.UnixNano()
	if b <= a {
		return d.At(to)
	}
	_, ja := d.at(a)
	_, jb := d.at(b)
	return Watts((jb - ja) / seconds(b-a))
}

// from is the time of the first sample; zero if there is none.
func (d *Draws) from() time.Time {
	if len(d.s) == 0 {
		return time.Time{}
	}
	return time.Unix(0, d.s[0].ns)
}

// least is the lowest draw from one instant to another.
func (d *Draws) least(from, to time.Time) Watts {
	low := min(d.At(from), d.At(to))
	for i := len(d.s) - 1; i >= 0 && d.s[i].ns > from.UnixNano(); i-- {
		if d.s[i].ns < to.UnixNano() {
			low = min(low, Watts(d.s[i].w))
		}
	}
	return low
}

// at is the draw at an instant, and the energy up to it.
func (d *Draws) at(ns int64) (w, since float64) {
	n := len(d.s)
	if n == 0 {
		return 0, 0
	}
	// k is the first sample not before ns.
	k := sort.Search(n, func(i int) bool { return d.s[i].ns >= ns })
	switch {
	case k < n && d.s[k].ns == ns:
		return d.s[k].w, d.s[k].since
	case k == 0:
		p := d.s[0]
		return p.w, p.since - p.w*seconds(p.ns-ns)
	case k == n:
		p := d.s[n-1]
		return p.w, p.since + p.w*seconds(ns-p.ns)
	}
	p, q := d.s[k-1], d.s[k]
	w = p.w + (q.w-p.w)*float64(ns-p.ns)/float64(q.ns-p.ns)
	// Thinning keeps the energy of a span even where the line no longer
	// does; the excess is spread evenly.
	s := seconds(ns - p.ns)
	whole := seconds(q.ns - p.ns)
	excess := (q.since - p.since) - (p.w+q.w)/2*whole
	return w, p.since + (p.w+w)/2*s + excess*s/whole
}

func seconds(ns int64) float64 { return float64(ns) / 1e9 }

// over is the mean draw over the window that ends at t; at t itself where the
// window is 0.
func (d *Draws) over(t time.Time, window time.Duration) Watts {
	return d.Mean(t.Add(-window), t)
}

// Corrected is the mean draw over the window that ends at t, corrected by a
// sub-meter: what the meter read at its own time, and what the course says has
// changed between then and t. Every watt of the course counts times scale
// (fans and pumps that the meter sees follow the loads).
func (d *Draws) Corrected(t time.Time, window time.Duration, meter Sample, scale float64) Watts {
	change := d.over(t, window) - d.over(meter.At, meter.Window)
	return max(0, meter.Watts()+Watts(scale)*change)
}
