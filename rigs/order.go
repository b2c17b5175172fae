package rigs

import (
	"time"

	"github.com/curtaild/curtaild/energy"
)

// order is the set-point in force and how far it has got.
type order struct {
	sp       *energy.Setpoint // nil: none since we started
	at       int              // the point the device is taken to be at; -1: not known
	level    string           // the level that is taken to be set
	done     uint64           // Seq of the last one accepted
	pending  bool             // sp has not been accepted yet
	from     energy.Watts     // draw when it was sent
	rate     energy.HashRate
	sent     time.Time // when it was accepted; zero: never
	due      time.Time // its effect must show by then; zero: it has, or was not needed
	tries    int       // failures to carry out or to show, in a row
	next     time.Time // not tried again before
	err      error     // of the last failure
	force    bool      // send it although the device says that it is there
	unsure   bool      // read the device before anything is sent
	starting bool      // it was off before
	broken   string    // why it is not tried again until a new one comes
}

// settleFor is how long a change between two points may take to show.
func (f Family) settleFor(from, to int) time.Duration {
	switch {
	case to == energy.Off:
		return f.Settle.Stop
	case from == energy.Off:
		return f.Settle.Start
	}
	return f.Settle.Level
}

// shows reports whether a report proves that the set-point had its effect: the
// configuration says so, and draw or hash rate has moved to its side.
func (o *order) shows(rep Report, points []energy.OperatingPoint) bool {
	if o.sp == nil || o.at < 0 || o.at >= len(points) {
		return false
	}
	says := pointOf(points, rep)
	if says != o.at && !(says == -1 && rep.On() && o.at != energy.Off) {
		return false
	}
	target := points[o.at]
	if sameName(o.sp.Name, target.Name) && o.sp.Draw > 0 {
		target.Draw = o.sp.Draw // what it draws there has been learned
	}
	drawn := rep.Source != "" && !rep.At.Before(o.sent) && moved(float64(o.from), float64(rep.Draw), float64(target.Draw))
	hashed := !rep.RateAt.Before(o.sent) && moved(float64(o.rate), float64(rep.Rate), float64(target.Rate))
	return drawn || hashed
}

// moved reports whether a value has gone more than half of the way, or is
// close to where it should be.
func moved(from, now, to float64) bool {
	off := now - to
	if off < 0 {
		off = -off
	}
	way := to - from
	if way < 0 {
		way = -way
	}
	return off <= 0.15*to || off < way/2
}
