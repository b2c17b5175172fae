package policies

import (
	"time"

	"github.com/curtaild/curtaild/energy"
)

// Objective is what a policy wants the most of for its power.
type Objective string

// The objectives.
const (
	Hashes Objective = "hashes" // most hashes
	Net    Objective = "net"    // most energy absorbed, less what is imported for it
	Profit Objective = "profit" // hashes, but only where they bring more than their power does when sold
)

// HashValue is what hashes bring, in the site's currency for each hash.
type HashValue float64

// Bridge is what a policy may buy to carry running loads through a dip in
// what is available. The zero Bridge buys nothing.
type Bridge struct {
	Auto bool          // as long as it pays, judged by how dips have gone; nothing below bounds it
	For  time.Duration // at most, for each dip
	// PerDip is the most energy for one dip, and PerDay that for all dips of
	// a local day; 0: what the other bounds allow.
	PerDip energy.Joules
	PerDay energy.Joules
	// MaxPrice is the most that a MWh may cost while it is bought, if
	// HasMaxPrice; it may be negative. Where the price is not known, nothing
	// is bought then.
	MaxPrice    float64
	HasMaxPrice bool
}

// Probe is how a policy feels for power that a plant hides behind its export
// limit: it draws Step more, and gives it back if export has not come back to
// the limit within Every. The zero Probe does not.
type Probe struct {
	Step  energy.Watts
	Every time.Duration
}
