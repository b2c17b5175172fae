package scheduler

import (
	"fmt"
	"math/rand/v2"
	"slices"
	"testing"
	"time"

	"github.com/curtaild/curtaild/energy"
	"github.com/curtaild/curtaild/policies"
)

func randomSite(r *rand.Rand) *siteSpec {
	secs := func(n int) time.Duration { return time.Duration(r.IntN(n)) * time.Second }
	watts := func(n int) energy.Watts { return energy.Watts(r.IntN(n)) }
	s := &siteSpec{in: Input{
		Balance: energy.Balance{OK: r.IntN(6) > 0, Available: watts(16000) - 2000, Net: watts(16000) - 2000},
		Aux:     energy.Pct(r.IntN(2) * 4), ClockOK: r.IntN(8) > 0,
	}}
	if r.IntN(3) == 0 {
		w := watts(8000)
		s.in.ImportLimit = &w
	}
	for range r.IntN(3) {
		at := []energy.Bind{energy.AtFlexible, energy.AtPCCImport}[r.IntN(2)]
		s.in.Ceilings = append(s.in.Ceilings, Ceiling{at, watts(12000), energy.SignalLimit})
	}
	if s.randomPrice(r); r.IntN(4) > 0 {
		s.in.DayEnd = noon.Add(time.Duration(r.IntN(400)-50) * time.Second)
	}
	for i := range 1 + r.IntN(6) {
		s.randomLoad(r, i)
	}
	s.in.Memory = Memory{Gates: map[string]Gate{}, Stale: map[string]time.Time{}}
	for i := range 1 + r.IntN(3) {
		p := policies.Policy{Name: fmt.Sprintf("p%d", i), Loads: []string{"g", "h"}[:1+r.IntN(2)], Order: []policies.Order{policies.Efficient, policies.Listed}[r.IntN(2)]}
		p.Use = policies.Use{Available: r.IntN(3) > 0}
		if !p.Use.Available {
			p.Use.Fixed = watts(6000)
		}
		if p.Use.Available || r.IntN(4) == 0 {
			p.Start = policies.Threshold{Power: watts(3000), For: secs(60)}
			p.Stop = policies.Threshold{Power: watts(int(p.Start.Power) + 1), For: secs(60)}
		}
		p.Reserve = watts(1500) * energy.Watts(r.IntN(2))
		p.OnStale = policies.OnStale{Keep: secs(100), Then: []policies.Then{policies.ThenStop, policies.ThenKeep, policies.ThenPower}[r.IntN(3)], Power: watts(4000)}
		randomTerms(r, &p)
		if r.IntN(5) == 0 {
			p.Schedule = []policies.Window{{Open: "0 11 * * *", Close: "1 12 * * *"}}
		}
		s.policies = append(s.policies, p)
		if g := (Gate{Open: r.IntN(3) > 0}); r.IntN(3) > 0 {
			if r.IntN(2) == 0 {
				g.Since = noon.Add(-secs(70))
			}
			s.in.Memory.Gates[p.Name] = g
		}
		s.in.Memory.rising(p.Name, Slope{watts(4000), noon.Add(-secs(30))})
		if r.IntN(2) == 0 {
			s.in.Memory.falling(p.Name, Slope{watts(8000), noon.Add(-secs(30))})
		}
		if r.IntN(2) == 0 {
			s.in.Memory.Stale[p.Name] = noon.Add(-secs(120))
		}
	}
	for i := range s.in.Loads { // it ran under a policy that names it
		l := &s.in.Loads[i]
		if !slices.ContainsFunc(s.policies, func(p policies.Policy) bool {
			return p.Name == l.Policy && slices.Contains(p.Loads, s.specs[i].Group)
		}) {
			l.Policy = ""
		}
	}
	return s
}

