package energy

import "time"

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

// Who says what we draw.
const (
	DrawByMeter    = "meter"
	DrawByRigs     = "rigs"
	DrawByEstimate = "estimate"
)

// BalanceSpec is what the config says of a site's balance.
type BalanceSpec struct {
	Kind                 BalanceKind
	SurplusIncludesLoads bool // our draw is already taken off the surplus reading
	LoadIncludesLoads    bool // our draw is part of the load reading
	HeldAt               HeldAt
	Aux                  Pct // fans and pumps, on top of what loads draw; a sub-meter sees them itself
}

// Balance is how much power is free at now. Every reading is combined with our
// draw at the reading's own source time, and over the window that its meter
// averages: with the draw of now, a meter that lags makes the loop answer its
// own last step, and it hunts.
//
//	grid              Net = D − g
//	surplus           Net = surplus, plus D where the reading has it taken off
//	generation, load  Net = generation − load, plus D where the load holds it
//	all               Available = max(0, Net + held back − battery discharge)
//
// A stale grid, surplus, generation or load leaves nothing to act on: not OK,
// reason stale. So does a stale battery, where there is one, for all that we
// draw might be coming out of it. A stale curtailed only costs its own term.
func (s BalanceSpec) Balance(now time.Time, b *Board, d *Draws) Balance {
	out := Balance{
		Grid:        b.Role(RoleGrid, now),
		Generation:  b.Role(RoleGeneration, now),
		Load:        b.Role(RoleLoad, now),
		Surplus:     b.Role(RoleSurplus, now),
		Curtailed:   b.Role(RoleCurtailed, now),
		Battery:     b.Role(RoleBattery, now),
		SoC:         b.Role(RoleSoC, now),
		Flexible:    b.Role(RoleFlexible, now),
		ImportPrice: b.Role(RoleImportPrice, now),
		ExportPrice: b.Role(RoleExportPrice, now),
		Carbon:      b.Role(RoleCarbon, now),
	}
	c := course{draws: d, meter: out.Flexible, scale: 1 + float64(s.Aux)/100}
	out.Draw, out.DrawBy = c.at(Sample{At: now}), c.by()

	main, ok := s.net(&out, c)
	battery := !b.Has(RoleBattery) || out.Battery.OK()
	if !ok || !battery {
		out.Reason = StaleInput
		return out
	}
	out.OK = true
	free := out.Net - s.discharge(&out, c, main)
	if b.Has(RoleCurtailed) {
		held, why := s.heldBack(&out, c, main)
		free += held
		out.Reason = why
	}
	out.Available = max(0, free)
	for _, x := range []Sample{main, s.other(&out), out.Battery, out.Curtailed, out.Flexible} {
		out.Until = earliest(out.Until, x)
	}
	return out
}

// net fills in Net and gives the reading whose source time it holds for.
func (s BalanceSpec) net(out *Balance, c course) (Sample, bool) {
	switch s.Kind {
	case BalanceSurplus:
		x := out.Surplus
		if out.Net = x.Watts(); s.SurplusIncludesLoads {
			out.Net += c.at(x)
		}
		return x, x.OK()
	case BalanceGenerationLoad:
		x, y := out.Generation, out.Load
		if out.Net = x.Watts() - y.Watts(); s.LoadIncludesLoads {
			out.Net += c.at(y)
		}
		return x, x.OK() && y.OK()
	default:
		x := out.Grid
		out.Net = c.at(x) - x.Watts()
		return x, x.OK()
	}
}

// other is the second reading that Net is made of, if there is one.
func (s BalanceSpec) other(out *Balance) Sample {
	if s.Kind == BalanceGenerationLoad {
		return out.Load
	}
	return Sample{}
}

// discharge is the battery's discharge that must be taken off Net. The battery
// is read at another instant than Net, so its power is first carried over to
// Net's: a battery that holds grid power at 0 answers each watt of our draw
// that export did not cover.
//
// Where Net does not come from a grid meter, our draw beyond Net comes out of
// the battery by itself, and does not make Net any smaller; what discharge is
// left beside that is part of the generation as it was read.
func (s BalanceSpec) discharge(out *Balance, c course, main Sample) Watts {
	if !out.Battery.OK() {
		return 0
	}
	then, atBattery := c.at(main), c.at(out.Battery)
	export := max(0, out.Net-then)
	power := out.Battery.Watts()
	switch shift := then - atBattery; {
	case shift > export:
		power -= shift - export
	case -shift > export:
		power += -shift - export
	}
	off := max(0, -power)
	if s.Kind != BalanceGrid {
		off = max(0, off-max(0, then-out.Net))
	}
	return off
}

// heldBack is the power that the plant would make if we drew it, carried over
// to the source time of Net: while a plant is held back at its connection, it
// makes a watt more for each watt that we draw more. A plant that held nothing
// back tells nothing of other instants.
func (s BalanceSpec) heldBack(out *Balance, c course, main Sample) (Watts, Reason) {
	x := out.Curtailed
	switch {
	case !x.OK():
		return 0, StaleInput
	case x.Value <= 0:
		return 0, ""
	case s.HeldAt != HeldAtConnection:
		return 0, NotRecoverable
	}
	return max(0, x.Watts()-(c.at(main)-c.at(x))), ""
}

// earliest is the sooner of t and the end of x; zero means never. What is not
// good does not change by itself.
func earliest(t time.Time, x Sample) time.Time {
	if !x.OK() || x.Until.IsZero() || !t.IsZero() && t.Before(x.Until) {
		return t
	}
	return x.Until
}

// course is our draw as well as it is known: by the sub-meter while that is
// fresh, else by what loads report.
type course struct {
	draws *Draws
	meter Sample
	scale float64
}

// at is our mean draw over the window of x, at its source time.
func (c course) at(x Sample) Watts {
	if c.meter.OK() {
		return c.draws.Corrected(x.At, x.Window, c.meter, c.scale)
	}
	return Watts(c.scale) * c.draws.over(x.At, x.Window)
}

func (c course) by() string {
	switch {
	case c.meter.OK():
		return DrawByMeter
	case c.draws.Source == "" || c.draws.Source == Measured:
		return DrawByRigs
	}
	return DrawByEstimate
}
