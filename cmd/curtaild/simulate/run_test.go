package simulate

import (
	"fmt"
	"math"
	"math/rand/v2"
	"runtime/debug"
	"testing"
	"time"

	"github.com/curtaild/curtaild/energy"
	"github.com/curtaild/curtaild/internal/days"
	"github.com/curtaild/curtaild/policies"
	"github.com/curtaild/curtaild/scheduler"
)

var noon = time.Date(2026, 4, 1, 12, 0, 0, 0, time.UTC)

// fleet is n rigs of a class that is common.
func fleet(n int) []Load {
	out := make([]Load, n)
	for i := range out {
		out[i] = Load{
			Spec: &energy.LoadSpec{
				Name: fmt.Sprintf("rig-%d", i), Labels: []string{"rigs"}, MinOn: 5 * time.Minute, MinOff: 5 * time.Minute,
				Ramp: energy.Ramp{Up: 3500.0 / 120, Down: 350},
			},
			Points: []energy.OperatingPoint{{Name: "off"}, {Name: "1", Draw: 2400, Rate: 150e12}, {Name: "2", Draw: 3000, Rate: 177.5e12}, {Name: "3", Draw: 3500, Rate: 200e12}},
		}
	}
	return out
}

// siteOf is a config around a fleet whose meter speaks as the balance says.
func siteOf(kind energy.BalanceKind, loads []Load) Config {
	p := Default()
	c := Config{
		Setup: scheduler.Setup{
			Readings: []energy.ReadingSpec{reading("grid", energy.RoleGrid)},
			Balance:  energy.BalanceSpec{Kind: kind}, Policies: []policies.Policy{p}, Location: time.UTC,
		},
		Loads: loads, Latency: 2 * time.Second, Between: Held,
	}
	if kind == energy.BalanceSurplus {
		c.Setup.Readings = []energy.ReadingSpec{reading("free", energy.RoleSurplus)}
	}
	return c
}

func reading(name string, role energy.Role) energy.ReadingSpec {
	return energy.ReadingSpec{Name: name, Role: role, Factor: 1, MaxAge: time.Minute, Min: -1e9, Max: 1e9}
}

// seriesOf has a row for each value, so far apart.
func seriesOf(spec energy.ReadingSpec, step time.Duration, values ...float64) *Series {
	s := &Series{Readings: []energy.ReadingSpec{spec}, Values: values}
	for i := range values {
		s.At = append(s.At, noon.Add(time.Duration(i)*step))
	}
	return s
}

func mustRun(t testing.TB, c Config, s *Series) *Result {
	t.Helper()
	r, err := Run(t.Context(), c, s)
	if err != nil {
		t.Fatal(err)
	}
	return r
}

// With surplus for all that never changes, what is absorbed is known from the
// ramp alone.
func TestRampIsExact(t *testing.T) {
	values := make([]float64, 61)
	for i := range values {
		values[i] = 10_000
	}
	c := siteOf(energy.BalanceSurplus, fleet(1))
	c.Between = Linear
	r := mustRun(t, c, seriesOf(c.Setup.Readings[0], time.Minute, values...))
	const latency, ramp, whole = 2, 120, 3600
	want := 3500.0 * (whole - latency - ramp/2.0) / kWh
	if math.Abs(r.AbsorbedKWh-want) > 1e-9 || r.ImportedKWh != 0 || math.Abs(r.AvailableKWh-10) > 1e-9 {
		t.Errorf("absorbed %.6f, imported %.6f of %.6f kWh; want %.6f, 0 and 10", r.AbsorbedKWh, r.ImportedKWh, r.AvailableKWh, want)
	}
	// 150 to 200 TH/s, on the two straight lines between the points.
	const up = 3500.0 / 120
	hashes := (150+177.5)/2*600/up + (177.5+200)/2*500/up + 200*(whole-latency-ramp)
	if math.Abs(r.Hashes/1e12/hashes-1) > 1e-9 || r.Rigs[0].Starts != 1 {
		t.Errorf("%.1f TH and %d starts, want %.1f and 1", r.Hashes/1e12, r.Rigs[0].Starts, hashes)
	}
}

// Import follows from a fall of the surplus that no command has reached yet.
func TestImportIsExact(t *testing.T) {
	values := make([]float64, 1000)
	for i := range values {
		if i < 600 {
			values[i] = 3600
		}
	}
	c := siteOf(energy.BalanceSurplus, fleet(1))
	c.Setup.Policies[0].Bridge = policies.Bridge{}
	r := mustRun(t, c, seriesOf(c.Setup.Readings[0], time.Second, values...))
	want := 3500*2 + 3500.0*10/2 // the latency, and then the ramp
	if got := r.ImportedKWh * kWh; math.Abs(got-want) > 1 {
		t.Errorf("imported %.1f J, want %.1f", got, want)
	}
	if r.PeakImportKW != 3.5 {
		t.Errorf("at the most %.3f kW", r.PeakImportKW)
	}
}

// stepped is a second model of the same rigs, in the plainest way: second by
// second.
type stepped struct {
	draw   []float64
	aim    []float64
	absorb float64
	imp    float64
}

func (m *stepped) second(free float64, c Config) {
	sum := 0.0
	for i := range m.draw {
		before, ramp := m.draw[i], c.Loads[i].Spec.Ramp
		if m.draw[i] < m.aim[i] {
			m.draw[i] = min(m.aim[i], m.draw[i]+float64(ramp.Up))
		} else {
			m.draw[i] = max(m.aim[i], m.draw[i]-float64(ramp.Down))
		}
		sum += (before + m.draw[i]) / 2
	}
	m.absorb += min(free, sum)
	m.imp += max(0, sum-free)
}

