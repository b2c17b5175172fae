package energy

import (
	"encoding/json"
	"math"
	"math/rand/v2"
	"reflect"
	"testing"
	"time"
)

var dawn = time.Date(2026, 6, 1, 6, 0, 0, 0, time.UTC)

// steps is a forecast of one hour a value.
func steps(from time.Time, w ...Watts) *Forecast {
	f := &Forecast{Made: from}
	for i, p := range w {
		f.Steps = append(f.Steps, ForecastStep{At: from.Add(time.Duration(i) * time.Hour), Power: p})
	}
	f.End = from.Add(time.Duration(len(w)) * time.Hour)
	return f
}

func TestForecastExpected(t *testing.T) {
	f := steps(dawn, 1000, 3000, 0)
	for name, c := range map[string]struct {
		f        *Forecast
		from, to time.Duration // after dawn
		want     Watts
		ok       bool
	}{
		"one step":         {f, 0, time.Hour, 1000, true},
		"within a step":    {f, 70 * time.Minute, 80 * time.Minute, 3000, true},
		"over two":         {f, 30 * time.Minute, 90 * time.Minute, 2000, true},
		"all":              {f, 0, 3 * time.Hour, 4000.0 / 3, true},
		"begins too early": {f, -time.Second, time.Hour, 0, false},
		"ends too late":    {f, 0, 3*time.Hour + time.Second, 0, false},
		"empty span":       {f, time.Hour, time.Hour, 0, false},
		"no forecast":      {nil, 0, time.Hour, 0, false},
		"no steps":         {&Forecast{End: dawn.Add(time.Hour)}, 0, time.Hour, 0, false},
	} {
		got, ok := Outlook{Forecast: c.f}.Expected(dawn.Add(c.from), dawn.Add(c.to))
		if ok != c.ok || math.Abs(float64(got-c.want)) > 1e-9 {
			t.Errorf("%s: %v, %v; want %v, %v", name, got, ok, c.want, c.ok)
		}
	}
}

// sun is a day with clouds of 40 minutes.
func sun(at time.Time) Watts {
	h := at.Sub(dawn).Hours()
	w := 100e3 * math.Max(0, math.Sin(math.Pi*h/14))
	if int(h*60)/40%2 == 1 {
		w *= 0.4
	}
	return Watts(w)
}

// day runs a skill through a day on which the sun shines and forecasts say
// what said makes of it.
func day(s ForecastSkill, begin time.Time, said func(Watts) Watts) ForecastSkill {
	f := &Forecast{End: begin.Add(24 * time.Hour)}
	for at := begin; at.Before(f.End); at = at.Add(5 * time.Minute) {
		f.Steps = append(f.Steps, ForecastStep{At: at, Power: said(sun(at.Add(dawn.Sub(begin))))})
	}
	for at := begin; at.Before(begin.Add(14 * time.Hour)); at = at.Add(30 * time.Second) {
		s = s.Step(at, f, sun(at.Add(dawn.Sub(begin))), true)
	}
	return s
}

// A forecast that is right earns trust, one that errs loses it, and none has
// any before it has been seen to be right.
func TestForecastSkill(t *testing.T) {
	right := func(w Watts) Watts { return w }
	double := func(w Watts) Watts { return 2 * w }
	r := rand.New(rand.NewPCG(1, 1))
	if got := (ForecastSkill{}).Trust(); got != 0 {
		t.Errorf("unproven: %v", got)
	}
	good := day(ForecastSkill{}, dawn, right)
	if good.Trust() < 0.85 {
		t.Errorf("right: %v, %+v", good.Trust(), good)
	}
	fair := day(ForecastSkill{}, dawn, func(w Watts) Watts { return w * Watts(0.8+0.4*r.Float64()) })
	if got := fair.Trust(); got < 0.5 || got > good.Trust() {
		t.Errorf("off by up to 20 %%: %v, %+v", got, fair)
	}
	for name, said := range map[string]func(Watts) Watts{
		"twice as much": double, "nothing": func(Watts) Watts { return 0 }, "always full": func(Watts) Watts { return 100e3 },
	} {
		if s := day(ForecastSkill{}, dawn, said); s.Trust() > 0.1 {
			t.Errorf("%s: %v, %+v", name, s.Trust(), s)
		}
	}
	if s := day(good, dawn.Add(24*time.Hour), double); s.Trust() > 0.1 {
		t.Errorf("right once, then twice as much: %v", s.Trust())
	}
	if s := day(day(ForecastSkill{}, dawn, double), dawn.Add(24*time.Hour), right); s.Trust() < 0.5 {
		t.Errorf("wrong once, then right: %v, %+v", s.Trust(), s)
	}
}

