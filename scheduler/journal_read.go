package scheduler

import (
	"errors"
	"io"
	"time"

	"github.com/curtaild/curtaild/energy"
)

// eventReader reads the events of a stream, from bytes that come in pieces.
type eventReader struct {
	heading
	unpacker
	said int // which load the last status was of
}

// next reads one event. While its end has not come yet it returns io.EOF, and
// the reader stands where it stood; any other error is final.
func (r *eventReader) next() (Event, error) {
	buf, words, at := r.buf, len(r.words), r.at
	e := r.event()
	switch {
	case errors.Is(r.err, errCut):
		r.buf, r.words, r.at, r.err = buf, r.words[:words], at, nil
		return Event{}, io.EOF
	case r.err != nil:
		return Event{}, r.err
	}
	if e.Kind == EventStatus {
		r.last[r.said] = e.Status
	}
	return e, nil
}

func (r *eventReader) event() Event {
	e := Event{Kind: EventKind(r.uint())}
	e.At = r.at.Add(time.Duration(r.int()))
	r.at = e.At
	switch e.Kind {
	case EventReading:
		e.Reading = energy.Reading{Name: r.reading(), Part: r.word(), Value: r.float(), At: r.time(e.At), Arrived: r.time(e.At)}
	case EventForecast:
		r.json(&e.Reading)
	case EventPresence:
		e.Presence = energy.Presence{Name: r.reading(), Online: r.bool(), At: r.time(e.At)}
	case EventStatus:
		e.Status = r.status(e.At)
	case EventSignal:
		r.json(&e.Signal)
	case EventHold:
		e.Off, e.Who = r.bool(), r.word()
	case EventDrain:
		e.Span, e.Who = time.Duration(r.int()), r.word()
	case EventShift:
		e.Span = time.Duration(r.int())
	case EventPass:
		e.Seq = r.uint()
	case EventLeave, EventEnd, EventRoll:
	default:
		r.fail(errJournal)
	}
	return e
}

func (r *eventReader) reading() string {
	n := r.uint()
	if n == 0 || n > uint64(len(r.readings)) {
		r.fail(errJournal)
		return ""
	}
	return r.readings[n-1]
}

func (r *eventReader) status(at time.Time) energy.Status {
	i := r.uint()
	if i >= uint64(len(r.loads)) {
		r.fail(errJournal)
		return energy.Status{}
	}
	r.said = int(i)
	st := r.last[i]
	st.Load, st.DrawAt = r.loads[i], time.Time{}
	mask := r.uint()
	st.At = r.time(at)
	for bit := uint64(1); bit <= hasRest && r.err == nil; bit <<= 1 {
		if mask&bit != 0 {
			r.part(bit, at, &st)
		}
	}
	return st
}

func (r *eventReader) part(bit uint64, at time.Time, st *energy.Status) {
	switch bit {
	case hasState:
		st.State = energy.State(r.word())
	case hasPoint:
		st.Point = int(r.int())
	case hasSeq:
		st.Seq = r.uint()
	case hasDraw:
		st.Draw = energy.Watts(r.float())
	case hasDrawAt:
		st.DrawAt = r.time(at)
	case hasSource:
		st.Source = energy.PowerSource(r.word())
	case hasRate:
		st.Rate = energy.HashRate(r.float())
	case hasStarts:
		st.Starts = r.uint()
	case hasErr:
		st.Err = r.word()
	case hasRest:
		var cold energy.Status
		r.json(&cold)
		cold.Load, cold.At, cold.State, cold.Point, cold.Seq, cold.Draw, cold.DrawAt = st.Load, st.At, st.State, st.Point, st.Seq, st.Draw, st.DrawAt
		cold.Source, cold.Rate, cold.Starts, cold.Err = st.Source, st.Rate, st.Starts, st.Err
		*st = cold
	}
}
