package rigs

import (
	"time"

	"github.com/curtaild/curtaild/energy"
)

// Family holds what the devices of one firmware have in common. Each driver
// package exports its own as Defaults; config changes single fields.
type Family struct {
	Name   string
	Settle Settle
	// StartTime and StopTime are how long the draw takes from off to the
	// highest point, and back.
	StartTime, StopTime time.Duration
	Poll                time.Duration // between polls
	PollTimeout         time.Duration // for one poll, all its connections
	CommandTimeout      time.Duration // for one command, all its connections
	IdleDraw            energy.Watts  // when off, until it has been measured
}

// Settle is how long a command may take to show its effect.
type Settle struct {
	Stop, Start, Level time.Duration
}

// Ramp is how fast the draw follows a set-point, for a device with the given
// points.
func (f Family) Ramp(points []energy.OperatingPoint) energy.Ramp {
	if len(points) < 2 {
		return energy.Ramp{}
	}
	span := points[len(points)-1].Draw - points[energy.Off].Draw
	return energy.Ramp{Up: perSecond(span, f.StartTime), Down: perSecond(span, f.StopTime)}
}

func perSecond(w energy.Watts, d time.Duration) energy.Watts {
	if d <= 0 {
		return 0
	}
	return w / energy.Watts(d.Seconds())
}
