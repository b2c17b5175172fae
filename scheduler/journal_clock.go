package scheduler

import "time"

// jump is by how much the wall clock and the monotonic one may part between
// two looks before the clock counts as set. A clock that is slewed stays below.
const jump = 100 * time.Millisecond

// clock is the time of the loop: the wall clock's, without a monotonic
// reading, so that what follows from it follows again on replay. Where the
// wall clock was set, all that has been running is moved along first: no delay
// ends by that, and no value grows old or young.
func (s *site) clock() time.Time {
	t := time.Now()
	if !s.read.IsZero() {
		by := t.Round(0).Sub(s.read.Round(0)) - t.Sub(s.read)
		if by > jump || by < -jump {
			s.log.Warn("the clock was set", "by", by)
			s.Journal.put(&Event{Kind: EventShift, At: t.Round(0).UTC(), Span: by})
			s.shift(by)
		}
	}
	s.read = t
	return t.Round(0).UTC()
}

// local is t on the loop's time, which it may have been taken off before the
// clock was set.
func (s *site) local(t time.Time) time.Time {
	if t == t.Round(0) { // no monotonic reading
		return t
	}
	return s.read.Round(0).Add(t.Sub(s.read)).UTC()
}

// shift moves all instants since which something has been running.
func (s *site) shift(by time.Duration) {
	move := func(list ...*time.Time) {
		for _, t := range list {
			if !t.IsZero() {
				*t = t.Add(by)
			}
		}
	}
	s.board.Shift(by)
	move(&s.started, &s.passed, &s.drain, &s.lazy, &s.believed)
	for i := range s.loads {
		l := &s.loads[i]
		move(&l.since, &l.anchored, &l.course.Start, &l.lower.Start, &l.lore.Due)
	}
	gates := make(map[string]Gate, len(s.kept.Memory.Gates)) // the old one is being written down
	for name, g := range s.kept.Memory.Gates {
		move(&g.Since)
		gates[name] = g
	}
	s.kept.Memory.Gates = gates
	var stale map[string]time.Time
	for name, since := range s.kept.Memory.Stale {
		if stale == nil {
			stale = make(map[string]time.Time)
		}
		stale[name] = since.Add(by)
	}
	s.kept.Memory.Stale = stale
	beliefs, bridges := s.kept.Memory.Beliefs, s.kept.Memory.Bridges
	s.kept.Memory.Beliefs, s.kept.Memory.Bridges = nil, nil
	for name, b := range beliefs {
		s.kept.Memory.believe(name, b.shift(by))
	}
	for name, b := range bridges {
		move(&b.Since, &b.At)
		s.kept.Memory.bridge(name, b)
	}
	for i := range s.kept.Book.Signals {
		e := &s.kept.Book.Signals[i]
		move(&e.Began, &e.Over, &e.Stepped)
	}
}
