package scheduler

import (
	"time"

	"github.com/curtaild/curtaild/energy"
)

// Starts counts how often a load has started on the present local day: each
// start that it was told, whether it came of it or not, and each that the load
// made of itself. It is a value, kept with the load, so that a restart of the
// daemon forgets none.
type Starts struct {
	Day   time.Time `json:"day,omitzero"` // when the day that is counted began
	Count int       `json:"count,omitempty"`
	// Seen is the load's own count of its starts, as last heard.
	Seen  uint64 `json:"seen,omitempty"`
	Heard bool   `json:"heard,omitempty"` // Seen is something to compare with
	// Owed: it was told to start, which its own count has not shown yet.
	Owed bool `json:"owed,omitempty"`
}

// on is the count as it stands on the given day; the zero day, if that is not
// known. A clock that was set back a little does not open the budget of the day
// before once more.
func (s Starts) on(d day) Starts {
	if d == (day{}) {
		return s
	}
	if d.begin.After(s.Day) || s.Day.Sub(d.begin) > 36*time.Hour {
		s.Day, s.Count = d.begin, 0
	}
	return s
}

// told counts a start that the load is being told.
func (s Starts) told(d day) Starts {
	s = s.on(d)
	s.Count++
	s.Owed = true
	return s
}

// hear takes in what the load says of its starts: those beyond the one that it
// was told are its own. Once it is off, as it was told, the start before
// that will not show any more.
func (s Starts) hear(d day, st *energy.Status, told energy.Setpoint) Starts {
	if grown := st.Starts - s.Seen; s.Heard && st.Starts > s.Seen {
		if s.Owed {
			s.Owed = false
			grown--
		}
		if grown > 0 {
			s = s.on(d)
			s.Count += int(min(grown, 1000))
		}
	}
	s.Seen, s.Heard = st.Starts, true
	if told.Point == energy.Off && st.Seq >= told.Seq && st.State == energy.StateIdle {
		s.Owed = false
	}
	return s
}

// day is one local day: from begin until before end.
type day struct{ begin, end time.Time }

// dayOf is the local day that t lies in. It begins when the clock on the wall
// first shows midnight, or skips it.
func dayOf(t time.Time, loc *time.Location) day {
	midnight := calendar{loc: loc}
	y, m, n := t.In(loc).Date()
	d := day{end: midnight.instant(time.Date(y, m, n, 0, 0, 0, 0, time.UTC))}
	for i := 1; !d.end.After(t); i++ { // twice, where the clock was set back over midnight
		d.begin, d.end = d.end, midnight.instant(time.Date(y, m, n+i, 0, 0, 0, 0, time.UTC))
	}
	return d
}

// usedUp reports whether a load may not start any more on the day of the
// decision, of which the input says when it ends.
func (d *decider) usedUp(l *fleetLoad, st *LoadState) bool {
	if l.maxStarts <= 0 || st.Starts < l.maxStarts {
		return false
	}
	if d.in.DayEnd.IsZero() {
		return true
	}
	d.plan.wakeAt(d.in.DayEnd)
	return d.now.Before(d.in.DayEnd)
}

// keeping is the order in which loads of policy p that run keep their lowest
// points: of those that stand alike in the policy's own order, the ones that
// may not start again today are the last to be stopped.
func (d *decider) keeping(p int32) []int32 {
	r := &d.in.Rules[p]
	if !d.finals {
		return r.bases
	}
	list := d.work.keeping[:0] // lent, and good until the next call
	for from, to := 0, 0; from < len(r.bases); from = to {
		for to < len(r.bases) && r.tier[r.bases[to]] == r.tier[r.bases[from]] {
			to++
		}
		for _, final := range []bool{true, false} {
			for _, i := range r.bases[from:to] {
				if d.slots[i].final == final {
					list = append(list, i)
				}
			}
		}
	}
	d.work.keeping = list
	return list
}

// today is the local day of now. While the clock cannot be trusted it is the
// day that was last counted, and does not end.
func (s *site) today(now time.Time) day {
	if !s.clockOK(now) || s.Setup.Location == nil {
		return day{}
	}
	return dayOf(now, s.Setup.Location)
}

// count takes in how often load i says that it has started. A start of its own
// is written down.
func (s *site) count(now time.Time, i int, st *energy.Status) {
	l := &s.loads[i]
	if !st.State.Heard() {
		return
	}
	was := l.starts
	if st.Starts == was.Seen && was.Heard && !was.Owed {
		return // as nearly always
	}
	l.starts = was.hear(s.today(now), st, l.setpoint)
	if l.starts.Count != was.Count || l.starts.Day != was.Day {
		if s.keep != nil {
			s.keep(Change{Loads: map[string]KeptLoad{st.Load: l.kept()}}, nil)
		}
	}
}
