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
// with what was known then.
type History struct {
	step    time.Duration
	gross   float64 // what a watt of the loads cost the site
	next    time.Time
	out     *Series
	meters  []meter
	byName  map[string]int
	ours    parts // W, by load
	ourMark int   // the column of what the loads drew; -1: a meter told
}

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
		byName: map[string]int{}, ourMark: -1,
	}
	for i, s := range specs {
		h.byName[s.Name] = i
	}
	if h.out.column(energy.RoleFlexible) < 0 {
		h.ourMark = len(h.out.Readings)
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
	case scheduler.EventStatus:
		if e.Status.State.Heard() {
			h.ours.set(e.Status.Load, float64(e.Status.Draw))
		}
	}
	return nil
}

// row writes what is known at t.
func (h *History) row(t time.Time) {
	h.out.At = append(h.out.At, t)
	for i := range h.meters {
		v := math.NaN()
		switch m, spec := &h.meters[i], &h.out.Readings[i]; {
		case i == h.ourMark:
			v = h.ours.sum() * h.gross
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
