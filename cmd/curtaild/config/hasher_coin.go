package config

import (
	"regexp"
	"strconv"

	"github.com/curtaild/curtaild/policies/strict"
)

// coinPrice is what a whole coin is sold for: "60000 EUR".
func (l *loader) coinPrice(n strict.Node) float64 {
	s := n.String("")
	if s == "" {
		return 0
	}
	m := regexp.MustCompile(`^([0-9]{1,12}(?:\.[0-9]{1,12})?) ?([A-Z]{3})$`).FindStringSubmatch(s)
	if m == nil {
		n.Fault("%.40q is no price: write what a whole coin is sold for, as in %q", s, "60000 "+l.cfg.Site.Currency)
		return 0
	}
	v, err := strconv.ParseFloat(m[1], 64)
	switch {
	case err != nil || v <= 0:
		n.Fault("%s is no price: want more than 0", s)
	case m[2] != l.cfg.Site.Currency:
		n.Fault("is in %s, and the site's prices are in %s: convert it", m[2], l.cfg.Site.Currency)
	default:
		return v
	}
	return 0
}
