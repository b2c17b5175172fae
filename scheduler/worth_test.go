package scheduler

import (
	"testing"
	"time"

	"github.com/curtaild/curtaild/energy"
	"github.com/curtaild/curtaild/policies"
)

// Each operating point is held against what its power would bring: at a
// millionth for each hash, 20 J a hash bring 180 a MWh.
func TestProfit(t *testing.T) {
	good := func(price float64) energy.Sample { return energy.Sample{Quality: energy.Good, Value: price} }
	stale := energy.Sample{Quality: energy.Stale, Value: 100, Until: noon.Add(-time.Minute)}
	for name, tt := range map[string]struct {
		price  energy.Sample
		a, b   int // the points
		why    energy.Reason
		change func(*siteSpec)
	}{
		// 20.00 and 20.41 J/H at first, 25.00 and 26.32 further up
		"nothing is paid":           {energy.Sample{}, 2, 2, energy.Surplus, func(s *siteSpec) { s.in.Priced = false }},
		"sold for nothing":          {good(0), 2, 2, energy.Surplus, nil},
		"paid to be rid of":         {good(-20), 2, 2, energy.Surplus, nil},
		"all pays":                  {good(136), 2, 2, energy.Surplus, nil},
		"b's second does not":       {good(137), 2, 1, energy.NoProfit, nil},
		"a's second does not":       {good(144), 1, 1, energy.NoProfit, nil},
		"b does not":                {good(177), 1, 0, energy.NoProfit, nil},
		"nothing pays":              {good(180), 0, 0, energy.NoProfit, nil},
		"fans make it dearer":       {good(136), 2, 1, energy.NoProfit, func(s *siteSpec) { s.in.Aux = 4 }},
		"for hashes, not profit":    {good(180), 2, 2, energy.Surplus, func(s *siteSpec) { s.policies[0].Objective = policies.Hashes }},
		"wear comes first":          {good(180), 1, 0, energy.NoProfit, running(2, 0)},
		"never heard":               {energy.Sample{}, 0, 0, energy.StaleInput, nil},
		"stale":                     {stale, 0, 0, energy.StaleInput, nil},
		"stale, kept for a while":   {stale, 2, 2, energy.Surplus, onStale(2*time.Minute, policies.ThenStop)},
		"stale, kept for long":      {stale, 0, 0, energy.StaleInput, onStale(time.Minute, policies.ThenStop)},
		"stale, and kept":           {stale, 2, 2, energy.Surplus, onStale(0, policies.ThenKeep)},
		"stale, and less":           {stale, 1, 0, energy.NoBudget, onStale(0, policies.ThenPower)},
		"all pays, by the work":     {good(136), 2, 2, energy.Surplus, byWork(1e-6)},
		"nothing pays, by the work": {good(180), 0, 0, energy.NoProfit, byWork(1e-6)},
		"the work pays twice":       {good(180), 2, 2, energy.Surplus, byWork(2e-6)},
		"the work says nothing":     {good(136), 0, 0, energy.StaleInput, byWork(0)},
		"nothing to compare with":   {good(0), 2, 2, energy.Surplus, byWork(0)},
		"suspect":                   {energy.Sample{Quality: energy.Suspect, Value: 1}, 0, 0, energy.StaleInput, onStale(time.Hour, policies.ThenKeep)},
	} {
		t.Run(name, func(t *testing.T) {
			s := newSite(5000, policy(func(p *policies.Policy) { p.Objective, p.HashValue = policies.Profit, 1e-6 }))
			s.in.Priced, s.in.Balance.ExportPrice = true, tt.price
			if tt.change != nil {
				tt.change(s)
			}
			d := Decide(noon, s.input(t)).Decisions
			if d[0].To != tt.a || d[1].To != tt.b || d[1].Reason != tt.why {
				t.Errorf("a %d, b %d, %s; want %d, %d, %s", d[0].To, d[1].To, d[1].Reason, tt.a, tt.b, tt.why)
			}
		})
	}
}

// running puts the loads at points lately, with some minutes to stay on.
func running(points ...int) func(*siteSpec) {
	return func(s *siteSpec) {
		on(time.Minute, points...)(s)
		for _, spec := range s.specs {
			spec.MinOn = 5 * time.Minute
		}
	}
}

// byWork has the policy go by what the work is said to bring, whatever its
// own word.
func byWork(each policies.HashValue) func(*siteSpec) {
	return func(s *siteSpec) { s.policies[0].ByWork, s.policies[0].HashValue, s.in.HashValue = true, 1, each }
}

func onStale(keep time.Duration, then policies.Then) func(*siteSpec) {
	return func(s *siteSpec) { s.policies[0].OnStale = policies.OnStale{Keep: keep, Then: then, Power: 1200} }
}
