package energy

import "time"

// OperatingPoint is one power level that a load can hold. Off is one of them,
// and off is not always 0 W: a point costs its draw less the draw when off.
type OperatingPoint struct {
	Name string // the firmware's name of the level: a profile, a frequency; "off"
	Draw Watts
	Rate HashRate
}

// Off is the index of the operating point "off" in every list of points. The
// others follow by rising draw.
const Off = 0

// OnExit says what becomes of a load when the daemon ends.
type OnExit string

// What a load may do when the daemon goes.
const (
	ExitKeep OnExit = "keep"
	ExitStop OnExit = "stop"
)

// LoadSpec is what the config says of one load.
type LoadSpec struct {
	Name   string
	Group  string
	Labels []string
	Family string // "luxos", "bitaxe", "local"
	MinOn  time.Duration
	MinOff time.Duration
	// MaxStarts is how often the load may start on one local day; 0: any.
	MaxStarts int
	OnExit    OnExit
	Ramp      Ramp // the family's default, or the config's
}

// State is what a load is doing. What is not known stays unknown.
type State string

// The states.
const (
	StateUnknown     State = "unknown" // not heard from yet
	StateIdle        State = "idle"    // told to stop, not hashing
	StateStarting    State = "starting"
	StateRunning     State = "running"
	StateThrottled   State = "throttled"
	StateStopping    State = "stopping"
	StatePaused      State = "paused" // in order, and keeps itself off, as its config asks; Err says why
	StateFault       State = "fault"
	StateSuspect     State = "suspect" // what it says and what it draws disagree
	StateUnreachable State = "unreachable"
)

// PowerSource says where a draw comes from.
type PowerSource string

// The sources, best first.
const (
	Measured  PowerSource = "measured"
	Estimated PowerSource = "estimated"
	Nameplate PowerSource = "nameplate"
)

// Setpoint is the operating point a load is told to take. A load ignores a
// set-point whose Seq it has already carried out.
type Setpoint struct {
	Load   string
	Seq    uint64
	Point  int    // index into the load's operating points; Off stops it
	Name   string // the point's name, so that a changed list cannot be misread
	Draw   Watts  // the draw to expect
	Policy string
	Reason Reason
	At     time.Time
}

// Status is what is known of one load, sent by the load whenever it learns
// something. The receiver owns it; Points is shared and never written to.
type Status struct {
	Load   string
	At     time.Time // when the device said it, or failed to
	State  State
	Point  int    // the point the device itself says it is at; -1 if it does not say
	Seq    uint64 // the last set-point that the device has accepted
	Points []OperatingPoint
	Stated bool // Points are the operator's word: what is measured does not change them
	Ramp   Ramp // how fast the draw follows a set-point; zero: as the spec says
	Draw   Watts
	DrawAt time.Time // when Draw was read; zero: at At
	Source PowerSource
	Rate   HashRate
	TempC  float64 // hottest sensor; 0 if none
	// PerHash is what each hash is expected to bring, by what the work itself
	// says (nothing that a pool keeps is taken off), in the coin's smallest unit; 0: not
	// known, or nothing.
	PerHash float64

	// Our own counters: monotone, kept across restarts of the daemon.
	Energy   Joules
	Hashes   float64
	Earned   float64 // what they were expected to bring, see PerHash
	Accepted uint64  // shares
	Rejected uint64
	Starts   uint64 // from off to any other point, commanded or not

	Model string // of the device
	Err   string // why the last attempt failed, or why the load is paused; else empty
}

// Heard reports whether the device answered.
func (s Status) Heard() bool { return s.State.Heard() }

// Heard reports whether a device in this state has answered.
func (s State) Heard() bool { return s != StateUnknown && s != StateUnreachable && s != "" }
