package scheduler

import (
	"errors"
	"fmt"
	"io"
	"time"

	"github.com/curtaild/curtaild/energy"
)

// Replay goes through one stream of a journal once more. Its site decides as
// the loop did, on what the loop had and under the config that was in force,
// and commands nothing.
type Replay struct {
	stream Stream
	s      *site
	ahead  *Event // read, and not taken in yet

	last    time.Time // of the last event taken in
	ended   bool      // the loop has ended
	rolled  bool      // the record goes on in another stream
	passed  time.Time // of the last decision
	moves   map[int]move
	differs time.Time // of the first pass that did not send what the loop sent
}

// move is the last change of a load's set-point.
type move struct {
	at   time.Time
	what energy.Decision
}

// Add takes a frame in, as [Stream.Add] does.
func (r *Replay) Add(f Frame) error { return r.stream.Add(f) }

// Until takes in all events up to t that have been added. An error is final:
// what came later cannot be known.
func (r *Replay) Until(t time.Time) error {
	for {
		if e, err := r.step(t); e == nil || err != nil {
			return err
		}
	}
}

// step takes in the next event, and returns it; nil if there is none up to t.
func (r *Replay) step(t time.Time) (*Event, error) {
	if r.ahead == nil {
		e, err := r.stream.Next()
		if errors.Is(err, io.EOF) {
			return nil, nil
		}
		if err != nil {
			return nil, err
		}
		r.ahead = &e
	}
	e := r.ahead
	if e.At.After(t) {
		return nil, nil
	}
	r.ahead = nil
	return e, r.take(e)
}

// take does with an event what the loop did.
func (r *Replay) take(e *Event) error {
	if r.s == nil {
		s, err := r.stream.begun.site()
		if err != nil {
			return fmt.Errorf("begin replay: %w", err)
		}
		r.s, r.moves = s, map[int]move{}
	}
	s := r.s
	r.last = e.At
	switch e.Kind {
	case EventReading, EventForecast:
		s.board.Take(e.Reading)
	case EventPresence:
		s.board.Presence(e.Presence)
	case EventStatus:
		s.status(e.At, e.Status)
	case EventSignal:
		s.signal(e.At, Delivery{Signal: e.Signal})
	case EventHold:
		s.hold(e.At, e.Off, e.Who)
	case EventDrain:
		s.drain = e.At.Add(e.Span)
	case EventShift:
		s.shift(e.Span)
	case EventPass:
		s.pass(e.At)
		r.note(e.At)
		if s.kept.Seq != e.Seq && r.differs.IsZero() {
			r.differs = e.At
		}
	case EventLeave:
		s.shut(e.At)
		r.note(e.At)
	case EventEnd:
		r.ended = true
	case EventRoll:
		r.rolled = true
	}
	return nil
}

// note keeps what the last plan has changed.
func (r *Replay) note(at time.Time) {
	r.passed = at
	for i, d := range r.s.plan.Decisions {
		if d.From != d.To {
			r.moves[i] = move{at, d}
		}
	}
}

// Last is when the last event that was taken in came, and whether the daemon
// ended with it.
func (r *Replay) Last() (at time.Time, ended bool) { return r.last, r.ended }

// Beyond reports whether the stream is known to go on after what has been
// taken in, so that nothing came in between.
func (r *Replay) Beyond() bool { return r.ahead != nil }

// Rolled reports whether the record goes on in another stream, from the last
// event on.
func (r *Replay) Rolled() bool { return r.rolled }
