package energy

import (
	"math"
	"strings"
	"testing"
)

func TestParseWatts(t *testing.T) {
	for s, want := range map[string]Watts{
		"8 kW": 8000, "-600kW": -600e3, "150 W": 150, "1.2 MW": 1.2e6, " 0 W ": 0, "2 GW": 2e9, "1e3 W": 1000,
	} {
		if got, err := ParseWatts(s); err != nil || got != want {
			t.Errorf("%q: %v, %v; want %v", s, float64(got), err, float64(want))
		}
	}
	for s, hint := range map[string]string{
		"8": "no unit", "8 kWh": "want a number", "": "want a number", "kW": "want a number", "NaN W": "want a number",
		"Inf kW": "want a number", "8 kkW": "want a number", "0x10 W": "want a number", "1_000 W": "want a number",
		"8 mW": "want a number", "8 kw": "want a number", "1e30 W": "want a number", "8 kW kW": "want a number",
	} {
		if got, err := ParseWatts(s); err == nil || !strings.Contains(err.Error(), hint) {
			t.Errorf("%q: %v, %v; want an error with %q", s, float64(got), err, hint)
		}
	}
}

func TestParseOthers(t *testing.T) {
	if j, err := ParseJoules("40 kWh"); err != nil || j != 144e6 {
		t.Error(float64(j), err)
	}
	if _, err := ParseJoules("40 kW"); err == nil {
		t.Error("power taken for energy")
	}
	if r, err := ParseHashRate("110 TH/s"); err != nil || r != 110e12 {
		t.Error(float64(r), err)
	}
	if p, err := ParsePct("80 %"); err != nil || p != 80 {
		t.Error(p, err)
	}
	for _, s := range []string{"80", "%", "NaN%", "Inf %", "80 % %"} {
		if _, err := ParsePct(s); err == nil {
			t.Errorf("%q accepted", s)
		}
	}
}

func TestUnitsForPeople(t *testing.T) {
	for _, c := range []struct{ got, want string }{
		{Watts(850).String(), "850 W"}, {Watts(3200).String(), "3.2 kW"}, {Watts(-1.25e6).String(), "-1.25 MW"},
		{Watts(0).String(), "0 W"}, {Watts(-0.0001).String(), "0 W"}, {Watts(999.9).String(), "999.9 W"},
		{HashRate(110e12).String(), "110 TH/s"}, {Joules(5.4e6).String(), "1.5 kWh"}, {Pct(4).String(), "4 %"},
		{Watts(1000).Over(3600).String(), "1 kWh"},
	} {
		if c.got != c.want {
			t.Errorf("%q, want %q", c.got, c.want)
		}
	}
}

// What is printed is read back, to the three decimals that are printed.
func FuzzUnits(f *testing.F) {
	for _, s := range []string{"8 kW", "-600kW", "1.2 MW", "0 W", "1e3 W", "8", "kW", "1e-3 W", "999.9996 W"} {
		f.Add(s)
	}
	f.Fuzz(func(t *testing.T, s string) {
		for _, suffix := range []string{"", "W"} {
			w, err := ParseWatts(s + suffix)
			if err != nil {
				continue
			}
			if math.IsNaN(float64(w)) || math.IsInf(float64(w), 0) {
				t.Fatalf("%q: %v", s, float64(w))
			}
			back, err := ParseWatts(w.String())
			if err != nil {
				t.Fatalf("%q prints as %q: %v", s, w, err)
			}
			if diff := math.Abs(float64(back - w)); diff > 0.0006 && diff > 1e-3*math.Abs(float64(w)) {
				t.Fatalf("%q prints as %q, which is %v", s, w, float64(back))
			}
		}
		if p, err := ParsePct(s); err == nil {
			if q, err := ParsePct(p.String()); err != nil || q != p {
				t.Fatalf("%q prints as %q: %v, %v", s, p, q, err)
			}
		}
		_, _ = ParseJoules(s)
		_, _ = ParseHashRate(s)
	})
}

// Units are printed on every line of the log and of the status page, and must
// not cost more than their text.
func TestUnitsAllocateTheirTextAlone(t *testing.T) {
	for name, c := range map[string]struct {
		most float64
		do   func()
	}{
		"String": {2, func() { _ = Watts(-1.25e6).String() }},
		"Parse":  {0, func() { _, _ = ParseWatts("1.2 MW") }},
	} {
		if got := testing.AllocsPerRun(100, c.do); got > c.most {
			t.Errorf("%s: %v allocations, want at most %v", name, got, c.most)
		}
	}
}
