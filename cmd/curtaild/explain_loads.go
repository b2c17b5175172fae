package main

import (
	"fmt"
	"strings"

	"github.com/curtaild/curtaild/energy"
	"github.com/curtaild/curtaild/scheduler"
)

// single is how many loads are told of one by one; more are put together where
// the same holds for them.
const single = 6

func (t *teller) loads() {
	t.say("\nLOADS")
	if len(t.x.Loads) <= single {
		for i := range t.x.Loads {
			t.load(&t.x.Loads[i])
		}
		return
	}
	var order []string
	groups := map[string][]*scheduler.ExplainedLoad{}
	for i := range t.x.Loads {
		l := &t.x.Loads[i]
		key := doing(l) + "|" + l.Policy + "|" + string(l.Reason)
		if groups[key] == nil {
			order = append(order, key)
		}
		groups[key] = append(groups[key], l)
	}
	for _, key := range order {
		if g := groups[key]; len(g) == 1 {
			t.load(g[0])
		} else {
			t.group(g)
		}
	}
	t.say("  (curtaild explain --load NAME tells more of one load.)")
}

// doing is what a decision did to a load.
func doing(l *scheduler.ExplainedLoad) string {
	before, after := l.Before.Name, l.After.Name
	switch {
	case before == after && after == "off":
		return "stays off"
	case before == after:
		return "stays on"
	case before == "off":
		return "starts"
	case after == "off":
		return "stops"
	case l.After.Draw > l.Before.Draw:
		return "rises"
	}
	return "is lowered"
}

func (t *teller) group(list []*scheduler.ExplainedLoad) {
	var names []string
	from, to := energy.Watts(0), energy.Watts(0)
	for _, l := range list {
		if len(names) < 3 {
			names = append(names, l.Name)
		}
		from, to = from+l.Before.Draw, to+l.After.Draw
	}
	if n := len(list) - len(names); n > 0 {
		names = append(names, fmt.Sprintf("%d more", n))
	}
	first := list[0]
	power := fmt.Sprintf("%v in all", to)
	if from != to {
		power = fmt.Sprintf("from %v to %v in all", from, to)
	}
	t.say("  %d loads (%s) each: %s, %s%s: %s.", len(list), strings.Join(names, ", "), doing(first), power, under(first.Policy), why(first.Reason, first.After))
}

func under(policy string) string {
	if policy == "" {
		return ""
	}
	return ", under " + policy
}

func (t *teller) load(l *scheduler.ExplainedLoad) {
	move := fmt.Sprintf("set-point stays at %s", point(l.After))
	if l.Before.Name != l.After.Name {
		move = fmt.Sprintf("set-point goes from %s to %s", point(l.Before), point(l.After))
	}
	t.say("  %s: %s%s: %s.", l.Name, move, under(l.Policy), why(l.Reason, l.After))
	t.health(l)
	for _, d := range l.Timers {
		switch d.Reason {
		case energy.MinOn:
			t.say("    It was started at %s, and stays on until %s (min_on).", t.clock(d.Since), t.clock(d.Until))
		case energy.MinOff:
			t.say("    It was stopped at %s, and stays off until %s (min_off).", t.clock(d.Since), t.clock(d.Until))
		case energy.Starting:
			t.say("    The daemon started at %s, and waits for its first word until %s.", t.clock(d.Since), t.clock(d.Until))
		}
	}
	switch c := l.Changed; {
	case c != nil && c.At.Equal(t.x.Decided):
	case c != nil:
		t.say("    Its last change was at %s: from %s to %s%s: %s.", t.clock(c.At), point(c.From), point(c.To), under(c.Policy), why(c.Reason, c.To))
	case !l.Told.IsZero():
		t.say("    It was last told anything at %s.", t.clock(l.Told))
	}
}

// health is what a load says of itself, where that is not what is expected.
func (t *teller) health(l *scheduler.ExplainedLoad) {
	why := ""
	if l.Error != "" {
		why = fmt.Sprintf(" (%s)", l.Error)
	}
	switch l.State {
	case energy.StateUnreachable:
		t.say("    It does not answer%s, since %s at the latest; it counts as drawing %v until it is proven off.", why, t.clock(l.Heard), l.Draw)
	case energy.StateUnknown, "":
		t.say("    Nothing has been heard from it yet.")
	case energy.StateFault, energy.StateSuspect, energy.StatePaused:
		t.say("    It is in state %s%s, and draws %v.", l.State, why, l.Draw)
	default:
		t.say("    It says that it is %s, and draws %v (%s), as of %s.", l.State, l.Draw, l.Source, t.clock(l.Heard))
	}
}

// why is a load's reason in words. A load that runs has one, too, for why it
// does not run higher.
func why(r energy.Reason, at scheduler.ExplainedPoint) string {
	if r == energy.NoBudget && at.Name != "off" {
		return "what the policy had left carried this level, and no higher one [no-budget]"
	}
	return phrase(r)
}

func point(p scheduler.ExplainedPoint) string {
	if p.Name == "off" && p.Draw == 0 {
		return "off"
	}
	return fmt.Sprintf("%s (%v)", p.Name, p.Draw)
}
