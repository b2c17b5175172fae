package record

import (
	"fmt"
	"time"

	"github.com/curtaild/curtaild/energy"
)

const (
	siteEvery   = 10 * time.Second
	longestHold = time.Minute     // how long values hold while nobody looks in
	backStep    = 2 * time.Second // a clock set back by less is waited for
	reopenable  = 4               // closed intervals kept in case the clock is set back
)

// Config says what to record.
type Config struct {
	Site     string
	Interval time.Duration // settlement interval; 15 minutes if 0
	RigEvery time.Duration // a minute if 0
	Balance  energy.BalanceKind
	Aux      energy.Pct
	// ExportLimit is the most that may leave the site; nil where there is none.
	ExportLimit *energy.Watts
	Zone        string // of the site's calendar, for meta
	Currency    string
}

// Recorder turns snapshots into points. One goroutine owns it.
type Recorder struct {
	cfg Config
	out []energy.Point

	last   *energy.Snapshot // nil: nothing seen since the start
	cursor time.Time        // accounted up to here, UTC
	site   time.Time        // the next site point
	rig    time.Time        // the next round of rig points

	run    *tally // of the running interval
	closed []*tally

	watched float64 // s accounted in all; the time base of load bookings
	loads   map[string]*load
	order   []*load // of the last snapshot, by position
	round   uint64
	buckets map[use]*bucket
	split   [classes]split // of the last span, for corrections
	metered bool           // a sub-meter gave the draw of the last span

	signals map[signalKey]time.Time
}

// New makes a recorder that has seen nothing.
func New(cfg Config) *Recorder {
	if cfg.Interval <= 0 {
		cfg.Interval = 15 * time.Minute
	}
	if cfg.RigEvery <= 0 {
		cfg.RigEvery = time.Minute
	}
	return &Recorder{
		cfg: cfg, loads: map[string]*load{}, buckets: map[use]*bucket{}, signals: map[signalKey]time.Time{},
	}
}

// Observe takes in a snapshot and gives the points that are due: what the
// time since the last one brings, and what has changed. It keeps the snapshot,
// which nobody may write to any more.
func (r *Recorder) Observe(s energy.Snapshot) []energy.Point {
	r.advance(s.At)
	r.last = &s
	r.takeLoads(s.Loads)
	return r.take()
}

// Tick gives the points that are due at now though nothing was seen.
func (r *Recorder) Tick(now time.Time) []energy.Point {
	r.advance(now)
	return r.take()
}

// NextTick is when Tick should be called next.
func (r *Recorder) NextTick(now time.Time) time.Time {
	if r.last == nil {
		return now.Round(0).UTC().Truncate(siteEvery).Add(siteEvery)
	}
	next := earlier(r.site, earlier(r.rig, r.run.end()))
	if wait := next.Sub(now.Round(0)); wait <= siteEvery {
		return next
	}
	return now.Add(siteEvery) // the clock was set back
}

// Flush gives what is due, the loads with their counters as they stand, and
// the running interval, not final. It is for the end of the daemon; a
// checkpoint taken afterwards carries on with the next revision.
func (r *Recorder) Flush(now time.Time) []energy.Point {
	r.advance(now)
	if r.last != nil {
		r.writeRigs()
	}
	if r.run != nil {
		r.write(r.run, false)
	}
	return r.take()
}

func (r *Recorder) take() []energy.Point {
	out := r.out
	r.out = nil
	return out
}

// advance accounts for the time up to now.
func (r *Recorder) advance(now time.Time) {
	now = now.Round(0).UTC()
	switch gap := now.Sub(r.cursor); {
	case r.run == nil:
		r.jump(now)
	case gap < -backStep:
		r.jump(now)
	case r.last == nil:
		r.jump(now) // after a restart: nobody knows what went on meanwhile
	case gap > longestHold:
		r.to(r.cursor.Add(longestHold))
		r.jump(now)
	default:
		r.to(now)
	}
}

// jump goes to now without accounting for the time between.
func (r *Recorder) jump(now time.Time) {
	start := now.Truncate(r.cfg.Interval)
	if r.run != nil && (!r.run.Start.Equal(start) || r.run.Len != r.cfg.Interval) {
		r.close()
	}
	if r.run == nil {
		r.open(start)
	}
	r.cursor = now
	r.site = now.Truncate(siteEvery).Add(siteEvery)
	r.rig = now.Truncate(r.cfg.RigEvery).Add(r.cfg.RigEvery)
	r.split = [classes]split{}
}

// to accounts span by span: within one nothing changes.
func (r *Recorder) to(now time.Time) {
	for r.cursor.Before(now) {
		next := earlier(now, earlier(r.site, earlier(r.rig, r.run.end())))
		next = r.untilStale(next)
		r.account(next.Sub(r.cursor).Seconds())
		r.cursor = next
		if next.Equal(r.site) {
			r.writeSite()
			r.site = r.site.Add(siteEvery)
		}
		if next.Equal(r.rig) {
			r.writeRigs()
			r.rig = r.rig.Add(r.cfg.RigEvery)
		}
		if next.Equal(r.run.end()) {
			r.close()
			r.open(next)
		}
	}
}

// untilStale is the first instant before t at which a reading goes stale, or t.
func (r *Recorder) untilStale(t time.Time) time.Time {
	b := &r.last.Balance
	for _, s := range [...]*energy.Sample{&b.Grid, &b.Surplus, &b.Generation, &b.Load, &b.Curtailed, &b.Battery, &b.Flexible} {
		if u := s.Until.Round(0).UTC(); s.OK() && u.After(r.cursor) && u.Before(t) {
			t = u
		}
	}
	if u := b.Until.Round(0).UTC(); u.After(r.cursor) && u.Before(t) {
		t = u
	}
	return t
}

func (r *Recorder) open(start time.Time) {
	for i, t := range r.closed {
		if t.Start.Equal(start) && t.Len == r.cfg.Interval {
			r.run = t
			r.closed = append(r.closed[:i], r.closed[i+1:]...)
			break
		}
	}
	if r.run == nil {
		r.run = &tally{Start: start, Len: r.cfg.Interval, uses: map[use]*energies{}}
	}
	for k, b := range r.buckets {
		if b.loads == 0 {
			delete(r.buckets, k)
			continue
		}
		b.e = r.run.of(k)
	}
}

func (r *Recorder) close() {
	r.write(r.run, true)
	r.closed = append(r.closed, r.run)
	if len(r.closed) > reopenable {
		r.closed = r.closed[1:]
	}
	r.run = nil
}

// lenName is the tag of an interval's length: "15m", "60m".
func lenName(d time.Duration) string {
	if d%time.Minute == 0 {
		return fmt.Sprintf("%dm", d/time.Minute)
	}
	return d.String()
}

func earlier(a, b time.Time) time.Time {
	if b.Before(a) {
		return b
	}
	return a
}
