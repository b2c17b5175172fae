package scheduler

import (
	"math"
	"reflect"
	"testing"
	"time"

	"github.com/curtaild/curtaild/energy"
)

func TestLearnDraws(t *testing.T) {
	p := newPupil(t, func(p *pupil) { p.health = 0.94 })
	p.cycle(1)
	p.wantDraws(20, 0.94*2400, 3000, 0.94*3500)
	p.tell(2, 10*time.Minute)
	p.wantDraws(20, 0.94*2400, 0.94*3000, 0.94*3500)
	p.tell(0, 10*time.Minute)
	p.stated[energy.Off].Draw = 60 // and drawn
	p.course = energy.Toward(p.now, 60, 60, energy.Ramp{})
	p.run(10 * time.Minute)
	p.wantDraws(60)
}

// The draw when off is learned too: a point is worth its draw less that.
func TestLearnOffDraw(t *testing.T) {
	p := newPupil(t, func(p *pupil) { p.change = func(st *energy.Status) { st.Draw += 40 } })
	p.wantDraws(60)
}

// A hash board dies: within a few looks the other levels are known to have
// lost it too.
func TestLearnDeadBoard(t *testing.T) {
	for _, noise := range []float64{0, 0.03} {
		p := newPupil(t, func(p *pupil) { p.noise = noise })
		p.tell(3, 20*time.Minute)
		p.wantDraws(20, 2400, 3000, 3500)
		p.ail(0.5)
		p.run(15 * time.Second)
		p.wantDraws(20, 2400, 3000, 3500)
		p.run(10 * time.Second)
		p.wantDraws(20, 1200, 1500, 1750)
		if got := p.learned.State(p.stated)[3].Rate; math.Abs(float64(got)/100e12-1) > 0.05 {
			t.Errorf("noise %v: hashes %v, want 100 TH/s", noise, got)
		}
		p.ail(1) // it has been mended
		p.run(30 * time.Second)
		p.wantDraws(20, 2400, 3000, 3500)
	}
}

// It starts with a board missing: once it is long overdue, it is believed.
func TestLearnDeadBoardAtStart(t *testing.T) {
	p := newPupil(t)
	p.cycle(1)
	p.health = 0.45
	p.tell(3, 30*time.Minute)
	p.wantDraws(20, 0.45*2400, 0.45*3000, 0.45*3500)
}

// Noise and odd values move nothing that plans go by.
func TestLearnIsSteady(t *testing.T) {
	for name, c := range map[string]func(*pupil){
		"noise of 3 %": func(p *pupil) { p.noise = 0.03 },
		"sigma of 3 %": func(p *pupil) {
			p.change = func(st *energy.Status) { st.Draw *= energy.Watts(1 + 0.03*p.random.NormFloat64()) }
		},
		"odd values": func(p *pupil) {
			p.change = func(st *energy.Status) {
				if p.random.IntN(10) == 0 {
					st.Draw *= 3 * energy.Watts(p.random.Float64())
				}
			}
		},
		"throttled": func(p *pupil) {
			p.change = func(st *energy.Status) {
				if st.At.Sub(noon) > 10*time.Minute {
					st.State, st.Draw = energy.StateThrottled, st.Draw/2
				}
			}
		},
		"estimated": func(p *pupil) {
			p.change = func(st *energy.Status) { st.Source, st.Draw = energy.Estimated, 0.7*st.Draw }
		},
		"nameplate": func(p *pupil) {
			p.change = func(st *energy.Status) { st.Source, st.Draw = energy.Nameplate, 0.7*st.Draw }
		},
		"no answers": func(p *pupil) {
			p.change = func(st *energy.Status) {
				if st.At.Sub(noon) > 10*time.Minute {
					st.State, st.Draw = energy.StateUnreachable, 100
				}
			}
		},
		"ignored": func(p *pupil) {
			p.change = func(st *energy.Status) { st.Draw = 20 }
		},
	} {
		t.Run(name, func(t *testing.T) {
			p := newPupil(t, c)
			p.tell(3, 25*time.Minute)
			if name != "ignored" {
				p.tell(1, 25*time.Minute)
				p.tell(2, 6*time.Hour)
			}
			if got := p.learned.State(p.stated); !reflect.DeepEqual(got, p.stated) {
				t.Errorf("learned %v", got)
			}
		})
	}
}

// What the operator states, stands.
func TestLearnStated(t *testing.T) {
	p := newPupil(t, func(p *pupil) {
		p.health = 0.8
		p.change = func(st *energy.Status) { st.Stated = true }
	})
	p.cycle(1)
	p.wantDraws(20, 2400, 3000, 3500)
}
