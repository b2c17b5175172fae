package scheduler

import (
	"math"
	"slices"
	"time"

	"github.com/curtaild/curtaild/energy"
)

// Belief is what a policy's budget has taught about how it goes on: whether a
// dip is a cloud, through which loads had better be carried, or an order, in
// which every second of waiting is bought; and when a start pays.
//
// The budget does not depend on what we do with it. So rules are tried out on
// imagined fleets, which all live through the same budget, and what each would
// have absorbed less imported is counted. The rule that has fared best of late
// is followed. Nothing is risked to learn, and every reading teaches of every
// rule.
//
// A Belief is a value: step returns another and leaves the old one as it was.
// The zero Belief knows nothing.
type Belief struct {
	Recent []budgetAt            `json:"recent,omitempty"` // of the last 15 min, thinned; never written to, as all slices
	Falls  []float64             `json:"falls,omitempty"`  // when the budget has fallen steeply, unix s
	Rise   float64               `json:"rise"`             // when it last rose steeply, unix s
	Active float64               `json:"active"`           // s with any budget, ever
	Mean   float64               `json:"mean"`             // W, of the budget while there is any
	Slow   [len(leaks)][]float64 `json:"slow"`             // leaky averages of what each unit would add, as a share of its top
	Trials []trial               `json:"trials,omitempty"` // of each rule, and of the one that is patient
	Lead   int                   `json:"lead"`             // the rule that is followed
	Idle   bool                  `json:"idle"`             // but for its starts, which have been a loss
	Proven bool                  `json:"proven"`           // patient starts have been a gain
}

// budgetAt is a budget and when it was seen.
type budgetAt struct {
	T float64 `json:"t"` // unix s
	W float64 `json:"w"`
}

const (
	units     = 40                       // of an imagined fleet, at most
	kept      = 900.0                    // s of sightings
	apart     = 4.5                      // s between two that are kept
	unknown   = 300.0                    // s without a sighting teach nothing
	soonest   = 4 * time.Second          // between two steps; what comes in between only tells what there is now
	edgeTime  = 20.0                     // s in which a steep edge falls or rises
	steepFall = 0.15                     // of the highest budget that is kept
	steepRise = 0.10                     // of all loads at their tops
	firstRise = 0.60                     // of these: the first sighting counts as a rise
	halfLife  = 14400.0                  // s of any budget after which what was gained counts half
	startCost = 10.0                     // s of a unit's top that a start must gain
	ahead     = 10.0                     // s of the mean budget by which another rule must lead
	borne     = 200.0                    // s of the mean budget that starts may lose before they are given up
	forgiven  = 490.0                    // s of it that they need not have gained, of what one in vain costs, to be made again
	vainMost  = 8                        // starts in vain, the most that all that was gained, or lost, makes up for
	averaging = float64(time.Hour / 1e9) // s, of the mean budget
	maxFalls  = 200
)

// leaks are the time constants of the leaky averages, s.
var leaks = [3]float64{60, 300, 1200}

// shape is a fleet of like units that stands for a policy's loads.
type shape struct {
	n             int
	low, top      float64 // W of one, at its lowest and highest running point
	climb         float64 // W/s of one
	fall          float64 // s from its lowest point to off
	minOn, minOff float64 // s
	carry         float64 // s that it may be carried through a dip, on power that is bought
}

// shape is that of the given loads together.
func (f *Fleet) shape(loads []int32) shape {
	sh, n := shape{}, 0.0
	for _, i := range loads {
		l := &f.loads[i]
		if l.points == nil {
			continue
		}
		top := l.cost(int32(len(l.points) - 1))
		n++
		sh.low += float64(l.low)
		sh.top += float64(top)
		sh.minOn += l.minOn.Seconds()
		sh.minOff += l.minOff.Seconds()
		up, down := l.ramp.Between(energy.Off, 1).Up, l.ramp.Between(1, energy.Off).Down
		if down > 0 {
			sh.fall += float64(l.low / down)
		}
		if sh.climb += float64(up); up == 0 { // at once
			sh.climb += float64(top)
		}
	}
	if sh.top <= 0 {
		return shape{}
	}
	sh.minOn, sh.minOff, sh.fall = sh.minOn/n, sh.minOff/n, sh.fall/n
	sh.n = min(units, len(loads)) // the same while loads are being identified
	u := float64(sh.n)
	sh.low, sh.top, sh.climb = sh.low/u, sh.top/u, sh.climb/u
	return sh
}

// vain is what a start in vain costs, in seconds of a unit's top.
func (sh shape) vain() float64 { return sh.minOn * sh.low / sh.top }

// climbing is how long a unit climbs from off to its top, s.
func (sh shape) climbing() float64 { return sh.top / sh.climb }

