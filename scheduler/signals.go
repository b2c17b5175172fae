package scheduler

import (
	"cmp"
	"fmt"
	"slices"
	"time"

	"github.com/curtaild/curtaild/energy"
)

// Source is what the config lets one source of signals do.
type Source struct {
	Name     string
	Kinds    []energy.SignalKind
	At       []energy.Bind
	Min, Max energy.Watts // bounds on the value of a limit
}

// Book holds every signal that lives or has ended lately. It is a plain value:
// what [Book.Take] and [Book.Step] are given decides what they do, and its
// JSON is what outlives a restart.
type Book struct {
	Signals []Entry `json:"signals"`
}

// Entry is one signal and how far it has come.
type Entry struct {
	Signal   energy.Signal       `json:"signal"`
	Status   energy.SignalStatus `json:"status"`
	Kind     energy.SignalKind   `json:"kind"`  // Status.Kind is not in its JSON
	Since    time.Time           `json:"since"` // when Status.State was entered
	Began    time.Time           `json:"began"` // when it took hold
	Over     time.Time           `json:"over"`  // since when the measured value has been above what was asked
	Stepped  time.Time           `json:"stepped"`
	Deadline time.Duration       `json:"deadline"` // after Began: the promise
	Reached  bool                `json:"reached"`
	Ended    time.Time           `json:"ended"` // zero while it lives
}

const (
	// keepEnded is how long the status of a signal that has ended stays
	// retained on the broker.
	keepEnded = 7 * 24 * time.Hour
	// maxEntries bounds the book: a source that floods us gets refusals.
	maxEntries = 1000
	// settle is how long the measured value may be above what was asked,
	// once it has been reached, before that is a violation.
	settle = 5 * time.Second
)

// Measure is what compliance is judged by.
type Measure struct {
	Flexible     energy.Watts // our draw now
	By           string       // meter, rigs or estimate
	OffDraw      energy.Watts // our draw with every load off
	Grid         energy.Sample
	BaseFlexible energy.Watts // mean over the 15 min before now
	BaseGrid     energy.Watts
	StopTime     time.Duration // from now until every load could be off
}

// live reports whether e still binds or will.
func (e *Entry) live() bool { return e.Ended.IsZero() }

// same reports whether s says what e was made of, once more.
func (e *Entry) same(s energy.Signal) bool {
	if s.ID == "" || s.Kind != e.Signal.Kind || s.Revision != e.Signal.Revision || e.rejected() {
		return false
	}
	// A stop that is issued anew after its release is another one, and so is
	// one that is meant after one that tested.
	return s.Kind != energy.KindStop || s.Test == e.Signal.Test && (e.live() || s.Issued.Equal(e.Signal.Issued))
}

// rejected reports whether e was never accepted: it is kept only so that its
// status is taken off the broker in time.
func (e *Entry) rejected() bool { return e.Status.State == energy.SignalRejected }

// begun reports whether e has taken hold: it still has when the clock is set
// back, or comes up in the past after a power cut.
func (e *Entry) begun(now time.Time) bool {
	return e.Signal.Kind == energy.KindStop || !e.Began.IsZero() || !now.Before(e.Signal.Start)
}

// active reports whether e binds loads at now.
func (e *Entry) active(now time.Time) bool {
	return e.live() && !e.Signal.Test && e.begun(now)
}

// latched reports whether e is a stop that only a release may end.
func (e *Entry) latched() bool {
	return e.live() && e.Signal.Kind == energy.KindStop && !e.Signal.Test
}

