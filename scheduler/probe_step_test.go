package scheduler

import (
	"encoding/json"
	"testing"
	"time"

	"github.com/curtaild/curtaild/energy"
	"github.com/curtaild/curtaild/policies"
)

// A probe, reading by reading, on both sides of every edge. Steps are of 4 kW,
// every minute; the export limit is 0, its band 500 W.
func TestProbeStep(t *testing.T) {
	type row struct {
		sec   int
		told  energy.Watts // what the set-points draw
		draw  energy.Watts // and the loads
		grid  energy.Watts
		extra energy.Watts // of the budget above what set-points draw; none: no budget of its own
	}
	const none = -1e6
	quiet := []row{{0, 10e3, 10e3, 0, 0}, {5, 10e3, 10e3, 0, 4e3}}
	for _, c := range []struct {
		name string
		rows []row
	}{
		{"not before it has been at the limit for a while", []row{{0, 10e3, 10e3, 0, 0}, {4, 10e3, 10e3, 0, 0}, {5, 10e3, 10e3, 0, 4e3}}},
		{"within the band", []row{{0, 10e3, 10e3, 500, 0}}},
		{"just out of it may be noise", []row{{0, 10e3, 10e3, 0, 0}, {1, 10e3, 10e3, 501, 0}}},
		{"twice is none", []row{{0, 10e3, 10e3, 0, 0}, {1, 10e3, 10e3, 501, 0}, {2, 10e3, 10e3, 501, none}}},
		{"nor is it far out", []row{{0, 10e3, 10e3, 0, 0}, {1, 10e3, 10e3, 1001, none}}},
		{"a step is followed", append(quiet,
			row{10, 14e3, 14e3, 4e3, 0}, row{15, 14e3, 14e3, 100, 0}, row{20, 14e3, 14e3, 0, 0}, row{25, 14e3, 14e3, 0, 16e3})},
		{"a step is given back after a minute", append(quiet,
			row{10, 14e3, 14e3, 4e3, 0}, row{69, 14e3, 14e3, 4e3, 0}, row{70, 14e3, 14e3, 4e3, -4e3})},
		{"unless it is still coming", append(quiet,
			row{10, 14e3, 14e3, 4e3, 0}, row{65, 14e3, 14e3, 3e3, 0}, row{70, 14e3, 14e3, 2e3, 0}, row{75, 14e3, 14e3, 2e3, 0}, row{80, 14e3, 14e3, 2e3, -2e3})},
		{"a quarter of it is tried a minute later", append(quiet,
			row{10, 14e3, 14e3, 4e3, 0}, row{70, 14e3, 14e3, 4e3, -4e3}, row{75, 10e3, 10e3, 0, 0}, row{129, 10e3, 10e3, 0, 0}, row{130, 10e3, 10e3, 0, 1e3})},
		{"a cloud in the middle of a step", append(quiet, row{10, 14e3, 14e3, 5001, none})},
		{"that the step explains", append(quiet, row{10, 14e3, 14e3, 5000, 0})},
		{"nothing takes the step: twice as much", append(quiet, row{64, 10e3, 10e3, 0, 4e3}, row{65, 10e3, 10e3, 0, 8e3})},
		{"export after a cut is not there for long", []row{{0, 10e3, 10e3, 0, 0}, {5, 8e3, 8e3, -2e3, 0}, {9, 8e3, 8e3, -2e3, 0}}},
		{"a clock that was set back", append(quiet, row{-100, 10e3, 10e3, 0, 0})},
	} {
		t.Run(c.name, func(t *testing.T) {
			policy := policies.Policy{Probe: policies.Probe{Step: 4e3, Every: time.Minute}}
			var p Probe
			for _, r := range c.rows {
				at := noon.Add(time.Duration(r.sec) * time.Second)
				b := energy.Balance{
					OK: true, Net: r.draw - r.grid, Available: max(0, r.draw-r.grid), ExportBand: 500,
					Grid:        energy.Sample{Value: float64(r.grid), At: at, Quality: energy.Good},
					ExportLimit: energy.Sample{At: at, Quality: energy.Good},
				}
				a := aims{held: r.told, most: 100e3}
				p = p.step(&b, &policy, a)
				if again := p.step(&b, &policy, a); again != p {
					t.Fatalf("at %d s: the same reading moves it: %+v, %+v", r.sec, p, again)
				}
				got, ok := p.budget(a, b.Available)
				if extra := got - r.told; ok == (r.extra == none) || ok && extra != r.extra {
					t.Fatalf("at %d s: %v above what was told, %t; want %v\n%+v", r.sec, extra, ok, r.extra, p)
				}
				text, err := json.Marshal(p)
				var back Probe
				if err == nil {
					err = json.Unmarshal(text, &back)
				}
				if err != nil {
					t.Fatal(err)
				}
				p = back // as after a restart
			}
		})
	}
}
