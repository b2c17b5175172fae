package scheduler

import (
	"time"

	"github.com/curtaild/curtaild/energy"
	"github.com/curtaild/curtaild/policies"
)

// Gate is one policy's memory of whether it may run: a comparator with a dead
// band, and a delay in each direction. The zero Gate is closed.
type Gate struct {
	Open  bool      `json:"open,omitempty"`
	Since time.Time `json:"since,omitzero"` // when the opposite condition began; zero if it does not hold
}

// Step returns the gate after seeing left at now, why it stands as it does,
// and when it would move though left stays; zero if never.
func (g Gate) Step(now time.Time, p *policies.Policy, left energy.Watts) (Gate, energy.Reason, time.Time) {
	crossed, delay, waiting := left > p.Start.Power, p.Start.For, energy.StartDelay
	if g.Open {
		crossed, delay, waiting = left < p.Stop.Power, p.Stop.For, energy.StopDelay
	}
	if !crossed {
		return Gate{Open: g.Open}, g.steady(), time.Time{}
	}
	if g.Since.IsZero() || g.Since.After(now) { // or the clock was put back
		g.Since = now
	}
	if due := g.Since.Add(delay); now.Before(due) {
		return g, waiting, due
	}
	g = Gate{Open: !g.Open}
	return g, g.steady(), time.Time{}
}

func (g Gate) steady() energy.Reason {
	if g.Open {
		return energy.Surplus
	}
	return energy.NoSurplus
}
