package scheduler_test

import (
	"testing"
	"time"

	"github.com/curtaild/curtaild/energy"
	"github.com/curtaild/curtaild/policies"
)

// hiding is a plant that nothing but its grid meter tells of.
func hiding(step energy.Watts, every time.Duration) *plant {
	p := newPlant()
	p.reads(energy.RoleGrid)
	p.setup.Policies[0].Probe = policies.Probe{Step: step, Every: every}
	return p
}

// An hour at plants that hide what they could make. Without a probe nothing
// of it is found.
func TestProbe(t *testing.T) {
	for _, c := range []struct {
		name     string
		every    time.Duration
		site     func(*plant)
		within   int     // seconds until 95 % is found
		absorbed float64 // of what could be
		imported float64 // of the same
	}{
		{"a plant that follows in 10 s", time.Minute, func(p *plant) { p.tau = 3 }, 150, 0.96, 0.005},
		{"in 30 s", time.Minute, func(p *plant) { p.wait, p.tau = 10, 7 }, 240, 0.94, 0.012},
		{"in 60 s", 90 * time.Second, func(p *plant) { p.wait, p.tau = 50, 3 }, 420, 0.88, 0.025},
		{"sluggishly", 90 * time.Second, func(p *plant) { p.tau = 20 }, 480, 0.88, 0.012},
		{"a noisy meter", time.Minute, func(p *plant) { p.wild = 150 }, 180, 0.95, 0.012},
		{"a very noisy meter", time.Minute, func(p *plant) { p.wild = 300 }, 240, 0.93, 0.02},
		{"a late one", time.Minute, func(p *plant) { p.late = 10 * time.Second }, 240, 0.94, 0.01},
		{"one that averages", time.Minute, func(p *plant) { p.mean = 15; p.reads(energy.RoleGrid) }, 240, 0.94, 0.01},
		{"a controller that leaves some import", time.Minute, func(p *plant) { p.rest = 200 }, 240, 0.94, 0.01},
		{"and some export", time.Minute, func(p *plant) { p.rest = -200 }, 180, 0.95, 0.006},
		{"clouds", time.Minute, func(p *plant) { cloudy(p) }, 180, 0.88, 0.03},
		{"others come and go", time.Minute, func(p *plant) {
			p.base = func(sec int) energy.Watts { return 5e3 + energy.Watts(sec/97%3)*2e3 }
		}, 180, 0.95, 0.02},
		{"a limit that changes", time.Minute, func(p *plant) {
			p.limit = func(sec int) energy.Watts { return energy.Watts(sec/900%2) * 20e3 }
			p.reads(energy.RoleGrid, energy.RoleExportLimit)
			p.setup.Balance.ExportLimit = nil
		}, 180, 0.94, 0.008},
		{"rigs that take two minutes to start", time.Minute, func(p *plant) {
			for _, l := range p.loads {
				l.spec.Ramp = energy.Ramp{Up: 29.17, Down: 350}
			}
		}, 300, 0.93, 0.008},
		{"rigs that stay on for five", time.Minute, func(p *plant) {
			for _, l := range p.loads {
				l.spec.MinOn, l.spec.MinOff = 5*time.Minute, 5*time.Minute
			}
		}, 180, 0.95, 0.008},
		{"a gate that opens for no less than 8 kW, after a minute", time.Minute, func(p *plant) {
			p.setup.Policies[0].Start = policies.Threshold{Power: 8e3, For: time.Minute}
		}, 420, 0.88, 0.008},
		{"a reserve", time.Minute, func(p *plant) { p.setup.Policies[0].Reserve = 2e3 }, 180, 0.95, 0.008},
		{"two policies", time.Minute, func(p *plant) {
			for _, l := range p.loads[:10] {
				l.spec.Group = "first"
			}
			second := p.setup.Policies[0]
			p.setup.Policies[0].Loads, second.Name = []string{"first"}, "second"
			p.setup.Policies = append(p.setup.Policies, second)
		}, 180, 0.95, 0.008},
		{"the second of two", time.Minute, func(p *plant) {
			for _, l := range p.loads[:2] {
				l.spec.Group = "first"
			}
			second := p.setup.Policies[0]
			p.setup.Policies[0].Loads, second.Name = []string{"first"}, "second"
			p.setup.Policies[0].Probe = policies.Probe{}
			p.setup.Policies = append(p.setup.Policies, second)
		}, 200, 0.93, 0.008},
	} {
		t.Run(c.name, func(t *testing.T) {
			p := hiding(6e3, c.every)
			c.site(p)
			found := 0
			p.trace = func(sec int, p *plant) {
				if found == 0 && float64(p.asked) >= 0.95*float64(p.potential(sec)-p.base(sec)) {
					found = sec
				}
			}
			p.run(t, 3600)
			imported := float64(p.imported / p.could)
			t.Logf("found in %d s, %d reversals, %v imported (%.2f %%), %.1f %% absorbed, %d starts", found, p.reverses, p.imported, 100*imported, 100*p.absorbed(), p.starts)
			if found == 0 || found > c.within || p.absorbed() < c.absorbed || imported > c.imported {
				t.Errorf("want %d s, at least %.1f %% absorbed, at most %.2f %% imported", c.within, 100*c.absorbed, 100*c.imported)
			}
			blind := hiding(0, 0)
			c.site(blind)
			for i := range blind.setup.Policies {
				blind.setup.Policies[i].Probe = policies.Probe{}
			}
			blind.run(t, 600)
			if blind.absorbed() > 0.6 {
				t.Errorf("%.1f %% absorbed without a probe: nothing was hidden", 100*blind.absorbed())
			}
		})
	}
}

// Where there is next to nothing, next to nothing is bought to find that out.
func TestProbeFindsNothing(t *testing.T) {
	p := hiding(6e3, time.Minute)
	p.potential = func(int) energy.Watts { return 5.1e3 }
	p.run(t, 4*3600)
	if mean := p.imported / (4 * 3600); mean > 300 || p.starts > 100 {
		t.Errorf("%v W imported on average, %d starts", float64(mean), p.starts)
	}
}

// An import limit stands above a probe, and so does a stale meter.
func TestProbeBelowCeilings(t *testing.T) {
	p := hiding(6e3, time.Minute)
	none := energy.Watts(0)
	p.setup.ImportLimit = &none
	p.run(t, 1800)
	if p.imported > 0 || p.drawn > 0 {
		t.Errorf("%v drawn, %v imported under an import limit of 0", p.drawn, p.imported)
	}
}

// The loads that a step raises say so.
func TestProbeReason(t *testing.T) {
	p := hiding(6e3, time.Minute)
	p.run(t, 10)
	if got := p.snap.Loads[0].Decision.Reason; p.asked == 0 || got != energy.Probing && got != energy.NoBudget {
		t.Errorf("%v asked for, reason %q", p.asked, got)
	}
	found := false
	for _, l := range p.loads {
		found = found || l.sp.Reason == energy.Probing
	}
	if !found {
		t.Error("no set-point bears the reason probe")
	}
}
