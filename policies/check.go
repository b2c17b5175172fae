package policies

import (
	"fmt"
	"slices"
	"time"

	"github.com/curtaild/curtaild/energy"
	"github.com/curtaild/curtaild/policies/strict"
)

// Site is what policies are checked against.
type Site struct {
	Zone  *time.Location
	Now   time.Time // the clock changes of the years after it are looked at
	Loads []SiteLoad
	Names []string // groups, besides those that loads are in
	// Partial says that loads are missing here which the config tried to
	// name: then a name that nothing bears is not a fault yet.
	Partial bool

	Currency    string // of its prices; empty: not known
	ImportPrice bool   // there is a reading of it
	ExportPrice bool
	Mined       bool // the local workers' work says what hashes bring, and a coin has a price
}

// SiteLoad is what is known of a load before it has been heard from.
type SiteLoad struct {
	Name   string
	Group  string
	Labels []string
	Points []energy.OperatingPoint // nil: not known yet
	Pos    strict.Pos              // where the config names it
}

// Check finds what is wrong with policies that each loaded without a fault:
// names that nothing bears, names used twice, and what parses but can hardly
// be meant. The policies come in the order in which they take their power.
func Check(ps []Policy, site Site) strict.Faults {
	c := checker{site: site, byName: map[string][]int{}, named: make([]bool, len(site.Loads))}
	for i, l := range site.Loads {
		for _, name := range slices.Compact(slices.Sorted(slices.Values(append([]string{l.Name, l.Group}, l.Labels...)))) {
			c.byName[name] = append(c.byName[name], i)
		}
	}
	for _, name := range site.Names {
		if _, ok := c.byName[name]; !ok {
			c.byName[name] = nil
		}
	}
	delete(c.byName, "")
	gaps := clockGaps(site.Zone, site.Now)
	names := map[string]strict.Pos{}
	for i := range ps {
		p := &ps[i]
		if first, twice := names[p.Name]; twice && p.Name != "" {
			c.fault(p, "name", strict.Error, "the name is used before, at %s:%d: give each policy its own", first.File, first.Line)
		} else {
			names[p.Name] = p.Pos("name")
		}
		c.policy(p)
		c.windows(p, gaps)
		c.terms(p)
	}
	c.idle()
	return c.faults.Sorted()
}

type checker struct {
	site   Site
	byName map[string][]int // name, group or label to loads
	named  []bool           // the loads that a policy names
	faults strict.Faults
}

func (c *checker) fault(p *Policy, key string, s strict.Severity, format string, args ...any) {
	text := fmt.Sprintf("policy %q: ", p.Name) + fmt.Sprintf(format, args...)
	c.faults = append(c.faults, strict.At(p.Pos(key), s, "%s", text))
}

// policy resolves the loads of p, and holds its powers against theirs.
func (c *checker) policy(p *Policy) {
	var loads []int
	known := true
	for i, name := range p.Loads {
		found, ok := c.byName[name]
		if !ok {
			known = false
			if c.site.Partial {
				continue
			}
			c.fault(p, fmt.Sprintf("loads[%d]", i), strict.Error, "no load, group or label is called %q: %s", name, strict.Hint(name, c.names()))
		}
		loads = append(loads, found...)
	}
	for _, i := range loads {
		c.named[i] = true
	}
	least, ok := c.least(loads)
	if !known || !ok {
		return
	}
	c.steps(p, least)
	switch {
	case p.has("start.above") && p.Use.Available && p.Start.Power < least:
		c.fault(p, "start.above", strict.Warning, "start.above %v is less than the smallest operating point of its loads, %v: nothing could start there; raise it", p.Start.Power, least)
	case p.Use.Fixed > 0 && p.Use.Fixed < least:
		c.fault(p, "use", strict.Warning, "%v is less than the smallest operating point of its loads, %v: nothing could start; raise it", p.Use.Fixed, least)
	}
}

// least is the least power that starts any of the loads; false if it is not
// known of all.
func (c *checker) least(loads []int) (energy.Watts, bool) {
	least := energy.Watts(-1)
	for _, i := range loads {
		points := c.site.Loads[i].Points
		if len(points) < 2 {
			return 0, false
		}
		if cost := points[1].Draw - points[energy.Off].Draw; least < 0 || cost < least {
			least = cost
		}
	}
	return least, least >= 0
}

func (c *checker) names() []string {
	names := make([]string, 0, len(c.byName))
	for name := range c.byName {
		names = append(names, name)
	}
	return names
}

// windows finds openings at a time of day that a clock change skips.
func (c *checker) windows(p *Policy, gaps []gap) {
	for i, w := range p.Schedule {
		open, err := ParseCron(w.Open)
		if err != nil {
			continue // Load has said so
		}
		if g := slices.IndexFunc(gaps, func(g gap) bool { return g.holds(open) }); g >= 0 {
			c.fault(p, fmt.Sprintf("schedule[%d].open", i), strict.Warning,
				"%q opens at a time that %s skips on %s, from %s to %s: that day it opens at %s; choose an hour that exists on every day", w.Open,
				c.site.Zone, gaps[g].from.Format(time.DateOnly), gaps[g].from.Format("15:04"), gaps[g].to.Format("15:04"), gaps[g].to.Format("15:04"))
		}
	}
}

// idle finds the loads that no policy names: one warning for all that one
// place in the config makes.
func (c *checker) idle() {
	first, more := map[strict.Pos]string{}, map[strict.Pos]int{}
	for i, l := range c.site.Loads {
		switch _, again := first[l.Pos]; {
		case c.named[i]:
		case again:
			more[l.Pos]++
		default:
			first[l.Pos] = l.Name
		}
	}
	for pos, name := range first {
		text := fmt.Sprintf("load %q, so it never starts", name)
		if n := more[pos]; n > 0 {
			text = fmt.Sprintf("load %q and %d more like it, so they never start", name, n)
		}
		c.faults = append(c.faults, strict.At(pos, strict.Warning, "no policy names %s: add the name, the group or a label to a policy", text))
	}
}
