package scheduler

import (
	"slices"
	"time"

	"github.com/curtaild/curtaild/energy"
)

// Probe is the memory of feeling for power that a plant hides. At its export
// limit the meter reads the limit, whatever more the plant could make. So our
// loads are let rise a step: if export comes back to the limit, the plant had
// it, and the next step is larger; if it does not, the step is taken back, and
// the next one is smaller and comes later. It is stepped by grid readings
// alone, not by the clock.
type Probe struct {
	At   time.Time    `json:"at,omitzero"` // of the last grid reading seen
	Off  energy.Watts `json:"off"`         // how far export was from its limit then; below 0: beyond it
	Mean energy.Watts `json:"mean"`        // that, smoothed
	Rest energy.Watts `json:"rest"`        // where the plant's controller leaves it

	Since time.Time     `json:"since,omitzero"` // since when export has been at its limit; zero: it is not
	Moved time.Time     `json:"moved,omitzero"` // when it last left it for reasons other than ours
	Back  bool          `json:"back,omitempty"` // on its way back from a step that failed
	Next  time.Time     `json:"next,omitzero"`  // no step before
	Wait  time.Duration `json:"wait"`           // after a step that fails
	Size  energy.Watts  `json:"size"`           // of the step under way, or the next one
	Lag   time.Duration `json:"lag"`            // the longest that the plant has taken lately; 0: not known

	Found    energy.Watts `json:"found"`             // what there was when the last step failed; 0: none has, or it has changed
	Restless time.Time    `json:"restless,omitzero"` // when export was last well beyond its limit
	Done     time.Time    `json:"done,omitzero"`     // when the last step came out well
	Told     energy.Watts `json:"told"`              // what our set-points drew
	Cut      time.Time    `json:"cut,omitzero"`      // when that last fell

	Begun  time.Time    `json:"begun,omitzero"`  // the step under way; zero: none
	Held   energy.Watts `json:"held"`            // what our set-points drew before it
	From   energy.Watts `json:"from"`            // what our loads drew before it
	Top    energy.Watts `json:"top"`             // the most they have drawn since
	Risen  time.Time    `json:"risen,omitzero"`  // when they last rose; zero: not yet
	Best   energy.Watts `json:"best"`            // the nearest that export has come to its limit since then,
	Better time.Time    `json:"better,omitzero"` // and when it last came nearer
	Excess time.Time    `json:"excess,omitzero"` // since when Mean is more than Rest explains; zero: it is not
}

const (
	smoothing  = 30 * time.Second // of Mean
	settleTime = 5 * time.Second
	restless   = 15 * time.Minute // how long after a cloud another, or its end, is likely
	coarsest   = 4                // times the policy's step
	finest     = 4                // parts of it
	longestOff = 8                // times the policy's every, between steps
)

// aims is what our loads draw at their set-points, and what they could draw at
// the most.
type aims struct{ held, most energy.Watts }

// probe lets policies that probe take more than is available: the reserve
// that they leave becomes negative.
func (d *decider) probe() {
	probes := func(r Rule) bool { return r.policy.Probe.Step > 0 && r.policy.Use.Available }
	first := slices.IndexFunc(d.in.Rules, probes)
	if first < 0 {
		return
	}
	b := &d.in.Balance
	a := d.aims()
	p := d.in.Memory.Probe.step(b, &d.in.Rules[first].policy, a)
	d.plan.Memory.Probe = p
	budget, ok := p.budget(a, b.Available)
	if !ok {
		return
	}
	d.in.Rules = slices.Clone(d.in.Rules) // the caller's are shared
	for i := range d.in.Rules {
		r := &d.in.Rules[i]
		if !probes(*r) {
			continue
		}
		// What flows out right after a cut is what the plant has yet to take
		// back: to take it would be answered by import, and so on.
		if r.policy.Reserve = min(r.policy.Reserve, b.Available-budget); p.At.Sub(p.Cut) < r.policy.Probe.Every {
			r.policy.Reserve = b.Available - budget
		}
	}
}

// probing reports whether policy p has a step under way.
func (d *decider) probing(p int32) bool {
	return d.in.Rules[p].policy.Probe.Step > 0 && !d.plan.Memory.Probe.Begun.IsZero()
}

// aims sums up the set-points.
func (d *decider) aims() (a aims) {
	for i := range d.in.Loads {
		l, st := &d.in.Fleet.loads[i], &d.in.Loads[i]
		if l.points == nil {
			w := max(0, st.Course.From, st.Course.To)
			a.held, a.most = a.held+w, a.most+w
			continue
		}
		top := len(l.points) - 1
		a.held += l.points[min(max(st.Setpoint, 0), top)].Draw
		a.most += l.points[top].Draw
	}
	return aims{a.held * d.gross, a.most * d.gross}
}

// budget is what our loads may draw in all, whatever seems to be available:
// what they were told to while export is at its limit, and a step more while
// one is under way.
func (p *Probe) budget(a aims, available energy.Watts) (energy.Watts, bool) {
	switch {
	case !p.Begun.IsZero():
		return p.Held + p.Size, true
	case !p.Since.IsZero() && !p.Excess.Equal(p.At):
		return a.held, true
	case !p.Since.IsZero() || p.Back:
		return available, true // what is too much is given back, and not a reserve beside
	}
	return 0, false
}
