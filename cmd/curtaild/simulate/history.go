package simulate

import (
	"errors"
	"math"
	"slices"
	"time"

	"github.com/curtaild/curtaild/energy"
	"github.com/curtaild/curtaild/scheduler"
)

// History makes a series of what a daemon took in, in the order in which it
// did: its readings, and what its loads drew. It has a row every so often,
// with what was known then; what the loads drew is as of the time at which the
// site's meter was read, or a change of theirs between the two would look like
// one of the plant's.
type History struct {
	step    time.Duration
	gross   float64 // what a watt of the loads cost the site
	next    time.Time
	out     *Series
	meters  []meter
	byName  map[string]int
	ours    parts // W, by load
	metered bool  // a meter says what the loads draw
	drawn   int   // the column of what the loads drew
	drawing []sample
}

// sample is what the loads drew from a time on.
type sample struct {
	at    time.Time
	watts float64
}

// recall is how long what the loads drew is remembered: readings that are
// older are stale.
const recall = 15 * time.Minute

// meter is what a reading said last.
type meter struct {
	parts
	at time.Time
}

// parts are values by name, in the order in which they were first heard, so
// that their sum is the same every time.
type parts struct {
	names  []string
	values []float64
}

func (p *parts) set(name string, v float64) {
	i := slices.Index(p.names, name)
	if i < 0 {
		i = len(p.names)
		p.names, p.values = append(p.names, name), append(p.values, 0)
	}
	p.values[i] = v
}

func (p *parts) sum() (v float64) {
	for _, x := range p.values {
		v += x
	}
	return v
}

// NewHistory makes an empty one, for readings of the config.
func NewHistory(specs []energy.ReadingSpec, aux energy.Pct, step time.Duration) *History {
	h := &History{
		step: step, gross: 1 + float64(aux)/100, out: &Series{Readings: slices.Clone(specs)},
		byName: map[string]int{},
	}
	for i, s := range specs {
		h.byName[s.Name] = i
	}
	h.drawn = h.out.column(energy.RoleFlexible)
	if h.metered = h.drawn >= 0; !h.metered {
		h.drawn = len(h.out.Readings)
		h.out.Readings = append(h.out.Readings, energy.ReadingSpec{Name: "what loads drew", Role: energy.RoleFlexible})
	}
	h.meters = make([]meter, len(h.out.Readings))
	return h
}

// Take takes in the next event.
func (h *History) Take(e scheduler.Event) error {
	if h.next.IsZero() {
		h.next = e.At.Truncate(h.step).Add(h.step)
	}
	if e.At.Sub(h.next) > 1000*h.step { // the daemon did not run
		h.row(h.next)
		h.next = e.At.Truncate(h.step)
	}
	for !h.next.After(e.At) {
		h.row(h.next)
		h.next = h.next.Add(h.step)
	}
	switch e.Kind {
	case scheduler.EventReading:
		i, ok := h.byName[e.Reading.Name]
		if !ok {
			return nil // of a config that was
		}
		m := &h.meters[i]
		part := e.Reading.Part
		if h.out.Readings[i].Combine != energy.CombineSum {
			part = ""
		}
		m.set(part, e.Reading.Value)
		m.at = e.Reading.At
		if i == h.drawn {
			h.draw(m.at, m.sum())
		}
	case scheduler.EventStatus:
		if e.Status.State.Heard() {
			h.ours.set(e.Status.Load, float64(e.Status.Draw))
			if !h.metered {
				h.draw(e.At, h.ours.sum()*h.gross)
			}
		}
	}
	return nil
}

// draw notes what the loads draw from a time on.
func (h *History) draw(at time.Time, watts float64) {
	h.drawing = append(h.drawing, sample{at, watts})
	if old := h.drawing[0]; len(h.drawing) > 2 && at.Sub(old.at) > 2*recall {
		keep := slices.IndexFunc(h.drawing, func(s sample) bool { return at.Sub(s.at) <= recall })
		h.drawing = slices.Delete(h.drawing, 0, max(0, keep-1))
	}
}

// drewAt is what the loads drew when a meter was read; NaN: not known. What
// they did in answer to that reading came after it, however fast they were.
func (h *History) drewAt(t time.Time) float64 {
	for _, s := range slices.Backward(h.drawing) {
		if s.at.Before(t) || h.metered && s.at.Equal(t) {
			return s.watts
		}
	}
	return math.NaN()
}

// read is when the site's own meter was read last.
func (h *History) read() (at time.Time) {
	for i, spec := range h.out.Readings {
		switch spec.Role {
		case energy.RoleGrid, energy.RoleSurplus, energy.RoleLoad:
			if h.meters[i].at.After(at) {
				at = h.meters[i].at
			}
		}
	}
	return at
}

// row writes what is known at t.
func (h *History) row(t time.Time) {
	h.out.At = append(h.out.At, t)
	for i := range h.meters {
		v := math.NaN()
		switch m, spec := &h.meters[i], &h.out.Readings[i]; {
		case i == h.drawn && !h.metered, i == h.drawn && t.Sub(m.at) < spec.MaxAge:
			v = h.drewAt(h.read())
		case i == h.drawn:
		case len(m.names) > 0 && (spec.Availability != nil && spec.Availability.Liveness || t.Sub(m.at) < spec.MaxAge):
			v = m.sum()
		}
		h.out.Values = append(h.out.Values, v)
	}
}

// Series is what has been gathered.
func (h *History) Series() (*Series, error) {
	if len(h.out.At) < 2 {
		return nil, errors.New("the daemon has recorded nothing in that time")
	}
	return h.out, nil
}
