package energy

import (
	"math"
	"testing"
)

func TestPerKWh(t *testing.T) {
	points := []OperatingPoint{{Draw: 100}, {Draw: 1100, Rate: 50e12}, {Draw: 2100, Rate: 80e12}}
	for name, tc := range map[string]struct {
		s    Status
		want float64
	}{
		"hashing":        {Status{PerHash: 1e-12, Draw: 2000, Rate: 100e12, Points: points}, 180e3},
		"off":            {Status{PerHash: 1e-12, Draw: 100, Points: points}, 144e3},
		"off, no points": {Status{PerHash: 1e-12, Draw: 100}, 0},
		"only off":       {Status{PerHash: 1e-12, Points: points[:1]}, 0},
		"not known":      {Status{Draw: 2000, Rate: 100e12}, 0},
		"no draw":        {Status{PerHash: 1e-12, Rate: 100e12}, 0},
	} {
		if got := tc.s.PerKWh(); math.Abs(got-tc.want) > 1e-6 {
			t.Errorf("%s: %v, want %v", name, got, tc.want)
		}
	}
	if s := (Status{PerHash: 2e-12}); s.PerTerahash() != 2 {
		t.Errorf("%v for 10^12 hashes", s.PerTerahash())
	}
}
