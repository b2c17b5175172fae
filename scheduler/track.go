package scheduler

import (
	"cmp"
	"slices"
	"time"

	"github.com/curtaild/curtaild/energy"
	"github.com/curtaild/curtaild/policies"
)

// tracker hands a policy's budget to its loads so that their draw follows it:
// the allocation of the objective net, most energy absorbed less imported.
//
// It is judged by what each load will draw until the next decision can correct
// it, not by where its set-point ends: a load that starts leaves its power to
// those that run until it takes it, and while loads climb more of them may.
// Only ceilings count a set-point in full.
type tracker struct {
	d    *decider
	p    int32
	all  energy.Watts // the budget
	left energy.Watts // of it, by what the loads draw soon
	ceil purse        // what ceilings leave, by what set-points cost
	low  energy.Watts // the lowest points of all that run
	high energy.Watts // and their highest
	out  outlook
}

// tracked reports whether policy p's loads are tracked. It takes leave to buy,
// for draw that is misjudged is imported.
func (d *decider) tracked(p int32) bool {
	return tracks(&d.in.Rules[p].policy) && !d.rules[p].frozen
}

func tracks(p *policies.Policy) bool {
	return p.Objective == policies.Net && p.Bridge.Auto && p.Use.Available
}

// track is allocate for a policy that is tracked. Budget is what there is for
// all its loads, floors included; ceiling is what ceilings leave above floors.
func (d *decider) track(p int32, budget energy.Watts, ceiling purse) (spent energy.Watts) {
	t := tracker{d: d, p: p, all: budget, left: budget, ceil: ceiling, out: d.rules[p].out}
	r := &d.in.Rules[p]
	arrives := d.now.Add(d.in.latency())
	on, off := d.work.on[:0], d.work.off[:0]
	for _, i := range d.keeping(p) {
		s := &d.slots[i]
		if s.owner != p || s.gone {
			continue
		}
		d.lookAhead(i, arrives)
		s.will = d.soon(i, s.at, s.cost)
		t.left -= s.will
		switch {
		case s.at > energy.Off:
			t.run(i)
		case s.most == energy.Off:
		case s.from > energy.Off:
			on = append(on, i)
		default:
			off = append(off, i)
		}
	}
	t.hold(on)
	t.start(off)
	t.share()
	for _, i := range r.bent {
		if s := &d.slots[i]; s.owner == p && !s.gone && s.at > energy.Off {
			for point := s.most; point > s.at && !t.take(i, point, d.in.Fleet.loads[i].cost(point), false); point-- {
				continue
			}
		}
	}
	d.lookAgain(p)
	return t.ceil.spent - ceiling.spent
}

// share raises what runs. What loads have already comes first, for each change
// wears: where there is less than that, fast loads give way before slow ones;
// where there is more, they take it.
func (t *tracker) share() {
	every, slow, fast := func(*fleetLoad) bool { return true }, func(l *fleetLoad) bool { return !l.fast }, func(l *fleetLoad) bool { return l.fast }
	if !t.d.in.Rules[t.p].mixed {
		t.raise(every, false)
		t.raise(every, true)
		return
	}
	t.raise(slow, false)
	t.raise(fast, false)
	t.raise(fast, true)
	t.raise(slow, true)
}

// raise brings loads of a kind, of those that run, to the points that they have
// already; or further.
func (t *tracker) raise(kind func(*fleetLoad) bool, further bool) {
	steps := t.d.in.Rules[t.p].steps
	for k := range steps {
		st := &steps[k]
		s := &t.d.slots[st.load]
		if s.owner != t.p || s.gone || s.at == energy.Off || st.point <= s.at || st.point > s.most {
			continue
		}
		if (further || st.point <= s.from) && kind(&t.d.in.Fleet.loads[st.load]) {
			t.take(st.load, st.point, st.cost, false)
		}
	}
}

// lookAgain has the plan wake soon while loads of policy p are on their way, or
// about to be: what the others may have depends on how far they have come.
func (d *decider) lookAgain(p int32) {
	for _, i := range d.in.Rules[p].loads {
		if s := &d.slots[i]; s.owner == p && !s.gone && (!s.level || s.at != s.from) {
			d.soonAgain()
			return
		}
	}
}

// run takes in a load that will run.
func (t *tracker) run(i int32) {
	s := &t.d.slots[i]
	t.low += s.low
	t.high += t.d.in.Fleet.loads[i].cost(s.most)
}

// hold lets loads that run go on, at their lowest points: of like ones, the
// one that has run longest is the first to stop.
func (t *tracker) hold(on []int32) {
	all := energy.Watts(0)
	for _, i := range on {
		all += t.d.slots[i].low
	}
	if !t.out.keeps(t.low + all) {
		t.inTurn(on, true)
	}
	for _, i := range on {
		s := &t.d.slots[i]
		if !t.out.keeps(t.low + s.low) {
			continue
		}
		if t.take(i, 1, s.low, true) {
			if s.bridged = t.d.rules[t.p].carried || t.low+s.low > t.all+tolerance; s.bridged {
				t.d.soonAgain()
			}
			t.run(i)
		}
	}
}

