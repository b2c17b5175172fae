package demo

import (
	"strings"
	"testing"
	"time"

	"github.com/curtaild/curtaild/energy"
	"github.com/curtaild/curtaild/policies"
)

// site is a site of three loads as snapshots show it.
type site struct {
	seq  uint64
	snap energy.Snapshot
}

func newTestSite() *site {
	s := &site{}
	s.snap.Balance = energy.Balance{OK: true, Available: 8000, Draw: 3000}
	for _, name := range []string{"a", "b", "c"} {
		s.snap.Loads = append(s.snap.Loads, energy.LoadView{Spec: &energy.LoadSpec{Name: name, Family: "luxos"}})
	}
	return s
}

// set gives loads, by their names, a set-point.
func (s *site) set(names string, point int, why energy.Reason) *site {
	for i := range s.snap.Loads {
		l := &s.snap.Loads[i]
		if strings.Contains(names, l.Spec.Name) {
			s.seq++
			l.Setpoint = energy.Setpoint{Load: l.Spec.Name, Seq: s.seq, Point: point, Draw: energy.Watts(22 + 1000*point), Policy: "p", Reason: why}
		}
	}
	return s
}

func testPolicies() []policies.Policy {
	return []policies.Policy{{
		Name:    "p",
		Reserve: 400,
		Start:   policies.Threshold{Power: 2000, For: 3 * time.Second},
		Stop:    policies.Threshold{Power: 300, For: 5 * time.Second},
	}}
}

func TestDecisionsInWords(t *testing.T) {
	run := func(s *site) { s.set("ab", 2, energy.Surplus) }
	for _, c := range []struct {
		name   string
		before func(*site)
		now    func(*site)
		want   string // one sentence, all loads together; empty: nothing is told
	}{
		{"first start", nil, func(s *site) { s.set("a", 1, energy.Surplus) }, "a starts at 1.0 kW: 5.0 kW of surplus, for 3 s"},
		{"first start, not all the way", nil, func(s *site) { s.set("a", 1, energy.NoBudget) }, "a starts at 1.0 kW: 5.0 kW of surplus, for 3 s"},
		{"two start", nil, func(s *site) { s.set("ab", 1, energy.Surplus) }, "a and b start, 2.0 kW in all: 5.0 kW of surplus, for 3 s"},
		{"three start", nil, func(s *site) { s.set("abc", 1, energy.Surplus) }, "a and 2 others start, 3.1 kW in all: 5.0 kW of surplus, for 3 s"},
		{"one more", run, func(s *site) { s.set("c", 1, energy.Surplus) }, "c starts at 1.0 kW: 5.0 kW to spare"},
		{"up", run, func(s *site) { s.set("a", 3, energy.Surplus) }, "a goes up to 3.0 kW: 5.0 kW to spare"},
		{"up, while the meter lags", run, func(s *site) { s.snap.Balance.Available = 0; s.set("a", 3, energy.Surplus) }, "a goes up to 3.0 kW: power comes free"},
		{"down", run, func(s *site) { s.snap.Balance.Available = 2100; s.set("a", 1, energy.NoBudget) }, "a goes down to 1.0 kW: 1.3 kW too little"},
		{"down for others", run, func(s *site) { s.set("a", 1, energy.NoBudget).set("c", 2, energy.Surplus) }, "a goes down to 1.0 kW: others make more of its power; c starts at 2.0 kW: 5.0 kW to spare"},
		{"down, in between", run, func(s *site) { s.set("a", 1, energy.NoBudget) }, "a goes down to 1.0 kW: what is left does not carry it"},
		{"gate closes", run, func(s *site) { s.set("ab", 0, energy.NoSurplus) }, "a and b stop: less than 300 W to spare for 5 s"},
		{"min_on", run, func(s *site) { s.set("a", 1, energy.MinOn) }, "a goes down to 1.0 kW: too little, but started too lately to stop"},
		{"limit", run, func(s *site) { s.set("a", 0, energy.SignalLimit) }, "a stops: the grid's limit allows no more"},
		{"silence", run, func(s *site) { s.set("a", 0, energy.StaleInput) }, "a stops: the meter has fallen silent"},
		{"end", run, func(s *site) { s.set("a", 0, energy.Shutdown) }, "a stops: the demo ends"},
		{"no words for it", run, func(s *site) { s.set("a", 0, energy.Clock) }, "a stops: reason clock"},
		{"the same again", run, func(s *site) { s.set("a", 2, energy.NoBudget) }, ""},
		{"nothing", run, func(*site) {}, ""},
	} {
		t.Run(c.name, func(t *testing.T) {
			s, story := newTestSite(), NewStory(testPolicies())
			story.Step(&s.snap, Moment{})
			if c.before != nil {
				c.before(s)
				story.Step(&s.snap, Moment{})
			}
			c.now(s)
			events := story.Step(&s.snap, Moment{})
			var got []string
			for _, e := range events {
				got = append(got, e.Line())
			}
			if strings.Join(got, "; ") != c.want {
				t.Errorf("got %q, want %q", got, c.want)
			}
		})
	}
}

