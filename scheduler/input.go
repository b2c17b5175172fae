package scheduler

import (
	"time"

	"github.com/curtaild/curtaild/energy"
	"github.com/curtaild/curtaild/policies"
)

// Input is everything that a decision depends on, besides the time. Decide
// changes nothing in it; whoever made it may share it with others that read.
type Input struct {
	Balance     energy.Balance
	ImportLimit *energy.Watts // most that the site may import; nil: no limit
	Aux         energy.Pct    // what fans and pumps draw, in percent of what the loads draw
	Rules       []Rule        // most important first
	Fleet       *Fleet
	Loads       []LoadState // parallel to the fleet's loads
	Ceilings    []Ceiling   // from signals
	Forecast    energy.Outlook
	Stop        energy.Reason
	DayEnd      time.Time          // when the local day ends; zero: not known
	Priced      bool               // there is a reading of what power brings when it is sold
	HashValue   policies.HashValue // what hashes bring, by the work that they are for; 0: not known
	ClockOK     bool               // the wall clock can be trusted
	// Latency is how long a command takes to reach a load, and Period the time
	// between decisions; each has a usual value in place of 0.
	Latency, Period time.Duration
	Memory          Memory
}

// LoadState is what is known of one load, besides its operating points.
type LoadState struct {
	State    energy.State
	Setpoint int // the operating point it was last told to take
	// Since is when the load last changed between off and any other point;
	// zero: longer ago than any limit reaches.
	Since time.Time
	// StartingUntil is when we stop waiting for the load's first answer after
	// the daemon's start. It binds while State is unknown.
	StartingUntil time.Time
	// Course is the draw to expect from now on if the set-point stays. The
	// zero Course is a load that has settled at its set-point.
	Course energy.Course
	Policy string // under which it last ran
	Starts int    // on the local day that ends at the input's DayEnd
}

// Ceiling is the most that all loads may draw, or that the site may import.
type Ceiling struct {
	At     energy.Bind
	Max    energy.Watts
	Reason energy.Reason
}

// Plan is the outcome of one decision.
type Plan struct {
	At        time.Time
	Decisions []energy.Decision // one for each load, in the fleet's order
	Policies  []Grant           // one for each rule, in order
	Memory    Memory            // to be handed to the next decision
	// Wake is when the same input would give another answer; zero if never.
	// It may be early, and is always after At.
	Wake time.Time
	// Budget is the available power less the reserve that leaves most; 0
	// while nothing is known of the balance.
	Budget energy.Watts
	// Granted is what the set-points cost: draw less the draw when off, aux
	// included.
	Granted energy.Watts
}

// Grant is how one policy fared in a plan.
type Grant struct {
	Policy  string
	Open    bool
	Reason  energy.Reason
	Left    energy.Watts // what its gate saw; 0 while stale
	Granted energy.Watts // what its loads' set-points cost
}

// wakeAt makes the plan wake at t, if nothing wakes it earlier.
func (p *Plan) wakeAt(t time.Time) {
	if t.After(p.At) && (p.Wake.IsZero() || t.Before(p.Wake)) {
		p.Wake = t
	}
}
