package config

import (
	"math"
	"slices"
	"strconv"
	"strings"

	"github.com/curtaild/curtaild/energy"
	"github.com/curtaild/curtaild/policies/strict"
)

// unit is a unit that a payload may be in, and what turns a value into the
// program's: W, %, currency per MWh, g/kWh.
type unit struct {
	name   string
	factor float64
}

func units(r energy.Role, currency string) []unit {
	switch {
	case power(r):
		return []unit{{"W", 1}, {"kW", 1e3}, {"MW", 1e6}}
	case r == energy.RoleSoC:
		return []unit{{"%", 1}}
	case r == energy.RoleCarbon:
		return []unit{{"g/kWh", 1}, {"kg/MWh", 1}}
	default:
		return []unit{{currency + "/MWh", 1}, {currency + "/kWh", 1e3}}
	}
}

// example is the unit to show: the one that most meters use.
func example(legal []unit) string {
	if i := slices.IndexFunc(legal, func(u unit) bool { return u.name == "kW" }); i >= 0 {
		return "kW"
	}
	return legal[0].name
}

func unitNames(list []unit) []string {
	names := make([]string, len(list))
	for i, u := range list {
		names[i] = u.name
	}
	return names
}

// unit is the factor of the unit that a reading's payloads are in.
func (l *loader) unit(m *strict.Map, role energy.Role, d Decoder) float64 {
	if role == "" {
		m.At("unit")
		return 1
	}
	n, legal := m.At("unit"), units(role, l.cfg.Site.Currency)
	if !n.Present() {
		if !d.Watts || !power(role) {
			m.Fault("unit is missing: add the unit of the payload's value, as in unit: %s", example(legal))
		}
		return 1
	}
	name := n.String("")
	i := slices.IndexFunc(legal, func(u unit) bool { return u.name == name })
	switch {
	case name == "":
		return 1
	case i < 0:
		n.Fault("unknown unit %q for %s: %s", clip(name), role, strict.Hint(name, unitNames(legal)))
		return 1
	case d.Watts && power(role) && legal[i].factor != 1:
		n.Fault("decoder %s yields W, not %s: leave unit out", d.Name, name)
	}
	return legal[i].factor
}

// The ways in which a payload's sign may run. Inside, import and charging are
// positive.
const (
	importPositive    = "import_positive"
	exportPositive    = "export_positive"
	chargePositive    = "charge_positive"
	dischargePositive = "discharge_positive"
)

// sign is the factor of a reading's sign.
func sign(m *strict.Map, role energy.Role) float64 {
	var s string
	switch role {
	case energy.RoleGrid:
		s = signOf(m, role, importPositive, exportPositive)
	case energy.RoleBattery:
		s = signOf(m, role, chargePositive, dischargePositive)
	case "":
		m.At("sign")
	default:
		m.Refuse("has a meaning for the roles grid and battery_power only: remove it", "sign")
	}
	if s == exportPositive || s == dischargePositive {
		return -1
	}
	return 1
}

func signOf(m *strict.Map, role energy.Role, plus, minus string) string {
	if m.Present() && !m.Has("sign") {
		m.Fault("sign is missing: the role %s needs it, so add sign: %s or sign: %s", role, plus, minus)
	}
	return strict.Enum(m, "sign", "", plus, minus)
}

// rangeOf is what values may be, in the program's unit and sign.
func (l *loader) rangeOf(n strict.Node, role energy.Role) (low, high float64) {
	low, high = defaultRange(role)
	list := n.List()
	if n.Valid() && len(list) != 2 {
		n.Fault("want two values, the least and the most, as in [-600 kW, 600 kW]")
	}
	if len(list) != 2 || role == "" {
		return low, high
	}
	a, b := l.quantity(list[0], role), l.quantity(list[1], role)
	switch {
	case math.IsNaN(a) || math.IsNaN(b):
		return low, high
	case a >= b:
		list[1].Fault("is not above the least value: exchange them, or widen the range")
		return low, high
	}
	return a, b
}

// quantity is a value of a role with its unit; NaN if it is wrong.
func (l *loader) quantity(n strict.Node, role energy.Role) float64 {
	if power(role) {
		return float64(n.Watts(energy.Watts(math.NaN())))
	}
	s := n.String("")
	if s == "" {
		return math.NaN()
	}
	legal := units(role, l.cfg.Site.Currency)
	for _, u := range legal {
		num, ok := strings.CutSuffix(s, u.name)
		v, err := strconv.ParseFloat(strings.TrimSpace(num), 64)
		if ok && err == nil && math.Abs(v) < 1e12 && !strings.ContainsAny(num, "xX_") {
			return v * u.factor
		}
	}
	n.Fault("%q: want a number with its unit, as in %q", clip(s), "100 "+legal[0].name)
	return math.NaN()
}
