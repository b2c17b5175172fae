package scheduler

import (
	"math"

	"github.com/curtaild/curtaild/energy"
)

// outlook says which loads of a row are to run, each with its low, the lowest
// points of all up to and with it, and its high, the highest points of those
// before it.
type outlook struct {
	free energy.Watts // what there is now
	low  energy.Watts // start while low is within this, and within free
	high energy.Watts // and high is below this
	hold energy.Watts // a load that runs goes on while low is within this
}

func unbounded(w energy.Watts) outlook {
	inf := energy.Watts(math.Inf(1))
	return outlook{free: inf, low: inf, high: inf, hold: w}
}

func (o outlook) starts(low, high energy.Watts) bool {
	return low <= min(o.low, o.free)+tolerance && high < o.high
}

// brief reports whether only that it would not last keeps a load from starting.
func (o outlook) brief(low, high energy.Watts) bool {
	return low > o.low+tolerance && low <= o.free+tolerance && high < o.high
}

func (o outlook) keeps(low energy.Watts) bool { return low <= o.hold+tolerance }

// tenet is a rule of when loads start and stop.
type tenet struct {
	lazy    bool    // starts only what is needed, even after a steep rise
	never   bool    // starts nothing: every start has been a loss
	patient bool    // starts when the leaky average says so
	wait    float64 // s that there must have been enough for a start
	hold    float64 // s that a dip is ridden through
	leak    int     // or the leaky average that says when to stop, from 1
	clouds  bool    // rides only through what looks like a cloud: it falls at once, and not to nothing
	favour  float64 // s of the mean budget that it is ahead before anything is known
}

const (
	usualHold = 120.0 // s
	favoured  = 75.0  // s of the mean budget, for a usual hold
	late      = 300.0 // s of the mean budget that a rule that starts late must make up for
	eager     = 60.0  // s after a steep rise in which starts are eager
	reachIn   = 30.0  // s
	dark      = 0.03  // of the highest budget of late: nothing is left
	verdict   = 0.3   // of a unit's top: a leaky average that says start or stop
)

// tenets are tried out.
var tenets = func() []tenet {
	var all []tenet
	for _, lazy := range []bool{false, true} {
		for _, clouds := range []bool{true, false} {
			for _, hold := range []float64{0, 30, 60, 120, 240, 480, 900} {
				if hold > 0 || clouds {
					nearness := max(0, 1-math.Abs(math.Log2(max(hold, 10)/usualHold))/3)
					all = append(all, tenet{lazy: lazy, hold: hold, clouds: clouds, favour: favoured * nearness})
				}
			}
			for leak := range leaks {
				all = append(all, tenet{lazy: lazy, leak: leak + 1, clouds: clouds})
			}
		}
	}
	for i := range all {
		if all[i].clouds {
			all[i].favour += favoured / 4
		}
		if !all[i].lazy {
			all[i].favour += favoured / 3
		}
	}
	for _, wait := range []float64{120, 300, 600} {
		all = append(all, tenet{wait: wait, clouds: true, favour: -late})
	}
	all = append(all, tenet{never: true, favour: -late / 3})
	return append(all, tenet{patient: true, leak: 2, favour: -late}, tenet{patient: true, leak: 3, favour: -late})
}()

// outlook applies rule r, when what runs can draw reach, W, within half a
// minute.
func (b *Belief) outlook(r *tenet, reach float64, sh shape) outlook {
	now := b.Recent[len(b.Recent)-1]
	o := outlook{free: energy.Watts(now.W), low: energy.Watts(math.Inf(1)), high: energy.Watts(now.W), hold: energy.Watts(b.holds(r, sh))}
	switch {
	case r.never:
		o.low = 0
	case r.patient:
		o.low = energy.Watts(min(now.W, crossing(b.Slow[r.leak-1], verdict)*sh.low))
		o.high = energy.Watts(math.Inf(1))
	case r.wait > 0:
		o.low, o.high = energy.Watts(b.least(now.T-r.wait)), energy.Watts(math.Inf(1))
	case !r.lazy && now.W > reach+sh.top && now.T-b.Rise <= eager:
		// More loads at lower points climb faster than fewer to their tops.
		o.low, o.high = energy.Watts(now.W), energy.Watts(math.Inf(1))
	}
	return o
}

// holds is up to which power loads stay at their lowest points under rule r, W.
func (b *Belief) holds(r *tenet, sh shape) float64 {
	now := b.Recent[len(b.Recent)-1]
	if sh.carry == 0 {
		return now.W
	}
	within := math.Inf(1)
	if sh.carry < kept {
		within = max(now.W, b.most(now.T-sh.carry))
	}
	if r.clouds && now.W < dark*b.most(now.T-kept) {
		return now.W
	}
	if r.leak > 0 {
		return min(within, max(now.W, crossing(b.Slow[r.leak-1], -verdict)*sh.low))
	}
	from := now.T - r.hold
	if r.clouds {
		from = max(from, b.fall(from)-edgeTime)
	}
	return min(within, max(now.W, b.most(from)))
}

// crossing is how many of the first units are above x.
func crossing(units []float64, x float64) float64 {
	for k, v := range units {
		if v <= x {
			return float64(k)
		}
	}
	return float64(len(units))
}
