package scheduler

import (
	"slices"

	"github.com/curtaild/curtaild/energy"
)

// trial is an imagined fleet under one rule. Of its units the one that has run
// longest stops first, the one that has been off longest starts first.
type trial struct {
	Score float64   `json:"score"` // what was gained, of late; s of a unit's top
	Total float64   `json:"total"` // what was gained ever, within bounds
	Draw  float64   `json:"draw"`  // W
	On    []float64 `json:"on"`    // when each unit that runs was started, unix s, rising
	Off   []float64 `json:"off"`   // when each other had stopped, rising
}

func newTrial(t float64, n int) trial {
	return trial{Off: slices.Repeat([]float64{t - 1e6}, n)}
}

// gain is what the fleet, as it stands, has absorbed less imported in the dt
// seconds up to t, when the budget was w: in seconds of a unit's top.
func (x *trial) gain(t, dt, w float64, sh shape) float64 {
	low, high := 0.0, 0.0
	i := len(x.On) - 1
	for ; i >= 0; i-- { // those that still climb from off
		p := max(0, (t-x.On[i]-dt/2)*sh.climb)
		if p >= sh.top {
			break
		}
		low += min(p, sh.low)
		high += p
	}
	low += float64(i+1) * sh.low
	high += float64(i+1) * sh.top
	const share = 0.75 // of a step up, loads take the slope only in part
	high = min(high, max(low, x.Draw+float64(len(x.On))*sh.climb*dt*share))
	x.Draw = min(max(w, low), high)
	return (min(w, x.Draw) - max(0, x.Draw-w)) * dt / sh.top
}

// reach is what the units that run can draw within half a minute, W.
func (x *trial) reach(t float64, sh shape) float64 {
	w := 0.0
	i := len(x.On) - 1
	for ; i >= 0; i-- {
		p := (t - x.On[i] + reachIn) * sh.climb
		if p >= sh.top {
			break
		}
		w += max(0, p)
	}
	return w + float64(i+1)*sh.top
}

// owes is what would have to be bought until all that runs may stop, if there
// were no budget from now on, in seconds of a unit's top.
func (x *trial) owes(t float64, sh shape) float64 {
	e := 0.0
	for _, on := range x.On {
		e += max(0, sh.minOn-(t-on)) * sh.low / sh.top
	}
	return e
}

// turn stops and starts units as o has it, and returns how many it has started.
func (x *trial) turn(t float64, o outlook, sh shape) (started int) {
	n, stopped := len(x.On), 0
	for n > 0 && !o.keeps(energy.Watts(float64(n)*sh.low)) && t-x.On[stopped] >= sh.minOn {
		stopped++
		n--
	}
	for started < len(x.Off) && o.starts(energy.Watts(float64(n+1)*sh.low), energy.Watts(float64(n)*sh.top)) && t-x.Off[started] >= sh.minOff {
		started++
		n++
	}
	switch { // the slices are shared with older beliefs
	case stopped > 0:
		x.On = slices.Clone(x.On[stopped:])
		x.Off = slices.Concat(x.Off, slices.Repeat([]float64{t + sh.fall}, stopped))
	case started > 0:
		x.On = slices.Concat(x.On, slices.Repeat([]float64{t}, started))
		x.Off = slices.Clone(x.Off[started:])
	}
	return started
}
