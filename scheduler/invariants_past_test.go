package scheduler

import (
	"math/rand/v2"
	"testing"
	"time"

	"github.com/curtaild/curtaild/energy"
)

// past gives the policies of a random site something to remember: some minutes
// of a budget that jumps, as far as it says anything of what is to come.
func (s *siteSpec) past(t testing.TB, r *rand.Rand) {
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
		s.in.Memory.believe(rule.Name(), b)
	}
}
