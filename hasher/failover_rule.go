package hasher

import "time"

const (
	defaultLeave  = 5 * time.Second
	defaultReturn = time.Minute
	// A pool that is left again soon after it was returned to must work
	// twice as long before the next return, up to this many times as long.
	maxReturns = 32
	soonLeft   = 10 // returns
)

// standing is what is known of one of several pools.
type standing struct {
	work  bool      // has work
	spurn bool      // turns down every share
	since time.Time // has been so, good or not
	proof time.Duration
	used  time.Time // taken into use last
	ran   time.Time // runs since; zero: does not
}

// good reports whether hashing for the pool earns anything.
func (s *standing) good() bool { return s.work && !s.spurn }

// succession decides which of several pools is worked for, and which of them
// are to be connected. It is a value: what it knows is told to it, and the
// same story gives the same choice.
type succession struct {
	leave time.Duration // without work for this long, a pool is left
	back  time.Duration // with work for this long, a preferred pool is returned to
	list  []standing    // most preferred first
	used  int
}

// newSuccession begins with the first of n pools.
func newSuccession(now time.Time, leave, back time.Duration, n int) *succession {
	s := &succession{leave: leave, back: back, list: make([]standing, n)}
	if s.leave <= 0 {
		s.leave = defaultLeave
	}
	if s.back <= 0 {
		s.back = defaultReturn
	}
	for i := range s.list {
		s.list[i].since, s.list[i].proof = now, s.back
	}
	s.list[0].used = now
	return s
}

// tell notes what is known of a pool now.
func (s *succession) tell(now time.Time, i int, work, spurn bool) {
	p := &s.list[i]
	was := p.good()
	if p.work, p.spurn = work, spurn; p.good() != was {
		p.since = now
	}
}

// choose decides, and says when to ask again if nothing happens before.
func (s *succession) choose(now time.Time) (wake time.Time) {
	use := s.used
	if s.list[s.used].good() {
		use = s.preferred(now)
	} else if !now.Before(s.list[s.used].since.Add(s.leave)) {
		use = s.successor()
	}
	if use != s.used {
		left := &s.list[s.used]
		if use > s.used && now.Sub(left.used) < soonLeft*s.back {
			left.proof = min(2*left.proof, maxReturns*s.back)
		} else {
			left.proof = s.back
		}
		s.used, s.list[use].used = use, now
	}
	s.connect(now)
	return s.next(now)
}

// preferred is the best pool that has proven itself, or the one in use.
func (s *succession) preferred(now time.Time) int {
	for i := range s.used {
		if p := &s.list[i]; p.good() && !now.Before(p.since.Add(p.proof)) {
			return i
		}
	}
	return s.used
}

// successor is the first pool that is good, or the one in use, whose
// work is better than none.
func (s *succession) successor() int {
	for i := range s.list {
		if s.list[i].good() {
			return i
		}
	}
	for i := range s.list {
		if s.list[i].work && !s.list[s.used].work {
			return i
		}
	}
	return s.used
}

// connect starts and ends the pools after the one in use. Those before it
// always run: they may come back. When it has had no work for half of the time
// after which it is left, the next is tried, and after that one more
// whenever the last has had its time. When it has been good for a while, those
// after it end: up to then they take late shares, and are there if it fails
// again.
func (s *succession) connect(now time.Time) {
	for i := range s.list {
		p := &s.list[i]
		run := i <= s.used || s.wanted(now, i)
		switch {
		case run && p.ran.IsZero():
			p.ran = now
		case !run:
			p.ran = time.Time{}
		}
	}
}

// wanted reports whether a pool after the one in use is to run.
func (s *succession) wanted(now time.Time, i int) bool {
	p, used := &s.list[i], &s.list[s.used]
	if used.good() {
		return !p.ran.IsZero() && now.Before(s.settled())
	}
	before := &s.list[i-1]
	switch {
	case !p.ran.IsZero():
		return true
	case i-1 == s.used:
		return !now.Before(used.since.Add(s.leave / 2))
	default:
		return !before.ran.IsZero() && !before.good() && !now.Before(before.ran.Add(s.leave))
	}
}

// settled is when the pools after the one in use may end.
func (s *succession) settled() time.Time {
	used := &s.list[s.used]
	if used.used.After(used.since) {
		return used.used.Add(s.back)
	}
	return used.since.Add(s.back)
}

// next is the first of the times at which something may change by itself.
func (s *succession) next(now time.Time) (wake time.Time) {
	at := func(t time.Time) {
		if t.After(now) && (wake.IsZero() || t.Before(wake)) {
			wake = t
		}
	}
	used := &s.list[s.used]
	if !used.good() {
		at(used.since.Add(s.leave / 2))
		at(used.since.Add(s.leave))
	} else {
		at(s.settled())
	}
	for i := range s.list {
		p := &s.list[i]
		switch {
		case i < s.used && p.good():
			at(p.since.Add(p.proof))
		case i > s.used && !p.ran.IsZero() && !used.good():
			at(p.ran.Add(s.leave))
		}
	}
	return wake
}