// step is the belief after the budget was seen to be w at now.
func (b Belief) step(now time.Time, w energy.Watts, sh shape) Belief {
	t, s := float64(now.UnixNano())/1e9, max(0, float64(w))
	if sh.n == 0 {
		return b
	}
	fresh := len(b.Trials) != len(tenets)+1 || len(b.Slow[0]) != sh.n
	if fresh || t < b.Recent[len(b.Recent)-1].T-unknown { // or the clock was set back
		b, fresh = newBelief(t, s, sh), true
	}
	last := b.Recent[len(b.Recent)-1]
	if t-last.T < soonest.Seconds() && !fresh { // or the clock was set back a little: nothing to learn
		if s != last.W {
			b.Recent = slices.Clone(b.Recent)
			b.Recent[len(b.Recent)-1].W = s
		}
		return b
	}
	dt := min(t-last.T, unknown)
	b.note(t, s, sh)
	if s > 0 {
		if b.Active += dt; b.Mean == 0 {
			b.Mean = s
		}
		b.Mean += dt / max(dt, min(b.Active, averaging), 1) * (s - b.Mean)
	}
	b.average(dt, s, sh)
	decay := 1.0
	if s > 0 || last.W > 0 { // nights do not count
		decay = math.Exp2(-dt / halfLife)
	}
	most := vainMost * sh.vain() * b.Mean / sh.top
	b.Trials = slices.Clone(b.Trials)
	for i := range b.Trials {
		x := &b.Trials[i]
		gain := x.gain(t, dt, (s+last.W)/2, sh)
		gain -= startCost * float64(x.turn(t, b.tries(i, x.reach(t, sh), sh), sh))
		x.Score = x.Score*decay + gain
		x.Total = min(max(x.Total+gain, -most), most)
	}
	b.choose(sh)
	b.judge(sh)
	return b
}

// newBelief begins to learn. Before anything is known, the rule with the most
// in its favour is followed.
func newBelief(t, s float64, sh shape) Belief {
	b := Belief{Recent: []budgetAt{{t, s}}, Rise: t - kept, Trials: make([]trial, len(tenets)+1)}
	if s > firstRise*sh.top*float64(sh.n) {
		b.Rise = t
	}
	for i := range b.Slow {
		b.Slow[i] = make([]float64, sh.n)
	}
	for i := range b.Trials {
		b.Trials[i] = newTrial(t, sh.n)
	}
	for i := range tenets {
		if tenets[i].favour > tenets[b.Lead].favour {
			b.Lead = i
		}
	}
	return b
}

// note keeps the sighting, and when an edge was steep.
func (b *Belief) note(t, s float64, sh shape) {
	high := s
	for _, r := range b.Recent {
		high = max(high, r.W)
	}
	fell, rose := false, false
	for i := len(b.Recent) - 1; i >= 0; i-- {
		r := b.Recent[i]
		if r.T < t-edgeTime && i < len(b.Recent)-1 {
			break
		}
		fell = fell || r.W-s > steepFall*high
		rose = rose || s-r.W > steepRise*sh.top*float64(sh.n)
	}
	if rose {
		b.Rise = t
	}
	n := len(b.Recent)
	if n > 1 && t-b.Recent[n-2].T < apart {
		n-- // the latest gives way
	}
	from := 0
	for from < n && b.Recent[from].T < t-kept {
		from++
	}
	b.Recent = append(slices.Clone(b.Recent[from:n]), budgetAt{t, s})
	falls := slices.DeleteFunc(slices.Clone(b.Falls), func(f float64) bool { return f < t-kept })
	if fell {
		falls = append(falls, t)
	}
	b.Falls = falls[max(0, len(falls)-maxFalls):]
}

// average steps the leaky averages of what each unit, if it ran, would add to
// what is absorbed less imported: its power while there is more than those
// before it can draw, less its lowest power while there is too little.
func (b *Belief) average(dt, s float64, sh shape) {
	var adds [units]float64 // as a share of the top
	before := 0.0
	for k := range sh.n {
		n := float64(k + 1)
		p := min(max(s, n*sh.low), n*sh.top)
		net := min(s, p) - max(0, p-s)
		adds[k], before = (net-before)/sh.top, net
	}
	for i, tau := range leaks {
		a := 1 - math.Exp(-dt/tau)
		slow := make([]float64, sh.n)
		for k, was := range b.Slow[i] {
			slow[k] = was + a*(adds[k]-was)
		}
		b.Slow[i] = slow
	}
}

// shift is the belief after the clock was set.
func (b Belief) shift(by time.Duration) Belief {
	d := by.Seconds()
	moved := func(list []float64) []float64 {
		list = slices.Clone(list)
		for i := range list {
			list[i] += d
		}
		return list
	}
	b.Recent = slices.Clone(b.Recent)
	for i := range b.Recent {
		b.Recent[i].T += d
	}
	b.Falls, b.Rise = moved(b.Falls), b.Rise+d
	b.Trials = slices.Clone(b.Trials)
	for i := range b.Trials {
		x := &b.Trials[i]
		x.On, x.Off = moved(x.On), moved(x.Off)
	}
	return b
}

// most is the highest budget since t, W.
func (b *Belief) most(t float64) float64 {
	high := 0.0
	for i := len(b.Recent) - 1; i >= 0 && b.Recent[i].T >= t; i-- {
		high = max(high, b.Recent[i].W)
	}
	return high
}

// least is the lowest budget since t, W, and nothing while it is not known for
// so long.
func (b *Belief) least(t float64) float64 {
	low := math.Inf(1)
	for i := len(b.Recent) - 1; i >= 0; i-- {
		if low = min(low, b.Recent[i].W); b.Recent[i].T <= t+apart {
			return low
		}
	}
	return 0
}

// fall is when the budget first fell steeply since t; never is infinite.
func (b *Belief) fall(t float64) float64 {
	for _, f := range b.Falls {
		if f >= t {
			return f
		}
	}
	return math.Inf(1)
}
