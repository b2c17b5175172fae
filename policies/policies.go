// Package policies is the language in which an operator says which loads may
// use how much of what, and when. It holds the typed policies and loads them
// from YAML, with every fault by file, line and column; it evaluates nothing:
// package scheduler does.
package policies

import (
	"time"

	"github.com/curtaild/curtaild/energy"
	"github.com/curtaild/curtaild/policies/strict"
)

// Policy grants its loads power. Policies are read top to bottom: each takes
// what it may from what those above it have left.
type Policy struct {
	Name     string
	Loads    []string // names, groups or labels, as written
	Order    Order
	Use      Use
	Start    Threshold // the gate opens after more than Start.Power for Start.For
	Stop     Threshold // and closes after less than Stop.Power for Stop.For
	Reserve  energy.Watts
	OnStale  OnStale
	Schedule []Window // none: always open

	Objective Objective
	HashValue HashValue   // with Profit
	ByWork    bool        // what hashes bring is read from the work, in place of HashValue
	Bridge    Bridge      // into running loads' lowest points, through dips
	Ramp      energy.Ramp // of what the policy grants; a zero direction is unlimited
	Probe     Probe

	currency string                // of HashValue
	at       map[string]strict.Pos // where each key of it stands; never written after Load
}

// Pos is where a key of the policy stands in its file, by a path such as
// "stop.below" or "loads[1]"; where the policy itself does, for a key that is
// not there.
func (p *Policy) Pos(key string) strict.Pos {
	if pos, ok := p.at[key]; ok {
		return pos
	}
	return p.at[""]
}

func (p *Policy) has(key string) bool {
	_, ok := p.at[key]
	return ok
}

// Order says which loads of a policy come first.
type Order string

// The orders.
const (
	Efficient Order = "efficient" // fewest joules a hash first
	Listed    Order = "listed"    // entries of Loads are tiers; within one, efficient
)

// Use is what a policy draws on.
type Use struct {
	Available bool         // all that costs no import
	Fixed     energy.Watts // or a fixed power, wherever it comes from
}

// Threshold is a power and how long it must have held.
type Threshold struct {
	Power energy.Watts
	For   time.Duration
}

// OnStale says what becomes of a policy's loads while its inputs are stale:
// for Keep nothing rises; then Then.
type OnStale struct {
	Keep  time.Duration
	Then  Then
	Power energy.Watts // with ThenPower: at most this much for the policy
}

// Then is what follows when stale inputs have been kept for long enough.
type Then string

// What may follow.
const (
	ThenStop  Then = "stop"
	ThenKeep  Then = "keep"
	ThenPower Then = "power"
)

// Window is one weekly or yearly recurring span, given by two cron
// expressions in the site's time zone. Its state at any time follows from
// whichever event came last.
type Window struct {
	Open, Close string
}
