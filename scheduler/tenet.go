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
	lazy   bool    // starts only what is needed, even after a steep rise
	hold   float64 // s that a dip is ridden through
	leak   int     // or the leaky average that says when to stop, from 1
	clouds bool    // rides only through what looks like a cloud: it falls at once, and not to nothing
	favour float64 // s of the mean budget that it is ahead before anything is known
}

const (
	usualHold = 120.0 // s
	favoured  = 75.0  // s of the mean budget, for a usual hold
	eager     = 60.0  // s after a steep rise in which starts are eager
	reachIn   = 30.0  // s
	lasting   = 300.0 // s for which there must have been power for a start of the patient rule
	dark      = 0.03  // of the highest budget of late: nothing is left
	verdict   = 0.3   // of a unit's top: a leaky average below its negative says stop
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
		if all[i].lazy {
			all[i].favour += favoured / 3
		}
	}
	return all
}()

// choose follows the rule that is ahead, by enough. One whose fleet is not as
// the leader's is must also make up for what it takes to become so: what it has
// won with loads that run, others do not win by starting them now.
func (b *Belief) choose(sh shape) {
	mean, lead := b.Mean/sh.top, &b.Trials[b.Lead]
	best, most := b.Lead, lead.Score+(tenets[b.Lead].favour+ahead)*mean
	for i := range tenets {
		x := &b.Trials[i]
		differ := math.Abs(float64(len(x.On) - len(lead.On)))
		if score := x.Score + tenets[i].favour*mean - differ*sh.climbing()/2; score > most {
			best, most = i, score
		}
	}
	b.Lead = best
}

// judge decides whether anything is to start. What starts have lost by a while
// is borne. After that none is made until they would have gained, even if the
// budget went now: the more, the more it costs to start in vain.
func (b *Belief) judge(sh shape) {
	lead, patient, mean := &b.Trials[b.Lead], &b.Trials[len(tenets)], b.Mean/sh.top
	now := b.Recent[len(b.Recent)-1].T
	b.Proven = patient.Total > patient.owes(now, sh) || b.Proven && patient.Total >= -borne*mean
	if !b.Idle {
		b.Idle = lead.Total < -borne*mean
		return
	}
	b.Idle = lead.Total-lead.owes(now, sh) <= max(-borne, sh.vain()-forgiven)*mean
}

// follows is the outlook of the rule that is followed, when what runs can draw
// reach, W, within half a minute. Where starts at once have been a loss, patient
// ones may have been a gain.
func (b *Belief) follows(reach float64, sh shape) outlook {
	o := b.outlook(&tenets[b.Lead], reach, sh)
	switch {
	case b.Idle && b.Proven:
		return b.patiently(o)
	case b.Idle:
		o.low = 0
	}
	return o
}

// tries is the outlook of the i-th trial.
func (b *Belief) tries(i int, reach float64, sh shape) outlook {
	if i < len(tenets) {
		return b.outlook(&tenets[i], reach, sh)
	}
	return b.patiently(b.outlook(&tenets[b.Lead], reach, sh))
}

// patiently is o, but that loads start only for power that has lasted.
func (b *Belief) patiently(o outlook) outlook {
	o.low = energy.Watts(b.least(b.Recent[len(b.Recent)-1].T - lasting))
	o.high = min(o.high, o.low)
	return o
}

// outlook applies rule r, when what runs can draw reach, W, within half a
// minute.
func (b *Belief) outlook(r *tenet, reach float64, sh shape) outlook {
	now := b.Recent[len(b.Recent)-1]
	o := outlook{free: energy.Watts(now.W), low: energy.Watts(math.Inf(1)), high: energy.Watts(now.W), hold: energy.Watts(b.holds(r, sh))}
	if !r.lazy && now.W > reach+sh.top && now.T-b.Rise <= eager {
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