// Take answers a signal that has come in. The statuses are in the order in
// which they are to be published; the last for an id is what stands.
func (b *Book) Take(now time.Time, s energy.Signal, src *Source, m Measure) []energy.SignalStatus {
	if i := b.find(s.Source, s.ID); i >= 0 && b.Signals[i].same(s) {
		return []energy.SignalStatus{b.Signals[i].status()} // said again, answered again
	}
	if why := refusal(now, s, src, m); why != "" {
		return b.refuse(now, s, why)
	}
	switch s.Kind {
	case energy.KindCancel:
		return b.cancel(now, s)
	case energy.KindRelease:
		return b.release(now, s)
	}
	if i := b.find(s.Source, s.ID); i >= 0 {
		old := &b.Signals[i]
		stop := s.Kind == energy.KindStop && !s.Test
		switch {
		case old.rejected():
			b.Signals = slices.Delete(b.Signals, i, i+1)
			return []energy.SignalStatus{b.accept(now, s, m)}
		case old.latched() && !stop:
			return b.refuse(now, s, "a stop of this id is in force: it is ended by a release")
		case s.Revision > old.Signal.Revision, stop && (old.Signal.Test || !old.live()):
			out := old.end(now, energy.SignalSuperseded, fmt.Sprintf("by revision %d", s.Revision))
			b.Signals = slices.Delete(b.Signals, i, i+1)
			return append(out, b.accept(now, s, m))
		case !stop || old.latched():
			return b.refuse(now, s, fmt.Sprintf("revision %d is not newer than %d", s.Revision, old.Signal.Revision))
		}
		// A stop is never refused for its number: it stands beside the limit.
		s.ID = "stop-" + now.UTC().Format("20060102T150405.000000000Z")
	}
	if !b.room(now) {
		return b.refuse(now, s, fmt.Sprintf("%d signals are in force already", maxEntries))
	}
	return []energy.SignalStatus{b.accept(now, s, m)}
}

// refusal says why s cannot be accepted, or nothing.
func refusal(now time.Time, s energy.Signal, src *Source, m Measure) string {
	switch {
	case src == nil:
		return fmt.Sprintf("source %q is not configured", s.Source)
	case s.Fault != "":
		return s.Fault
	case !slices.Contains(src.Kinds, s.Kind) && s.Kind != energy.KindCancel:
		return fmt.Sprintf("source %q may not send %s", s.Source, s.Kind)
	case s.Kind != energy.KindLimit:
		return ""
	case !slices.Contains(src.At, s.At):
		return fmt.Sprintf("source %q may not bind at %s", s.Source, s.At)
	case s.Max < 0:
		return "a limit must not be negative"
	case s.Max < src.Min || s.Max > src.Max:
		return fmt.Sprintf("limit %v is out of bounds: source %q may ask %v to %v", s.Max, s.Source, src.Min, src.Max)
	case !s.End.IsZero() && !s.End.After(s.Start):
		return "the interval ends before it starts"
	case !s.End.IsZero() && !s.End.After(now):
		return "expired"
	case s.Deadline > 0 && m.StopTime > s.Deadline && !s.Test:
		return fmt.Sprintf("too_slow (%.0f s)", m.StopTime.Seconds())
	}
	return ""
}

// refuse answers s with a rejection. Where a signal of the same id lives, its
// status is said again after it, so that what stays retained is the truth.
func (b *Book) refuse(now time.Time, s energy.Signal, why string) []energy.SignalStatus {
	e := Entry{Signal: s, Kind: s.Kind, Status: energy.SignalStatus{
		V: 1, Source: s.Source, Kind: s.Kind, ID: s.ID, Revision: s.Revision, Received: s.Received,
	}}
	out := e.end(now, energy.SignalRejected, why)
	switch i := b.find(s.Source, s.ID); {
	case i >= 0 && b.Signals[i].rejected():
		b.Signals[i] = e
	case i >= 0:
		out = append(out, b.Signals[i].status())
	case s.ID != "" && b.room(now):
		b.Signals = append(b.Signals, e)
	}
	return out
}

func (b *Book) accept(now time.Time, s energy.Signal, m Measure) energy.SignalStatus {
	base := kw(m.BaseFlexible)
	if s.At == energy.AtPCCImport {
		base = kw(m.BaseGrid)
	}
	asked := kw(s.Max)
	if s.Kind == energy.KindStop {
		asked, s.Start = kw(m.OffDraw), now
	}
	expected := m.StopTime.Seconds()
	e := Entry{
		Signal: s, Kind: s.Kind, Since: now, Deadline: cmp.Or(s.Deadline, m.StopTime+settle),
		Status: energy.SignalStatus{
			V: 1, Source: s.Source, Kind: s.Kind, ID: s.ID, Revision: s.Revision, State: energy.SignalAccepted,
			Received: s.Received, AskedKW: &asked, BaselineKW: &base, ExpectedS: &expected, At: now,
		},
	}
	b.Signals = append(b.Signals, e)
	return e.Status
}

