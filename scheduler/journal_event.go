package scheduler

import (
	"slices"
	"time"

	"github.com/curtaild/curtaild/energy"
)

// EventKind is what an event of the journal is.
type EventKind uint8

// The kinds. Their numbers stand in journals, and never change.
const (
	EventReading  EventKind = 1
	EventPresence EventKind = 2
	EventStatus   EventKind = 3
	EventSignal   EventKind = 4
	EventHold     EventKind = 5
	EventDrain    EventKind = 6
	EventPass     EventKind = 7  // the loop decided
	EventShift    EventKind = 8  // the wall clock was set
	EventLeave    EventKind = 9  // the daemon brings its loads to their on-exit state
	EventEnd      EventKind = 10 // the loop has ended
	EventRoll     EventKind = 11 // another stream goes on from here
	EventForecast EventKind = 12 // a reading that is one
)

// Event is one thing that the loop took in or did, at the time at which it
// did. Together they are all that its decisions depend on.
type Event struct {
	Kind     EventKind
	At       time.Time
	Reading  energy.Reading
	Presence energy.Presence
	// Status is without temperature, counters of energy, hashes, earnings and
	// shares: no decision goes by them.
	Status energy.Status
	Signal energy.Signal
	Off    bool          // of a hold: put on, not released
	Who    string        // held or drained
	Span   time.Duration // within which to drain; by which the clock was set
	Seq    uint64        // of the last set-point sent, after a pass
}

// heading is what both ends of a stream know: the names that events give by
// number, and what each load said last.
type heading struct {
	readings []string
	loads    []string
	last     []energy.Status
	at       time.Time // of the last event
}

// The parts of a status that have changed.
const (
	hasState = 1 << iota
	hasPoint
	hasSeq
	hasDraw
	hasDrawAt
	hasSource
	hasRate
	hasStarts
	hasErr
	hasRest // what hardly ever changes, as one
)

// event writes e. Of a reading, presence or status the name must be known.
func (p *packer) event(h *heading, e *Event) {
	p.uint(uint64(e.Kind))
	p.int(int64(e.At.Sub(h.at)))
	h.at = e.At
	switch e.Kind {
	case EventReading:
		r := &e.Reading
		p.uint(uint64(slices.Index(h.readings, r.Name) + 1))
		p.word(r.Part)
		p.float(r.Value)
		p.time(e.At, r.At)
		p.time(e.At, r.Arrived)
	case EventForecast:
		p.json(e.Reading)
	case EventPresence:
		p.uint(uint64(slices.Index(h.readings, e.Presence.Name) + 1))
		p.bool(e.Presence.Online)
		p.time(e.At, e.Presence.At)
	case EventSignal:
		p.json(e.Signal)
	case EventHold:
		p.bool(e.Off)
		p.word(e.Who)
	case EventDrain:
		p.int(int64(e.Span))
		p.word(e.Who)
	case EventShift:
		p.int(int64(e.Span))
	case EventPass:
		p.uint(e.Seq)
	}
}

// status writes what load i said: what differs from the last time.
func (p *packer) status(h *heading, at time.Time, i int, st, last *energy.Status) {
	p.uint(uint64(EventStatus))
	p.int(int64(at.Sub(h.at)))
	h.at = at
	p.uint(uint64(i))
	mask := changed(st, last)
	p.uint(mask)
	p.time(at, st.At)
	for bit := uint64(1); bit <= hasRest; bit <<= 1 {
		if mask&bit != 0 {
			p.part(bit, at, st)
		}
	}
}

// changed is the parts of a status that differ from the last one. The time of
// the draw always does, where it is given.
func changed(a, b *energy.Status) uint64 {
	rest := a.Ramp != b.Ramp || a.Stated != b.Stated || a.Model != b.Model || a.PerHash != b.PerHash || !slices.Equal(a.Points, b.Points)
	return when(a.State != b.State, hasState) | when(a.Point != b.Point, hasPoint) | when(a.Seq != b.Seq, hasSeq) |
		when(a.Draw != b.Draw, hasDraw) | when(!a.DrawAt.IsZero(), hasDrawAt) | when(a.Source != b.Source, hasSource) |
		when(a.Rate != b.Rate, hasRate) | when(a.Starts != b.Starts, hasStarts) | when(a.Err != b.Err, hasErr) | when(rest, hasRest)
}

// rest is a status without what has a part of its own, or no part at all.
func rest(st energy.Status) energy.Status {
	st.Load, st.At, st.State, st.Point, st.Seq, st.Draw, st.DrawAt = "", time.Time{}, "", 0, 0, 0, time.Time{}
	st.Source, st.Rate, st.Starts, st.Err = "", 0, 0, ""
	st.TempC, st.Energy, st.Hashes, st.Accepted, st.Rejected = 0, 0, 0, 0, 0
	st.Earned = 0
	return st
}

func when(yes bool, bit uint64) uint64 {
	if yes {
		return bit
	}
	return 0
}

func (p *packer) part(bit uint64, at time.Time, st *energy.Status) {
	switch bit {
	case hasState:
		p.word(string(st.State))
	case hasPoint:
		p.int(int64(st.Point))
	case hasSeq:
		p.uint(st.Seq)
	case hasDraw:
		p.float(float64(st.Draw))
	case hasDrawAt:
		p.time(at, st.DrawAt)
	case hasSource:
		p.word(string(st.Source))
	case hasRate:
		p.float(float64(st.Rate))
	case hasStarts:
		p.uint(st.Starts)
	case hasErr:
		p.word(st.Err)
	case hasRest:
		p.json(rest(*st))
	}
}
