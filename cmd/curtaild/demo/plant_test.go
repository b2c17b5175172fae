package demo

import (
	"encoding/json"
	"math"
	"math/rand/v2"
	"testing"
	"time"

	"github.com/curtaild/curtaild/energy"
)

func near(a, b energy.Watts) bool { return math.Abs(float64(a-b)) < 1e-6 }

// What is made is what is used and exported, and no more leaves than may.
func TestPowerIsConserved(t *testing.T) {
	r := rand.New(rand.NewPCG(1, 2))
	for range 10_000 {
		sky := Sky{Generation: energy.Watts(r.Float64()) * panels, Load: energy.Watts(r.Float64()) * 2 * baseLoad}
		p := balance(Moment{}, sky, energy.Watts(r.Float64()*35e3))
		if !near(p.Made()+p.Grid, sky.Load+p.Ours) {
			t.Fatalf("%+v: made and drawn from the grid is not what is used", p)
		}
		if p.Grid < -exportLimit || p.Curtailed < 0 || p.Curtailed > 0 && p.Grid != -exportLimit {
			t.Fatalf("%+v: export limit %v", p, exportLimit)
		}
	}
}

func TestSumsFollowThePower(t *testing.T) {
	var s Sums
	s.add(Power{Sky: Sky{Generation: 1000, Load: 500}, Ours: 2000, Grid: 1500}, 2)
	s.add(Power{Sky: Sky{Generation: 9000, Load: 500}, Ours: 100, Grid: -8000, Curtailed: 400}, 1)
	want := Sums{Made: 2000 + 8600, Ours: 4100, Imported: 3000, Exported: 8000, Curtailed: 400, OursImported: 3000}
	if s != want {
		t.Errorf("sums are %+v, want %+v", s, want)
	}
}

func TestPlantCountsAllThatDraws(t *testing.T) {
	now := time.Date(2026, 4, 11, 9, 0, 0, 0, time.UTC)
	p := Plant{Rigs: func() energy.Watts { return 3000 }}
	p.Begin(now)
	p.SetLocal(10)
	p.sample(now.Add(time.Second), time.Second)
	power, sums := p.Power()
	if power.Ours != 3010 || sums.Ours != 3010 || power.Moment.Clock() != "06:33" {
		t.Errorf("the plant has %+v, %+v", power, sums)
	}
}

func TestMeterPayload(t *testing.T) {
	lost := energy.Watts(1500)
	got, err := json.Marshal(meter{time.Date(2026, 4, 11, 9, 0, 0, 5e8, time.UTC), -2500, &lost})
	if want := `{"curtailed_kw":1.5,"power_kw":-2.5,"ts":"2026-04-11T09:00:00.5Z"}`; err != nil || string(got) != want {
		t.Errorf("payload %s, %v; want %s", got, err, want)
	}
}

// Each day the grid asks twice, an hour late at most, and never for nothing.
func TestOperatorAsksTwiceADay(t *testing.T) {
	var o Operator
	var at []string
	for s := time.Duration(0); s < 2*length; s += time.Second {
		m := Day{}.Moment(s)
		ours := limitLeast
		if m.Day == 0 && m.Time > 13*time.Hour && m.Time < 14*time.Hour || m.Day == 1 && m.Time < 10*time.Hour {
			ours = limitLeast - 1
		}
		if o.due(Power{Moment: m, Ours: ours}) {
			o.sent = m.since()
			o.asks++
			at = append(at, m.Clock())
		}
	}
	want := []string{"08:30", "14:00", "13:30"}
	if len(at) != len(want) || at[0] != want[0] || at[1] != want[1] || at[2] != want[2] {
		t.Errorf("the grid asks at %v, want %v", at, want)
	}
}
