package scheduler

import (
	"time"

	"github.com/curtaild/curtaild/energy"
	"github.com/curtaild/curtaild/policies"
)

// step takes in a grid reading.
func (p Probe) step(b *energy.Balance, policy *policies.Policy, a aims) Probe {
	if !b.OK || !b.Grid.OK() || !b.ExportLimit.OK() || b.Held > 0 {
		return Probe{}
	}
	if b.Grid.At.Equal(p.At) {
		return p
	}
	if b.Grid.At.Before(p.At) {
		p = Probe{} // the clock was set back
	}
	spec := policy.Probe
	if p.Size == 0 {
		p.Size, p.Wait = spec.Step, spec.Every
	}
	if a.held < p.Told {
		p.Cut = b.Grid.At
	}
	p.Told = a.held
	draw := b.Net + b.Grid.Watts() // ours, when the grid was read
	battery := max(0, b.Net-b.Available)
	last := p.Off
	p.Off = b.Grid.Watts() + b.ExportLimit.Watts() + battery
	p.smooth(b.Grid.At)
	followed := min(p.Rest+max(b.ExportBand/4, (p.Top-p.From)/4), b.ExportBand*3/4)
	rise := energy.Watts(0)
	if !p.Begun.IsZero() {
		rise = max(draw-p.From, p.Size) // loads may tell late of what they draw
	}
	// A reading that is only just off may be noise, unless it is the second.
	if p.Off > rise+2*b.ExportBand || p.Off > rise+b.ExportBand && last > rise+b.ExportBand {
		return p.away(spec)
	}
	if p.Since.IsZero() {
		p.Since, p.Mean, p.Back = p.At, p.Off, false
	}
	if p.Off < -b.ExportBand { // the plant has yet to take back what we no longer draw
		p.Restless = p.At
	}
	if !p.Begun.IsZero() {
		return p.judge(policy, sight{aims: a, draw: draw, band: b.ExportBand, back: max(p.Off, last) <= followed && min(p.Off, last) >= -b.ExportBand, off: p.Off > followed})
	}
	lag, done := max(settleTime, p.Lag), p.At.Sub(p.Done)
	calm := min(p.At.Sub(p.Since), p.At.Sub(p.Restless), p.At.Sub(p.Cut)) >= lag
	if calm && done >= lag {
		p.watch(b.ExportBand)
	} else {
		p.Mean = p.Rest // it may still be coming to rest
	}
	quiet := calm && done >= settleTime && p.Excess.IsZero()
	spare := b.Available - policy.Reserve - a.held
	if quiet && !p.At.Before(p.Next) && spare < p.Size && a.held < a.most {
		p.Begun, p.Held, p.From, p.Top, p.Risen = p.At, a.held, draw, draw, time.Time{}
		if p.Found > 0 { // little more than there was
			p.Size = min(p.Size, max(0, p.Found-a.held)+spec.Step/finest)
		}
	}
	return p
}

// smooth carries Mean on to the reading's time.
func (p *Probe) smooth(at time.Time) {
	share := energy.Watts(1)
	if dt := at.Sub(p.At); dt >= 0 && dt < smoothing {
		share = energy.Watts(dt.Seconds() / smoothing.Seconds())
	}
	if p.At = at; p.Begun.IsZero() {
		p.Mean += (p.Off - p.Mean) * share
	}
}

// away is what follows when export has left its limit for reasons other than
// ours: a cloud, a load of others, another limit. What was found is gone; what
// was refused may be there next time.
func (p Probe) away(spec policies.Probe) Probe {
	if p.Since.IsZero() {
		return p // it was away before, or is on its way back from a step
	}
	return Probe{
		At: p.At, Off: p.Off, Mean: p.Mean, Rest: p.Rest, Lag: p.Lag, Told: p.Told, Cut: p.Cut, Restless: p.Restless,
		Size: spec.Step, Wait: spec.Every, Next: p.At.Add(settleTime), Moved: p.At,
	}
}

