package config

import (
	"fmt"
	"time"

	"github.com/curtaild/curtaild/energy"
	"github.com/curtaild/curtaild/policies"
	"github.com/curtaild/curtaild/policies/strict"
)

// taken is a name of the one namespace of loads, groups and labels.
type taken struct {
	as  string // "load", "group" or "label"
	pos strict.Pos
}

// take enters a name. Only a label may be given to several loads.
func (l *loader) take(n strict.Node, name, as string) bool {
	if name == "" {
		return false
	}
	first, twice := l.names[name]
	switch {
	case !twice:
		l.names[name] = taken{as, n.Pos()}
	case as == "label" && first.as == "label":
	default:
		n.Fault("the name %q is that of a %s on line %d: loads, groups and labels share one list of names, so give it another", name, first.as, first.pos.Line)
		return false
	}
	return true
}

// group holds what the loads in it inherit.
type group struct {
	name string
	wear wear
}

// wear are the limits that spare a load, and what becomes of it at the end.
type wear struct {
	minOn, minOff time.Duration
	maxStarts     int
	onExit        energy.OnExit
}

func (l *loader) readGroups(list []*strict.Map) {
	for _, m := range list {
		m.Require("name")
		g := group{name: policies.Name(m.At("name"))}
		if g.name != "" {
			m.Label(fmt.Sprintf("group %q", g.name))
		}
		g.wear = readWear(m, wear{onExit: defaultOnExit})
		m.Done()
		if g.name == "" {
			l.partial = true
			continue
		}
		l.take(m.At("name"), g.name, "group")
		l.groups = append(l.groups, g)
	}
}

func readWear(m *strict.Map, def wear) wear {
	w := readLimits(m, def)
	w.onExit = strict.Enum(m, "on_exit", def.onExit, energy.ExitKeep, energy.ExitStop)
	return w
}

func readLimits(m *strict.Map, def wear) wear {
	w := wear{minOn: m.Duration("min_on", def.minOn), minOff: m.Duration("min_off", def.minOff), maxStarts: def.maxStarts}
	n := m.At("max_starts_per_day")
	starts := m.Int("max_starts_per_day", def.maxStarts)
	if n.Valid() && starts < 1 {
		n.Fault("%d would never let it start: want 1 or more, or leave the key out", starts)
		return w
	}
	w.maxStarts = starts
	return w
}

// groupOf is the group that a load says it is in.
func (l *loader) groupOf(n strict.Node) group {
	none := group{wear: wear{onExit: defaultOnExit}}
	name := policies.Name(n)
	if name == "" {
		return none
	}
	var names []string
	for _, g := range l.groups {
		if g.name == name {
			return g
		}
		names = append(names, g.name)
	}
	n.Fault("no group is called %q: %s (add it under groups)", name, strict.Hint(name, names))
	return none
}

// enter takes a load into the site that policies are checked against.
func (l *loader) enter(spec energy.LoadSpec, points []energy.OperatingPoint, at strict.Node) {
	l.loads = append(l.loads, policies.SiteLoad{Name: spec.Name, Group: spec.Group, Labels: spec.Labels, Points: points, Pos: at.Pos()})
}
