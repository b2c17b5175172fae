package energy

import (
	"fmt"
	"math"
	"strconv"
	"strings"
)

// Watts is active power.
type Watts float64

// Joules is energy. 1 Wh is 3,600 J.
type Joules float64

// HashRate is hashes per second.
type HashRate float64

// Pct is a percentage: 80 is 80 %.
type Pct float64

// WattHours converts e for people, records and databases.
func (e Joules) WattHours() float64 { return float64(e) / 3600 }

// Over is the energy of w held for the given seconds.
func (w Watts) Over(seconds float64) Joules { return Joules(float64(w) * seconds) }

type scale struct {
	prefix string
	factor float64
}

// scales are the prefixes we accept, smallest first.
func scales() [7]scale {
	return [...]scale{{"", 1}, {"k", 1e3}, {"M", 1e6}, {"G", 1e9}, {"T", 1e12}, {"P", 1e15}, {"E", 1e18}}
}

// String formats w for people: "850 W", "3.2 kW", "-1.25 MW".
func (w Watts) String() string { return human(float64(w), "W", 3) }

// String formats r for people: "110 TH/s".
func (r HashRate) String() string { return human(float64(r), "H/s", 6) }

// String formats e for people, in watt-hours: "1.5 kWh".
func (e Joules) String() string { return human(e.WattHours(), "Wh", 4) }

func (p Pct) String() string { return strconv.FormatFloat(float64(p), 'f', -1, 64) + " %" }

// human prints v with at most three decimals under the largest prefix (of the
// first most+1) that leaves it at 1 or more. What it prints, parse reads back
// to three decimals.
func human(v float64, unit string, most int) string {
	all, i := scales(), 0
	for i < most && math.Abs(v) >= all[i+1].factor {
		i++
	}
	v = math.Round(v/all[i].factor*1000) / 1000
	return strconv.FormatFloat(v+0, 'f', -1, 64) + " " + all[i].prefix + unit
}

// ParseWatts reads a power with its unit: "8 kW", "-600kW", "150 W", "1.2 MW".
func ParseWatts(s string) (Watts, error) {
	v, err := parse(s, "W", "power", "8 kW")
	return Watts(v), err
}

// ParseJoules reads an energy with its unit: "40 kWh", "500 Wh".
func ParseJoules(s string) (Joules, error) {
	v, err := parse(s, "Wh", "energy", "40 kWh")
	return Joules(v * 3600), err
}

// ParseHashRate reads a hash rate with its unit: "110 TH/s", "5 MH/s".
func ParseHashRate(s string) (HashRate, error) {
	v, err := parse(s, "H/s", "hash rate", "110 TH/s")
	return HashRate(v), err
}

// ParsePct reads a percentage with its sign: "80 %".
func ParsePct(s string) (Pct, error) {
	num, ok := strings.CutSuffix(strings.TrimSpace(s), "%")
	v, err := strconv.ParseFloat(strings.TrimSpace(num), 64)
	if !ok || err != nil || math.IsNaN(v) || math.IsInf(v, 0) {
		return 0, fmt.Errorf("percentage %q: want a number with a percent sign, as in %q", s, "80 %")
	}
	return Pct(v), nil
}

// parse reads a number with a prefixed unit. A bare number is refused: it is
// how kilowatts get taken for watts.
func parse(s, unit, what, example string) (float64, error) {
	t := strings.TrimSpace(s)
	num, ok := strings.CutSuffix(t, unit)
	factor := 1.0
	if ok {
		for _, sc := range scales() {
			if sc.prefix == "" {
				continue
			}
			if cut, has := strings.CutSuffix(num, sc.prefix); has {
				num, factor = cut, sc.factor
				break
			}
		}
	}
	num = strings.TrimSpace(num)
	if !ok {
		if _, err := strconv.ParseFloat(num, 64); err == nil {
			return 0, fmt.Errorf("%s %q has no unit: write it as in %q", what, s, example)
		}
		return 0, fmt.Errorf("%s %q: want a number with a unit, as in %q", what, s, example)
	}
	v, err := strconv.ParseFloat(num, 64)
	if err != nil || math.IsNaN(v) || math.Abs(v*factor) > 1e21 || strings.ContainsAny(num, "xX_") {
		return 0, fmt.Errorf("%s %q: want a number with a unit, as in %q", what, s, example)
	}
	return v * factor, nil
}
