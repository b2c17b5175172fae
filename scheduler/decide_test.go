package scheduler

import (
	"slices"
	"testing"
	"time"

	"github.com/curtaild/curtaild/energy"
	"github.com/curtaild/curtaild/policies"
)

var noon = time.Date(2026, 6, 1, 12, 0, 0, 0, time.UTC)

// site is an Input that is boring in every respect: two rigs a and b in group
// g of 0, 1000 and 1500 W, the second less efficient than the first, at once
// at what they are told; one policy p on available power without delays. A
// test states only what it is about.
type siteSpec struct {
	specs    []*energy.LoadSpec
	points   [][]energy.OperatingPoint
	policies []policies.Policy
	in       Input
}

func newSite(available energy.Watts, change ...func(*siteSpec)) *siteSpec {
	s := &siteSpec{
		policies: []policies.Policy{{Name: "p", Loads: []string{"g"}, Use: policies.Use{Available: true}}},
		in: Input{
			Balance: energy.Balance{OK: true, Available: available, Net: available},
			ClockOK: true,
		},
	}
	s.add("a", 0, 1000, 50, 1500, 70)
	s.add("b", 0, 1000, 49, 1500, 68)
	for _, c := range change {
		c(s)
	}
	return s
}

// add adds a load: its draw when off, then draw and rate of each point.
func (s *siteSpec) add(name string, off energy.Watts, points ...float64) {
	ps := []energy.OperatingPoint{{Name: "off", Draw: off}}
	for i := 0; i < len(points); i += 2 {
		ps = append(ps, energy.OperatingPoint{Draw: energy.Watts(points[i]), Rate: energy.HashRate(points[i+1])})
	}
	s.specs = append(s.specs, &energy.LoadSpec{Name: name, Group: "g"})
	s.points = append(s.points, ps)
	s.in.Loads = append(s.in.Loads, LoadState{State: energy.StateIdle})
}

func (s *siteSpec) input(t testing.TB) Input {
	t.Helper()
	s.in.Fleet = NewFleet(s.specs, s.points)
	rules, err := NewRules(s.policies, s.in.Fleet, time.UTC)
	if err != nil {
		t.Fatal(err)
	}
	s.in.Rules = rules
	return s.in
}

// on puts loads at their points since the given time before noon, under p,
// whose gate is open.
func on(since time.Duration, points ...int) func(*siteSpec) {
	return func(s *siteSpec) {
		for i, p := range points {
			s.in.Loads[i].Setpoint, s.in.Loads[i].Since, s.in.Loads[i].Policy = p, noon.Add(-since), "p"
			if p > 0 {
				s.in.Loads[i].State = energy.StateRunning
			}
		}
		s.in.Memory.Gates = map[string]Gate{"p": {Open: true}}
	}
}

func policy(change func(*policies.Policy)) func(*siteSpec) {
	return func(s *siteSpec) { change(&s.policies[0]) }
}

func spec(i int, change func(*energy.LoadSpec, *LoadState)) func(*siteSpec) {
	return func(s *siteSpec) { change(s.specs[i], &s.in.Loads[i]) }
}

func stale(s *siteSpec) { s.in.Balance = energy.Balance{Reason: energy.StaleInput} }

func staleSince(d time.Duration) func(*siteSpec) {
	return func(s *siteSpec) {
		stale(s)
		s.in.Memory.Stale = map[string]time.Time{"p": noon.Add(-d)}
	}
}

func ceiling(at energy.Bind, w energy.Watts) func(*siteSpec) {
	return func(s *siteSpec) {
		s.in.Ceilings = append(s.in.Ceilings, Ceiling{At: at, Max: w, Reason: energy.SignalLimit})
	}
}

func importLimit(w energy.Watts) func(*siteSpec) {
	return func(s *siteSpec) { s.in.ImportLimit = &w }
}

func second(p policies.Policy) func(*siteSpec) {
	return func(s *siteSpec) { s.policies = append(s.policies, p) }
}