// randomTerms gives some policies a ramp, and some an eye for profit.
func randomTerms(r *rand.Rand, p *policies.Policy) {
	if r.IntN(3) == 0 {
		p.Ramp.Up = energy.Watts(1 + r.IntN(300))
	}
	if r.IntN(3) == 0 {
		p.Ramp.Down = energy.Watts(1 + r.IntN(300))
	}
	p.Objective = []policies.Objective{policies.Hashes, policies.Net, policies.Profit}[r.IntN(3)]
	switch r.IntN(5) {
	case 0:
		p.Bridge.Auto = true
	case 1:
		p.Bridge.For = time.Duration(r.IntN(200)) * time.Second
	case 2:
		p.Bridge.PerDip, p.Bridge.PerDay = energy.Joules(r.IntN(4000)), energy.Joules(r.IntN(9000))
	}
	each := r.IntN(200)
	p.HashValue, p.ByWork = policies.HashValue(each)/3.6e9, each%4 == 0
}

// randomPrice is known, stale, never heard or not measured.
func (s *siteSpec) randomPrice(r *rand.Rand) {
	s.in.Priced = r.IntN(4) > 0
	s.in.HashValue = policies.HashValue(max(0, int(s.in.Balance.Available)%200)) / 3.6e9
	if s.in.Priced && r.IntN(8) > 0 {
		s.in.Balance.ExportPrice = energy.Sample{Quality: energy.Good, Value: float64(r.IntN(15) - 2), Until: noon.Add(time.Duration(r.IntN(200)-60) * time.Second)}
	}
}

func (s *siteSpec) randomLoad(r *rand.Rand, i int) {
	n := 1 + r.IntN(4)
	off := energy.Watts(r.IntN(3) * 20)
	var points []float64
	draw, rate := float64(off), 0.0
	for range n {
		draw += 50 + float64(r.IntN(1500))
		rate += float64(r.IntN(100))
		points = append(points, draw, rate)
	}
	s.add(fmt.Sprintf("l%d", i), off, points...)
	sp, l := s.specs[i], &s.in.Loads[i]
	if r.IntN(2) == 0 {
		sp.Group = "h"
	}
	sp.MinOn, sp.MinOff = time.Duration(r.IntN(2)*r.IntN(300))*time.Second, time.Duration(r.IntN(2)*r.IntN(300))*time.Second
	if r.IntN(3) > 0 {
		sp.Ramp = energy.Ramp{Up: energy.Watts(20 + r.IntN(200)), Down: energy.Watts(50 + r.IntN(400))}
	}
	sp.MaxStarts, l.Starts = r.IntN(2)*r.IntN(4), r.IntN(4)
	l.Setpoint = r.IntN(2) * r.IntN(n+1)
	l.Since = noon.Add(-time.Duration(r.IntN(400)) * time.Second)
	l.Policy = []string{"", "p0", "p1", "p2"}[r.IntN(4)]
	if r.IntN(3) == 0 { // on its way to where it is told to be
		from := s.points[i][r.IntN(n+1)].Draw
		l.Course = energy.Toward(noon.Add(-time.Duration(r.IntN(15))*time.Second), from, s.points[i][l.Setpoint].Draw, sp.Ramp)
	}
	switch r.IntN(14) {
	case 0:
		l.State = energy.StateUnreachable
	case 1:
		l.State, l.StartingUntil = energy.StateUnknown, noon.Add(time.Duration(r.IntN(12)-2)*time.Second)
	case 2:
		l.State = energy.StateFault
		if r.IntN(2) == 0 {
			l.State = energy.StatePaused
		}
	case 3:
		l.State = energy.StateSuspect
	case 4:
		if r.IntN(2) == 0 {
			s.points[i], l.Setpoint, l.Course = nil, 0, energy.Course{}
		}
	}
}

// input is like newSite's; a random site may lack a group.
func (s *siteSpec) try(t testing.TB) (Input, bool) {
	seen := map[string]bool{}
	for _, sp := range s.specs {
		seen[sp.Group] = true
	}
	for _, p := range s.policies {
		for _, l := range p.Loads {
			if !seen[l] {
				return Input{}, false
			}
		}
	}
	return s.input(t), true
}