// watch notices that we draw a little more than there is, without a step: the
// grid then stays off its limit by more than the plant's controller leaves it.
// Our draw is cut by that once; what is left of it then is the controller's.
func (p *Probe) watch(band energy.Watts) {
	switch over := p.Mean - p.Rest; {
	case over <= band/8:
		p.Rest, p.Excess = min(p.Rest+over/16, band/2), time.Time{}
	case over <= band/4:
	case p.Excess.IsZero():
		p.Excess = p.At
	default:
		p.Rest, p.Excess = min(p.Mean, band/2), time.Time{}
	}
}

// sight is what is seen of a step.
type sight struct {
	aims
	draw energy.Watts // ours
	band energy.Watts // of the limit
	back bool         // export has been back at its limit for two readings
	off  bool         // it is still short of it
}

// judge looks at how a step comes out.
func (p Probe) judge(policy *policies.Policy, see sight) Probe {
	spec, draw, band := policy.Probe, see.draw, see.band
	if draw > p.Top+p.Size/50 || p.Risen.IsZero() && draw > p.From+p.Size/10 {
		p.Top, p.Risen, p.Best, p.Better = draw, p.At, p.Off, p.At
	}
	if p.Risen.IsZero() {
		return p.wider(policy, see.most)
	}
	if p.Off < p.Best-p.Size/20 {
		p.Best, p.Better = p.Off, p.At
	}
	switch settled := p.At.Sub(p.Risen); {
	case settled < settleTime:
	case see.back:
		p.Lag = max(settled, p.Lag*3/4)
		p.Begun, p.Wait = time.Time{}, spec.Every
		if p.Best >= p.Off-band/16 { // it has come to rest, and could do better
			p.Rest = max(p.Rest, min(p.Off, band/2))
		}
		p.Mean, p.Done = p.Rest, p.At
		if p.Top > p.Found+spec.Step/finest {
			p.Found = 0
		}
		if p.Size >= spec.Step {
			p.Size = coarsest * spec.Step
		} else {
			p.Size = spec.Step
		}
	case !see.off && settled >= 2*spec.Every:
		p.Begun, p.Since = time.Time{}, p.At
	case see.off && settled >= p.patience(spec) && p.At.Sub(p.Better) >= 2*settleTime:
		p.Begun, p.Next = time.Time{}, p.At.Add(p.Wait)
		p.Wait = p.later(spec)
		p.Size = spec.Step / finest
		p.Found = draw - max(0, p.Off-p.Rest)
		p.Since, p.Back = time.Time{}, true // what is not there is given back at once
	}
	return p
}

// wider makes a step that no load has answered larger: no operating point fits
// into it, or the gate wants more to open.
func (p Probe) wider(policy *policies.Policy, most energy.Watts) Probe {
	spec := policy.Probe
	if p.At.Sub(p.Begun) < spec.Every+policy.Start.For {
		return p
	}
	p.Size, p.Begun = 2*p.Size, p.At
	if p.Size > max(coarsest*spec.Step, 2*policy.Start.Power) || p.Held >= most {
		p.Begun, p.Size, p.Next = time.Time{}, spec.Step, p.At.Add(p.Wait)
		p.Wait = p.later(spec)
	}
	return p
}

// later is how long to wait after the next step that fails. Where things have
// moved lately, they may move back.
func (p *Probe) later(spec policies.Probe) time.Duration {
	if !p.Moved.IsZero() && p.At.Sub(p.Moved) < restless {
		return spec.Every
	}
	return min(2*p.Wait, longestOff*spec.Every)
}

// patience is how long the plant is given to begin to follow.
func (p *Probe) patience(spec policies.Probe) time.Duration {
	if p.Lag == 0 {
		return spec.Every
	}
	return min(spec.Every, max(2*settleTime, 3*p.Lag/2))
}
