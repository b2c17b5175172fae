package hasher

import (
	"encoding/json"
	"math"
	"math/rand/v2"
	"testing"

	"github.com/curtaild/curtaild/energy"
)

func TestSetpoints(t *testing.T) {
	m := model{workers: 2, levels: 4, idle: 5, core: 10}
	points := m.points(Lesson{Rate: flat(100)})
	for i, want := range []struct {
		name string
		draw energy.Watts
		rate energy.HashRate
	}{{"off", 5, 0}, {"25 %", 10, 50}, {"50 %", 15, 100}, {"75 %", 20, 150}, {"100 %", 25, 200}} {
		if p := points[i]; p.Name != want.name || p.Draw != want.draw || p.Rate != want.rate {
			t.Errorf("point %d: %+v, want %+v", i, p, want)
		}
	}
	for _, tc := range []struct {
		sp   energy.Setpoint
		want int
		ok   bool
	}{
		{energy.Setpoint{Point: 2}, 2, true},
		{energy.Setpoint{Point: 2, Name: "50 %"}, 2, true},
		{energy.Setpoint{Point: 2, Name: "75 %"}, 3, true}, // the list has changed
		{energy.Setpoint{Point: 2, Name: "60 %"}, 0, false},
		{energy.Setpoint{Point: 5}, 0, false},
		{energy.Setpoint{Point: -1}, 0, false},
	} {
		if got, ok := resolve(points, tc.sp); ok != tc.ok || ok && got != tc.want {
			t.Errorf("%+v: %d, %v", tc.sp, got, ok)
		}
	}
}

// Learned figures make the points, whatever shape they have, and more is never
// less.
func TestPointsAreWhatWasMeasured(t *testing.T) {
	m := model{workers: 2, levels: 4, idle: 5, core: 10}
	points := m.points(Lesson{Rate: Curve{0, 100, 0, 80}, Core: Curve{12, 0, 8, 4}})
	for i, want := range []struct {
		draw energy.Watts
		rate energy.HashRate
	}{{5, 0}, {11, 50}, {17, 100}, {17.017, 150}, {17.034017, 160}} {
		if p := points[i]; math.Abs(float64(p.Draw-want.draw)) > 1e-9 || math.Abs(float64(p.Rate-want.rate)) > 1e-9*100 {
			t.Errorf("point %d: %+v, want %+v", i, p, want)
		}
	}
}

func TestCurve(t *testing.T) {
	var c Curve
	if c.At(0.5) != 0 {
		t.Error("nothing is known of it")
	}
	if c = c.Learn(1, 10); c.At(0.1) != 10 || c.At(1) != 10 {
		t.Errorf("one value stands for all: %v", c)
	}
	if c = c.Learn(0.05, 20); c.At(0.01) != 20 || c.At(1) != 10 || c.At(0.5) != 20 || c.At(0.6) <= 10 || c.At(0.6) >= 20 {
		t.Errorf("unknown knots follow the nearest: %v", c)
	}
	for _, odd := range []float64{0, -1, math.NaN(), math.Inf(1)} {
		if c.Learn(0.5, odd) != c {
			t.Errorf("%v is learned", odd)
		}
	}
	truth := Curve{14, 12, 11, 9}
	rng := rand.New(rand.NewPCG(1, 2))
	c = Curve{}
	for range 500 {
		d := rng.Float64()
		c = c.Learn(d, truth.At(d)*(1+0.01*rng.NormFloat64()))
	}
	for d := 0.0; d <= 1; d += 0.05 {
		if off := c.At(d)/truth.At(d) - 1; math.Abs(off) > 0.03 {
			t.Errorf("at %.2f: %.2f, truly %.2f", d, c.At(d), truth.At(d))
		}
	}
}

func TestRateHasADeadBand(t *testing.T) {
	l := learner{kernel: "k", now: Lesson{Rate: flat(1000)}, stated: Lesson{Rate: flat(1000)}}
	for i, tc := range []struct {
		hashes, cpu float64
		moved       bool
		rate        float64
	}{
		{500, 1, false, 1000},  // not long enough yet
		{1590, 1, false, 1000}, // 1045 over two seconds, and a part of the way there
		{2400, 2, true, 1069.45},
		{2200, 2, false, 1069.45},
		{0, 5, false, 1069.45},
	} {
		moved := l.work(1, tc.hashes, tc.cpu)
		if got := l.stated.Rate.At(1); moved != tc.moved || math.Abs(got-tc.rate) > 1e-6 {
			t.Errorf("row %d: moved %v, rate %v", i, moved, got)
		}
	}
	l.work(1, 5000, 1)
	if l.rest(); l.work(1, 2200, 2) {
		t.Error("what was measured before the duty changed counts")
	}
}

// Each kernel has figures of its own, which come back with it, also from disk.
func TestLearnerKnowsKernels(t *testing.T) {
	l := newLearner(Learned{}, 5e6)
	if l.work(1, 1e9, 10) || l.draw(1, 7) {
		t.Error("learned of no kernel")
	}
	if !l.use("rolled", 50) || l.use("rolled", 60) || l.use("x4", 0) {
		t.Error("only another kernel with a rate is another one")
	}
	l.draw(1, 8)
	l.work(1, 60, 1)
	l.work(1, 60, 1)
	if got := l.stated; got.Rate.At(1) != 53 || got.Core.At(0.3) != 8 {
		t.Fatalf("stated %+v", got)
	}
	if !l.use("x4", 40) || l.stated.Rate.At(1) != 40 || l.stated.Core.At(1) != 8 {
		t.Errorf("another kernel draws as the last until that is known: %+v", l.stated)
	}
	if !l.use("rolled", 51) || l.stated.Rate.At(1) != 53 {
		t.Errorf("figures of a kernel come back with it: %+v", l.stated)
	}
	text, err := json.Marshal(l.all)
	if err != nil {
		t.Fatal(err)
	}
	var kept Learned
	if err := json.Unmarshal(text, &kept); err != nil {
		t.Fatal(err)
	}
	again := newLearner(kept, 5e6)
	if again.stated != l.stated {
		t.Errorf("kept %s, and began with %+v", text, again.stated)
	}
	if moved := newLearner(kept, 5e6); !moved.use("rolled", 500) || moved.stated.Rate.At(1) != 500 {
		t.Errorf("figures of another machine outlive the first calibration: %+v", moved.stated)
	}
	if !again.use("rolled", 51) || again.stated != l.stated {
		t.Errorf("a calibration beats what was learned over time: %+v", again.stated)
	}
	if !again.use("x4", 400) || again.stated.Rate.At(1) != 400 {
		t.Errorf("figures of a machine ten times as slow are used: %+v", again.stated)
	}
	kept.Lessons["rolled"] = Lesson{Rate: flat(-1)}
	if bad := newLearner(kept, 5e6); bad.stated.Rate.At(1) != 5e6 {
		t.Errorf("nonsense from the disk is used: %+v", bad.stated)
	}
}