// Every reason that a set-point can have is put into words, or at least named.
func TestEveryReasonIsTold(t *testing.T) {
	for _, why := range energy.Reasons() {
		s, story := newTestSite(), NewStory(nil)
		story.Step(&s.snap, Moment{})
		events := story.Step(&s.set("abc", 1, why).snap, Moment{})
		if len(events) != 1 || len(events[0].Lines()) != 3 || events[0].Why == "" || story.Decisions() != 3 {
			t.Errorf("%s: %+v", why, events)
		}
	}
}

func TestDifferentReasonsAreDifferentEvents(t *testing.T) {
	s, story := newTestSite(), NewStory(testPolicies())
	story.Step(&s.snap, Moment{})
	events := story.Step(&s.set("a", 1, energy.Surplus).set("b", 1, energy.MinOn).set("c", 2, energy.Surplus).snap, Moment{})
	if len(events) != 2 || len(events[0].Loads) != 2 || events[1].Loads[0].Load != "b" {
		t.Errorf("events are %+v", events)
	}
}

func TestSignalsInWords(t *testing.T) {
	v := func(x float64) *float64 { return &x }
	for _, c := range []struct {
		st   energy.SignalStatus
		want string
	}{
		{energy.SignalStatus{State: energy.SignalAccepted, AskedKW: v(5)}, "grid: limit of 5.0 kW for 20 s, in 2 s: accepted"},
		{energy.SignalStatus{State: energy.SignalStarted, AskedKW: v(5)}, "grid: limit of 5.0 kW started"},
		{energy.SignalStatus{State: energy.SignalAchieved, AskedKW: v(5), AchievedS: v(0.44), MeasuredKW: v(4.8)}, "grid: limit of 5.0 kW achieved in 0.4 s, at 4.8 kW"},
		{energy.SignalStatus{State: energy.SignalCompleted, AskedKW: v(5), Delivered: v(9.25)}, "grid: limit of 5.0 kW completed, 9.2 kW delivered"},
		{energy.SignalStatus{State: energy.SignalRejected, Reason: "at: unknown"}, "grid: limit rejected: at: unknown"},
	} {
		if got := NewStory(nil).Signal(c.st, Moment{}).Line(); got != c.want {
			t.Errorf("got %q, want %q", got, c.want)
		}
	}
}

func TestUnitsInPassing(t *testing.T) {
	for got, want := range map[string]string{
		watts(0): "0 W", watts(999.4): "999 W", watts(999.6): "1.0 kW", watts(12345): "12.3 kW",
		wattHours(3600 * 12): "12 Wh", wattHours(3600 * 1234): "1.23 kWh",
		rate(0): "0 H/s", rate(5.25e6): "5.25 MH/s", rate(999.6e12): "1.00 PH/s", rate(123.4e12): "123 TH/s", hashes(20.6e15): "20.6 PH",
	} {
		if got != want {
			t.Errorf("got %q, want %q", got, want)
		}
	}
}
