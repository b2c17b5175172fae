package rigs

import (
	"time"

	"github.com/curtaild/curtaild/energy"
)

// publish tells what is known of the rig now.
func (r *Rig) publish(now time.Time) {
	draw, source := r.draw(now)
	rep := &r.report
	s := energy.Status{
		Load: r.name, At: now, State: r.state(), Point: -1, Seq: r.order.done, Points: r.points, Stated: r.fixed,
		Draw: draw, Source: source, Rate: rep.Rate, TempC: rep.TempC,
		Energy: r.tally.c.Energy, Hashes: r.tally.c.Hashes,
		Accepted: r.tally.c.Accepted, Rejected: r.tally.c.Rejected, Starts: r.tally.c.Starts,
		Model: r.model, Err: r.trouble(),
	}
	if r.heard {
		s.Point = pointOf(r.points, *rep)
	}
	if source == energy.Measured || source == energy.Estimated {
		s.DrawAt = rep.At
	}
	if len(r.points) > 1 {
		s.Ramp = r.family.Ramp(r.points)
	}
	if r.lost() {
		s.Rate = 0
	}
	if c, ok := r.driver.(Carrier); ok {
		r.tally.c.Carried = c.Carried()
	}
	r.mu.Lock()
	r.counters = r.tally.c
	r.mu.Unlock()
	r.emit(s)
}

// Counters are the rig's counters as of its last status, to be kept on disk
// and handed to New after a restart. It may be called at any time.
func (r *Rig) Counters() Counters {
	r.mu.Lock()
	defer r.mu.Unlock()
	return r.counters
}

func (r *Rig) state() energy.State {
	o := &r.order
	switch {
	case r.isOther():
		return energy.StateFault
	case r.lost():
		return energy.StateUnreachable
	case !r.heard:
		return energy.StateUnknown
	case r.report.State == energy.StateFault || o.broken != "":
		return energy.StateFault
	case r.suspicion != "" || o.tries >= suspectAfter:
		return energy.StateSuspect
	case !o.due.IsZero() && o.at == energy.Off:
		return energy.StateStopping
	case !o.due.IsZero() && o.starting:
		return energy.StateStarting
	}
	return r.report.State
}

// trouble is what is wrong, worst first; empty if nothing is.
func (r *Rig) trouble() string {
	o := &r.order
	switch {
	case r.err != nil:
		return r.err.Error()
	case o.broken != "":
		return o.broken
	case r.report.Fault != "":
		return r.report.Fault
	case r.suspicion != "":
		return r.suspicion
	case o.tries > 0 && o.err != nil:
		return o.err.Error()
	}
	return ""
}
