package emulate

import (
	"slices"
	"time"
)

// FaultKind is a way in which a rig misbehaves.
type FaultKind string

// The faults. Several may be in force at once.
const (
	Hang           FaultKind = "hang"             // takes the connection and never answers
	Refuse         FaultKind = "refuse"           // resets the connection at once
	Dribble        FaultKind = "dribble"          // one byte every Delay (default a second)
	Half           FaultKind = "half"             // half an answer, then closes
	Garbage        FaultKind = "garbage"          // no answer of the protocol: Variant random, html, text or empty; default: they take turns
	OtherRig       FaultKind = "other-rig"        // another rig has this address: other MAC, model and serial; commands do not reach this rig
	Slow           FaultKind = "slow"             // answers after Delay (default 2 s)
	AckIgnore      FaultKind = "ack-ignore"       // says yes to a command and does nothing
	DropAfterWrite FaultKind = "drop-after-write" // does what it is told and closes without an answer
	Busy           FaultKind = "busy"             // LuxOS: someone else holds the session
	ExpireSession  FaultKind = "expire-session"   // LuxOS: the session in force ends now; once
	BigReply       FaultKind = "big-reply"        // a valid answer of more than 1 MiB
	Malformed      FaultKind = "malformed"        // JSON as broken firmware writes it: Variant as in [Malformations]
	Reboot         FaultKind = "reboot"           // goes down for For (default the family's, scaled), counters start anew; once
)

// FaultKinds lists all kinds of fault.
func FaultKinds() []FaultKind {
	return []FaultKind{
		Hang, Refuse, Dribble, Half, Garbage, OtherRig, Slow, AckIgnore, DropAfterWrite,
		Busy, ExpireSession, BigReply, Malformed, Reboot,
	}
}

// Fault is one misbehaviour. It lasts For, and for Count of the requests that
// it concerns; both zero: until [Rig.ClearFaults].
type Fault struct {
	Kind    FaultKind
	For     time.Duration
	Count   int
	Delay   time.Duration
	Variant string
}

// faults are those in force on one rig.
type faults []activeFault

type activeFault struct {
	Fault
	until time.Time // zero: without end
	turn  int       // how often it has struck
}

func (fs *faults) add(now time.Time, f Fault) {
	a := activeFault{Fault: f}
	if f.For > 0 {
		a.until = now.Add(f.For)
	}
	*fs = append(*fs, a)
}

// strike returns the first fault of the kind that is in force, and counts it
// as having struck.
func (fs *faults) strike(now time.Time, kind FaultKind) (activeFault, bool) {
	*fs = slices.DeleteFunc(*fs, func(a activeFault) bool {
		return (!a.until.IsZero() && !now.Before(a.until)) || (a.Count > 0 && a.turn >= a.Count)
	})
	for i := range *fs {
		if a := &(*fs)[i]; a.Kind == kind {
			a.turn++
			return *a, true
		}
	}
	return activeFault{}, false
}
