package scheduler

import (
	"math"
	"slices"

	"github.com/curtaild/curtaild/energy"
)

// recent is how many changes of a kind are remembered. The median of them
// needs two that agree to move, three to follow a device that has changed.
const recent = 5

// paceBand is how far, as a fraction, a learned slope must be from the one in
// force to replace it.
const paceBand = 0.15

// longestSettle is the longest that a load is believed to take, in seconds.
const longestSettle = 2 * 3600

// Pace is how a load's draw moves on one kind of change.
type Pace struct {
	Slopes  []float64 `json:"slopes,omitempty"`   // W/s, of the latest changes, oldest first
	Settles []float64 `json:"settles,omitempty"`  // s
	Slope   float64   `json:"slope_ws,omitempty"` // in force; 0: the default is
	Settle  float64   `json:"settle_s,omitempty"` // 0: not known
}

// slope is the slope in force, within the family's bounds. What has no default
// follows at once.
func (p *Pace) slope(def energy.Watts, family energy.Ramp) energy.Watts {
	if p.Slope == 0 || !(def > 0) {
		return def
	}
	return bounded(energy.Watts(p.Slope), family)
}

// learn takes in one change: its slope lies between lo and hi, and it took so
// many seconds to settle. It reports whether the slope in force has changed.
func (p *Pace) learn(lo, hi, settle float64, def energy.Watts, family energy.Ramp) (news bool) {
	d := float64(def)
	now := median(p.Slopes, d)
	// Polls that are far apart leave open when the draw moved: what is known
	// stands as long as it explains what they saw.
	s := min(max(now, lo), hi)
	if s != now || lo == hi {
		p.Slopes = appendRecent(p.Slopes, float64(bounded(energy.Watts(s), family)))
	}
	if settle >= 0 && settle <= longestSettle {
		p.Settles = appendRecent(p.Settles, settle)
		if len(p.Settles) > 1 {
			p.Settle = median(p.Settles, 0)
		}
	}
	now = median(p.Slopes, d)
	force := float64(p.slope(def, family))
	if math.Abs(now-force) <= paceBand*force {
		return false
	}
	p.Slope = now
	return true
}

// median of the values; of fewer than three, together with the default.
func median(values []float64, def float64) float64 {
	var buf [recent + 1]float64
	v := append(buf[:0], values...)
	switch len(values) {
	case 0, 1:
		return def
	case 2:
		v = append(v, def)
	}
	slices.Sort(v)
	return v[len(v)/2]
}

// appendRecent is the values and v, the oldest left out if there are too many,
// in a slice of its own.
func appendRecent(values []float64, v float64) []float64 {
	out := make([]float64, 0, recent)
	if len(values) >= recent {
		values = values[len(values)-recent+1:]
	}
	return append(append(out, values...), v)
}
