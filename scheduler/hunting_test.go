package scheduler_test

import (
	"fmt"
	"testing"
	"time"

	"github.com/curtaild/curtaild/energy"
)

// Each hard case of the balance, with its rule and without, in closed loop for
// an hour: the one moves when the sun does, the other hunts, or goes on
// importing.
func TestHunting(t *testing.T) {
	for _, c := range []struct {
		name    string
		site    func(*plant)
		without func(*plant) // the rule
		most    int          // reversals with it; the sun turns eleven times in a cloudy hour
		hunts   bool         // without it; else it imports
	}{
		{"readings older than our last change", func(p *plant) { exporting(p).late = 20 * time.Second }, func(p *plant) { p.bare = true }, 12, true},
		{"a meter that averages", func(p *plant) { exporting(p).mean = 60; p.reads(energy.RoleGrid) }, func(p *plant) { p.setup.Readings[0].Window = 0 }, 16, true},
		{"curtailed that lags by minutes", func(p *plant) {
			cloudy(p).slow = 3 * time.Minute
			p.reads(energy.RoleGrid, energy.RoleCurtailed)
		}, func(p *plant) { p.dumb = true }, 12, false},
		{"curtailed that lags, and does not say so", func(p *plant) {
			cloudy(p).slow, p.dumb = 3*time.Minute, true
			p.reads(energy.RoleGrid, energy.RoleCurtailed)
		}, func(p *plant) { p.setup.Balance.ExportLimit, p.setup.Balance.Follow = nil, 0 }, 24, false},
		{"held at the generator", func(p *plant) {
			deaf(p)
			p.setup.Balance.HeldAt = energy.HeldAtGenerator
		}, func(p *plant) { p.setup.Balance.HeldAt, p.setup.Balance.Follow = energy.HeldAtConnection, 0 }, 0, false},
		{"held at the generator, and nobody says so", deaf, func(p *plant) { p.setup.Balance.Follow = 0 }, 6, false},
		{"a plant that follows slowly", func(p *plant) {
			p.wait, p.tau, p.setup.Balance.Follow = 15, 5, time.Minute
			p.reads(energy.RoleGrid, energy.RoleCurtailed)
		}, func(p *plant) { p.setup.Balance.Follow = time.Second }, 2, true},
		{"a surplus that our draw is taken off", func(p *plant) {
			p.ours = true
			p.reads(energy.RoleSurplus)
			p.setup.Balance.Kind, p.setup.Balance.SurplusIncludesLoads = energy.BalanceSurplus, true
		}, func(p *plant) { p.setup.Balance.SurplusIncludesLoads = false }, 2, true},
		{"a load that our draw is in", func(p *plant) {
			p.ours = true
			exporting(p).reads(energy.RoleGeneration, energy.RoleLoad)
			p.setup.Balance.Kind, p.setup.Balance.LoadIncludesLoads = energy.BalanceGenerationLoad, true
		}, func(p *plant) { p.setup.Balance.LoadIncludesLoads = false }, 12, true},
	} {
		t.Run(c.name, func(t *testing.T) {
			with, without := newPlant(), newPlant()
			c.site(with)
			c.site(without)
			c.without(without)
			with.run(t, 3600)
			without.run(t, 3600)
			told := fmt.Sprintf("with the rule %d reversals, %v imported, %.1f %% absorbed; without %d, %v, %.1f %%",
				with.reverses, with.imported, 100*with.absorbed(), without.reverses, without.imported, 100*without.absorbed())
			t.Log(told)
			if with.reverses > c.most {
				t.Error("hunts with the rule:", told)
			}
			if c.hunts && without.reverses < with.reverses+30 || !c.hunts && without.imported < 2*with.imported+1.8e6 {
				t.Error("does no harm without the rule, so it proves nothing:", told)
			}
		})
	}
}

// exporting is a plant that may export all it makes, with a cloud every ten
// minutes.
func exporting(p *plant) *plant {
	all := energy.Watts(1e6)
	p.limit = func(int) energy.Watts { return all }
	p.setup.Balance.ExportLimit = &all
	return cloudy(p)
}

// cloudy has the sun turn eleven times an hour.
func cloudy(p *plant) *plant {
	p.potential = func(sec int) energy.Watts {
		if sec/300%2 == 1 {
			return 60e3
		}
		return 100e3
	}
	return p
}

// deaf is a plant that is told to make 30 kW at the most, and makes no more
// whatever is drawn.
func deaf(p *plant) {
	p.deaf, p.cap = true, 30e3
	p.reads(energy.RoleGrid, energy.RoleCurtailed, energy.RoleGeneration)
	p.setup.Balance.ExportLimit = nil
}

// An import limit leaves room for what the plant would make.
func TestHeldBackUnderImportLimit(t *testing.T) {
	p := newPlant()
	p.reads(energy.RoleGrid, energy.RoleCurtailed)
	none := energy.Watts(0)
	p.setup.ImportLimit = &none
	p.run(t, 1800)
	if p.absorbed() < 0.95 || p.imported > 0.3*3.6e6 {
		t.Errorf("%.1f %% absorbed, %v imported", 100*p.absorbed(), p.imported)
	}
}

// A battery that comes first is left what it takes, however little that is;
// then what it charges with is the loads'. It is never emptied for them.
func TestBatteryFirst(t *testing.T) {
	for _, c := range []struct {
		name string
		cell energy.Watts // what it takes of the 30 kW that the config says
	}{{"all", 30e3}, {"half", 15e3}} {
		t.Run(c.name, func(t *testing.T) {
			p := exporting(newPlant())
			p.potential = func(int) energy.Watts { return 100e3 }
			p.reads(energy.RoleGrid, energy.RoleBattery, energy.RoleSoC)
			p.cell, p.soc = c.cell, 78
			p.setup.Balance.Battery = &energy.BatterySpec{FirstUntil: 80, AgainBelow: 75, MaxCharge: 30e3}
			first, then, flows := energy.Watts(0), energy.Watts(0), energy.Joules(0)
			p.trace = func(sec int, p *plant) {
				if p.soc < 79.9 && sec > 180 {
					first = p.asked
				}
				then, flows = p.asked, flows+max(0, -p.charge).Over(1)
			}
			p.run(t, 3600)
			t.Logf("%v beside the battery, %v after it, %v taken out of it, %d reversals, %v imported", first, then, flows, p.reverses, p.imported)
			if left := 95e3 - c.cell; first > left || first < left-3e3 || then < 92e3 {
				t.Errorf("want %v beside it, 95 kW after it", left)
			}
			if p.reverses > 4 || flows.WattHours() > 50 {
				t.Error("hunts, or empties the battery")
			}
		})
	}
}
