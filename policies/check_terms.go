package policies

import (
	"time"

	"github.com/curtaild/curtaild/energy"
	"github.com/curtaild/curtaild/policies/strict"
)

// terms holds the terms of p against each other, and against what the site
// knows of prices.
func (c *checker) terms(p *Policy) {
	if p.Bridge.HasMaxPrice && !c.site.ImportPrice {
		c.fault(p, "bridge.max_price", strict.Error, "no reading has the role import_price, so nothing would ever be bought: add one, or remove max_price")
	}
	if p.Use.Fixed > 0 {
		for _, key := range []string{"bridge", "probe"} {
			if p.has(key) {
				c.fault(p, key, strict.Warning, "%s does nothing with a fixed power, which does not depend on what is available: remove it, or write use: available", key)
			}
		}
	}
	switch {
	case p.HashValue == 0 && !p.ByWork:
	case p.Objective != Profit:
		c.fault(p, "hash_value", strict.Warning, "hash_value does nothing with objective %s: write objective: profit, or remove it", p.Objective)
	case p.ByWork && !c.site.Mined:
		c.fault(p, "hash_value", strict.Error, "nothing says what hashes bring: give the hasher pools and a coin_price, or write a value, as in %q", "45 EUR/PH/s/d")
	case !p.ByWork && c.site.Currency != "" && p.currency != c.site.Currency:
		c.fault(p, "hash_value", strict.Error, "hash_value is in %s, and the site's prices are in %s: convert it", p.currency, c.site.Currency)
	case !c.site.ExportPrice:
		c.fault(p, "objective", strict.Warning, "no reading has the role export_price, so power counts as worth nothing, and profit is the same as hashes: add one, or remove it")
	}
}

// slowest is the longest time that a ramp may take to the first operating
// point before one wonders whether it was meant.
const slowest = 30 * time.Minute

// steps holds the steps that p takes against the least power that starts any
// of its loads.
func (c *checker) steps(p *Policy, least energy.Watts) {
	if p.Probe.Step > 0 && p.Probe.Step < least {
		c.fault(p, "probe.step", strict.Warning, "probe.step %v is less than the smallest operating point of its loads, %v: nothing could start by it; raise it", p.Probe.Step, least)
	}
	if up := p.Ramp.Up; up > 0 {
		if takes := time.Duration(float64(least/up) * float64(time.Second)); takes > slowest {
			c.fault(p, "ramp.up", strict.Warning, "at %v/min it takes %v to the smallest operating point of its loads, %v: raise it", up*60, takes.Round(time.Minute), least)
		}
	}
}