// obey is what a loop does with a plan: every load takes its set-point.
func obey(in Input, p Plan, now time.Time) Input {
	in.Memory = p.Memory
	in.Loads = slices.Clone(in.Loads)
	for i, d := range p.Decisions {
		l, f := &in.Loads[i], in.Fleet
		if d.To == l.Setpoint {
			continue
		}
		draw := f.Points(i)[min(l.Setpoint, len(f.Points(i))-1)].Draw
		if l.Course != (energy.Course{}) {
			draw = l.Course.At(now)
		}
		if (d.To == energy.Off) != (l.Setpoint == energy.Off) {
			l.Since = now
		}
		l.Setpoint, l.Policy = d.To, d.Policy
		if l.State == energy.StateUnreachable {
			draw = max(draw, l.Course.From, l.Course.To)
			l.Course = energy.Course{From: draw, To: draw, Start: now}
		} else {
			l.Course = energy.Toward(now, draw, f.Points(i)[d.To].Draw, f.Spec(i).Ramp)
		}
	}
	return in
}

type want struct {
	to     int
	reason energy.Reason
}

func TestDecide(t *testing.T) {
	const r, min5 = time.Hour, 5 * time.Minute
	gate := policy(func(p *policies.Policy) {
		p.Start = policies.Threshold{Power: 800, For: time.Minute}
		p.Stop = policies.Threshold{Power: 300, For: time.Minute}
	})
	onStale := func(keep time.Duration, then policies.Then, w energy.Watts) func(*siteSpec) {
		return policy(func(p *policies.Policy) { p.OnStale = policies.OnStale{Keep: keep, Then: then, Power: w} })
	}
	fixed := func(w energy.Watts) func(*siteSpec) {
		return policy(func(p *policies.Policy) { p.Use = policies.Use{Fixed: w} })
	}
	shut := func(s *siteSpec) { s.in.Memory.Gates = nil }
	minOn := spec(0, func(l *energy.LoadSpec, _ *LoadState) { l.MinOn = min5 })
	minOff := spec(0, func(l *energy.LoadSpec, _ *LoadState) { l.MinOff = min5 })
	state := func(st energy.State) func(*siteSpec) {
		return spec(0, func(_ *energy.LoadSpec, l *LoadState) { l.State = st })
	}
	tests := map[string]struct {
		site *siteSpec
		want []want
	}{
		"nothing to give":                    {newSite(0), []want{{0, "no-surplus"}, {0, "no-surplus"}}},
		"all there is":                       {newSite(3200), []want{{2, "surplus"}, {2, "surplus"}}},
		"one, not quite":                     {newSite(990), []want{{0, "no-budget"}, {0, "no-budget"}}},
		"the most efficient first":           {newSite(1100), []want{{1, "no-budget"}, {0, "no-budget"}}},
		"a low level on both beats one high": {newSite(2300), []want{{1, "no-budget"}, {1, "no-budget"}}},
		"the reserve stays":                  {newSite(1900, policy(func(p *policies.Policy) { p.Reserve = 1000 })), []want{{0, "no-budget"}, {0, "no-budget"}}},
		"aux is part of the draw":            {newSite(2080, func(s *siteSpec) { s.in.Aux = 4 }, on(r, 1, 1)), []want{{1, "no-budget"}, {1, "no-budget"}}},
		"aux, a watt short":                  {newSite(2079, func(s *siteSpec) { s.in.Aux = 4 }, on(r, 1, 1)), []want{{2, "surplus"}, {0, "no-budget"}}},
		"levels are cut before loads stop":   {newSite(2000, on(r, 2, 2)), []want{{1, "no-budget"}, {1, "no-budget"}}},
		"no more is cut than need be":        {newSite(2600, on(r, 2, 2)), []want{{2, "surplus"}, {1, "no-budget"}}},
		"the least efficient stops":          {newSite(1900, on(r, 2, 2)), []want{{2, "surplus"}, {0, "no-budget"}}},
		"who runs stays, efficient or not":   {newSite(1000, on(r, 0, 1)), []want{{0, "no-budget"}, {1, "no-budget"}}},
		"a held point needs no dead band":    {newSite(1000, on(r, 1)), []want{{1, "no-budget"}, {0, "no-budget"}}},
		"a rise needs the dead band":         {newSite(1030), []want{{0, "no-budget"}, {0, "no-budget"}}},
		"what runs when off costs nothing": {newSite(1100, func(s *siteSpec) { s.points[0][0].Draw, s.points[1][0].Draw = 50, 50 }),
			[]want{{1, "no-budget"}, {0, "no-budget"}}},

		"the gate waits out its delay":       {newSite(3200, gate), []want{{0, "start-delay"}, {0, "start-delay"}}},
		"trimmed while the stop delay runs":  {newSite(200, gate, on(r, 2, 2)), []want{{0, "no-budget"}, {0, "no-budget"}}},
		"the stop delay's reason":            {newSite(1000, policy(func(p *policies.Policy) { p.Stop = policies.Threshold{Power: 1200, For: time.Minute} }), on(r, 2, 2)), []want{{1, "stop-delay"}, {0, "no-budget"}}},
		"listed: first named, first started": {newSite(1100, policy(func(p *policies.Policy) { p.Order, p.Loads = policies.Listed, []string{"b", "a"} })), []want{{0, "no-budget"}, {1, "no-budget"}}},
		"listed: last stopped":               {newSite(1000, policy(func(p *policies.Policy) { p.Order, p.Loads = policies.Listed, []string{"b", "a"} }), on(r, 1, 1)), []want{{0, "no-budget"}, {1, "no-budget"}}},
		"no policy names it":                 {newSite(3200, policy(func(p *policies.Policy) { p.Loads = []string{"b"} })), []want{{0, "no-policy"}, {2, "surplus"}}},

		"fixed power, whatever is available": {newSite(-5000, fixed(2600)), []want{{2, "fixed"}, {1, "no-budget"}}},
		"fixed power under an import limit":  {newSite(1100, fixed(2600), importLimit(0)), []want{{1, "import-limit"}, {0, "import-limit"}}},
		"a higher policy takes first": {newSite(1600, policy(func(p *policies.Policy) { p.Loads = []string{"b"} }), second(policies.Policy{Name: "q", Loads: []string{"g"}, Use: policies.Use{Available: true}})),
			[]want{{0, "no-budget"}, {2, "surplus"}}},
		"a load goes to the first open policy": {newSite(3200, gate, second(policies.Policy{Name: "q", Loads: []string{"g"}, Use: policies.Use{Fixed: 1000}})),
			[]want{{1, "no-budget"}, {0, "no-budget"}}},
		"outside the schedule": {newSite(3200, policy(func(p *policies.Policy) { p.Schedule = []policies.Window{{Open: "0 13 * * *", Close: "0 14 * * *"}} })),
			[]want{{0, "closed"}, {0, "closed"}}},
		"inside the schedule": {newSite(3200, policy(func(p *policies.Policy) { p.Schedule = []policies.Window{{Open: "0 11 * * *", Close: "0 14 * * *"}} })),
			[]want{{2, "surplus"}, {2, "surplus"}}},
		"the clock is not right": {newSite(3200, func(s *siteSpec) { s.in.ClockOK = false }, policy(func(p *policies.Policy) { p.Schedule = []policies.Window{{Open: "0 11 * * *", Close: "0 14 * * *"}} })),
			[]want{{0, "clock"}, {0, "clock"}}},

		"a limit on all loads":           {newSite(3200, on(r, 2, 2), ceiling("flexible", 1500)), []want{{2, "surplus"}, {0, "signal-limit"}}},
		"a limit is not a wobble":        {newSite(3200, ceiling("flexible", 1000)), []want{{1, "signal-limit"}, {0, "signal-limit"}}},
		"a limit on import":              {newSite(1500, on(r, 2, 2), fixed(3000), ceiling("pcc_import", 500)), []want{{1, "signal-limit"}, {1, "signal-limit"}}},
		"the lowest ceiling is named":    {newSite(1500, on(r, 2, 2), fixed(3000), ceiling("pcc_import", 500), importLimit(0)), []want{{2, "fixed"}, {0, "import-limit"}}},
		"stop":                           {newSite(3200, on(time.Second, 2, 2), minOn, func(s *siteSpec) { s.in.Stop = energy.SignalStop }), []want{{0, "signal-stop"}, {0, "signal-stop"}}},
		"shutdown goes by on_exit":       {newSite(3200, on(r, 2, 2), func(s *siteSpec) { s.in.Stop = energy.Shutdown; s.specs[0].OnExit = energy.ExitStop }), []want{{0, "shutdown"}, {2, "shutdown"}}},
		"drain does not":                 {newSite(3200, on(r, 2, 2), func(s *siteSpec) { s.in.Stop = energy.Drain }), []want{{0, "drain"}, {0, "drain"}}},
		"min-on outlives the surplus":    {newSite(0, on(min5-1, 2, 2), minOn, policy(func(p *policies.Policy) { p.Stop.Power = 1 })), []want{{1, "min-on"}, {0, "no-surplus"}}},
		"min-on, over":                   {newSite(0, on(min5, 2, 2), minOn, policy(func(p *policies.Policy) { p.Stop.Power = 1 })), []want{{0, "no-surplus"}, {0, "no-surplus"}}},
		"min-on, the gate still open":    {newSite(0, on(min5-1, 2, 2), minOn), []want{{1, "min-on"}, {0, "no-budget"}}},
		"a floor is not granted twice":   {newSite(1900, on(min5-1, 1, 0), minOn), []want{{2, "surplus"}, {0, "no-budget"}}},
		"a ceiling beats min-on":         {newSite(3200, on(min5-1, 2, 0), minOn, ceiling("flexible", 500)), []want{{0, "signal-limit"}, {0, "signal-limit"}}},
		"a ceiling beats min-on, closed": {newSite(0, on(min5-1, 2, 0), minOn, policy(func(p *policies.Policy) { p.Stop.Power = 1 }), ceiling("flexible", 500)), []want{{0, "signal-limit"}, {0, "no-surplus"}}},
		"min-off":                        {newSite(3200, on(min5-1, 0, 0), minOff), []want{{0, "min-off"}, {2, "surplus"}}},
		"min-off, over":                  {newSite(3200, on(min5, 0, 0), minOff), []want{{2, "surplus"}, {2, "surplus"}}},

		"stale, never open":               {newSite(0, stale, onStale(time.Minute, policies.ThenKeep, 0)), []want{{0, "stale"}, {0, "stale"}}},
		"stale, kept":                     {newSite(0, on(r, 1, 2), staleSince(time.Minute-1), onStale(time.Minute, policies.ThenStop, 0)), []want{{1, "stale-keep"}, {2, "stale-keep"}}},
		"stale, then stop":                {newSite(0, on(r, 1, 2), staleSince(time.Minute), onStale(time.Minute, policies.ThenStop, 0)), []want{{0, "stale"}, {0, "stale"}}},
		"stale, then keep":                {newSite(0, on(r, 1, 2), staleSince(r), onStale(time.Minute, policies.ThenKeep, 0)), []want{{1, "stale-keep"}, {2, "stale-keep"}}},
		"stale, then a power":             {newSite(0, on(r, 1, 2), staleSince(r), onStale(time.Minute, policies.ThenPower, 2000)), []want{{1, "stale-keep"}, {1, "stale"}}},
		"stale, fixed power goes on":      {newSite(0, stale, fixed(1000)), []want{{1, "no-budget"}, {0, "no-budget"}}},
		"stale, fixed power with a limit": {newSite(0, stale, on(r, 1, 0), fixed(3000), importLimit(0), onStale(time.Minute, policies.ThenStop, 0)), []want{{1, "stale-keep"}, {0, "stale-keep"}}},
		"stale, and a limit on all loads": {newSite(0, on(r, 2, 2), staleSince(time.Second), onStale(time.Minute, policies.ThenStop, 0), ceiling("flexible", 1500)), []want{{2, "stale-keep"}, {0, "signal-limit"}}},
		"stale, min-on, closed, kept":     {newSite(0, on(min5-1, 2, 2), minOn, shut, staleSince(time.Second), onStale(time.Minute, policies.ThenStop, 0)), []want{{1, "min-on"}, {0, "stale"}}},
		"stale, min-on, closed":           {newSite(0, on(min5-1, 2, 2), minOn, shut, staleSince(time.Minute), onStale(time.Minute, policies.ThenStop, 0)), []want{{0, "stale"}, {0, "stale"}}},
		"stale, min-on":                   {newSite(0, on(min5-1, 2, 2), minOn, staleSince(r), onStale(0, policies.ThenStop, 0)), []want{{0, "stale"}, {0, "stale"}}},

		"not heard from yet": {newSite(3200, spec(0, func(_ *energy.LoadSpec, l *LoadState) {
			l.State, l.StartingUntil = energy.StateUnknown, noon.Add(1)
		})), []want{{0, "starting"}, {2, "surplus"}}},
		"not heard from for long enough": {newSite(3200, spec(0, func(_ *energy.LoadSpec, l *LoadState) {
			l.State, l.StartingUntil = energy.StateUnknown, noon
		})), []want{{2, "surplus"}, {2, "surplus"}}},
		"found running, may stay": {newSite(3200, on(r, 1), spec(0, func(_ *energy.LoadSpec, l *LoadState) {
			l.State, l.StartingUntil = energy.StateUnknown, noon.Add(1)
		})), []want{{1, "starting"}, {2, "surplus"}}},
		"unreachable: not started":           {newSite(3200, state(energy.StateUnreachable)), []want{{0, "unreachable"}, {2, "surplus"}}},
		"unreachable: its draw still counts": {newSite(2000, on(r, 2), state(energy.StateUnreachable)), []want{{2, "unreachable"}, {0, "no-budget"}}},
		"unreachable: told off all the same": {newSite(0, on(r, 2), state(energy.StateUnreachable), policy(func(p *policies.Policy) { p.Stop.Power = 1 })), []want{{0, "no-surplus"}, {0, "no-surplus"}}},
		"unreachable and off, still drawing": {newSite(2000, state(energy.StateUnreachable), spec(0, func(_ *energy.LoadSpec, l *LoadState) {
			l.Course = energy.Course{From: 1500, To: 1500, Start: noon}
		})), []want{{0, "unreachable"}, {0, "no-budget"}}},
		"paused: off, and its power goes elsewhere": {newSite(1600, on(r, 2), state(energy.StatePaused)), []want{{0, "paused"}, {2, "surplus"}}},
		"paused: no floor holds it":                 {newSite(1600, on(time.Second, 2), state(energy.StatePaused), spec(0, func(sp *energy.LoadSpec, _ *LoadState) { sp.MinOn = time.Minute })), []want{{0, "paused"}, {2, "surplus"}}},
		"fault: no more than it has":                {newSite(3200, on(r, 1), state(energy.StateFault)), []want{{1, "fault"}, {2, "surplus"}}},
		"suspect: what it draws more counts": {newSite(1500, on(r, 1), state(energy.StateSuspect), spec(0, func(_ *energy.LoadSpec, l *LoadState) {
			l.Course = energy.Course{From: 1500, To: 1500, Start: noon}
		})), []want{{1, "fault"}, {0, "no-budget"}}},
		"unidentified: left alone, and counted": {newSite(2000, func(s *siteSpec) {
			s.points[0] = nil
			s.in.Loads[0].Course = energy.Course{From: 1500, To: 1500, Start: noon}
		}), []want{{0, "unidentified"}, {0, "no-budget"}}},
	}
	for name, tt := range tests {
		t.Run(name, func(t *testing.T) {
			in := tt.site.input(t)
			p := Decide(noon, in)
			for i, d := range p.Decisions {
				if got := (want{d.To, d.Reason}); got != tt.want[i] {
					t.Errorf("load %s: got %v, want %v (budget %v, policies %+v)", d.Load, got, tt.want[i], p.Budget, p.Policies)
				}
			}
		})
	}
}
