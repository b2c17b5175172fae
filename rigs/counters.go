package rigs

import (
	"time"

	"github.com/curtaild/curtaild/energy"
)

// Counters are what a rig has drawn and done since we know it. They only ever
// grow. The daemon keeps them on disk and hands them to New again; the fields
// below the line let counting go on where it stopped.
type Counters struct {
	Energy   energy.Joules `json:"energy_j"`
	Hashes   float64       `json:"hashes"`
	Accepted uint64        `json:"accepted"`
	Rejected uint64        `json:"rejected"`
	Starts   uint64        `json:"starts"`

	At             time.Time       `json:"at"` // all is counted up to here
	ID             string          `json:"id"` // of the device; another one is not commanded
	Draw           energy.Watts    `json:"draw_w"`
	Rate           energy.HashRate `json:"rate_hs"`
	On             bool            `json:"on"`
	Uptime         time.Duration   `json:"uptime"`
	UptimeAt       time.Time       `json:"uptime_at"`
	DeviceAccepted uint64          `json:"device_accepted"`
	DeviceRejected uint64          `json:"device_rejected"`
	Carried        string          `json:"carried,omitempty"` // see Carrier
}

// maxGap is how long we may have been away and still take the draw to have
// gone straight from what it was to what it is.
const maxGap = 10 * time.Minute

// uptimeSlack is how far a device's uptime may fall behind our clock between
// two reports of one run.
const uptimeSlack = 10 * time.Second

// tally keeps a rig's counters.
type tally struct {
	c      Counters
	joules integrator
	hashes integrator
	heard  bool // a report came since New
}

func newTally(c Counters) tally {
	t := tally{c: c}
	t.joules.total, t.hashes.total = float64(c.Energy), c.Hashes
	if !c.At.IsZero() {
		t.joules.at, t.joules.value, t.joules.target = c.At, float64(c.Draw), float64(c.Draw)
		t.hashes.at, t.hashes.value, t.hashes.target = c.At, float64(c.Rate), float64(c.Rate)
	}
	return t
}

// head tells the counters that the device was told to go to a point at t.
func (t *tally) head(at time.Time, p energy.OperatingPoint, f Family, points []energy.OperatingPoint) {
	r := f.Ramp(points)
	t.joules.head(at, float64(p.Draw), float64(r.Up), float64(r.Down))
	top := points[len(points)-1]
	t.hashes.head(at, float64(p.Rate), perTime(top.Rate, f.StartTime), perTime(top.Rate, f.StopTime))
}

func perTime(r energy.HashRate, d time.Duration) float64 {
	if d <= 0 {
		return 0
	}
	return float64(r) / d.Seconds()
}

// take counts a report that arrived at now.
func (t *tally) take(now time.Time, rep Report, draw energy.Watts) {
	at := rep.At
	if at.IsZero() || at.After(now) {
		at = now
	}
	if !t.heard && !t.c.At.IsZero() && (now.Sub(t.c.At) > maxGap || now.Before(t.c.At)) {
		t.joules.skip(at, float64(draw))
		t.hashes.skip(now, float64(rep.Rate))
	}
	t.joules.sample(at, float64(draw))
	if rep.RateAt.IsZero() || rep.RateAt.After(now) {
		rep.RateAt = now
	}
	t.hashes.sample(rep.RateAt, float64(rep.Rate))
	t.c.Accepted += grown(&t.c.DeviceAccepted, rep.Accepted, t.first())
	t.c.Rejected += grown(&t.c.DeviceRejected, rep.Rejected, t.first())
	t.starts(now, rep)
	t.heard = true
	t.sum()
}

// first reports whether there is nothing to compare a report with.
func (t *tally) first() bool { return !t.heard && t.c.At.IsZero() }

// starts counts a step from off to on, and a restart of a device that was on.
func (t *tally) starts(now time.Time, rep Report) {
	if rep.State == energy.StateUnknown || rep.State == "" {
		return
	}
	on := rep.On()
	expected := t.c.Uptime + now.Sub(t.c.UptimeAt)
	restarted := rep.Uptime > 0 && t.c.Uptime > 0 && (rep.Uptime < t.c.Uptime || rep.Uptime+uptimeSlack < expected)
	if !t.first() && on && (!t.c.On || restarted) {
		t.c.Starts++
	}
	if on && !t.c.On {
		t.c.Uptime = 0 // a firmware may count anew from here: that is the same start
	}
	if rep.State != energy.StateFault {
		t.c.On = on
	}
	if rep.Uptime > 0 {
		t.c.Uptime, t.c.UptimeAt = rep.Uptime, now
	}
}

// hold lets the last draw stand: the device does not answer.
func (t *tally) hold(now time.Time) {
	t.joules.hold(now)
	t.hashes.skip(now, 0) // what cannot be seen is not claimed
	t.sum()
}

func (t *tally) sum() {
	t.c.Energy, t.c.Draw = energy.Joules(t.joules.total), energy.Watts(t.joules.value)
	t.c.Hashes, t.c.Rate = t.hashes.total, energy.HashRate(t.hashes.value)
	t.c.At = t.joules.at
}

// grown is how much a device's counter has grown. A counter that fell began
// anew at zero.
func grown(last *uint64, now uint64, first bool) uint64 {
	was := *last
	*last = now
	switch {
	case first:
		return 0
	case now < was:
		return now
	}
	return now - was
}
