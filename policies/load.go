package policies

import (
	"fmt"
	"regexp"

	"github.com/curtaild/curtaild/energy"
	"github.com/curtaild/curtaild/policies/strict"
)

// Load reads one file of policies. If the faults hold an error, what is
// returned beside them is for finding more faults with [Check], not for use.
func Load(name string, src []byte) ([]Policy, strict.Faults) {
	doc := strict.Parse(name, src)
	return read(doc), doc.Faults()
}

func read(doc *strict.Doc) []Policy {
	m := doc.Map()
	m.Require("policies")
	var out []Policy
	for _, pm := range m.Maps("policies") {
		if pm.Present() {
			out = append(out, policy(pm))
		}
	}
	m.Done()
	return out
}

func policy(m *strict.Map) Policy {
	p := defaults()
	p.at = map[string]strict.Pos{"": m.Pos()}
	p.Name = Name(m.At("name"))
	if p.Name != "" {
		m.Label(fmt.Sprintf("policy %q", p.Name))
	}
	m.Require("name", "loads")
	p.note(m, "name", "use", "on_stale")
	p.Loads = p.loads(m)
	p.Order = strict.Enum(m, "order", p.Order, Efficient, Listed)
	p.Use = use(m.At("use"), p.Use)

	start, stop := m.Map("start"), m.Map("stop")
	p.Start.Power = notNegative(start, "above", p.Start.Power)
	p.Start.For = start.Duration("for", p.Start.For)
	p.Stop.Power = stop.Watts("below", p.Stop.Power)
	p.Stop.For = stop.Duration("for", p.Stop.For)
	p.noteIn(start, "start", "above")
	p.noteIn(stop, "stop", "below")
	start.Done()
	stop.Done()

	p.Reserve = notNegative(m, "reserve", p.Reserve)
	p.OnStale = onStale(m.Map("on_stale"), p.OnStale)
	p.windows(m)
	p.terms(m)
	m.Done()
	p.thresholds(start, stop)
	return p
}

// thresholds checks that there is a dead band between start and stop.
func (p *Policy) thresholds(start, stop *strict.Map) {
	above, below := start.At("above"), stop.At("below")
	switch {
	case !below.Valid() || p.Stop.Power < p.Start.Power:
	case !above.Present():
		below.Fault("%v is not below start.above, which is %v where it is not given: give start.above, and a lower stop.below", p.Stop.Power, p.Start.Power)
	case above.Valid():
		below.Fault("%v is not below start.above %v: lower it, or loads would start and stop in turn", p.Stop.Power, p.Start.Power)
	}
}

func (p *Policy) note(m *strict.Map, keys ...string) {
	for _, k := range keys {
		if n := m.At(k); n.Valid() {
			p.at[k] = n.Pos()
		}
	}
}

func (p *Policy) noteIn(m *strict.Map, in, key string) {
	if n := m.At(key); n.Valid() {
		p.at[in+"."+key] = n.Pos()
	}
}

func (p *Policy) loads(m *strict.Map) []string {
	list := m.At("loads")
	nodes := list.List()
	if list.Valid() && len(nodes) == 0 {
		list.Fault("names no load: list loads, groups or labels, as in [container-a, cpu]")
	}
	var out []string
	seen := map[string]bool{}
	for _, n := range nodes {
		name := Name(n)
		switch {
		case name == "":
		case seen[name]:
			n.Fault("%q is listed twice: remove one", name)
		default:
			p.at[fmt.Sprintf("loads[%d]", len(out))] = n.Pos()
			out = append(out, name)
		}
		seen[name] = true
	}
	return out
}

// use is what a policy draws on: available, or a fixed power.
func use(n strict.Node, def Use) Use {
	switch s := n.String(""); s {
	case "":
		return def
	case "available":
		return Use{Available: true}
	default:
		w, err := energy.ParseWatts(s)
		if err != nil || w <= 0 {
			n.Fault(`unknown value %q: want "available", or a fixed power above 0 with its unit, as in "60 kW"`, brief(s))
			return def
		}
		return Use{Fixed: w}
	}
}

func onStale(m *strict.Map, def OnStale) OnStale {
	o := def
	o.Keep = m.Duration("keep", def.Keep)
	n := m.At("then")
	switch s := n.String(string(def.Then)); s {
	case string(ThenStop), string(ThenKeep):
		o.Then = Then(s)
	default:
		w, err := energy.ParseWatts(s)
		if err != nil || w <= 0 {
			n.Fault(`unknown value %q: want "stop", "keep", or a power above 0 with its unit, as in "40 kW"`, brief(s))
			break
		}
		o.Then, o.Power = ThenPower, w
	}
	m.Done()
	return o
}

func notNegative(m *strict.Map, key string, def energy.Watts) energy.Watts {
	w := m.Watts(key, def)
	if w < 0 {
		m.At(key).Fault("%v is negative: write 0 W or more", w)
		return def
	}
	return w
}

// Name is a name of a policy, a load, a group or a label: it becomes part of
// topics, tags and paths, so it is short and plain.
func Name(n strict.Node) string {
	s := n.String("")
	if s == "" {
		return ""
	}
	if !regexp.MustCompile(`^[A-Za-z0-9][A-Za-z0-9_.-]{0,63}$`).MatchString(s) {
		n.Fault("%q is no name: use letters, digits, _ . and -, beginning with a letter or digit, at most 64", brief(s))
		return ""
	}
	return s
}

func brief(s string) string {
	if r := []rune(s); len(r) > 60 {
		return string(r[:60]) + "…"
	}
	return s
}
