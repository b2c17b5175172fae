package scheduler

import (
	"testing"
	"time"

	"github.com/curtaild/curtaild/energy"
	"github.com/curtaild/curtaild/policies"
)

// rampRow is what is so at a time, and what is then to be granted.
type rampRow struct {
	after     time.Duration // since noon
	available energy.Watts
	want      energy.Watts
	change    func(*siteSpec)
}

// play decides once a row, each time with the result of the row before carried
// out, and holds what is granted against what is wanted.
func play(t *testing.T, s *siteSpec, rows []rampRow) {
	t.Helper()
	in := s.input(t)
	for _, r := range rows {
		if r.change != nil {
			r.change(s)
			was := in
			in = s.input(t)
			in.Loads, in.Memory = was.Loads, was.Memory
		}
		now := noon.Add(r.after)
		in.Balance.Available, in.Balance.Net = r.available, r.available
		plan := Decide(now, in)
		if plan.Granted != r.want {
			t.Errorf("after %v: %v of %v are granted, want %v: %+v", r.after, plan.Granted, r.available, r.want, plan.Decisions)
		}
		in = obey(in, plan, now)
	}
}

// A policy takes what is there step by step along its ramp, which begins when
// its gate opens, and lets go at once.
func TestRampUp(t *testing.T) {
	s := newSite(5000, policy(func(p *policies.Policy) { p.Ramp.Up = 100 }))
	s.specs, s.points, s.in.Loads = nil, nil, nil
	for _, name := range []string{"a", "b", "c", "d"} {
		s.add(name, 0, 1000, 50)
	}
	play(t, s, []rampRow{
		{0, 5000, 0, nil},
		{9 * time.Second, 5000, 0, nil},
		{9999 * time.Millisecond, 5000, 0, nil},
		{10 * time.Second, 5000, 1000, nil},
		{19 * time.Second, 5000, 1000, nil},
		{20 * time.Second, 5000, 2000, nil},
		{30 * time.Second, 5000, 3000, nil},
		{31 * time.Second, 1200, 1000, nil}, // a cloud
		{32 * time.Second, 5000, 2000, nil}, // no further ahead than one step
		{33 * time.Second, 5000, 2000, nil},
		{42 * time.Second, 5000, 3000, nil},
		{time.Hour, 5000, 4000, nil},
	})
}

// Between the ramp's ticks nothing changes, and each of them is announced.
func TestRampWakes(t *testing.T) {
	in := newSite(5000, policy(func(p *policies.Policy) { p.Ramp.Up = 600 })).input(t)
	now, ticks := noon, 0
	for {
		plan := Decide(now, in)
		in = obey(in, plan, now)
		if plan = Decide(now, in); plan.Wake.IsZero() {
			break
		}
		if now = plan.Wake; now.Sub(noon) > time.Minute {
			t.Fatal("it never ends")
		}
		ticks++
	}
	if want := energy.Watts(3000); Decide(now, in).Granted != want || ticks < 5 || ticks > 8 {
		t.Errorf("%v after %d ticks, want %v after 5 to 8", Decide(now, in).Granted, ticks, want)
	}
}

// What a schedule takes away goes along the ramp, as long as there is power
// that carries it; a cloud, a limit and stale inputs cut at once.
func TestRampDown(t *testing.T) {
	shut := func(s *siteSpec) {
		s.policies[0].Schedule = []policies.Window{{Open: "0 13 * * *", Close: "0 14 * * *"}}
	}
	limit := func(s *siteSpec) { s.in.Ceilings = []Ceiling{{energy.AtFlexible, 1200, energy.SignalLimit}} }
	stale := func(s *siteSpec) { s.in.Balance.OK = false }
	slow := policy(func(p *policies.Policy) { p.Ramp.Down = 100 })
	for name, rows := range map[string][]rampRow{
		"schedule": {
			{0, 5000, 3000, nil}, {time.Minute, 5000, 3000, shut}, {64 * time.Second, 5000, 3000, nil}, {65 * time.Second, 5000, 2500, nil},
			{69 * time.Second, 5000, 2500, nil}, {70 * time.Second, 5000, 2000, nil}, {79 * time.Second, 5000, 2000, nil},
			{80 * time.Second, 5000, 1000, nil}, {89 * time.Second, 5000, 1000, nil}, {90 * time.Second, 5000, 0, nil}, {50 * time.Minute, 5000, 0, nil},
		},
		"schedule, then a cloud":     {{0, 5000, 3000, nil}, {time.Minute, 5000, 3000, shut}, {61 * time.Second, 1700, 1500, nil}, {62 * time.Second, 0, 0, nil}},
		"schedule, and opened again": {{0, 5000, 3000, nil}, {time.Minute, 5000, 3000, shut}, {70 * time.Second, 5000, 2000, nil}, {71 * time.Second, 5000, 3000, func(s *siteSpec) { s.policies[0].Schedule = nil }}},
		"a cloud":                    {{0, 5000, 3000, nil}, {time.Minute, 1200, 1000, nil}},
		"a limit":                    {{0, 5000, 3000, nil}, {time.Minute, 5000, 1000, limit}},
		"a limit on the way down":    {{0, 5000, 3000, nil}, {time.Minute, 5000, 3000, shut}, {61 * time.Second, 5000, 1000, limit}},
		"stale":                      {{0, 5000, 3000, nil}, {time.Minute, 5000, 0, stale}},
		"no longer worth it":         {{0, 5000, 3000, nil}, {time.Minute, 5000, 3000, dear}, {65 * time.Second, 5000, 2500, nil}, {2 * time.Minute, 5000, 0, nil}},
	} {
		t.Run(name, func(t *testing.T) { play(t, newSite(5000, slow, on(time.Hour, 2, 2)), rows) })
	}
}

// dear makes power worth more than any hash.
func dear(s *siteSpec) {
	s.policies[0].Objective, s.policies[0].HashValue = policies.Profit, 1e-9
	s.in.Priced, s.in.Balance.ExportPrice = true, energy.Sample{Quality: energy.Good, Value: 1000}
}

// Loads that another policy hands over go on, however slow the ramp.
func TestRampTakesOver(t *testing.T) {
	s := newSite(5000, on(time.Hour, 2, 2), policy(func(p *policies.Policy) { p.Name, p.Ramp.Up = "q", 1 }))
	s.in.Memory.Gates = map[string]Gate{"q": {Open: true}}
	play(t, s, []rampRow{{0, 5000, 3000, nil}})
}

// What is let down says so, and by which policy.
func TestRampReasons(t *testing.T) {
	s := newSite(5000, on(time.Hour, 2, 2), policy(func(p *policies.Policy) {
		p.Ramp.Down = 100
		p.Schedule = []policies.Window{{Open: "0 13 * * *", Close: "0 14 * * *"}}
	}))
	in := s.input(t)
	in = obey(in, Decide(noon, in), noon)
	plan := Decide(noon.Add(20*time.Second), in)
	a, b := plan.Decisions[0], plan.Decisions[1]
	if a.Reason != energy.RampLimit || a.Policy != "p" || a.To != 1 || b.To != 0 || b.Reason != energy.Closed {
		t.Errorf("%+v", plan.Decisions)
	}
	if g := plan.Policies[0]; g.Open || g.Granted != 1000 || g.Reason != energy.Closed {
		t.Errorf("%+v", g)
	}
	in = newSite(5000, policy(func(p *policies.Policy) { p.Ramp.Up = 100 })).input(t)
	if d := Decide(noon, in).Decisions[0]; d.Reason != energy.RampLimit {
		t.Errorf("%+v", d)
	}
}
