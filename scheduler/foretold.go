package scheduler

import (
	"time"

	"github.com/curtaild/curtaild/energy"
)

// atLeast is how far ahead a forecast is asked; further where loads must run
// for longer.
const atLeast = 5 * time.Minute

// foretold is o, of a budget that is w now, with what a forecast says, as far
// as that is trusted: nothing starts for power that is about to go, and a dip
// is held through for what is about to come, and no longer.
func (d *decider) foretold(o outlook, w energy.Watts, sh shape) outlook {
	trust := energy.Watts(d.in.Forecast.Trust)
	span := max(atLeast, time.Duration(sh.minOn*float64(time.Second)))
	mean, ok := d.in.Forecast.Expected(d.now, d.now.Add(span))
	if !ok || trust <= 0 {
		return o
	}
	comes := max(0, w+(mean-d.in.Balance.Available)/d.gross)
	if comes < w {
		o.low = min(o.low, w+trust*(comes-w))
	}
	if sh.carry > 0 {
		o.hold = max(w, o.hold+trust*(max(w, comes)-o.hold))
	}
	d.soonAgain() // the forecast goes on while the reading stays
	return o
}