// start starts loads, if it is time: of like ones, the one that has been off
// longest first.
func (t *tracker) start(off []int32) {
	if t.out.starts(t.low, t.high) {
		t.inTurn(off, false)
	}
	for _, i := range off {
		s := &t.d.slots[i]
		switch low := t.low + s.low; {
		case (t.out.starts(low, t.high) || t.nimble(i, low)) && t.take(i, 1, s.low, true):
			t.run(i)
		case low <= t.out.free+tolerance: // it is held back: for how long depends on time alone
			s.brief = t.out.brief(low, t.high)
			t.d.soonAgain()
		}
	}
}

// nimble reports whether load i, with the lowest points of what runs and its
// own, may start though what there is may not last: it can stop as fast.
func (t *tracker) nimble(i int32, low energy.Watts) bool {
	return t.d.in.Fleet.loads[i].nimble && low <= t.out.free+tolerance && t.high < t.out.free
}

// inTurn sorts like loads, which are next to each other in the order of their
// prices, by how long they have been as they are: the longest first, or last.
func (t *tracker) inTurn(loads []int32, last bool) {
	r := &t.d.in.Rules[t.p]
	slices.SortStableFunc(loads, func(a, b int32) int {
		if x := cmp.Compare(r.tier[a], r.tier[b]); x != 0 {
			return x
		}
		if final := t.d.slots[a].final; final != t.d.slots[b].final { // only of loads that run
			if final {
				return -1
			}
			return 1
		}
		if x := cmp.Compare(t.d.in.Fleet.loads[a].base, t.d.in.Fleet.loads[b].base); x != 0 {
			return x
		}
		if fa, fb := t.d.in.Fleet.loads[a].fast, t.d.in.Fleet.loads[b].fast; fa != fb {
			if fa == last { // the fast ones stop first, and start first
				return 1
			}
			return -1
		}
		x := t.d.in.Loads[a].Since.Compare(t.d.in.Loads[b].Since)
		if last {
			return -x
		}
		return x
	})
}

// calm is how many dead bands a load needs to rise: draw that follows every
// wobble wears, and wins next to nothing.
const calm = 4

// take brings load i to a higher point, if ceilings leave it what that costs
// and the budget what it draws soon, unless that may be bought.
func (t *tracker) take(i, point int32, cost energy.Watts, bought bool) bool {
	s := &t.d.slots[i]
	if !bought && t.left < -tolerance {
		return false
	}
	will := t.d.soon(i, point, cost)
	more := will - s.will
	if !bought && more+calm*s.bandTo(point) > t.left+tolerance || !t.ceil.holds(cost-s.cost, 0) {
		return false
	}
	if s.at <= s.from && point > s.from {
		t.d.rising = append(t.d.rising, i)
	}
	t.left -= more
	t.ceil = t.ceil.less(cost - s.cost)
	s.at, s.cost, s.will = point, cost, will
	return true
}

// lookAhead finds what load i will draw when a command reaches it.
func (d *decider) lookAhead(i int32, arrives time.Time) {
	s, st := &d.slots[i], &d.in.Loads[i]
	if s.ahead = s.draw; s.level {
		return
	}
	if st.Course != (energy.Course{}) {
		s.ahead = st.Course.At(arrives)
	}
	if st.State == energy.StateSuspect { // what it draws beyond its point is taken off already
		s.ahead = min(s.ahead, d.in.Fleet.loads[i].points[s.from].Draw)
	}
}

// soon is what load i will draw, above its draw when off, in the middle of the
// time until what is decided next takes hold, if it is told to take point now,
// at that cost.
func (d *decider) soon(i, point int32, cost energy.Watts) energy.Watts {
	s, l := &d.slots[i], &d.in.Fleet.loads[i]
	to := l.off + cost
	if s.ahead == to {
		return cost
	}
	from := s.from
	if s.ahead < l.off+l.low {
		from = energy.Off // it is still on its way up from there
	}
	ramp, half := l.ramp.Between(int(from), int(point)), energy.Watts(d.in.period().Seconds()/2)
	switch {
	case to > s.ahead && ramp.Up > 0:
		to = min(to, s.ahead+ramp.Up*half)
	case to < s.ahead && ramp.Down > 0:
		to = max(to, s.ahead-ramp.Down*half)
	}
	return to - l.off
}

// The defaults of Input.Latency and Input.Period.
const (
	usualLatency = time.Second
	usualPeriod  = 5 * time.Second
)

func (in *Input) latency() time.Duration {
	if in.Latency > 0 {
		return in.Latency
	}
	return usualLatency
}

// soonAgain has the plan wake after a period, for what it does depends on how
// time goes on.
func (d *decider) soonAgain() { d.plan.wakeAt(d.now.Add(d.in.period())) }

func (in *Input) period() time.Duration {
	if in.Period > 0 {
		return in.Period
	}
	return usualPeriod
}
