package config

import (
	"fmt"
	"slices"

	"github.com/curtaild/curtaild/energy"
	"github.com/curtaild/curtaild/policies"
	"github.com/curtaild/curtaild/policies/strict"
)

func (l *loader) signals(list []*strict.Map) {
	seen := map[string]bool{}
	for _, m := range list {
		m.Require("source", "kinds")
		s := Source{Name: policies.Name(m.At("source"))}
		if s.Name != "" {
			m.Label(fmt.Sprintf("signals of %q", s.Name))
			if seen[s.Name] {
				m.At("source").Fault("the source is listed before: give each its own, for its topic")
			}
			seen[s.Name] = true
		}
		s.Kinds = strict.Words(m, "kinds", energy.KindLimit, energy.KindStop, energy.KindRelease, energy.KindCancel)
		s.At = strict.Words(m, "at", energy.AtFlexible, energy.AtPCCImport)
		s.Min, s.Max = bounds(m.At("values"))
		if at := m.At("kinds"); at.Valid() && len(s.Kinds) == 0 {
			at.Fault("lists none: name what the source may send, as in [limit, stop]")
		}
		if slices.Contains(s.Kinds, energy.KindLimit) {
			m.Require("at", "values")
		} else if len(s.Kinds) > 0 {
			m.Refuse("bounds a limit, and this source may send none: add limit to kinds, or remove this", "at", "values")
		}
		m.Done()
		l.cfg.Signals = append(l.cfg.Signals, s)
	}
}

// bounds is a range of powers, from 0 up.
func bounds(n strict.Node) (low, high energy.Watts) {
	list := n.List()
	if n.Valid() && len(list) != 2 {
		n.Fault("want two powers, the least and the most, as in [0 kW, 600 kW]")
	}
	if len(list) != 2 {
		return 0, 0
	}
	low, high = list[0].Watts(0), list[1].Watts(0)
	switch {
	case !list[0].Valid() || !list[1].Valid():
	case low < 0:
		list[0].Fault("%v is negative: a limit is 0 W or more", low)
	case high < low:
		list[1].Fault("%v is below the least, %v: exchange them", high, low)
	}
	return low, high
}
