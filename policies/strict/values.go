package strict

import (
	"errors"
	"fmt"
	"math"
	"regexp"
	"slices"
	"strconv"
	"strings"
	"time"

	"github.com/curtaild/curtaild/energy"
	"gopkg.in/yaml.v3"
)

// String is a text, taken as written: 0123 and yes stay what they are.
func (m *Map) String(name, def string) string { return m.At(name).String(def) }

// Watts is a power with its unit.
func (m *Map) Watts(name string, def energy.Watts) energy.Watts { return m.At(name).Watts(def) }

// HashRate is a hash rate with its unit.
func (m *Map) HashRate(name string, def energy.HashRate) energy.HashRate {
	return scalar(m.At(name), "a hash rate", def, energy.ParseHashRate)
}

// Joules is an energy with its unit.
func (m *Map) Joules(name string, def energy.Joules) energy.Joules {
	return scalar(m.At(name), "an energy", def, energy.ParseJoules)
}

// Slope is a change of power in a time, in watts per second.
func (m *Map) Slope(name string, def energy.Watts) energy.Watts {
	return scalar(m.At(name), "a change of power in a time", def, ParseSlope)
}

// Number is a plain decimal number, for what has no unit of its own: prices.
func (m *Map) Number(name string, def float64) float64 {
	return scalar(m.At(name), "a number", def, parseNumber)
}

// Pct is a percentage with its sign.
func (m *Map) Pct(name string, def energy.Pct) energy.Pct {
	return scalar(m.At(name), "a percentage", def, ParsePct)
}

// Duration is a time span, never negative.
func (m *Map) Duration(name string, def time.Duration) time.Duration {
	return scalar(m.At(name), "a duration", def, ParseDuration)
}

// Bytes is a size with its unit.
func (m *Map) Bytes(name string, def int64) int64 {
	return scalar(m.At(name), "a size", def, ParseBytes)
}

// Int is a whole number in plain decimals.
func (m *Map) Int(name string, def int) int {
	return scalar(m.At(name), "a whole number", def, parseInt)
}

// Bool is true or false, without quotes.
func (m *Map) Bool(name string, def bool) bool {
	n := m.At(name)
	s, ok := n.text("true or false")
	if !ok {
		return def
	}
	if n.y.Style&(yaml.SingleQuotedStyle|yaml.DoubleQuotedStyle) != 0 || s != "true" && s != "false" {
		n.Fault("%q: write true or false, without quotes", cut(s))
		return def
	}
	return s == "true"
}

// Enum is one word of those allowed.
func Enum[T ~string](m *Map, name string, def T, allowed ...T) T {
	return Word(m.At(name), def, allowed...)
}

// Words is a list of words, each of those allowed and none twice.
func Words[T ~string](m *Map, name string, allowed ...T) []T {
	var out []T
	for _, n := range m.List(name) {
		w := Word(n, "", allowed...)
		switch {
		case w == "":
		case slices.Contains(out, w):
			n.Fault("%q is listed twice: remove one", string(w))
		default:
			out = append(out, w)
		}
	}
	return out
}

// Word is a node's one word of those allowed.
func Word[T ~string](n Node, def T, allowed ...T) T {
	names := make([]string, len(allowed))
	for i, a := range allowed {
		names[i] = string(a)
	}
	s, ok := n.text("one of " + strings.Join(names, ", "))
	if !ok {
		return def
	}
	if !slices.Contains(names, s) {
		n.Fault("unknown value %q: %s", cut(s), Hint(s, names))
		return def
	}
	return T(s)
}

// String is the node's text.
func (n Node) String(def string) string {
	if s, ok := n.text("a text"); ok {
		return s
	}
	return def
}

// Watts is the node's power.
func (n Node) Watts(def energy.Watts) energy.Watts {
	return scalar(n, "a power", def, energy.ParseWatts)
}

