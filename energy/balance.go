package energy

import (
	"cmp"
	"time"
)

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
	Curtailed                        Sample // as it was read, or potential less generation
	Potential                        Sample
	ExportLimit                      Sample // the most that may leave the site; never heard where there is none
	Held                             Watts  // of Available: what the plant would make if we drew it
	ExportBand                       Watts  // how far short of the limit export still counts as being at it
	Battery                          Sample
	SoC                              Sample
	Flexible                         Sample
	ImportPrice, ExportPrice, Carbon Sample
}

// Who says what we draw.
const (
	DrawByMeter    = "meter"
	DrawByRigs     = "rigs"
	DrawByEstimate = "estimate"
)

// Balancer makes balances, one after the other. It remembers what the plant
// has made lately; one goroutine owns it. Readings and times alone decide what
// it says.
type Balancer struct {
	Spec   BalanceSpec
	Memory BalanceMemory
	Made   Draws // what the plant made over the last 15 minutes, by source time
}

// BalanceMemory is what one balance leaves to the next, and what outlives the
// daemon.
type BalanceMemory struct {
	Charge Charge `json:"charge,omitzero"`
	Follow Follow `json:"follow,omitzero"`
}

// Balance is how much power is free at now. Every reading is combined with our
// draw at the reading's own source time, and over the window that its meter
// averages: with the draw of now, a meter that lags makes the loop answer its
// own last step, and it hunts.
//
//	grid              Net = D − g
//	surplus           Net = surplus, plus D where the reading has it taken off
//	generation, load  Net = generation − load, plus D where the load holds it
//	all               Available = max(0, Net + held back − battery's part)
//
// A stale grid, surplus, generation or load leaves nothing to act on: not OK,
// reason stale. So does a stale battery, where there is one, for all that we
// draw might be coming out of it. A stale curtailed, potential or export limit
// only costs the held back power, a stale state of charge only what the
// battery could spare.
func (k *Balancer) Balance(now time.Time, b *Board, d *Draws) Balance {
	s := &k.Spec
	out := Balance{
		Grid:        b.Role(RoleGrid, now),
		Generation:  b.Role(RoleGeneration, now),
		Load:        b.Role(RoleLoad, now),
		Surplus:     b.Role(RoleSurplus, now),
		Curtailed:   b.Role(RoleCurtailed, now),
		Potential:   b.Role(RolePotential, now),
		ExportLimit: s.limit(b, now),
		Battery:     b.Role(RoleBattery, now),
		SoC:         b.Role(RoleSoC, now),
		Flexible:    b.Role(RoleFlexible, now),
		ImportPrice: b.Role(RoleImportPrice, now),
		ExportPrice: b.Role(RoleExportPrice, now),
		Carbon:      b.Role(RoleCarbon, now),
	}
	if b.Has(RolePotential) {
		out.Curtailed = potentialLess(out.Potential, out.Generation)
	}
	out.ExportBand = s.band(out.ExportLimit.Watts())
	c := course{draws: d, meter: out.Flexible, scale: 1 + float64(s.Aux)/100}
	out.Draw, out.DrawBy = c.at(Sample{At: now}), c.by()

	main, ok := s.net(&out, c)
	battery := !b.Has(RoleBattery) || out.Battery.OK()
	if !ok || !battery {
		out.Reason = StaleInput
		return out
	}
	out.OK = true
	power := s.battery(&out, c, main)
	part, why := s.batteryPart(&out, &k.Memory.Charge, c.at(main), main.At, power)
	out.Reason = why
	free := out.Net - part
	if b.Has(RoleCurtailed) || b.Has(RolePotential) {
		out.Held, why = k.heldBack(&out, c, main, power)
		out.Reason = cmp.Or(why, out.Reason)
	}
	out.Available = max(0, free+out.Held)
	for _, x := range []Sample{main, s.other(&out), out.Battery, out.Curtailed, out.ExportLimit, out.SoC, out.Flexible} {
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

// risen is how much more we draw at the time of x than at the least in the
// time d before.
func (c course) risen(x Sample, d time.Duration) Watts {
	from := x.At.Add(-x.Window - d)
	return max(0, Watts(c.scale)*(c.draws.over(x.At, x.Window)-c.draws.least(from, x.At)))
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
