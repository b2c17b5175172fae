package scheduler

import (
	"math"
	"testing"
	"time"

	"github.com/curtaild/curtaild/energy"
)

// Whatever the rig's ramps, three of each way are enough to know them, from
// polls near and far apart.
func TestLearnRamps(t *testing.T) {
	irregular := func(p *pupil) {
		p.poll = func() time.Duration { return time.Second + time.Duration(p.random.Int64N(int64(19*time.Second))) }
	}
	slow := energy.Ramp{Up: 60, Down: 50, Start: 4, Stop: 350}
	for name, c := range map[string]struct {
		real   energy.Ramp
		within float64
		change func(*pupil)
	}{
		"as stated":       {energy.Ramp{Up: 12, Down: 435}, 0.2, every(time.Second)},
		"slow start":      {slow, 0.2, every(2 * time.Second)},
		"polls of 5 s":    {energy.Ramp{Up: 20, Down: 30, Start: 29, Stop: 60}, 0.25, every(5 * time.Second)},
		"irregular polls": {energy.Ramp{Up: 20, Down: 20, Start: 29, Stop: 60}, 0.4, irregular},
		"polls of 30 s":   {energy.Ramp{Up: 6, Down: 435, Start: 4}, 0.4, every(30 * time.Second)},
		"noise":           {energy.Ramp{Up: 20, Down: 60, Start: 6}, 0.35, func(p *pupil) { p.noise = 0.03 }},
	} {
		t.Run(name, func(t *testing.T) {
			p := newPupil(t, func(p *pupil) { p.real = c.real }, c.change)
			p.cycle(4)
			p.wantRamp(c.real, c.within)
		})
	}
}

// A boot during which nothing is drawn counts in the slope: the straight line
// has the energy of the way.
func TestLearnBoot(t *testing.T) {
	p := newPupil(t, func(p *pupil) { p.boot, p.real.Up = time.Minute, 29 })
	p.cycle(4)
	whole := 2*60 + 2380/29.0 // s
	p.wantRamp(energy.Ramp{Up: 29, Down: 435, Start: energy.Watts(2380 / whole)}, 0.2)
	if got, want := p.learned.Settle(0, 1).Seconds(), 60+2380/29.0; math.Abs(got-want) > 15 {
		t.Errorf("settles in %v s, want %v", got, want)
	}
}

// A single way that is unlike the others moves nothing; three in a row do.
func TestLearnRampOutlierAndChange(t *testing.T) {
	p := newPupil(t, func(p *pupil) { p.real.Start = 29 })
	p.cycle(5)
	before := p.learned.Ramp(p.family)
	p.real.Start = 4
	p.cycle(1)
	if got := p.learned.Ramp(p.family); got != before {
		t.Errorf("one slow start: %v, was %v", got, before)
	}
	p.real.Start = 29
	p.cycle(2)
	p.real.Start = 4 // a new firmware
	p.cycle(3)
	p.wantRamp(energy.Ramp{Up: 12, Down: 435, Start: 4}, 0.2)
}

// A rig whose meter sleeps when it is off teaches its starts and stops all the
// same.
func TestLearnMeterSleeps(t *testing.T) {
	p := newPupil(t, func(p *pupil) {
		p.real = energy.Ramp{Up: 20, Down: 60, Start: 29, Stop: 100}
		p.change = func(st *energy.Status) {
			if st.Draw < 100 {
				st.Source, st.Draw = energy.Estimated, 55
			}
		}
	})
	p.cycle(4)
	p.wantRamp(p.real, 0.25)
	p.wantDraws(20, 2400, 3000, 3500)
}

// On its way up it is told to go further up: the start goes on.
func TestLearnRetargeted(t *testing.T) {
	p := newPupil(t, func(p *pupil) { p.real.Start = 29 })
	for range 3 {
		p.tell(1, 30*time.Second)
		p.real.Up = 29 // of the way that goes on
		p.tell(2, 20*time.Second)
		p.tell(3, 10*time.Minute)
		p.tell(0, 5*time.Minute)
	}
	if got := starting(p.learned.Ramp(p.family)); got < 25 || got > 33 {
		t.Errorf("starts with %v/s, want 29 W/s", got)
	}
}
