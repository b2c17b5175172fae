package scheduler

import (
	"time"

	"github.com/curtaild/curtaild/energy"
)

// writeOn begins a new stream of the journal, where one is due.
func (s *site) writeOn(now time.Time) {
	if s.Journal.due(now) {
		s.Journal.begin(s.checkpoint(now))
	}
}

// What comes in is brought to the loop's time, taken down, and taken in.

func (s *site) takeReading(r energy.Reading) {
	now := s.clock()
	r.At, r.Arrived = r.At.Round(0), s.local(r.Arrived)
	if s.board.Take(r) == "" { // what is refused changes nothing
		kind := EventReading
		if r.Forecast != nil {
			kind = EventForecast
		}
		s.Journal.put(&Event{Kind: kind, At: now, Reading: r})
	}
}

func (s *site) takePresence(p energy.Presence) {
	now := s.clock()
	p.At = p.At.Round(0)
	if s.board.Known(p.Name) {
		s.Journal.put(&Event{Kind: EventPresence, At: now, Presence: p})
	}
	s.board.Presence(p)
}

func (s *site) takeStatus(st energy.Status) {
	now := s.clock()
	st.At, st.DrawAt = s.local(st.At), s.local(st.DrawAt)
	if i, ok := s.index[st.Load]; ok {
		s.Journal.status(now, i, &st, &s.loads[i].status)
	}
	s.status(now, st)
}

func (s *site) takeSignal(d Delivery) {
	now := s.clock()
	sig := &d.Signal
	sig.Issued, sig.Received, sig.Start, sig.End = sig.Issued.Round(0), sig.Received.Round(0), sig.Start.Round(0), sig.End.Round(0)
	s.Journal.put(&Event{Kind: EventSignal, At: now, Signal: *sig})
	s.signal(now, d)
}
