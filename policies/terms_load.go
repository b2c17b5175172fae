package policies

import (
	"errors"
	"fmt"
	"regexp"
	"strconv"
	"time"

	"github.com/curtaild/curtaild/energy"
	"github.com/curtaild/curtaild/policies/strict"
)

// terms reads on what terms p uses its power.
func (p *Policy) terms(m *strict.Map) {
	p.note(m, "objective", "hash_value", "bridge", "ramp", "probe")
	p.Objective = strict.Enum(m, "objective", p.Objective, Hashes, Net, Profit)
	p.hashValue(m.At("hash_value"))
	if p.Objective == Profit && !m.Has("hash_value") {
		m.At("objective").Fault("profit needs to know what hashes bring: give hash_value too, as in %q, or %q", "45 EUR/PH/s/d", byWork)
	}
	p.bridge(m.At("bridge"))
	p.ramp(m.Map("ramp"))
	p.probe(m.Map("probe"))
}

// byWork is the word for a hash value that is read from the work.
const byWork = "work"

func (p *Policy) hashValue(n strict.Node) {
	s := n.String("")
	if p.ByWork = s == byWork; p.ByWork || s == "" {
		return
	}
	v, currency, err := parseHashValue(s)
	if err != nil {
		n.Fault("%v", err)
		return
	}
	p.HashValue, p.currency = v, currency
}

// parseHashValue reads what a hash rate brings in a time: "45 EUR/PH/s/d".
func parseHashValue(s string) (v HashValue, currency string, err error) {
	const like = "45 EUR/PH/s/d"
	m := regexp.MustCompile(`^([0-9]+(?:\.[0-9]+)?) ?([A-Z]{3})/((?:[kMGTPE])?H/s)/(d|h)$`).FindStringSubmatch(s)
	if m == nil {
		return 0, "", fmt.Errorf("hash value %q: want what a hash rate brings in a day or an hour, as in %q, or %q", brief(s), like, byWork)
	}
	amount, err := strconv.ParseFloat(m[1], 64)
	rate, errRate := energy.ParseHashRate("1 " + m[3])
	if err = errors.Join(err, errRate); err != nil || amount <= 0 {
		return 0, "", fmt.Errorf("hash value %q: want an amount above 0, as in %q", brief(s), like)
	}
	span := 24 * time.Hour
	if m[4] == "h" {
		span = time.Hour
	}
	return HashValue(amount / float64(rate) / span.Seconds()), m[2], nil
}

// auto is the word for a bridge that the controller judges itself.
const auto = "auto"

func (p *Policy) bridge(n strict.Node) {
	if n.Present() && !n.IsMap() {
		s := n.String("")
		if s != "" && s != auto {
			n.Fault("unknown value %q: want %q, or bounds, as in {for: 3m, energy: 70 kWh, per_day: 300 kWh}", brief(s), auto)
		}
		p.Bridge.Auto = s == auto
		return
	}
	m, b := n.Map(), &p.Bridge
	m.Require("for", "energy")
	b.For = some(m, "for", m.Duration("for", 0))
	b.PerDip = some(m, "energy", m.Joules("energy", 0))
	b.PerDay = some(m, "per_day", m.Joules("per_day", 0))
	strict.Enum(m, "per", "dip", "dip")
	b.MaxPrice, b.HasMaxPrice = m.Number("max_price", 0), m.At("max_price").Valid()
	if day := m.At("per_day"); day.Valid() && b.PerDay < b.PerDip {
		day.Fault("%v is less than energy, which is %v for one dip: raise it, or lower energy", b.PerDay, b.PerDip)
	}
	p.noteIn(m, "bridge", "max_price")
	m.Done()
}

func (p *Policy) ramp(m *strict.Map) {
	p.Ramp = energy.Ramp{Up: some(m, "up", m.Slope("up", 0)), Down: some(m, "down", m.Slope("down", 0))}
	if m.Valid() && !m.Has("up") && !m.Has("down") {
		m.Fault("bounds nothing: give up or down, as in {up: 40 kW/min, down: 600 kW/min}, or leave the key out")
	}
	p.noteIn(m, "ramp", "up")
	m.Done()
}

func (p *Policy) probe(m *strict.Map) {
	m.Require("step", "every")
	p.Probe = Probe{Step: some(m, "step", m.Watts("step", 0)), Every: some(m, "every", m.Duration("every", 0))}
	p.noteIn(m, "probe", "step")
	m.Done()
}

// some faults a quantity that is given and is not above 0.
func some[T energy.Watts | energy.Joules | time.Duration](m *strict.Map, key string, v T) T {
	if n := m.At(key); n.Valid() && v <= 0 {
		n.Fault("is not above 0: want more")
		return 0
	}
	return v
}
