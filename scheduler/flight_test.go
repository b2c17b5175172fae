package scheduler

import (
	"testing"
	"time"

	"github.com/curtaild/curtaild/energy"
	"github.com/curtaild/curtaild/policies"
)

// handOver is a site with room for one of two loads of 1000 W: a runs, and a
// better policy now wants b.
func handOver(up, down energy.Watts, available energy.Watts) *siteSpec {
	s := newSite(available, func(s *siteSpec) {
		s.specs, s.points, s.in.Loads = nil, nil, nil
		s.add("a", 0, 1000, 50)
		s.add("b", 0, 1000, 49)
		s.policies = []policies.Policy{
			{Name: "q", Loads: []string{"b"}, Use: policies.Use{Available: true}},
			{Name: "p", Loads: []string{"a"}, Use: policies.Use{Available: true}},
		}
	})
	on(time.Hour, 1, 0)(s)
	for _, sp := range s.specs {
		sp.Ramp = energy.Ramp{Up: up, Down: down}
	}
	return s
}

func TestPowerInFlight(t *testing.T) {
	tests := map[string]struct {
		site *siteSpec
		want want          // of load b
		wake time.Duration // 0: never
	}{
		"falls faster than it rises: at once": {handOver(29, 350, 1060), want{1, "surplus"}, 0},
		"rises faster: waits":                 {handOver(350, 100, 1060), want{0, "in-flight"}, 0},
		"rises at once: waits till all is gone": {handOver(0, 100, 1060), want{0, "in-flight"},
			9400 * time.Millisecond},
		"room for both: at once": {handOver(0, 100, 2060), want{1, "surplus"}, 0},
		"falls at once":          {handOver(0, 0, 1060), want{1, "surplus"}, 0},
	}
	for name, tt := range tests {
		t.Run(name, func(t *testing.T) {
			in := tt.site.input(t)
			p := Decide(noon, in)
			d := p.Decisions[1]
			if got := (want{d.To, d.Reason}); got != tt.want {
				t.Fatalf("got %v, want %v: %+v", got, tt.want, p)
			}
			if tt.wake != 0 && !p.Wake.Equal(noon.Add(tt.wake)) {
				t.Errorf("wake after %v, want %v", p.Wake.Sub(noon), tt.wake)
			}
			if tt.want.reason == energy.InFlight && p.Wake.IsZero() {
				t.Error("waits, and never wakes")
			}
		})
	}
}

// Waking when it says, a rise that waits goes in a few steps, and the sum of
// the courses never exceeds what there is.
func TestPowerInFlightArrives(t *testing.T) {
	in := handOver(350, 100, 1060).input(t)
	now, steps := noon, 0
	for {
		p := Decide(now, in)
		in = obey(in, p, now)
		end := p.Wake
		if p.Decisions[1].To == 1 {
			end = now.Add(time.Minute)
		}
		for at := now; at.Before(end); at = at.Add(50 * time.Millisecond) {
			if sum := drawOf(in, 0, at) + drawOf(in, 1, at); sum > 1060+1 {
				t.Fatalf("%v are drawn after %v", sum, at.Sub(noon))
			}
		}
		if p.Decisions[1].To == 1 {
			break
		}
		if steps++; steps > 20 {
			t.Fatalf("still waits after %v", now.Sub(noon))
		}
		now = p.Wake
	}
	if took := now.Sub(noon); took < 6*time.Second || took > 9400*time.Millisecond {
		t.Errorf("took %v", took)
	}
	t.Logf("after %v, in %d steps", now.Sub(noon), steps)
}
