package scheduler

import (
	"encoding/json"
	"log/slog"
	"math"
	"math/rand/v2"
	"slices"
	"testing"
	"time"

	"github.com/curtaild/curtaild/energy"
	"github.com/curtaild/curtaild/policies"
)

// field is two rigs and a loop on a virtual clock, under a surplus that stays.
type field struct {
	t      *testing.T
	v      *Virtual
	rigs   []*fieldRig
	now    time.Time
	random *rand.Rand
	noise  float64
	sent   int
}

type fieldRig struct {
	f      *field
	name   string
	sp     energy.Setpoint
	course energy.Course
	real   []energy.OperatingPoint
	ramp   energy.Ramp
}

var fieldPoints = []energy.OperatingPoint{
	{Name: "off", Draw: 20}, {Name: "low", Draw: 2400, Rate: 150e12}, {Name: "mid", Draw: 3000, Rate: 177e12}, {Name: "high", Draw: 3500, Rate: 200e12},
}

func (r *fieldRig) Name() string { return r.name }

func (r *fieldRig) Apply(sp energy.Setpoint) {
	r.f.sent++
	draw := r.course.At(r.f.now)
	r.course = energy.Toward(r.f.now, draw, r.real[sp.Point].Draw, r.ramp.Between(r.sp.Point, sp.Point))
	r.sp = sp
}

func newField(t *testing.T, kept map[string]KeptLoad) *field {
	f := &field{t: t, now: noon, random: rand.New(rand.NewPCG(1, 2))}
	l := Loop{
		Setup: Setup{
			Readings: []energy.ReadingSpec{{Name: "free", Role: energy.RoleSurplus, MaxAge: time.Minute, Min: 0, Max: 1e6}},
			Balance:  energy.BalanceSpec{Kind: energy.BalanceSurplus},
			Policies: []policies.Policy{{
				Name: "soak", Loads: []string{"a", "b"}, Use: policies.Use{Available: true}, Order: policies.Efficient,
				Start: policies.Threshold{Power: 1000}, Stop: policies.Threshold{Power: 100, For: time.Minute},
			}},
			Location: time.UTC,
		},
		Kept: Kept{Loads: kept},
		Log:  slog.New(slog.DiscardHandler),
	}
	for _, name := range []string{"a", "b"} {
		r := &fieldRig{
			f: f, name: name, sp: energy.Setpoint{Name: "off"}, real: slices.Clone(fieldPoints),
			course: energy.Toward(noon, 20, 20, energy.Ramp{}), ramp: energy.Ramp{Up: 12, Down: 435},
		}
		f.rigs = append(f.rigs, r)
		l.Loads = append(l.Loads, r)
		l.Specs = append(l.Specs, &energy.LoadSpec{Name: name})
	}
	var err error
	if f.v, err = NewVirtual(l, noon); err != nil {
		t.Fatal(err)
	}
	return f
}

// run lets time pass, with a reading a second and a poll every five.
func (f *field) run(free energy.Watts, d time.Duration) {
	for end := f.now.Add(d); f.now.Before(end); f.now = f.now.Add(time.Second) {
		f.v.Reading(energy.Reading{Name: "free", At: f.now, Value: float64(free)})
		for i, r := range f.rigs {
			if (int(f.now.Sub(noon).Seconds())+2*i)%5 != 0 {
				continue
			}
			st := energy.Status{
				Load: r.name, At: f.now, State: energy.StateRunning, Point: r.sp.Point, Seq: r.sp.Seq, Points: fieldPoints,
				Ramp: energy.Ramp{Up: 12, Down: 435}, Source: energy.Measured, Rate: r.real[r.sp.Point].Rate,
				Draw: r.course.At(f.now) * energy.Watts(1+f.noise*(2*f.random.Float64()-1)),
			}
			if r.sp.Point == energy.Off {
				st.State = energy.StateIdle
			}
			f.v.Status(f.now, st)
		}
		f.v.Pass(f.now)
	}
}

// Draws that wobble by 3 % move no set-point.
func TestLearningDoesNotFlap(t *testing.T) {
	f := newField(t, nil)
	f.noise = 0.03
	f.run(6100, 30*time.Minute)
	before := f.sent
	f.run(6100, 4*time.Hour)
	if f.sent != before || before == 0 {
		t.Errorf("%d set-points, then %d more", before, f.sent-before)
	}
	if got := f.v.s.fleet.Points(0); !slices.Equal(got, fieldPoints) {
		t.Errorf("points %v", got)
	}
}

// What rigs draw and how fast they follow enters decisions, and outlives a
// restart.
func TestLearningEntersDecisions(t *testing.T) {
	f := newField(t, nil)
	f.rigs[0].ramp.Start = 40
	for i := range f.rigs[0].real[1:] {
		f.rigs[0].real[1+i].Draw *= 0.9
	}
	for range 4 {
		f.run(6800, 20*time.Minute)
		f.run(0, 10*time.Minute)
	}
	f.run(6800, 20*time.Minute)
	check := func(f *field) {
		t.Helper()
		spec := f.v.s.fleet.Spec(0)
		if got := float64(starting(spec.Ramp)); math.Abs(got/40-1) > 0.25 {
			t.Errorf("starts by %v W/s, want 40", got)
		}
		if got := float64(f.v.s.fleet.Points(0)[3].Draw); math.Abs(got/3150-1) > 0.03 {
			t.Errorf("draws %v W, want 3150", got)
		}
	}
	check(f)
	kept := map[string]KeptLoad{}
	for i := range f.v.s.loads {
		kept[f.rigs[i].name] = f.v.s.loads[i].kept()
	}
	text, err := json.Marshal(kept)
	if err != nil {
		t.Fatal(err)
	}
	clear(kept)
	if err := json.Unmarshal(text, &kept); err != nil {
		t.Fatal(err)
	}
	g := newField(t, kept)
	g.run(0, time.Minute)
	check(g)
}

// What has been learned is written down within ten seconds, though no
// set-point changes.
func TestLessonsAreKept(t *testing.T) {
	f := newField(t, nil)
	f.run(0, time.Minute)
	var kept map[string]KeptLoad
	f.v.s.keep = func(c Change, after func(error)) {
		for name, l := range c.Loads {
			kept = map[string]KeptLoad{name: l}
		}
	}
	for _, r := range f.rigs {
		r.course = energy.Toward(f.now, 60, 60, energy.Ramp{})
	}
	f.run(0, 40*time.Second)
	for name, l := range kept {
		if got := l.Learned.State(fieldPoints)[0].Draw; got != 60 {
			t.Errorf("%s draws %v when off, want 60 W", name, got)
		}
	}
	if kept == nil {
		t.Error("nothing was kept")
	}
}
