package scheduler

import (
	"testing"
	"time"

	"github.com/curtaild/curtaild/energy"
	"github.com/curtaild/curtaild/policies"
)

func bridge(b policies.Bridge) func(*siteSpec) {
	return policy(func(p *policies.Policy) { p.Bridge = b })
}

// through takes a site that has had plenty for ten minutes into a dip, and
// decides every 5 s. It returns how long into the dip anything still ran, and
// what was bought meanwhile.
func through(t *testing.T, in Input, dip energy.Watts, most time.Duration) (ran time.Duration, bought energy.Joules) {
	t.Helper()
	now := noon
	for range 120 {
		plan := Decide(now, in)
		in = obey(in, plan, now)
		now = now.Add(5 * time.Second)
	}
	in.Balance.Available, in.Balance.Net = dip, dip
	for s := time.Duration(0); s <= most; s += 5 * time.Second {
		plan := Decide(now, in)
		draw := energy.Watts(0)
		for _, d := range plan.Decisions {
			if draw += d.ToW; d.To > energy.Off && dip < 1000 && d.Reason != energy.Bridged {
				t.Fatalf("%v into the dip %s runs, reason %s", s, d.Load, d.Reason)
			}
		}
		in = obey(in, plan, now)
		now = now.Add(5 * time.Second)
		if draw == 0 {
			return s, bought
		}
		ran, bought = s, bought+energy.Joules(max(0, draw-dip)*5)
	}
	return ran, bought
}

func TestBridge(t *testing.T) {
	closes := policy(func(p *policies.Policy) {
		p.Start, p.Stop = policies.Threshold{Power: 900}, policies.Threshold{Power: 800}
	})
	price := func(v float64) func(*siteSpec) {
		return func(s *siteSpec) {
			s.in.Balance.ImportPrice = energy.Sample{Value: v, Quality: energy.Good}
		}
	}
	for name, c := range map[string]struct {
		site   *siteSpec
		least  time.Duration // that something runs
		most   time.Duration
		joules energy.Joules // that is bought; 0: whatever
	}{
		"nothing by default":            {newSite(3000, on(time.Hour, 2, 2)), 0, 0, 0},
		"for a minute":                  {newSite(3000, on(time.Hour, 2, 2), bridge(policies.Bridge{For: time.Minute})), 50 * time.Second, time.Minute, 0},
		"the gate's end is outlasted":   {newSite(3000, on(time.Hour, 2, 2), bridge(policies.Bridge{For: time.Minute}), closes), 50 * time.Second, time.Minute, 0},
		"as long as it pays":            {newSite(3000, on(time.Hour, 2, 2), bridge(policies.Bridge{Auto: true})), 90 * time.Second, 4 * time.Minute, 0},
		"longer than that it does not":  {newSite(3000, on(time.Hour, 2, 2), bridge(policies.Bridge{For: time.Hour})), 90 * time.Second, 4 * time.Minute, 0},
		"energy for a dip":              {newSite(3000, on(time.Hour, 2, 2), bridge(policies.Bridge{PerDip: 60_000})), 20 * time.Second, 40 * time.Second, 70_000},
		"energy for a day":              {newSite(3000, on(time.Hour, 2, 2), bridge(policies.Bridge{PerDay: 60_000})), 20 * time.Second, 40 * time.Second, 70_000},
		"power is cheap enough":         {newSite(3000, on(time.Hour, 2, 2), price(100), bridge(policies.Bridge{For: time.Minute, MaxPrice: 120, HasMaxPrice: true})), 50 * time.Second, time.Minute, 0},
		"power is too dear":             {newSite(3000, on(time.Hour, 2, 2), price(121), bridge(policies.Bridge{For: time.Minute, MaxPrice: 120, HasMaxPrice: true})), 0, 0, 0},
		"nobody knows what power costs": {newSite(3000, on(time.Hour, 2, 2), bridge(policies.Bridge{For: time.Minute, MaxPrice: 120, HasMaxPrice: true})), 0, 0, 0},
		"an import limit stands above":  {newSite(3000, on(time.Hour, 2, 2), importLimit(0), bridge(policies.Bridge{For: time.Minute})), 0, 0, 0},
	} {
		t.Run(name, func(t *testing.T) {
			ran, bought := through(t, c.site.input(t), 500, 10*time.Minute)
			if ran < c.least || ran > c.most {
				t.Errorf("ran for %v, want %v to %v", ran, c.least, c.most)
			}
			if c.joules > 0 && bought > c.joules {
				t.Errorf("bought %v, want at most %v", bought, c.joules)
			}
		})
	}
}

// A clock that is doubted for a moment opens no second budget, and nothing was
// bought while nobody was there.
func TestBridgingAway(t *testing.T) {
	day := noon.Add(12 * time.Hour)
	b := Bridging{}.step(noon, day).buy(noon, 1000, 1500, 500)
	if b = b.step(noon.Add(time.Hour), day); b.Day != 60_000 {
		t.Errorf("an hour away: %v", b.Day)
	}
	b = b.step(noon.Add(time.Hour), time.Time{}).step(noon.Add(time.Hour), day)
	if b.Day != 60_000 {
		t.Errorf("the clock was doubted: %v", b.Day)
	}
}

