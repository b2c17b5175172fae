package energy

import "time"

// Decision is the set-point of one load in one plan, and why. Points are
// indices into the load's operating points.
type Decision struct {
	Load   string
	Policy string // the policy that granted it; empty where none did
	Reason Reason
	From   int
	To     int
	FromW  Watts
	ToW    Watts
}

// LoadView is one load as the loop saw it at one instant.
type LoadView struct {
	Spec     *LoadSpec
	Status   Status
	Setpoint Setpoint // the last one sent, with its policy and reason
	Decision Decision // of the last plan
	Draw     Watts    // expected now
}

// Snapshot is the site as the loop saw it at one instant: records, status,
// metrics and MQTT are made of it. It is never written to once handed over.
type Snapshot struct {
	At      time.Time
	Balance Balance
	Plan    uint64 // number of the plan in force
	Granted Watts  // what policies, floors and holds have given out
	Budget  Watts  // available power less reserve
	Outlook Outlook
	Loads   []LoadView
	Observe bool  // nothing is commanded
	Held    *Hold // the operator's stop of all loads; nil if none is in force
	Wake    time.Time
	Inputs  []InputView
	Signals []SignalStatus // that live, and those that ended lately
}

// Hold is an operator's stop of all loads.
type Hold struct {
	By    string    `json:"by"`
	Since time.Time `json:"since"`
}

// InputView is one reading as it stood.
type InputView struct {
	Name   string
	Role   Role
	Sample Sample
}
