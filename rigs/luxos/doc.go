// Package luxos drives rigs with LuxOS firmware over the API on TCP port 4028.
//
// Reads need no leave. Writes need a session, of which the firmware grants one
// at a time; it ends after a minute without use. The driver opens one for the
// first write, uses it for as long as it is surely alive, and gives it back in
// Close. Where someone else holds the session it says so ([rigs.ErrBusy]) and
// leaves the waiting to the rig.
//
// Off is curtailment sleep, which takes boards and power supply down; an
// operating point is a profile. Before it sets a profile the driver switches
// off the firmware's own profile switching (ATM), which would undo it, and
// Close switches it on again if that is how it was.
//
// The firmware refuses connections to those who ask too often, so one poll
// makes one connection: all reads joined in one request where the firmware
// takes that, else one of them after the other, and the report is put together
// from the latest of each.
package luxos

import (
	"time"

	"github.com/curtaild/curtaild/rigs"
)

// Defaults is what rigs with LuxOS have in common. A start takes as long as a
// reboot's ramp; sleep takes seconds.
func Defaults() rigs.Family {
	return rigs.Family{
		Name:      "luxos",
		Settle:    rigs.Settle{Stop: 45 * time.Second, Start: 8 * time.Minute, Level: 5 * time.Minute},
		StartTime: 5 * time.Minute, StopTime: 8 * time.Second,
		Poll: 5 * time.Second, PollTimeout: 12 * time.Second, CommandTimeout: 12 * time.Second,
		IdleDraw: 25,
	}
}
