package scheduler

import (
	"math"
	"math/rand/v2"
	"testing"
	"time"

	"github.com/curtaild/curtaild/energy"
)

// pupil is a rig that says what it draws, and what is learned of it.
type pupil struct {
	t       *testing.T
	stated  []energy.OperatingPoint
	family  energy.Ramp
	real    energy.Ramp
	boot    time.Duration // from a start to the first watt
	health  energy.Watts  // what it draws, as a share of what is stated
	noise   float64       // at most, as a share
	poll    func() time.Duration
	random  *rand.Rand
	now     time.Time
	sp      energy.Setpoint
	course  energy.Course
	change  func(*energy.Status)
	learned Learned
	news    int
}

func newPupil(t *testing.T, change ...func(*pupil)) *pupil {
	p := &pupil{
		t: t, now: noon, health: 1, random: rand.New(rand.NewPCG(1, 2)),
		stated: []energy.OperatingPoint{
			{Name: "off", Draw: 20}, {Name: "low", Draw: 2400, Rate: 150e12},
			{Name: "mid", Draw: 3000, Rate: 177e12}, {Name: "high", Draw: 3500, Rate: 200e12},
		},
		family: energy.Ramp{Up: 12, Down: 435}, real: energy.Ramp{Up: 12, Down: 435},
		poll: func() time.Duration { return 5 * time.Second },
	}
	p.course = energy.Toward(p.now, 20, 20, energy.Ramp{})
	p.sp = energy.Setpoint{Name: "off", Draw: 20}
	for _, c := range change {
		c(p)
	}
	p.run(time.Minute)
	return p
}

// tell sends the rig to a point and lets time pass.
func (p *pupil) tell(point int, d time.Duration) {
	from := p.sp.Point
	if point != from {
		draw := p.course.At(p.now)
		p.sp = energy.Setpoint{Seq: p.sp.Seq + 1, Point: point, Name: p.stated[point].Name, Draw: p.stated[point].Draw, At: p.now}
		begin := p.now
		if from == energy.Off {
			begin = begin.Add(p.boot)
		}
		p.course = energy.Toward(begin, draw, p.draws(), p.real.Between(from, point))
		p.say(p.now) // that it has taken it
	}
	p.run(d)
}

// draws is what it settles at.
func (p *pupil) draws() energy.Watts {
	if p.sp.Point == energy.Off {
		return p.stated[energy.Off].Draw
	}
	return p.stated[p.sp.Point].Draw * p.health
}

// ail changes what the running rig draws, at once.
func (p *pupil) ail(health energy.Watts) {
	p.health = health
	p.course = energy.Toward(p.now, p.draws(), p.draws(), energy.Ramp{})
}

func (p *pupil) run(d time.Duration) {
	for end := p.now.Add(d); p.now.Before(end); {
		p.now = p.now.Add(p.poll())
		p.say(p.now)
	}
}

func (p *pupil) say(at time.Time) {
	draw := p.course.At(at)
	st := energy.Status{
		At: at, DrawAt: at, State: energy.StateRunning, Point: p.sp.Point, Seq: p.sp.Seq, Source: energy.Measured,
		Draw: draw * energy.Watts(1+p.noise*(2*p.random.Float64()-1)), Rate: p.stated[p.sp.Point].Rate * energy.HashRate(draw/p.stated[p.sp.Point].Draw),
	}
	if p.sp.Point == energy.Off {
		st.State = energy.StateIdle
	}
	if p.change != nil {
		p.change(&st)
	}
	if p.learned.Step(&Sighting{Status: &st, Setpoint: &p.sp, Points: p.stated, Ramp: p.family}) {
		p.news++
	}
}

// cycle starts, changes levels and stops.
func (p *pupil) cycle(times int) {
	for range times {
		p.tell(1, 20*time.Minute)
		p.tell(3, 10*time.Minute)
		p.tell(1, 10*time.Minute)
		p.tell(0, 10*time.Minute)
	}
}

func (p *pupil) wantRamp(want energy.Ramp, within float64) {
	p.t.Helper()
	got := p.learned.Ramp(p.family)
	for _, k := range []struct {
		name     string
		from, to int
	}{{"start", 0, 1}, {"up", 1, 2}, {"down", 2, 1}, {"stop", 1, 0}} {
		g, w := got.Between(k.from, k.to), want.Between(k.from, k.to)
		for _, d := range [][2]energy.Watts{{g.Up, w.Up}, {g.Down, w.Down}} {
			if r := float64(d[0] / d[1]); r > 1+within || r < 1-within {
				p.t.Errorf("%s: %v, want %v", k.name, g, w)
			}
		}
	}
}

func (p *pupil) wantDraws(want ...energy.Watts) {
	p.t.Helper()
	got := p.learned.State(p.stated)
	for i := range want {
		if off := math.Abs(float64(got[i].Draw/want[i] - 1)); off > 0.03 {
			p.t.Errorf("%s draws %v, want %v", got[i].Name, got[i].Draw, want[i])
		}
	}
}

func every(d time.Duration) func(*pupil) {
	return func(p *pupil) { p.poll = func() time.Duration { return d } }
}
