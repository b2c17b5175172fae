package config

import (
	"regexp"
	"time"

	"github.com/curtaild/curtaild/energy"
	"github.com/curtaild/curtaild/policies"
	"github.com/curtaild/curtaild/policies/strict"
)

func (l *loader) site(m *strict.Map) {
	m.Require("name")
	s := &l.cfg.Site
	s.Name = policies.Name(m.At("name"))
	s.Zone = zone(m.At("time_zone"))
	s.ImportLimit = limit(m.At("import_limit"))
	s.ExportLimit = limit(m.At("export_limit"))
	s.Interval = interval(m)
	s.Currency = m.String("currency", defaultCurrency)
	if !regexp.MustCompile(`^[A-Z]{3}$`).MatchString(s.Currency) {
		m.At("currency").Fault("%q is no currency: write its three letters, as in EUR", s.Currency)
		s.Currency = defaultCurrency
	}
	l.cfg.Balance.ExportLimit = s.ExportLimit
	if n := m.At("export_band"); n.Present() {
		if l.cfg.Balance.ExportBand = n.Watts(0); n.Valid() && l.cfg.Balance.ExportBand <= 0 {
			n.Fault("must be above 0 W: it is how far short of the limit export still counts as being at it")
		}
	}
	if m.Has("battery") {
		l.cfg.Balance.Battery = battery(m.Map("battery"))
	}
	l.cfg.Balance.Kind = strict.Enum(m, "balance", "", energy.BalanceGrid, energy.BalanceSurplus, energy.BalanceGenerationLoad)
	l.cfg.Balance.Aux = m.Pct("aux", 0)
	if a := l.cfg.Balance.Aux; a < 0 || a > 100 {
		m.At("aux").Fault("%v is out of range: write 0 %% to 100 %%, what fans and pumps draw in percent of the loads' draw", a)
	}
	m.Done()
}

// battery is when the site's battery comes before the loads.
func battery(m *strict.Map) *energy.BatterySpec {
	const never = "never"
	m.Require("first_until", "max_charge")
	s := &energy.BatterySpec{FirstUntil: m.Pct("first_until", 0), MaxCharge: m.Watts("max_charge", 0)}
	if n := m.At("first_until"); n.Valid() && (s.FirstUntil <= 0 || s.FirstUntil > 100) {
		n.Fault("%v is out of range: write 1 %% to 100 %%, the charge up to which the battery comes first", s.FirstUntil)
	}
	s.AgainBelow = m.Pct("again_below", max(0, s.FirstUntil-defaultHysteresis))
	if n := m.At("again_below"); n.Valid() && (s.AgainBelow < 0 || s.AgainBelow >= s.FirstUntil) {
		n.Fault("%v is not below first_until %v: the battery would come first and last by turns; lower it", s.AgainBelow, s.FirstUntil)
	}
	if n := m.At("max_charge"); n.Valid() && s.MaxCharge <= 0 {
		n.Fault("must be above 0 W: it is the most that the battery takes")
	}
	strict.Enum(m, "discharge_for_loads", never, never)
	m.Done()
	return s
}

func zone(n strict.Node) *time.Location {
	name := n.String(defaultTimeZone)
	z, err := time.LoadLocation(name)
	if err != nil || name == "Local" {
		n.Fault("unknown time zone %q: want a name of the IANA list, as in Europe/Berlin", name)
		return time.UTC
	}
	return z
}

// limit is a power that may be absent, and is not negative.
func limit(n strict.Node) *energy.Watts {
	w := n.Watts(0)
	if !n.Valid() {
		return nil
	}
	if w < 0 {
		n.Fault("%v is negative: a limit is 0 W or more", w)
		return nil
	}
	return &w
}

// interval is a settlement interval: one that the hour is a multiple of.
func interval(m *strict.Map) time.Duration {
	d := m.Duration("interval", defaultInterval)
	switch d {
	case time.Minute, 5 * time.Minute, 15 * time.Minute, 30 * time.Minute, time.Hour:
		return d
	}
	m.At("interval").Fault("%q is no settlement interval: want 1m, 5m, 15m, 30m or 60m", m.String("interval", ""))
	return defaultInterval
}
