package scheduler

import (
	"fmt"
	"reflect"
	"slices"
	"testing"

	"github.com/curtaild/curtaild/energy"
	"github.com/curtaild/curtaild/policies"
)

// shrink leaves out loads, policies and ceilings as long as the fault stays.
func shrink(t testing.TB, s *siteSpec, fault string, check func(testing.TB, *siteSpec) string) (*siteSpec, string) {
	for again := true; again; {
		again = false
		for _, smaller := range smallerSites(s) {
			if f := check(t, smaller); f != "" {
				s, fault, again = smaller, f, true
				break
			}
		}
	}
	return s, fault
}

func without[T any](s []T, i int) []T { return append(append([]T(nil), s[:i]...), s[i+1:]...) }

func smallerSites(s *siteSpec) (out []*siteSpec) {
	edit := func(f func(*siteSpec)) {
		c := *s
		f(&c)
		out = append(out, &c)
	}
	for i := range s.specs {
		if len(s.policies) > 0 && namesKept(s, i) {
			edit(func(c *siteSpec) {
				c.specs, c.points, c.in.Loads = without(s.specs, i), without(s.points, i), without(s.in.Loads, i)
			})
		}
	}
	for i := range s.policies {
		edit(func(c *siteSpec) { c.policies = without(s.policies, i) })
	}
	for i := range s.in.Ceilings {
		edit(func(c *siteSpec) { c.in.Ceilings = without(s.in.Ceilings, i) })
	}
	if s.in.ImportLimit != nil {
		edit(func(c *siteSpec) { c.in.ImportLimit = nil })
	}
	if s.in.Aux != 0 {
		edit(func(c *siteSpec) { c.in.Aux = 0 })
	}
	return append(out, plainerSites(s)...)
}

// plainerSites are the site without one of the terms of a policy, one limit of
// a load's wear, or one thing that is remembered.
func plainerSites(s *siteSpec) (out []*siteSpec) {
	for i := range s.policies {
		for _, plain := range []func(*policies.Policy){
			func(p *policies.Policy) { p.Ramp = energy.Ramp{} },
			func(p *policies.Policy) { p.Objective, p.HashValue = "", 0 },
			func(p *policies.Policy) { p.Schedule = nil },
			func(p *policies.Policy) { p.Reserve = 0 },
		} {
			c := *s
			c.policies = slices.Clone(s.policies)
			plain(&c.policies[i])
			out = append(out, &c)
		}
	}
	for i, spec := range s.specs {
		plain := *spec
		plain.MaxStarts, plain.MinOn, plain.MinOff = 0, 0, 0
		c := *s
		c.specs = slices.Clone(s.specs)
		c.specs[i] = &plain
		out = append(out, &c)
	}
	for _, forget := range []func(*Memory){
		func(m *Memory) { m.Rising = nil }, func(m *Memory) { m.Falling = nil }, func(m *Memory) { m.Stale = nil },
		func(m *Memory) { m.Beliefs = nil }, func(m *Memory) { m.Probe = Probe{} },
	} {
		c := *s
		forget(&c.in.Memory)
		out = append(out, &c)
	}
	return slices.DeleteFunc(out, func(c *siteSpec) bool { return reflect.DeepEqual(c, s) })
}

// namesKept reports whether groups g and h both still have a load without i.
func namesKept(s *siteSpec, i int) bool {
	seen := map[string]bool{}
	for j, sp := range s.specs {
		seen[sp.Group] = seen[sp.Group] || j != i
	}
	return seen[s.specs[i].Group]
}

func show(t testing.TB, s *siteSpec) string {
	memory := s.in.Memory
	memory.Beliefs = nil // too much to read
	out := fmt.Sprintf("balance %+v import limit %v aux %v clock %v ceilings %+v memory %+v\n", s.in.Balance.Available, s.in.ImportLimit, s.in.Aux, s.in.ClockOK, s.in.Ceilings, memory)
	for name, b := range s.in.Memory.Beliefs {
		out += fmt.Sprintf("belief of %s: rule %+v, idle %v, recent %v\n", name, tenets[b.Lead], b.Idle, b.Recent)
	}
	out += fmt.Sprintf("ok %v net %v\n", s.in.Balance.OK, s.in.Balance.Net)
	for i, sp := range s.specs {
		out += fmt.Sprintf("  %+v\n    %v\n    %+v\n", *sp, s.points[i], s.in.Loads[i])
	}
	for _, p := range s.policies {
		out += fmt.Sprintf("  %+v\n", p)
	}
	plan := Decide(noon, s.input(t))
	for _, d := range plan.Decisions {
		out += fmt.Sprintf("    %+v\n", d)
	}
	return out + fmt.Sprintf("    %+v wake %v", plan.Policies, plan.Wake)
}
