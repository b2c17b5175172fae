package scheduler

import (
	"math"

	"github.com/curtaild/curtaild/energy"
)

// purse is what is left to be granted. Hard is constant power: a fixed one, a
// limit. Soft wobbles from reading to reading, so a rise must leave a dead
// band of it.
type purse struct{ hard, soft, spent energy.Watts }

func fullPurse() purse {
	return purse{hard: energy.Watts(math.Inf(1)), soft: energy.Watts(math.Inf(1))}
}

func (a purse) least() energy.Watts { return min(a.hard, a.soft) }

// within is a, bounded by b too, with nothing spent yet.
func (a purse) within(b purse) purse {
	return purse{hard: min(a.hard, b.hard), soft: min(a.soft, b.soft)}
}

func (a purse) less(w energy.Watts) purse { return purse{a.hard - w, a.soft - w, a.spent + w} }

// holds reports whether w fits, with band to spare.
func (a purse) holds(w, band energy.Watts) bool {
	return w <= a.hard+tolerance && w+band <= a.soft+tolerance
}
