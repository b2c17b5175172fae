package scheduler

import (
	"time"

	"github.com/curtaild/curtaild/energy"
)

// Virtual is the loop on a clock of the caller's, for simulation and replay:
// the same site, the same passes, but nothing happens by itself. What comes in
// is handed over by its methods, in the order of time, and Pass decides.
// Set-points go to the loads' Apply as ever. One goroutine uses it.
type Virtual struct{ s *site }

// NewVirtual opens the site of l at start. Of l, the channels and Keep are not
// used, and Publish and Answer may be nil.
func NewVirtual(l Loop, start time.Time) (*Virtual, error) {
	if l.Answer == nil {
		l.Answer = func(energy.SignalStatus, Notice) {}
	}
	s, err := openSite(&l, nil, start)
	if err != nil {
		return nil, err
	}
	return &Virtual{s}, nil
}

// Reading takes a reading in.
func (v *Virtual) Reading(r energy.Reading) { v.s.board.Take(r) }

// Presence takes in whether a source is there.
func (v *Virtual) Presence(p energy.Presence) { v.s.board.Presence(p) }

// Status takes in what a load says of itself.
func (v *Virtual) Status(now time.Time, st energy.Status) { v.s.status(now, st) }

// StatusOf is Status of the load that is i-th of the loop's. It keeps nothing
// of st but its points.
func (v *Virtual) StatusOf(now time.Time, i int, st *energy.Status) { v.s.statusOf(now, i, st) }

// Signal takes in a signal.
func (v *Virtual) Signal(now time.Time, sig energy.Signal) { v.s.signal(now, Delivery{Signal: sig}) }

// Hold stops all loads, or releases them, in the operator's name.
func (v *Virtual) Hold(now time.Time, off bool, who string) { v.s.hold(now, off, who) }

// Pass decides, sends what has changed, and returns when to pass again though
// nothing comes in, and the plan. The plan is the site's own until the next
// pass; it is empty as long as there is nothing to decide on.
func (v *Virtual) Pass(now time.Time) (next time.Time, plan *Plan) {
	next = v.s.pass(now)
	return next, &v.s.plan
}
