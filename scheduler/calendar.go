package scheduler

import (
	"errors"
	"fmt"
	"strings"
	"time"

	"github.com/robfig/cron/v3"

	"github.com/curtaild/curtaild/policies"
)

// window is one opening and one closing that recur.
type window struct {
	open, close calendar
}

// calendar is a cron expression on the wall clock of one place. Cron runs on
// a clock without daylight saving ("wall": a time in UTC that reads what the
// clock on the wall reads), and our own rule maps that to instants: what lies
// in a skipped hour happens at its end, and what lies in a repeated one
// happens once, the first time. The cron library by itself skips the one and
// fires the other twice.
type calendar struct {
	cron cron.Schedule
	loc  *time.Location
}

func newWindow(w policies.Window, loc *time.Location) (window, error) {
	open, errOpen := newCalendar(w.Open, loc)
	closing, errClose := newCalendar(w.Close, loc)
	return window{open, closing}, errors.Join(errOpen, errClose)
}

func newCalendar(spec string, loc *time.Location) (calendar, error) {
	spec = strings.TrimSpace(spec)
	if strings.HasPrefix(spec, "TZ=") || strings.HasPrefix(spec, "CRON_TZ=") {
		return calendar{}, fmt.Errorf("calendar %q: times are in the site's time zone: leave the zone out", spec)
	}
	if strings.HasPrefix(spec, "@every") {
		return calendar{}, fmt.Errorf("calendar %q: @every has no fixed times: name them", spec)
	}
	s, err := cron.ParseStandard(spec)
	if err != nil {
		return calendar{}, fmt.Errorf("calendar %q: %w", spec, err)
	}
	return calendar{s, loc}, nil
}

// state says whether the window is open at now, and when its next event is;
// zero if there is none. It follows from whichever event came last, however
// long ago; of an opening and a closing at the same time, the closing counts.
func (w window) state(now time.Time) (open bool, next time.Time) {
	opened, closed := w.open.last(now), w.close.last(now)
	switch a, b := w.open.instant(opened), w.close.instant(closed); {
	case opened.IsZero():
		open = false
	case closed.IsZero():
		open = true
	case a.Equal(b): // both may have been moved to the end of a skipped hour
		open = opened.After(closed)
	default:
		open = a.After(b)
	}
	return open, earliest(w.open.next(now), w.close.next(now))
}

// next is the first event after now; zero if there is none.
func (c calendar) next(now time.Time) time.Time {
	for w := c.cron.Next(wallOf(now, c.loc)); !w.IsZero(); w = c.cron.Next(w) {
		if t := c.instant(w); t.After(now) {
			return t
		}
	}
	return time.Time{}
}

// last is the wall time of the last event at or before now; zero if there was
// none in nine years. (29 February may be eight years ago.)
func (c calendar) last(now time.Time) time.Time {
	const day = 24 * time.Hour
	// A little ahead of now, because a wall clock may run through some hours
	// twice.
	top := wallOf(now, c.loc).Truncate(time.Minute).Add(day)
	past := func(w time.Time) bool { return !w.IsZero() && !c.instant(w).After(now) }
	for _, span := range []time.Duration{3 * day, 40 * day, 400 * day, 3300 * day} {
		at := c.cron.Next(top.Add(-span))
		if !past(at) {
			continue
		}
		for lo, hi := at, top; hi.Sub(lo) > time.Minute; {
			mid := lo.Add(hi.Sub(lo) / 2).Truncate(time.Minute)
			if w := c.cron.Next(mid); past(w) {
				at, lo = w, w
			} else {
				hi = mid
			}
		}
		return at
	}
	return time.Time{}
}

// wallOf is what the clock on the wall reads at t, as a time in UTC.
func wallOf(t time.Time, loc *time.Location) time.Time {
	_, offset := t.In(loc).Zone()
	return t.UTC().Add(time.Duration(offset) * time.Second)
}

// instant is when the clock on the wall first reads w; where it skips w, when
// it skips.
func (c calendar) instant(w time.Time) time.Time {
	if w.IsZero() {
		return w
	}
	t := time.Date(w.Year(), w.Month(), w.Day(), w.Hour(), w.Minute(), w.Second(), 0, c.loc)
	start, end := t.ZoneBounds()
	if !wallOf(t, c.loc).Equal(w) { // skipped: t is off by the gap, on either side
		if !start.IsZero() && wallOf(start.Add(-1), c.loc).Before(w) && wallOf(start, c.loc).After(w) {
			return start.UTC()
		}
		return end.UTC()
	}
	if !start.IsZero() { // repeated, and t is the second time?
		_, offset := start.Add(-1).Zone()
		if first := w.Add(-time.Duration(offset) * time.Second); first.Before(start) {
			return first
		}
	}
	return t.UTC()
}

// earliest is the earlier of two times, of which a zero one means never.
func earliest(a, b time.Time) time.Time {
	if a.IsZero() || (!b.IsZero() && b.Before(a)) {
		return b
	}
	return a
}
