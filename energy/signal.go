package energy

import "time"

// SignalKind is what a signal asks for.
type SignalKind string

// The kinds.
const (
	KindLimit   SignalKind = "limit"
	KindStop    SignalKind = "stop"
	KindRelease SignalKind = "release" // ends a latched stop
	KindCancel  SignalKind = "cancel"  // ends the signal with the same id
)

// Bind is where a signal binds.
type Bind string

// Where a signal may bind.
const (
	AtFlexible  Bind = "flexible"   // the draw of all our loads
	AtPCCImport Bind = "pcc_import" // import at the point of connection
)

// Signal is an instruction from outside, checked for form but not yet against
// what the source may send.
type Signal struct {
	Source   string
	ID       string
	Revision int
	Issued   time.Time
	Received time.Time
	Kind     SignalKind
	At       Bind
	Max      Watts         // of a limit
	Start    time.Time     // "now" is the time of receipt
	End      time.Time     // zero: until cancelled
	Deadline time.Duration // how long it may take to comply; zero: as fast as can be
	Test     bool          // run the life cycle, touch no load
	Fault    string        // why the payload cannot be accepted; empty if it can
}

// SignalState is where a signal is in its life.
type SignalState string

// The states of a signal.
const (
	SignalAccepted   SignalState = "accepted"
	SignalRejected   SignalState = "rejected"
	SignalSuperseded SignalState = "superseded"
	SignalStarted    SignalState = "started"
	SignalAchieved   SignalState = "achieved"
	SignalPartial    SignalState = "partial"
	SignalViolated   SignalState = "violated"
	SignalCompleted  SignalState = "completed"
	SignalCancelled  SignalState = "cancelled"
	SignalFailed     SignalState = "failed"
)

// SignalStatus is what a source is told of its signal. A pointer that is nil
// was not measured or does not apply, and is left out of the JSON.
type SignalStatus struct {
	V          int         `json:"v"`
	Source     string      `json:"-"`
	Kind       SignalKind  `json:"-"`
	ID         string      `json:"id"`
	Revision   int         `json:"revision"`
	State      SignalState `json:"state"`
	Reason     string      `json:"reason,omitempty"`
	Received   time.Time   `json:"received"`
	AskedKW    *float64    `json:"asked_kw,omitempty"`
	MeasuredKW *float64    `json:"measured_kw,omitempty"`
	MeasuredBy string      `json:"measured_by,omitempty"` // meter, rigs or estimate
	ExpectedS  *float64    `json:"expected_s,omitempty"`
	AchievedS  *float64    `json:"achieved_s,omitempty"`
	BaselineKW *float64    `json:"baseline_kw,omitempty"`
	Delivered  *float64    `json:"delivered_kw,omitempty"`
	ViolationS float64     `json:"violation_s"`
	MaxOverKW  float64     `json:"max_over_kw"`

	At  time.Time `json:"-"` // when the state was entered
	End time.Time `json:"-"` // when the status may be cleared; zero while the signal lives
}
