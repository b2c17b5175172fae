package scheduler

import (
	"encoding/json"
	"math"
	"math/rand/v2"
	"reflect"
	"testing"
	"time"

	"github.com/curtaild/curtaild/energy"
)

// What has been learned comes back from disk, and goes on from there exactly
// as it would have.
func TestLearnedIsJSON(t *testing.T) {
	p := newPupil(t, func(p *pupil) { p.health, p.real.Start, p.noise = 0.9, 29, 0.02 })
	p.cycle(3)
	text, err := json.Marshal(p.learned)
	if err != nil {
		t.Fatal(err)
	}
	q := *p
	q.learned, q.random = Learned{}, rand.New(rand.NewPCG(7, 7))
	if err := json.Unmarshal(text, &q.learned); err != nil {
		t.Fatal(err)
	}
	if !reflect.DeepEqual(p.learned, q.learned) {
		t.Errorf("%+v is read back as %+v", p.learned, q.learned)
	}
	p.random = rand.New(rand.NewPCG(7, 7))
	p.cycle(1)
	q.cycle(1)
	if !reflect.DeepEqual(p.learned, q.learned) {
		t.Errorf("after a cycle: %+v and %+v", p.learned, q.learned)
	}
}

// Step changes nothing in the value it is called on.
func TestLearnIsPure(t *testing.T) {
	p := newPupil(t, func(p *pupil) { p.noise = 0.02 })
	p.cycle(1)
	before := p.learned
	text, _ := json.Marshal(before)
	p.cycle(1)
	if again, _ := json.Marshal(before); string(again) != string(text) {
		t.Errorf("%s, was %s", again, text)
	}
}

// Whatever statuses come, what is learned is finite, in order and in bounds.
func TestLearnStaysInBounds(t *testing.T) {
	r := rand.New(rand.NewPCG(3, 4))
	pick := func(v ...float64) float64 { return v[r.IntN(len(v))] }
	states := []energy.State{energy.StateRunning, energy.StateRunning, energy.StateIdle, energy.StateSuspect, energy.StateUnreachable, energy.StateStarting}
	for range 100 {
		points := []energy.OperatingPoint{{Name: "off", Draw: energy.Watts(pick(0, 20))}}
		for i := range 1 + r.IntN(4) {
			points = append(points, energy.OperatingPoint{Name: string(rune('a' + i)), Draw: energy.Watts(1000*(i+1) + r.IntN(900)), Rate: energy.HashRate(pick(0, 1e14))})
		}
		ramp := energy.Ramp{Up: energy.Watts(pick(0, 10, 500)), Down: energy.Watts(pick(0, 10, 500))}
		var l Learned
		now, seq, sp := noon, uint64(0), energy.Setpoint{Name: "off"}
		for range 300 {
			now = now.Add(time.Duration(pick(-1e12, 0, 1e9, 5e9, 5e9, 5e9, 6e10, 1e13)))
			if r.IntN(12) == 0 {
				seq++
				sp.Point = r.IntN(len(points))
				sp = energy.Setpoint{Seq: seq, Point: sp.Point, Name: points[sp.Point].Name, Draw: points[sp.Point].Draw, At: now}
			}
			st := energy.Status{
				At: now, State: states[r.IntN(len(states))], Seq: seq - uint64(r.IntN(2))&seq, Point: r.IntN(len(points)+1) - 1, Source: energy.Measured,
				Draw: energy.Watts(pick(math.NaN(), math.Inf(1), -5, 0, 1, 1e7, 1e300, float64(points[sp.Point].Draw), 2500, 700)),
				Rate: energy.HashRate(pick(math.NaN(), math.Inf(-1), 0, 1e14, 1e300)),
			}
			if r.IntN(3) > 0 {
				st.State, st.Point, st.Draw = energy.StateRunning, sp.Point, points[sp.Point].Draw*energy.Watts(pick(0.3, 1, 1, 4))
			}
			l.Step(&Sighting{Status: &st, Setpoint: &sp, Points: points, Ramp: ramp})
			checkBounds(t, l, points, ramp)
		}
		if t.Failed() {
			return
		}
	}
}

func checkBounds(t *testing.T, l Learned, points []energy.OperatingPoint, ramp energy.Ramp) {
	t.Helper()
	if _, err := json.Marshal(l); err != nil {
		t.Fatalf("%+v: %v", l, err)
	}
	got := l.Ramp(ramp)
	for _, w := range [][2]energy.Watts{{got.Up, ramp.Up}, {got.Down, ramp.Down}, {starting(got), ramp.Up}, {stopping(got), ramp.Down}} {
		if (w[0] == 0) != (w[1] == 0) || w[0] != 0 && !(w[0] >= 1 && w[0] <= 5000) {
			t.Errorf("slope %v, the family's is %v", w[0], ramp)
		}
	}
	for i, p := range l.State(points) {
		last := energy.Watts(0)
		if i > 0 {
			last = l.State(points)[i-1].Draw
		}
		if !(p.Draw >= last) || p.Draw > widest*1.01*points[len(points)-1].Draw || math.IsNaN(float64(p.Rate)) || p.Rate < 0 || p.Rate > 1e21 {
			t.Errorf("point %d: %+v of %+v", i, p, points[i])
		}
	}
}

func BenchmarkLearn1000(b *testing.B) {
	p := newPupil(&testing.T{}, func(p *pupil) { p.noise = 0.03 })
	p.cycle(1)
	p.tell(3, 20*time.Minute)
	fleet := make([]Learned, 1000)
	for i := range fleet {
		fleet[i] = p.learned
	}
	st := energy.Status{State: energy.StateRunning, Point: 3, Seq: p.sp.Seq, Source: energy.Measured, Draw: 3480, Rate: 200e12}
	b.ReportAllocs()
	for b.Loop() {
		p.now = p.now.Add(5 * time.Second)
		st.At, st.DrawAt = p.now, p.now
		for i := range fleet {
			fleet[i].Step(&Sighting{Status: &st, Setpoint: &p.sp, Points: p.stated, Ramp: p.family})
		}
	}
}