// Nights, gaps and a clock that is set tell nothing.
func TestForecastSkillOfNothing(t *testing.T) {
	good := day(ForecastSkill{}, dawn, func(w Watts) Watts { return w })
	s, f := good, steps(dawn, make([]Watts, 48)...)
	for at := dawn.Add(14 * time.Hour); at.Before(dawn.Add(24 * time.Hour)); at = at.Add(time.Minute) {
		s = s.Step(at, f, 0, true)
	}
	if math.Abs(s.Trust()-good.Trust()) > 0.05 {
		t.Errorf("after a night %v, before %v", s.Trust(), good.Trust())
	}
	n := s.N
	for i := range 200 {
		s = s.Step(dawn.Add(time.Duration(i)*time.Hour), f, 50e3, true)
	}
	for i := range 200 {
		s = s.Step(dawn.Add(-time.Duration(i)*time.Minute), f, 50e3, i%2 == 0)
	}
	for i := range 200 {
		s = s.Step(dawn.Add(time.Duration(i)*time.Minute), f, Watts(math.NaN()), true)
		s = s.Step(dawn.Add(time.Duration(i)*time.Minute), nil, 50e3, true)
	}
	if s.N != n {
		t.Errorf("judged %d claims", s.N-n)
	}
}

// It comes back from disk and goes on as it would have.
func TestForecastSkillIsJSON(t *testing.T) {
	said := func(w Watts) Watts { return 0.9 * w }
	s := day(ForecastSkill{}, dawn, said)
	if len(s.Claims) == 0 {
		t.Fatal("nothing is pending")
	}
	text, err := json.Marshal(s)
	if err != nil {
		t.Fatal(err)
	}
	var back ForecastSkill
	if err := json.Unmarshal(text, &back); err != nil {
		t.Fatal(err)
	}
	next := dawn.Add(14 * time.Hour)
	if a, b := day(s, next, said), day(back, next, said); !reflect.DeepEqual(s, back) || !reflect.DeepEqual(a, b) {
		t.Errorf("%+v\n%+v", a, b)
	}
	if again, _ := json.Marshal(s); string(again) != string(text) {
		t.Error("a step wrote to what it was called on")
	}
}

// Whatever comes, trust is from 0 to 1 and the skill is bounded.
func TestForecastSkillBounds(t *testing.T) {
	r := rand.New(rand.NewPCG(5, 5))
	pick := func(v ...float64) float64 { return v[r.IntN(len(v))] }
	s, at := ForecastSkill{}, dawn
	for range 20000 {
		at = at.Add(time.Duration(pick(1e9, 1e10, 6e10, 3e11, 1e13, -1e12)))
		f := steps(at.Add(-time.Hour), Watts(pick(0, 1, 1e5, -1e5, 1e12)), Watts(pick(0, 1e5)), Watts(pick(0, 1e5)))
		s = s.Step(at, f, Watts(pick(0, 1e5, 1e12, -1e4, math.NaN(), math.Inf(1))), r.IntN(4) > 0)
		if trust := s.Trust(); !(trust >= 0 && trust <= 1) || len(s.Claims) > 8 {
			t.Fatalf("trust %v, %+v", trust, s)
		}
		if _, err := json.Marshal(s); err != nil {
			t.Fatal(err)
		}
	}
}
