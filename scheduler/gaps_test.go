package scheduler_test

import (
	"fmt"
	"math"
	"testing"

	"github.com/curtaild/curtaild/energy"
	"github.com/curtaild/curtaild/policies"
)

// gaps is an hour of passing clouds over slow rigs of three wide steps and,
// with any levels, the workers of a local machine of 1.2 kW. It returns what
// was left of what could have been drawn, and what was imported, as fractions
// of that.
func gaps(t *testing.T, levels int, change func(*policies.Policy)) (left, imported float64) {
	t.Helper()
	p := exporting(newPlant())
	p.loads, p.specs = nil, nil
	for i := range 4 {
		p.rig(fmt.Sprintf("r%d", i), "rigs", energy.Ramp{Up: 20, Down: 300})
	}
	if levels > 0 {
		p.rig("cpu", "rigs", energy.Ramp{})
		points := []energy.OperatingPoint{{Name: "off"}}
		for i := 1; i <= levels; i++ {
			part := float64(i) / float64(levels)
			points = append(points, energy.OperatingPoint{Name: fmt.Sprintf("%.4g %%", 100*part), Draw: energy.Watts(1200 * part), Rate: energy.HashRate(4e9 * part)})
		}
		p.loads[4].points = points
	}
	p.potential = func(sec int) energy.Watts {
		return 14e3 - 3e3*energy.Watts(math.Sin(2*math.Pi*float64(sec)/900)) - 600*energy.Watts(math.Sin(2*math.Pi*float64(sec)/70))
	}
	change(&p.setup.Policies[0])
	p.run(t, 5400)
	could := 0.0
	for sec := 1800; sec < 5400; sec++ { // the rigs have come up
		could += float64(p.potential(sec) - p.base(sec))
		left += max(0, -p.grids[sec])
		imported += max(0, p.grids[sec])
	}
	return left / could, imported / could
}

// A fast load of many levels fills the gaps that slow rigs leave, the better
// the finer its levels are; beyond twenty there is little to be had.
func TestFastLoadFillsTheGaps(t *testing.T) {
	for name, c := range map[string]struct {
		terms    func(*policies.Policy)
		filled   float64 // of what is left without it, at least
		imported float64 // at the most
	}{
		"hashes": {func(*policies.Policy) {}, 0.4, 0.003},
		"net":    {func(p *policies.Policy) { p.Objective, p.Bridge.Auto = policies.Net, true }, 0.4, 0.006},
	} {
		none, _ := gaps(t, 0, c.terms)
		coarse, _ := gaps(t, 2, c.terms)
		fine, imported := gaps(t, 20, c.terms)
		finest, _ := gaps(t, 100, c.terms)
		if fine > none*(1-c.filled) || imported > c.imported {
			t.Errorf("%s: without it %.2f %% are left, with it %.2f %%; imported %.2f %%", name, 100*none, 100*fine, 100*imported)
		}
		if fine >= coarse || finest < fine*0.75 {
			t.Errorf("%s: left by 2, 20 and 100 levels %.2f, %.2f and %.2f %%", name, 100*coarse, 100*fine, 100*finest)
		}
	}
}
