package energy

import "time"

// BalanceKind is which readings a balance is made of.
type BalanceKind string

// The kinds.
const (
	BalanceGrid           BalanceKind = "grid"
	BalanceSurplus        BalanceKind = "surplus"
	BalanceGenerationLoad BalanceKind = "generation_load"
)

// HeldAt says where a plant holds power back.
type HeldAt string

// Where power is held back.
const (
	HeldAtConnection HeldAt = "connection" // drawing more lets the plant make more
	HeldAtGenerator  HeldAt = "generator"  // it does not
)

// BalanceSpec is what the config says of a site's balance.
type BalanceSpec struct {
	Kind                 BalanceKind
	SurplusIncludesLoads bool // our draw is already taken off the surplus reading
	LoadIncludesLoads    bool // our draw is part of the load reading
	HeldAt               HeldAt
	Follow               time.Duration // the plant makes what we draw more within this long; 0: not judged
	ExportLimit          *Watts        // the most that may leave the site; nil: none, or a reading tells
	ExportBand           Watts         // how far short of the limit export still counts as being at it; 0: see band
	Battery              *BatterySpec  // nil: what the battery charges with is its own affair
	Aux                  Pct           // fans and pumps, on top of what loads draw; a sub-meter sees them itself
}

// BatterySpec says when the battery comes before our loads. Nothing is ever
// taken out of it for them.
type BatterySpec struct {
	FirstUntil Pct   // it comes first until it has this much,
	AgainBelow Pct   // and again once it has less than this
	MaxCharge  Watts // the most it takes
}

// What counts as being at the export limit where the config does not say:
// plants hold a limit to within a few percent, small ones to within the noise
// of their meter.
const (
	bandShare       = 0.05
	leastBand Watts = 500
)

// band is how far short of limit export still counts as being at it.
func (s *BalanceSpec) band(limit Watts) Watts {
	if s.ExportBand > 0 {
		return s.ExportBand
	}
	return max(leastBand, bandShare*limit)
}

// limit is the most that may leave the site: the lower one of what the config
// says and what a reading does. While that reading is stale nobody knows.
func (s *BalanceSpec) limit(b *Board, now time.Time) Sample {
	x := Sample{}
	if s.ExportLimit != nil {
		x = Sample{Value: float64(*s.ExportLimit), At: now, Quality: Good}
	}
	if !b.Has(RoleExportLimit) {
		return x
	}
	read := b.Role(RoleExportLimit, now)
	if !read.OK() {
		read.Quality = Stale
		return read
	}
	read.Value = max(0, read.Value)
	if x.OK() {
		read.Value = min(read.Value, x.Value)
	}
	return read
}
