package scheduler

import (
	"cmp"
	"errors"
	"fmt"
	"slices"
	"time"

	"github.com/curtaild/curtaild/energy"
	"github.com/curtaild/curtaild/policies"
)

// Rule is a policy compiled against a fleet. It is never changed once made,
// and holds good for that fleet only.
type Rule struct {
	policy  policies.Policy
	loads   []int32 // in the fleet's order
	bases   []int32 // the order in which running loads keep their lowest point
	steps   []step  // the order in which everything else is granted
	bent    []int32 // loads with points inside their hull, in the order of bases
	windows []window
	// stride is the widest step that one of the loads takes.
	stride energy.Watts
	mixed  bool    // some of its loads are fast, and some are not
	tier   []int32 // by load; 1 is the first, 0: not named
	shape  shape   // what all its loads are to a [Belief]
}

// Name is the policy's name.
func (r *Rule) Name() string { return r.policy.Name }

// Loads are the indices of the loads that the policy names, rising.
func (r *Rule) Loads() []int32 { return r.loads }

// gated reports whether the policy waits for available power. A fixed power
// without thresholds does not.
func (r *Rule) gated() bool {
	return r.policy.Use.Available || r.policy.Start != policies.Threshold{} || r.policy.Stop != policies.Threshold{}
}

// NewRules compiles policies against a fleet, with calendars in loc. The
// error joins every name that no load bears and every calendar that does not
// parse.
func NewRules(ps []policies.Policy, f *Fleet, loc *time.Location) ([]Rule, error) {
	named := f.byName()
	rules := make([]Rule, 0, len(ps))
	var faults []error
	for _, p := range ps {
		r := Rule{policy: p}
		tier := make([]int32, f.Len()) // 1 is the first; 0: not named
		for i, name := range p.Loads {
			loads, ok := named[name]
			if !ok {
				faults = append(faults, fmt.Errorf("policy %q: no load, group or label is named %q", p.Name, name))
			}
			for _, l := range loads {
				if tier[l] == 0 {
					tier[l] = 1
					if p.Order == policies.Listed {
						tier[l] += int32(i)
					}
				}
			}
		}
		for _, w := range p.Schedule {
			win, err := newWindow(w, loc)
			if err != nil {
				faults = append(faults, fmt.Errorf("policy %q: %w", p.Name, err))
			}
			r.windows = append(r.windows, win)
		}
		r.sort(f, tier)
		r.stride = r.widestStep(f)
		r.shape = f.shape(r.loads)
		isFast := func(i int32) bool { return f.loads[i].fast }
		r.mixed = slices.ContainsFunc(r.loads, isFast) && slices.ContainsFunc(r.loads, func(i int32) bool { return f.loads[i].points != nil && !isFast(i) })
		r.shape.carry = carry(&r.policy)
		rules = append(rules, r)
	}
	if err := errors.Join(faults...); err != nil {
		return nil, err
	}
	return rules, nil
}

// sort puts the loads that have a tier into the orders that deciding needs.
func (r *Rule) sort(f *Fleet, tier []int32) {
	r.tier = tier
	for i, t := range tier {
		if t > 0 {
			r.loads = append(r.loads, int32(i))
		}
	}
	for _, s := range f.steps { // sorted by price already
		if tier[s.load] > 0 {
			r.steps = append(r.steps, s)
		}
	}
	slices.SortStableFunc(r.steps, func(a, b step) int { return cmp.Compare(tier[a.load], tier[b.load]) })
	r.bases = slices.Clone(r.loads)
	slices.SortStableFunc(r.bases, func(a, b int32) int {
		return cmp.Or(cmp.Compare(tier[a], tier[b]), cmp.Compare(f.loads[a].base, f.loads[b].base))
	})
	for _, l := range r.bases {
		if f.loads[l].bent {
			r.bent = append(r.bent, l)
		}
	}
}

// widestStep is the widest step of any load, from point to point of its hull.
func (r *Rule) widestStep(f *Fleet) (most energy.Watts) {
	if r.policy.Ramp.Up <= 0 {
		return 0
	}
	below := make([]energy.Watts, f.Len())
	for _, s := range r.steps { // those of one load by rising cost
		most = max(most, s.cost-below[s.load])
		below[s.load] = s.cost
	}
	return most
}

// byName finds loads by their name, group and labels: one namespace.
func (f *Fleet) byName() map[string][]int32 {
	named := make(map[string][]int32)
	for i, l := range f.loads {
		for _, name := range append([]string{l.spec.Name, l.spec.Group}, l.spec.Labels...) {
			if at := named[name]; name != "" && (len(at) == 0 || at[len(at)-1] != int32(i)) {
				named[name] = append(at, int32(i))
			}
		}
	}
	return named
}
