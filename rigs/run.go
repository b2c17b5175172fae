package rigs

import (
	"context"
	"math/rand/v2"
	"time"

	"github.com/curtaild/curtaild/energy"
)

// firstPoll bounds the random wait before a rig is first read.
const firstPoll = 250 * time.Millisecond

// run is the rig's life, until ctx is done. Commands come first; a poll is made
// only while no set-point waits.
func (r *Rig) run(ctx context.Context) {
	poll := time.Now().Add(rand.N(min(firstPoll, r.family.Poll)))
	spread := true // the second poll comes early, so that the rigs drift apart
	timer := time.NewTimer(time.Until(poll))
	defer timer.Stop()
	for {
		select {
		case <-ctx.Done():
			return
		case <-r.wake:
		case <-timer.C:
		}
		if sp := r.take(); sp != nil {
			r.accept(*sp)
		}
		looked := false
		if r.order.pending && !time.Now().Before(r.order.next) {
			looked = r.obey(ctx)
		}
		if !looked && !time.Now().Before(poll) && !r.full() {
			looked = r.look(ctx)
		}
		if looked {
			poll = time.Now().Add(r.pause())
			if spread && r.failures == 0 {
				poll, spread = time.Now().Add(r.family.Poll/2+rand.N(r.family.Poll/2+1)), false
			}
		}
		timer.Reset(time.Until(r.sooner(poll)))
	}
}

// sooner is when the rig has something to do next.
func (r *Rig) sooner(poll time.Time) time.Time {
	if r.order.pending && r.order.next.Before(poll) {
		return r.order.next
	}
	return poll
}

// pause is the time to the next poll: longer and longer while none succeeds.
func (r *Rig) pause() time.Duration {
	p := r.family.Poll
	if r.failures == 0 {
		return p
	}
	d := min(p<<min(r.failures-1, 5), max(p, retryMost))
	return d/2 + rand.N(d/2+1)
}

// accept takes a set-point out of the mailbox. One that is old, or in work
// already, changes nothing.
func (r *Rig) accept(sp energy.Setpoint) {
	o := &r.order
	if sp.Seq <= o.done || (o.sp != nil && sp.Seq <= o.sp.Seq) {
		return
	}
	o.sp, o.pending, o.force, o.tries, o.next, o.broken = &sp, true, false, 0, time.Time{}, ""
}