func scalar[T any](n Node, want string, def T, parse func(string) (T, error)) T {
	s, ok := n.text(want)
	if !ok {
		return def
	}
	v, err := parse(cut(s))
	if err != nil {
		n.Fault("%v", err)
		return def
	}
	return v
}

// ParsePct is [energy.ParsePct] without the notations of programmers.
func ParsePct(s string) (energy.Pct, error) {
	if strings.ContainsAny(s, "xX_") {
		return 0, fmt.Errorf("percentage %q: want a number with a percent sign, as in %q", s, "80 %")
	}
	return energy.ParsePct(s)
}

// ParseDuration reads a time span with its units: "90s", "2m30s", "7d".
func ParseDuration(s string) (time.Duration, error) {
	bad := func(why string) (time.Duration, error) {
		return 0, fmt.Errorf("duration %q %s, as in %q", s, why, "90s")
	}
	t := strings.ReplaceAll(s, " ", "")
	if _, err := strconv.ParseFloat(t, 64); err == nil {
		return bad("has no unit: write ms, s, m, h or d after the number")
	}
	if strings.HasPrefix(t, "-") {
		return 0, fmt.Errorf("duration %q is negative: write one that is not, as in %q", s, "90s")
	}
	var days time.Duration
	if num, rest, ok := strings.Cut(t, "d"); ok {
		d, err := strconv.ParseUint(num, 10, 16)
		if err != nil || d > 36500 {
			return bad("is no time span: want whole days")
		}
		if days = time.Duration(d) * 24 * time.Hour; rest == "" {
			return days, nil
		}
		t = rest
	}
	v, err := time.ParseDuration(t)
	if err != nil || v < 0 || v > 36500*24*time.Hour {
		return bad("is no time span: want numbers with the units ms, s, m, h or d")
	}
	return days + v, nil
}

// ParseSlope reads a change of power in a time, "40 kW/min", and returns it in
// watts per second.
func ParseSlope(s string) (energy.Watts, error) {
	const like = "40 kW/min"
	power, span, _ := strings.Cut(s, "/")
	w, err := energy.ParseWatts(power)
	seconds, ok := map[string]energy.Watts{"s": 1, "min": 60, "h": 3600}[strings.TrimSpace(span)]
	if err != nil || !ok {
		return 0, fmt.Errorf("change of power %q: want a power for each s, min or h, as in %q", s, like)
	}
	return w / seconds, nil
}

// ParseBytes reads a size with its unit: "2 GB", "512 MiB".
func ParseBytes(s string) (int64, error) {
	m := regexp.MustCompile(`^([0-9]+(?:\.[0-9]+)?) ?(k|K|M|G|T)?(i)?B$`).FindStringSubmatch(strings.TrimSpace(s))
	if m == nil {
		return 0, fmt.Errorf("size %q: want a number with a unit, as in %q", s, "2 GB")
	}
	v, err := strconv.ParseFloat(m[1], 64)
	base := 1000.0
	if m[3] != "" {
		base = 1024
	}
	if m[2] != "" {
		v *= math.Pow(base, float64(1+strings.Index("kMGT", strings.Replace(m[2], "K", "k", 1))))
	}
	if err != nil || v > 1<<50 {
		return 0, fmt.Errorf("size %q is too large", s)
	}
	return int64(v), nil
}

func parseInt(s string) (int, error) {
	v, err := strconv.Atoi(s)
	if err != nil || strconv.Itoa(v) != s {
		return 0, errors.New(strconv.Quote(s) + " is no whole number: write it in plain digits, as in 2")
	}
	return v, nil
}

func parseNumber(s string) (float64, error) {
	v, err := strconv.ParseFloat(s, 64)
	if err != nil || math.Abs(v) > 1e15 || math.IsNaN(v) || strings.ContainsAny(s, "xX_") {
		return 0, errors.New(strconv.Quote(s) + " is no number: write it in plain digits, as in 2.5")
	}
	return v, nil
}
