package scheduler

import (
	"math/rand/v2"
	"testing"
	"time"

	"github.com/curtaild/curtaild/energy"
	"github.com/curtaild/curtaild/policies"
)

// past gives the policies of a random site something to remember: some minutes
// of a budget that jumps, as far as it says anything of what is to come.
func (s *siteSpec) past(t testing.TB, r *rand.Rand) {
	s.hide(t, r)
	in, ok := s.try(t)
	if !ok || r.IntN(2) == 0 {
		return
	}
	for p := range in.Rules {
		rule := &in.Rules[p]
		if !rule.policy.Use.Available || r.IntN(4) == 0 {
			continue
		}
		var b Belief
		w := float64(r.IntN(16000))
		for at := noon.Add(-time.Duration(r.IntN(1200)) * time.Second); at.Before(noon); at = at.Add(time.Duration(1+r.IntN(60)) * time.Second) {
			switch r.IntN(6) {
			case 0:
				w = float64(r.IntN(2) * r.IntN(16000))
			case 1:
				w *= 0.5 + r.Float64()
			}
			b = b.step(at, energy.Watts(w), rule.shape)
		}
		b.Idle = b.Idle || len(b.Trials) > 0 && r.IntN(6) == 0 // some minutes seldom make it so
		b.Proven = b.Proven || r.IntN(2) == 0
		s.in.Memory.believe(rule.Name(), b)
	}
}

// hide puts some sites behind an export limit, where their policies have felt
// for what the plant could make for some readings.
func (s *siteSpec) hide(t testing.TB, r *rand.Rand) {
	if r.IntN(4) > 0 {
		return
	}
	limit := float64(r.IntN(5000))
	b := &s.in.Balance
	b.ExportLimit, b.ExportBand = energy.Sample{Value: limit, Quality: energy.Good}, energy.Watts(20+r.IntN(200))
	for i := range s.policies {
		if p := &s.policies[i]; p.Use.Available && r.IntN(4) > 0 {
			p.Probe = policies.Probe{Step: energy.Watts(50 + r.IntN(1500)), Every: time.Duration(5+r.IntN(60)) * time.Second}
		}
	}
	in, ok := s.try(t)
	if !ok {
		return
	}
	off := 0.0 // how far export is from its limit
	for at := noon.Add(-time.Duration(r.IntN(300)) * time.Second); at.Before(noon); at = at.Add(time.Duration(1+r.IntN(15)) * time.Second) {
		if r.IntN(8) == 0 {
			off = float64(r.IntN(2) * (r.IntN(3000) - 500))
		}
		in.Balance.Grid = energy.Sample{Value: off + r.Float64()*20 - limit, At: at, Quality: energy.Good}
		s.in.Memory.Probe = Decide(at, in).Memory.Probe
		in.Memory.Probe = s.in.Memory.Probe
	}
	b.Grid = in.Balance.Grid
	if r.IntN(2) == 0 {
		b.Grid.At = noon // one that has not been decided on
	}
}

// hidden is what the policies of a site may take, above what is available, of
// what their plant may hide: what set-points draw already, and a step.
func hidden(in Input) energy.Watts {
	d := decider{in: in, gross: 1 + energy.Watts(in.Aux)/100}
	more := energy.Watts(0)
	for i := range in.Rules {
		if p := &in.Rules[i].policy; p.Probe.Step > 0 {
			more = max(more, d.aims().held+coarsest*p.Probe.Step-in.Balance.Available+p.Reserve)
		}
	}
	return more
}
