package scheduler

import (
	"testing"
	"time"

	"github.com/curtaild/curtaild/energy"
	"github.com/curtaild/curtaild/policies"
)

// row is one moment of a time series: at a minute, with this much left, the
// gate is so.
type row struct {
	min  float64
	left energy.Watts
	open bool
	why  energy.Reason
}

func TestGate(t *testing.T) {
	p := policies.Policy{
		Start: policies.Threshold{Power: 2000, For: 5 * time.Minute},
		Stop:  policies.Threshold{Power: 500, For: time.Minute},
	}
	const shut, starts, open, stops = energy.NoSurplus, energy.StartDelay, energy.Surplus, energy.StopDelay
	tests := map[string][]row{
		"opens after the delay":           {{0, 2001, false, starts}, {4.99, 2001, false, starts}, {5, 2001, true, open}},
		"the threshold itself is too low": {{0, 2000, false, shut}, {9, 2000, false, shut}},
		"a cloud restarts the delay": {{0, 2500, false, starts}, {3, 2000, false, shut}, {4, 2500, false, starts},
			{8.99, 2500, false, starts}, {9, 2500, true, open}},
		"between the thresholds it stays open": {{0, 2001, false, starts}, {5, 2001, true, open}, {60, 500, true, open},
			{61, 499, true, stops}, {61.99, 499, true, stops}, {62, 499, false, shut}},
		"between the thresholds it stays shut": {{0, 600, false, shut}, {60, 1999, false, shut}},
		"a short dip does not close it":        {{0, 2001, false, starts}, {5, 2001, true, open}, {6, 0, true, stops}, {6.9, 500, true, open}, {7.5, 0, true, stops}, {8.4, 0, true, stops}, {8.5, 0, false, shut}},
	}
	for name, series := range tests {
		t.Run(name, func(t *testing.T) {
			var g Gate
			for _, r := range series {
				now := noon.Add(time.Duration(r.min * float64(time.Minute)))
				var why energy.Reason
				var due time.Time
				g, why, due = g.Step(now, &p, r.left)
				if g.Open != r.open || why != r.why {
					t.Fatalf("minute %v, %v: open = %t, %s, want %t, %s", r.min, r.left, g.Open, why, r.open, r.why)
				}
				waits := why == starts || why == stops
				if waits != due.After(now) || !waits && !due.IsZero() {
					t.Fatalf("minute %v: %s is due at %v", r.min, why, due)
				}
			}
		})
	}
}

// The gate, driven through Decide as a loop does: staleness and the calendar
// make it forget, and Wake says when it moves.
func TestGateThroughDecide(t *testing.T) {
	type step struct {
		at    time.Duration
		avail energy.Watts // negative: no fresh reading
		to    int
		why   energy.Reason
		wake  time.Duration // from noon; 0: never
	}
	base := func() *siteSpec {
		return newSite(0, policy(func(p *policies.Policy) {
			p.Loads = []string{"a"}
			p.Start = policies.Threshold{Power: 1200, For: 2 * time.Minute}
			p.Stop = policies.Threshold{Power: 500, For: 30 * time.Second}
			p.OnStale = policies.OnStale{Keep: time.Minute, Then: policies.ThenStop}
		}))
	}
	const s, m = time.Second, time.Minute
	tests := map[string][]step{
		"start, dip, stop": {
			{0, 2000, 0, energy.StartDelay, 2 * m}, {2*m - 1, 2000, 0, energy.StartDelay, 2 * m}, {2 * m, 2000, 2, energy.Surplus, 0},
			{3 * m, 1100, 1, energy.NoBudget, 0}, {4 * m, 499, 0, energy.NoBudget, 4*m + 30*s}, {4*m + 30*s, 499, 0, energy.NoSurplus, 0}},
		"stale while waiting: the delay starts over": {
			{0, 2000, 0, energy.StartDelay, 2 * m}, {m, -1, 0, energy.StaleInput, 0}, {m + s, 2000, 0, energy.StartDelay, 3*m + s},
			{3*m + s, 2000, 2, energy.Surplus, 0}},
		"stale for less than keep: it goes on": {
			{0, 2000, 0, energy.StartDelay, 2 * m}, {2 * m, 2000, 2, energy.Surplus, 0}, {3 * m, -1, 2, energy.StaleKeep, 4 * m},
			{4*m - s, -1, 2, energy.StaleKeep, 4 * m}, {4*m - 1, 2000, 2, energy.Surplus, 0}},
		"stale for longer: off, then the start delay": {
			{0, 2000, 0, energy.StartDelay, 2 * m}, {2 * m, 2000, 2, energy.Surplus, 0}, {3 * m, -1, 2, energy.StaleKeep, 4 * m},
			{4 * m, -1, 0, energy.StaleInput, 0}, {5 * m, 2000, 0, energy.StartDelay, 7 * m}, {7 * m, 2000, 2, energy.Surplus, 0}},
	}
	for name, steps := range tests {
		t.Run(name, func(t *testing.T) {
			in := base().input(t)
			for _, st := range steps {
				now := noon.Add(st.at)
				in.Balance = energy.Balance{OK: st.avail >= 0, Available: st.avail, Net: st.avail}
				p := Decide(now, in)
				d := p.Decisions[0]
				if d.To != st.to || d.Reason != st.why {
					t.Fatalf("at %v: %d, %s, want %d, %s", st.at, d.To, d.Reason, st.to, st.why)
				}
				if want := noon.Add(st.wake); st.wake == 0 && !p.Wake.IsZero() || st.wake != 0 && !p.Wake.Equal(want) {
					t.Fatalf("at %v: wake %v, want %v", st.at, p.Wake, want)
				}
				in = obey(in, p, now)
			}
		})
	}
}

