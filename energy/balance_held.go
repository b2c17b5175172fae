package energy

import "time"

const (
	// A plant that does not follow is tried again after firstRetry, then after
	// twice as long each time.
	firstRetry = 10 * time.Minute
	lastRetry  = 2 * time.Hour
	// A plant is not judged by what it made longer ago than this.
	judgedFor = 5 * time.Minute
)

// Follow is what is known of whether the plant makes more when we draw more:
// what it stood at before our last rise, and how it came out.
type Follow struct {
	At      time.Time     `json:"at,omitzero"`      // source time of what follows; zero: nothing
	Draw    Watts         `json:"draw,omitempty"`   // ours, then
	Made    Watts         `json:"made,omitempty"`   // by the plant
	Held    Watts         `json:"held,omitempty"`   // back, by the plant
	Off     time.Time     `json:"off,omitzero"`     // when export was last away from its limit: nothing was held back
	Refused time.Time     `json:"refused,omitzero"` // since when it is known not to follow; zero: believed to
	Wait    time.Duration `json:"wait,omitempty"`   // from then until it is tried again
}

// heldBack is the power that the plant would make if we drew it. Power is the
// battery's.
//
// It is what the plant was said to hold back, less what it has made of that
// since. While it has yet to follow our last rise, that rise does not count
// against it; when it has not followed in time, nothing it says is believed
// for a while. A plant whose export is not at the limit holds nothing back
// there, whatever a late reading says; nor does a reading from before that
// count once export is at the limit again.
func (k *Balancer) heldBack(out *Balance, c course, main Sample, power Watts) (Watts, Reason) {
	s, f := &k.Spec, &k.Memory.Follow
	x := out.Curtailed
	switch {
	case !x.OK():
		f.At = time.Time{}
		return 0, StaleInput
	case x.Value <= 0:
		f.At = time.Time{}
		if x.At.After(f.Refused) {
			f.Refused = time.Time{} // that episode is over
		}
		return 0, ""
	case s.HeldAt != HeldAtConnection:
		return 0, NotRecoverable
	}
	made := main
	made.Value = float64(out.Net - max(0, -power))
	if out.Generation.OK() {
		made = out.Generation
	}
	k.Made.Add(made.At, made.Watts())
	held := max(0, x.Watts()-k.taken(c, x, made)-c.at(main)+c.at(made))
	late := c.risen(main, s.Follow) // what the plant may still have to follow
	why := s.offLimit(out, c.at(main), power, late)
	switch {
	case why == OffLimit:
		f.Off = main.At
	case why == "" && !x.At.After(f.Off) && !f.Off.After(main.At):
		why = OffLimit // what was held back then has gone since
	}
	if why != "" {
		held = 0
	}
	if s.Follow > 0 {
		settled := shifted(made, s.Follow)
		if settled.At.Before(f.At) {
			settled.At = f.At
		}
		f.step(made, c.at(made), c.at(settled), held, out.ExportBand)
	}
	if !f.Refused.IsZero() {
		return 0, NotRecoverable
	}
	return held, why
}

// potentialLess is what the plant holds back, by what it could make. What it
// made when its generation was read it no longer holds back: the time is the
// generation's.
func potentialLess(potential, generation Sample) Sample {
	x := generation
	x.Value = max(0, potential.Value-generation.Value)
	if !potential.OK() {
		x.Quality = potential.Quality
	}
	x.Until = earliest(x.Until, potential)
	return x
}

// taken is how much less the plant held back at the time of made than at that
// of x: what it made more, or where that is not known, what we drew more. If
// it made less although we drew no less, it was the sun: that does not put
// anything back.
func (k *Balancer) taken(c course, x, made Sample) Watts {
	drawn := c.at(made) - c.at(x)
	if x.At.Before(k.Made.from()) || x.At.After(made.At) {
		return drawn
	}
	return max(made.Watts()-k.Made.At(x.At), min(0, drawn))
}

// offLimit says why nothing can be held back at the connection: export is
// further from its limit than what the plant may still have to follow.
func (s *BalanceSpec) offLimit(out *Balance, draw, power, late Watts) Reason {
	x := out.ExportLimit
	if x.Quality == "" || s.Kind == BalanceSurplus {
		return "" // none is known, or there is nothing to hold against it
	}
	if !x.OK() {
		return StaleInput
	}
	grid := draw - out.Net
	if s.Kind != BalanceGrid {
		grid += power
	}
	if grid+x.Watts() > out.ExportBand+late {
		return OffLimit
	}
	return ""
}

// step judges the plant by what it makes: when our draw has been higher by
// band for as long as the plant may take to follow, it must make half of that
// more, or of what it held back if that was less. Settled is our draw as long
// ago, but not before our last rise.
func (f *Follow) step(made Sample, draw, settled, held, band Watts) {
	if !made.At.After(f.At) && !f.At.IsZero() && !made.At.Before(f.At.Add(-judgedFor)) {
		return // seen before
	}
	if !f.Refused.IsZero() && made.At.Before(f.Refused.Add(f.Wait)) && !made.At.Before(f.Refused) {
		f.At = time.Time{}
		return
	}
	f.Refused = time.Time{}
	expected := min(draw-f.Draw, settled-f.Draw, f.Held)
	judged := !f.At.IsZero() && expected > band
	switch {
	case judged && made.Watts()-f.Made < expected/2:
		f.Refused, f.Wait = made.At, min(max(2*f.Wait, firstRetry), lastRetry)
		f.At = time.Time{}
		return
	case judged:
		f.Wait = 0
	}
	old := f.At.IsZero() || made.At.Before(f.At) || made.At.After(f.At.Add(judgedFor))
	if old || draw <= f.Draw || f.Held <= band || judged && draw-settled <= band {
		f.At, f.Draw, f.Made, f.Held = made.At, draw, made.Watts(), held
	}
}

// shifted is x, d earlier.
func shifted(x Sample, d time.Duration) Sample {
	x.At = x.At.Add(-d)
	return x
}
