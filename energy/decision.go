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
	Loads   []LoadView
	Observe bool // nothing is commanded
	Hold    bool // the operator's stop of all loads is in force
	Wake    time.Time
}

// Balance is how much power is free at one instant, and what it was made of.
type Balance struct {
	Available Watts     // what our loads may draw without importing or emptying a battery
	Net       Watts     // the draw of ours at which grid power would be 0, held-back power and battery aside
	OK        bool      // false: do not act on it
	Reason    Reason    // why not OK, or which term had to be left out; empty otherwise
	Until     time.Time // when the answer changes though no reading comes: something goes stale

	Draw                             Watts  // ours, now
	DrawBy                           string // meter, rigs or estimate
	Grid                             Sample
	Generation                       Sample
	Load                             Sample
	Surplus                          Sample
	Curtailed                        Sample
	Battery                          Sample
	SoC                              Sample
	Flexible                         Sample
	ImportPrice, ExportPrice, Carbon Sample
}