// A dip is over when there is enough again; a day when it ends.
func TestBridgingAccount(t *testing.T) {
	day := noon.Add(12 * time.Hour)
	b := Bridging{}.step(noon, day).buy(noon, 1000, 1500, 500)
	b = b.step(noon.Add(10*time.Second), day).buy(noon.Add(10*time.Second), 500, 1000, 500)
	if b.Dip != 10_000 || b.Day != 10_000 || !b.Since.Equal(noon) {
		t.Errorf("after 10 s of 1 kW: %+v", b)
	}
	b = b.step(noon.Add(20*time.Second), day).buy(noon.Add(20*time.Second), 0, 1500, 1500)
	if b.Dip != 0 || b.Day != 15_000 || !b.Since.IsZero() {
		t.Errorf("after the dip: %+v", b)
	}
	if b = b.step(day, day.Add(24*time.Hour)); b.Day != 0 {
		t.Errorf("on the next day: %+v", b)
	}
}

// What the bridge of a policy carries is its own, and only that: loads that do
// not run, or run under another policy, go by that one.
func TestBridgeOwnsOnlyWhatItCarries(t *testing.T) {
	gate := policy(func(p *policies.Policy) {
		p.Bridge.For = time.Minute
		p.Start, p.Stop = policies.Threshold{Power: 900}, policies.Threshold{Power: 800}
	})
	below := second(policies.Policy{Name: "q", Loads: []string{"g"}, Use: policies.Use{Fixed: 1000}})
	plan := Decide(noon, newSite(0, gate, below).input(t))
	if d := plan.Decisions[0]; d.To != 1 || d.Policy != "q" {
		t.Errorf("nothing ran: %+v", d)
	}
	s := newSite(0, gate, second(policies.Policy{Name: "q", Loads: []string{"g"}, Use: policies.Use{Fixed: 3000}}), on(time.Hour, 2, 2))
	s.in.Memory.Gates = nil
	for i := range s.in.Loads {
		s.in.Loads[i].Policy = "q"
	}
	for _, d := range Decide(noon, s.input(t)).Decisions {
		if d.To != 2 || d.Policy != "q" {
			t.Errorf("ran under another: %+v", d)
		}
	}
}

// What a shut policy may carry but cannot is handed on as it runs: the next
// policy that names it does not start it anew.
func TestBridgeHandsOnWhatItCannotCarry(t *testing.T) {
	gate := policy(func(p *policies.Policy) {
		p.Bridge.For = time.Minute
		p.Start, p.Stop = policies.Threshold{Power: 900}, policies.Threshold{Power: 800}
	})
	below := second(policies.Policy{Name: "q", Loads: []string{"g"}, Use: policies.Use{Fixed: 3000}})
	s := newSite(0, gate, below, on(time.Hour, 2, 2))
	for _, d := range Decide(noon, s.input(t)).Decisions { // nothing tells that the dip will pass
		if d.To != 2 || d.Policy != "q" {
			t.Errorf("%+v", d)
		}
	}
	s.in.Loads[1].State = energy.StateUnreachable
	plan := Decide(noon, s.input(t))
	if d := plan.Decisions[0]; d.To != 2 || d.Policy != "q" { // beside what the other goes on drawing
		t.Errorf("beside one that does not answer: %+v", d)
	}
}

// While power returns and the gate waits, what was carried goes on.
func TestBridgeUntilTheGateOpens(t *testing.T) {
	in := newSite(3000, on(time.Hour, 2, 2), bridge(policies.Bridge{For: 10 * time.Minute}), policy(func(p *policies.Policy) {
		p.Start, p.Stop = policies.Threshold{Power: 900, For: time.Minute}, policies.Threshold{Power: 800}
	})).input(t)
	for s := range 240 {
		now, w := noon.Add(time.Duration(s)*5*time.Second), energy.Watts(3000)
		if s >= 120 && s < 126 {
			w = 500
		}
		in.Balance.Available, in.Balance.Net = w, w
		plan := Decide(now, in)
		for _, d := range plan.Decisions {
			if d.To == energy.Off {
				t.Fatalf("%d s: %+v", 5*s, d)
			}
		}
		in = obey(in, plan, now)
	}
}

// A stop, or a hold, forgets neither what was learned nor what was bought.
func TestStopKeepsAccounts(t *testing.T) {
	s := newSite(3000)
	s.in.Memory.Bridges = map[string]Bridging{"p": {Day: 1000}}
	s.in.Memory.Beliefs = map[string]Belief{"p": {Active: 7}}
	s.in.Stop = energy.HoldOff
	m := Decide(noon, s.input(t)).Memory
	if m.Bridges["p"].Day != 1000 || m.Beliefs["p"].Active != 7 {
		t.Errorf("%+v", m)
	}
}
