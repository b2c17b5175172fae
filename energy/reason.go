package energy

// Reason says why a decision came out as it did. The list is closed: every
// decision, log line, point and page bears one of these words, and
// docs/reasons.md explains each.
type Reason string

// The reasons.
const (
	// What policies want.
	Surplus    Reason = "surplus"     // runs on power that is available
	Probing    Reason = "probe"       // raised to see whether the plant makes more
	Fixed      Reason = "fixed"       // runs on a fixed power that the policy grants
	NoSurplus  Reason = "no-surplus"  // too little is available: the gate is closed
	StartDelay Reason = "start-delay" // enough is available, but not for long enough yet
	StopDelay  Reason = "stop-delay"  // too little is available, but not for long enough yet to close the gate
	NoBudget   Reason = "no-budget"   // the gate is open, but what is left does not carry this load (further)
	Fleeting   Reason = "fleeting"    // there is enough, but it is not expected to last long enough for a start
	Bridged    Reason = "bridge"      // goes on through a dip, on power that is bought
	RampLimit  Reason = "ramp"        // the policy's ramp lets its grant change no faster
	NoProfit   Reason = "no-profit"   // the power brings more when it is sold
	InFlight   Reason = "in-flight"   // waits until draw that is on its way down has gone
	Closed     Reason = "closed"      // outside the policy's schedule
	NoPolicy   Reason = "no-policy"   // no policy names the load

	// What stands above policies.
	SignalLimit Reason = "signal-limit"
	SignalStop  Reason = "signal-stop"
	ImportLimit Reason = "import-limit"
	HoldOff     Reason = "hold-off" // an operator's hold
	StaleInput  Reason = "stale"    // an input is too old to act on
	StaleKeep   Reason = "stale-keep"
	MinOn       Reason = "min-on"
	MinOff      Reason = "min-off"
	MaxStarts   Reason = "max-starts"
	Clock       Reason = "clock" // the wall clock cannot be trusted yet

	// What the load itself says.
	Starting     Reason = "starting"     // the daemon has not heard from the load yet
	Unreachable  Reason = "unreachable"  // the load does not answer
	Unidentified Reason = "unidentified" // its operating points are not known yet
	Paused       Reason = "paused"       // the load keeps itself off: on battery power, on a hot CPU, on a busy machine
	Fault        Reason = "fault"

	// How the daemon ends.
	Drain    Reason = "drain"
	Shutdown Reason = "shutdown"

	// Of the balance.
	NotRecoverable Reason = "not-recoverable" // the plant does not make more when we draw more
	OffLimit       Reason = "off-limit"       // export is not at its limit: nothing is held back there
)

// Reasons lists every reason, for documentation and for checking what is read
// back.
func Reasons() []Reason {
	return []Reason{
		Surplus, Probing, Fixed, NoSurplus, StartDelay, StopDelay, NoBudget, Fleeting, Bridged, RampLimit, NoProfit, InFlight, Closed, NoPolicy,
		SignalLimit, SignalStop, ImportLimit, HoldOff, StaleInput, StaleKeep, MinOn, MinOff, MaxStarts, Clock,
		Starting, Unreachable, Unidentified, Paused, Fault, Drain, Shutdown, NotRecoverable, OffLimit,
	}
}
