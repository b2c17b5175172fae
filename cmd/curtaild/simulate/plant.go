package simulate

import (
	"time"

	"github.com/curtaild/curtaild/energy"
)

// plant is the fleet on a virtual clock, which counts from the start of the
// run. Between two of its events, the draw of all is a straight line.
type plant struct {
	rigs    []rig
	latency time.Duration
	at      time.Duration
	draw    float64   // W, of all
	slope   float64   // W/s, of all
	moving  int       // rigs on a ramp
	running int       // rigs that are to be on
	sent    []command // on their way, first come first
	ends    ends
}

// command is a set-point on its way to a rig.
type command struct {
	at    time.Duration // of its arrival
	rig   int
	point int
	seq   uint64
}

func newPlant(loads []Load, latency time.Duration) *plant {
	p := &plant{rigs: make([]rig, len(loads)), latency: latency}
	for i := range loads {
		p.rigs[i] = newRig(&loads[i])
	}
	p.sum()
	return p
}

// sum adds up anew, so that no rounding gathers.
func (p *plant) sum() {
	p.draw, p.slope = 0, 0
	for i := range p.rigs {
		r := &p.rigs[i]
		p.draw += r.draw
		if r.end != forever {
			p.draw += r.slope * (p.at - r.at).Seconds()
			p.slope += r.slope
		}
	}
}

// send takes a set-point on its way.
func (p *plant) send(rig int, sp energy.Setpoint) {
	p.sent = append(p.sent, command{p.at + p.latency, rig, sp.Point, sp.Seq})
}

// next is when something happens to a rig.
func (p *plant) next() time.Duration {
	t := forever
	if len(p.sent) > 0 {
		t = p.sent[0].at
	}
	for len(p.ends) > 0 && p.rigs[p.ends[0].rig].end != p.ends[0].at {
		p.ends.pop() // it has been told something else since
	}
	if len(p.ends) > 0 {
		t = min(t, p.ends[0].at)
	}
	return t
}

// advance brings the plant to t, which is not after next, and calls changed
// for each rig to which something has happened.
func (p *plant) advance(t time.Duration, changed func(rig int)) {
	p.draw += p.slope * (t - p.at).Seconds()
	p.at = t
	was := p.moving
	for p.next() <= t {
		var i int
		if len(p.ends) > 0 && p.ends[0].at <= t {
			i = p.ends.pop().rig
			r := &p.rigs[i]
			before := p.leave(r)
			r.settle()
			p.enter(r, before)
		} else {
			c := p.sent[0]
			p.sent = p.sent[1:]
			i = c.rig
			r := &p.rigs[i]
			before := p.leave(r)
			r.take(t, c.point, c.seq)
			p.enter(r, before)
			if r.end != forever {
				p.ends.push(end{r.end, i})
			}
		}
		changed(i)
	}
	if was > 0 && p.moving == 0 {
		p.sum()
	}
}

// leave takes a rig that is about to turn out of the sums, but for its draw,
// which it returns.
func (p *plant) leave(r *rig) (draw float64) {
	if r.end != forever {
		p.moving--
		p.slope -= r.slope
	}
	r.advance(min(p.at, r.end))
	if r.point != energy.Off {
		p.running--
	}
	return r.draw
}

// enter takes a rig that has turned, and drew so much before, into the sums.
func (p *plant) enter(r *rig, before float64) {
	if r.point != energy.Off {
		p.running++
	}
	p.draw += r.draw - before
	if r.end != forever {
		p.moving++
		p.slope += r.slope
	}
}

// finish brings every rig up to date.
func (p *plant) finish() {
	for i := range p.rigs {
		p.rigs[i].advance(p.at)
	}
}

// most is what all loads draw at their highest points, W.
func (p *plant) most() (w float64) {
	for i := range p.rigs {
		pts := p.rigs[i].Points
		w += float64(pts[len(pts)-1].Draw)
	}
	return w
}

// end is when a rig's ramp ends.
type end struct {
	at  time.Duration
	rig int
}

// ends is a heap, the earliest first.
type ends []end

func (e *ends) push(x end) {
	h := append(*e, x)
	i := len(h) - 1
	for up := (i - 1) / 2; i > 0 && x.at < h[up].at; up = (i - 1) / 2 {
		h[i], i = h[up], up
	}
	h[i], *e = x, h
}

func (e *ends) pop() end {
	h := *e
	first, x := h[0], h[len(h)-1]
	h = h[:len(h)-1]
	i := 0
	for down := 1; down < len(h); down = 2*i + 1 {
		if down+1 < len(h) && h[down+1].at < h[down].at {
			down++
		}
		if x.at <= h[down].at {
			break
		}
		h[i], i = h[down], down
	}
	if len(h) > 0 {
		h[i] = x
	}
	*e = h
	return first
}