func (b *Book) cancel(now time.Time, s energy.Signal) []energy.SignalStatus {
	i := b.find(s.Source, s.ID)
	switch {
	case i < 0 || !b.Signals[i].live():
		return b.refuse(now, s, "no signal of this id is in force")
	case b.Signals[i].Signal.Kind == energy.KindStop:
		return b.refuse(now, s, "a stop is ended by a release, not by a cancel")
	case s.Revision < b.Signals[i].Signal.Revision:
		return b.refuse(now, s, fmt.Sprintf("revision %d is older than %d", s.Revision, b.Signals[i].Signal.Revision))
	}
	return b.Signals[i].end(now, energy.SignalCancelled, "")
}

// release ends every latched stop of the source, and is itself on record.
func (b *Book) release(now time.Time, s energy.Signal) []energy.SignalStatus {
	var out []energy.SignalStatus
	for i := range b.Signals {
		e := &b.Signals[i]
		if e.live() && e.Signal.Kind == energy.KindStop && e.Signal.Source == s.Source {
			out = append(out, e.end(now, energy.SignalCompleted, "released by "+s.ID)...)
		}
	}
	if out == nil {
		return b.refuse(now, s, "no stop of this source is in force")
	}
	done := Entry{Signal: s, Kind: s.Kind, Status: energy.SignalStatus{
		V: 1, Source: s.Source, Kind: s.Kind, ID: s.ID, Revision: s.Revision, Received: s.Received,
	}}
	out = append(out, done.end(now, energy.SignalCompleted, fmt.Sprintf("stops released: %d", len(out)))...)
	if b.find(s.Source, s.ID) < 0 {
		b.room(now) // a release is on record in any case
		b.Signals = append(b.Signals, done)
	}
	return out
}

// Ceilings are the limits in force at now.
func (b *Book) Ceilings(now time.Time) []Ceiling {
	var out []Ceiling
	for i := range b.Signals {
		if e := &b.Signals[i]; e.active(now) && e.Signal.Kind == energy.KindLimit {
			out = append(out, Ceiling{At: e.Signal.At, Max: e.Signal.Max, Reason: energy.SignalLimit})
		}
	}
	return out
}

// Stopped reports whether a stop is latched.
func (b *Book) Stopped(now time.Time) bool {
	return slices.ContainsFunc(b.Signals, func(e Entry) bool { return e.active(now) && e.Signal.Kind == energy.KindStop })
}

// Expired removes the signals whose retained status is to be cleared, and
// returns their statuses.
func (b *Book) Expired(now time.Time) []energy.SignalStatus {
	var out []energy.SignalStatus
	b.Signals = slices.DeleteFunc(b.Signals, func(e Entry) bool {
		gone := !e.live() && !now.Before(e.Ended.Add(keepEnded))
		if gone {
			out = append(out, e.status())
		}
		return gone
	})
	return out
}

func (b *Book) find(source, id string) int {
	return slices.IndexFunc(b.Signals, func(e Entry) bool { return e.Signal.Source == source && e.Signal.ID == id })
}

// room reports whether there is room for another signal. Where the book is
// full, the one that ended first goes: it expires, and its status with it.
func (b *Book) room(now time.Time) bool {
	if len(b.Signals) < maxEntries {
		return true
	}
	oldest := -1
	for i := range b.Signals {
		e := &b.Signals[i]
		if !e.live() && now.Before(e.Ended.Add(keepEnded)) && (oldest < 0 || e.Ended.Before(b.Signals[oldest].Ended)) {
			oldest = i
		}
	}
	if oldest >= 0 {
		b.Signals[oldest].Ended = now.Add(-keepEnded)
	}
	return oldest >= 0
}

func kw(w energy.Watts) float64 { return float64(w) / 1000 }
