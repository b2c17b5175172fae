package energy

import "time"

const (
	// chargerTime is for how long a battery must have left export alone before it is
	// believed to take no more: a charger answers within seconds.
	chargerTime = time.Minute
	// acceptsFor is how long that is believed. It takes less as it fills, and
	// more again when it is emptier, or has grown warm.
	acceptsFor = time.Hour
	emptier    = 1 // points of charge
)

// Charge is what is remembered of the battery.
type Charge struct {
	Enough    bool      `json:"enough,omitempty"`    // it has what it is to have before our loads
	Exporting time.Time `json:"exporting,omitzero"`  // since when power has left the site that it might have taken
	Takes     Watts     `json:"takes,omitempty"`     // the most it was found to take
	TakesAt   time.Time `json:"takes_at,omitzero"`   // when; zero: not known
	TakesSoC  float64   `json:"takes_soc,omitempty"` // and with how much charge
}

// battery is the battery's power, charging positive. It is read at another
// instant than Net, so it is carried over to Net's: a battery that holds grid
// power at 0 answers each watt of our draw that export did not cover.
func (s *BalanceSpec) battery(out *Balance, c course, main Sample) Watts {
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
	return power
}

// batteryPart is what must be taken off Net for the battery, given its power
// and our draw at Net's time. Its discharge, always. Until it has enough, also
// what more it would take. Once it has, what it charges with is ours to take:
// a negative part.
//
// Where Net comes from a grid meter it is after the battery; else it is before
// it: what the battery charges with is still in it, and our draw beyond Net
// comes out of the battery by itself and does not make Net any smaller; what
// discharge is left beside that is part of the generation as it was read.
func (s *BalanceSpec) batteryPart(out *Balance, m *Charge, draw Watts, at time.Time, power Watts) (Watts, Reason) {
	if !out.Battery.OK() {
		return 0, ""
	}
	part, charge, grid := max(0, -power), max(0, power), s.Kind == BalanceGrid
	if !grid {
		part = max(0, part-max(0, draw-out.Net))
	}
	if s.Battery == nil {
		return part, ""
	}
	why := StaleInput
	if out.SoC.OK() {
		why = ""
		m.judge(s.Battery, out.SoC.Value)
	}
	exported := out.Net - draw
	if !grid {
		exported -= power
	}
	m.learn(s.Battery, out.SoC, at, charge, exported)
	switch enough := m.Enough && why == ""; {
	case enough && grid:
		return part - charge, ""
	case enough:
		return part, ""
	case grid:
		return part + max(0, m.takes(s.Battery)-charge), why
	default:
		return part + max(charge, m.takes(s.Battery)), why
	}
}

// judge says whether the battery has enough, with hysteresis.
func (m *Charge) judge(s *BatterySpec, soc float64) {
	switch {
	case soc >= float64(s.FirstUntil):
		m.Enough = true
	case soc < float64(s.AgainBelow):
		m.Enough = false
	}
}

// learn notices how much the battery takes: what it goes on charging with
// while power leaves the site. To leave it max_charge that it does not take
// would waste the difference; to take whatever is exported would be answered
// by the battery, and hunt.
func (m *Charge) learn(s *BatterySpec, soc Sample, at time.Time, charge, exported Watts) {
	stale := at.After(m.TakesAt.Add(acceptsFor)) || at.Before(m.TakesAt)
	if stale || soc.OK() && soc.Value <= m.TakesSoC-emptier {
		m.TakesAt = time.Time{}
	}
	m.Takes = max(m.Takes, charge)
	if exported <= max(50, s.MaxCharge/50) {
		m.Exporting = time.Time{}
		return
	}
	if m.Exporting.IsZero() || at.Before(m.Exporting) {
		m.Exporting = at
	}
	if at.Sub(m.Exporting) >= chargerTime {
		m.Takes, m.TakesAt, m.TakesSoC = charge, at, soc.Value
	}
}

// takes is the most that the battery would charge with.
func (m *Charge) takes(s *BatterySpec) Watts {
	if m.TakesAt.IsZero() {
		return s.MaxCharge
	}
	return min(m.Takes, s.MaxCharge)
}