func TestWake(t *testing.T) {
	tests := map[string]struct {
		site *siteSpec
		want time.Time
	}{
		"nothing ahead":         {newSite(3200), time.Time{}},
		"a reading goes stale":  {newSite(3200, func(s *siteSpec) { s.in.Balance.Until = noon.Add(9) }), noon.Add(9)},
		"not if it did already": {newSite(3200, func(s *siteSpec) { s.in.Balance.Until = noon }), time.Time{}},
		"the calendar": {newSite(3200, policy(func(p *policies.Policy) {
			p.Schedule = []policies.Window{{Open: "0 13 * * *", Close: "0 14 * * *"}}
		})), noon.Add(time.Hour)},
		"min-on": {newSite(0, on(time.Minute, 1, 0), spec(0, func(l *energy.LoadSpec, _ *LoadState) { l.MinOn = 3 * time.Minute })),
			noon.Add(2 * time.Minute)},
		"min-off": {newSite(3200, on(time.Minute, 0, 0), spec(0, func(l *energy.LoadSpec, _ *LoadState) { l.MinOff = 3 * time.Minute })),
			noon.Add(2 * time.Minute)},
		"the first answer": {newSite(3200, spec(0, func(_ *energy.LoadSpec, l *LoadState) {
			l.State, l.StartingUntil = energy.StateUnknown, noon.Add(10*time.Second)
		})), noon.Add(10 * time.Second)},
		"a stop has no end": {newSite(3200, on(0, 1), spec(0, func(l *energy.LoadSpec, _ *LoadState) { l.MinOn = time.Hour }),
			func(s *siteSpec) { s.in.Stop = energy.HoldOff }), time.Time{}},
	}
	for name, tt := range tests {
		t.Run(name, func(t *testing.T) {
			if got := Decide(noon, tt.site.input(t)).Wake; !got.Equal(tt.want) {
				t.Errorf("wake %v, want %v", got, tt.want)
			}
		})
	}
}

func TestMemoryOfStop(t *testing.T) {
	open := Memory{Gates: map[string]Gate{"p": {Open: true}}}
	for reason, kept := range map[energy.Reason]bool{energy.Shutdown: true, energy.Drain: false, energy.SignalStop: false, energy.HoldOff: false} {
		s := newSite(3200, func(s *siteSpec) { s.in.Stop, s.in.Memory = reason, open })
		if got := Decide(noon, s.input(t)).Memory.Gates["p"].Open; got != kept {
			t.Errorf("after %s the gate is remembered as open = %t, want %t", reason, got, kept)
		}
	}
}