// The closed form agrees with a model that goes second by second, on the same
// commands over a day of fast clouds, to a tenth of a point.
func TestAgreesWithSteps(t *testing.T) {
	day := days.Cloudy(3, 150e3)[30_000:60_000]
	c := siteOf(energy.BalanceSurplus, fleet(40))
	p := newPlant(c.Loads, c.Latency)
	m := &stepped{draw: make([]float64, 40), aim: make([]float64, 40)}
	a := account{most: p.most()}
	r := rand.New(rand.NewPCG(1, 2))
	available := 0.0
	for s, free := range day {
		t0 := time.Duration(s) * time.Second
		for range r.IntN(3) {
			i := r.IntN(40)
			level := r.IntN(4)
			p.send(i, energy.Setpoint{Point: level})
			p.sent[len(p.sent)-1].at = t0 // both take it at the second
			m.aim[i] = float64(c.Loads[i].Points[level].Draw)
		}
		p.advance(t0, func(int) {})
		for p.at < t0+time.Second {
			t := min(p.next(), t0+time.Second)
			n := (t - p.at).Seconds()
			a.add(n, line{free, free}, line{}, line{p.draw, p.draw + p.slope*n}, prices{})
			p.advance(t, func(int) {})
		}
		m.second(free, c)
		available += free
	}
	got := []float64{100 * a.absorbed / a.available, 100 * a.imported / a.available}
	want := []float64{100 * m.absorb / available, 100 * m.imp / available}
	t.Logf("absorbed %.3f %%, imported %.3f %%; in steps %.3f and %.3f", got[0], got[1], want[0], want[1])
	for i := range got {
		if math.Abs(got[i]-want[i]) > 0.1 {
			t.Errorf("%.3f %%, in steps %.3f %%", got[i], want[i])
		}
	}
}

// The sums that the plant keeps are those of its rigs, whatever happens.
func TestPlantSums(t *testing.T) {
	p := newPlant(fleet(20), 3*time.Second)
	r := rand.New(rand.NewPCG(7, 7))
	for range 5000 {
		if r.IntN(2) == 0 {
			p.send(r.IntN(20), energy.Setpoint{Point: r.IntN(4)})
		}
		t0 := min(p.next(), p.at+time.Duration(r.IntN(20_000))*time.Millisecond)
		p.advance(t0, func(int) {})
		sum, moving := 0.0, 0
		for i := range p.rigs {
			g := p.rigs[i]
			g.advance(min(p.at, g.end))
			sum += g.draw
			if g.draw < -1e-6 || g.draw > 3500+1e-6 {
				t.Fatalf("rig %d draws %v", i, g.draw)
			}
			if g.end != forever {
				moving++
			}
		}
		if math.Abs(sum-p.draw) > 1e-3 || moving != p.moving {
			t.Fatalf("at %v: %.3f W and %d moving, rigs say %.3f W and %d", p.at, p.draw, p.moving, sum, moving)
		}
	}
}

// That the loop is not asked at night, when nothing can come of it, changes
// next to nothing: it learns from what it sees.
func TestSleepChangesNothing(t *testing.T) {
	var values []float64
	for seed := range uint64(3) {
		for i, w := range days.Cloudy(seed, 150e3) {
			if i%60 == 0 {
				values = append(values, w)
			}
		}
	}
	for _, objective := range []policies.Objective{policies.Hashes, policies.Net} {
		const slack = 0.05
		c := siteOf(energy.BalanceSurplus, fleet(10))
		c.Setup.Policies[0].Objective = objective
		c.Setup.Policies[0].Start = policies.Threshold{Power: 5000, For: 3 * time.Minute}
		s := seriesOf(c.Setup.Readings[0], time.Minute, values...)
		asleep := mustRun(t, c, s)
		c.restless = true
		awake := mustRun(t, c, s)
		if asleep.Passes >= awake.Passes*9/10 {
			t.Errorf("%s: %d decisions, %d without sleep", objective, asleep.Passes, awake.Passes)
		}
		if d := math.Abs(asleep.NetPct - awake.NetPct); d > slack {
			t.Errorf("%s: net %.3f %%, awake %.3f %%", objective, asleep.NetPct, awake.NetPct)
		}
	}
}

// BenchmarkYear is a year of one-minute readings for 100 rigs, with most
// hashes as the objective, and with most net energy.
func BenchmarkYear(b *testing.B) {
	spec := reading("free", energy.RoleSurplus)
	s := &Series{Readings: []energy.ReadingSpec{spec}}
	for d := range 365 {
		for i, w := range days.Cloudy(uint64(d), 375e3) {
			if i%60 == 0 {
				s.At = append(s.At, noon.Add(time.Duration(d*days.Seconds+i)*time.Second))
				s.Values = append(s.Values, w)
			}
		}
	}
	defer debug.SetGCPercent(debug.SetGCPercent(400)) // as the command does
	for _, objective := range []policies.Objective{policies.Hashes, policies.Net} {
		b.Run(string(objective), func(b *testing.B) {
			c := siteOf(energy.BalanceSurplus, fleet(100))
			c.Between, c.Latency = Linear, time.Second
			if c.Setup.Policies[0].Objective = objective; objective == policies.Hashes {
				c.Setup.Policies[0].Bridge = policies.Bridge{}
			}
			for range b.N {
				r := mustRun(b, c, s)
				b.ReportMetric(float64(r.Passes), "decisions/year")
			}
			b.ReportMetric(b.Elapsed().Seconds()/float64(b.N), "s/year")
		})
	}
}
