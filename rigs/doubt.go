package rigs

import (
	"time"

	"github.com/curtaild/curtaild/energy"
)

// shareless is how long a device may claim to hash without one share, accepted
// or rejected. Pools set the difficulty for several shares a minute.
const shareless = 30 * time.Minute

// doubt watches whether what a device says and what it does agree.
type doubt struct {
	why    string    // the disagreement; empty: none
	since  time.Time // when it began
	shares uint64
	moved  time.Time // when shares last grew, or counting began
}

// look takes a report in. It says why the device is suspect once a
// disagreement has lasted for longer than the family needs to settle.
func (d *doubt) look(now time.Time, rep Report, points []energy.OperatingPoint, f Family) string {
	shares := rep.Accepted + rep.Rejected
	if shares != d.shares || d.moved.IsZero() || !rep.On() {
		d.shares, d.moved = shares, now
	}
	why, patience := disagreement(rep, points, f)
	if why != d.why {
		d.why, d.since = why, now
	}
	switch {
	case why != "" && now.Sub(d.since) > patience:
		return why
	case now.Sub(d.moved) > shareless:
		return "says that it hashes, but finds no shares"
	}
	return ""
}

// disagreement compares what a device says with its draw and hash rate, and
// tells for how long that may be so.
func disagreement(rep Report, points []energy.OperatingPoint, f Family) (why string, patience time.Duration) {
	if len(points) < 2 {
		return "", 0
	}
	off, low := points[energy.Off].Draw, points[1].Draw
	half := off + (low-off)/2
	told := rep.Source != ""
	slack := 8 * f.Poll // until all that a report is made of has been read anew
	switch {
	case rep.State == energy.StateStarting:
		return "has been starting for too long", 2*f.Settle.Start + slack
	case rep.State == energy.StateRunning && rep.Rate <= 0:
		return "says that it hashes, but its hash rate is 0", f.Settle.Start + slack
	case rep.State == energy.StateRunning && told && rep.Draw < half:
		return "says that it hashes, but draws next to nothing", f.Settle.Start + slack
	case rep.State == energy.StateIdle && told && rep.Draw > half:
		return "says that it is stopped, but draws power", f.Settle.Stop + slack
	case rep.State == energy.StateIdle && rep.Rate > points[1].Rate/2:
		return "says that it is stopped, but hashes", f.Settle.Stop + slack
	}
	return "", 0
}
