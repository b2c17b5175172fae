package scheduler_test

import (
	"math/rand/v2"
	"testing"
	"time"

	"github.com/curtaild/curtaild/energy"
)

// Probes at plants of all kinds, with meters of all kinds: what is hidden is
// found, and little is bought for it. Where the sun falls by 20 to 80 kW at
// once, most of what is imported comes before any reading could tell.
func TestProbeAnywhere(t *testing.T) {
	const seeds = 12
	var absorbed, imported float64
	for seed := range uint64(seeds) {
		p := anywhere(seed)
		p.run(t, 3600)
		bought := float64(p.imported / p.could)
		if p.absorbed() < 0.5 || bought > 0.2 {
			t.Errorf("seed %d: %.1f %% absorbed, %.1f %% imported", seed, 100*p.absorbed(), 100*bought)
		}
		absorbed, imported = absorbed+p.absorbed()/seeds, imported+bought/seeds
	}
	t.Logf("%.1f %% absorbed, %.2f %% imported on average", 100*absorbed, 100*imported)
	if absorbed < 0.82 || imported > 0.06 {
		t.Errorf("%.1f %% absorbed, %.2f %% imported on average", 100*absorbed, 100*imported)
	}
}

func anywhere(seed uint64) *plant {
	r := rand.New(rand.NewPCG(seed, 77))
	every := time.Duration(30+r.IntN(90)) * time.Second
	p := hiding(energy.Watts(2+r.IntN(10))*1e3, every)
	lag := every.Seconds() * 0.6 * r.Float64()
	p.wait = int(lag * r.Float64())
	p.tau = (lag-float64(p.wait))/3 + 0.5
	p.wild, p.rest = energy.Watts(r.IntN(250)), energy.Watts(r.IntN(400)-200)
	p.each, p.late = 1+r.IntN(10), time.Duration(r.IntN(10))*time.Second
	if r.IntN(2) == 0 {
		p.mean = r.IntN(20)
		p.reads(energy.RoleGrid)
	}
	ramp := energy.Ramp{Up: energy.Watts(20 + r.IntN(600)), Down: energy.Watts(100 + r.IntN(600))}
	wear := time.Duration(r.IntN(2)*r.IntN(300)) * time.Second
	for _, l := range p.loads {
		l.spec.Ramp, l.spec.MinOn, l.spec.MinOff = ramp, wear, wear
	}
	deep, period := energy.Watts(20e3+r.Float64()*60e3), 200+r.IntN(2000)
	part := func(sec int) energy.Watts { return energy.Watts(sec%period) / energy.Watts(period) }
	switch r.IntN(4) {
	case 0:
		cloudy(p)
	case 1: // falls slowly, and is back at once
		p.potential = func(sec int) energy.Watts { return 100e3 - deep*part(sec) }
	case 2: // comes slowly, and falls at once
		p.potential = func(sec int) energy.Watts { return 100e3 - deep*(1-part(sec)) }
	}
	return p
}
