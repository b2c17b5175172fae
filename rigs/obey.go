package rigs

import (
	"context"
	"errors"
	"fmt"
	"time"

	"github.com/curtaild/curtaild/energy"
)

var (
	errDrift    = errors.New("device left its set-point")
	errNoEffect = errors.New("command without effect")
)

// suspectAfter is how many times a command may fail to show before the device
// is called suspect.
const suspectAfter = 3

// obey carries out the set-point in force. It reports whether it has read the
// device, which spares the next poll.
func (r *Rig) obey(ctx context.Context) (looked bool) {
	o := &r.order
	if !r.known || !r.heard || o.unsure {
		if !r.look(ctx) || r.failures > 0 {
			if r.failures > 0 && o.pending {
				o.tries++
				o.next = time.Now().Add(backoff(o.tries, r.err))
			}
			return true
		}
		o.unsure = false
		looked = true
	}
	if !o.pending || time.Now().Before(o.next) || r.full() {
		return looked
	}
	to := r.target()
	switch {
	case to < 0:
		o.pending, o.broken = false, fmt.Sprintf("no operating point %q", o.sp.Name)
	case to == o.at && !o.force: // a command that seemed to fail was carried out
		o.pending, o.done, o.tries, o.err = false, o.sp.Seq, 0, nil
	default:
		r.command(ctx, to)
	}
	if ctx.Err() == nil {
		r.publish(time.Now())
	}
	return looked
}

// target is the index of the set-point's operating point; -1 if the rig has
// none of that name.
func (r *Rig) target() int {
	sp := r.order.sp
	switch {
	case sp.Point == energy.Off || sameName(sp.Name, offName):
		return energy.Off
	case sp.Name != "":
		return find(r.points, sp.Name)
	case sp.Point < len(r.points):
		return sp.Point
	}
	return -1
}

// command sends what brings the device to the point.
func (r *Rig) command(ctx context.Context, to int) {
	o := &r.order
	cctx, done := r.interruptible(ctx, o.sp.Name, r.family.CommandTimeout)
	defer done()
	leave, err := r.gates.enter(cctx, commands)
	begun := time.Now()
	if err == nil {
		err = r.send(cctx, to)
		leave()
	}
	now := time.Now()
	if err != nil {
		r.commandFailed(ctx, now, err)
		return
	}
	from := o.at
	if from < 0 {
		from = pointOf(r.points, r.report)
	}
	r.err = nil
	o.pending, o.force, o.done, o.at = false, false, o.sp.Seq, to
	if to != energy.Off {
		o.level = r.points[to].Name
	}
	o.from, _ = r.draw(now)
	o.rate, o.sent = r.report.Rate, now
	o.due = now.Add(r.family.settleFor(from, to))
	o.starting = from == energy.Off
	if len(r.points) > 1 {
		r.tally.head(begun.Add(now.Sub(begun)/2), r.points[to], r.family, r.points)
	}
}

// commandFailed decides what follows when a command was not accepted. Whether
// it was carried out is not known: the device is read before it is sent again.
func (r *Rig) commandFailed(ctx context.Context, now time.Time, err error) {
	o := &r.order
	o.at, o.unsure, o.due = -1, true, time.Time{}
	if ctx.Err() != nil || (r.full() && errors.Is(err, context.Canceled)) {
		return
	}
	r.err = err
	if errors.Is(err, ErrUnsupported) {
		o.pending, o.broken = false, err.Error()
		return
	}
	o.again(now, err)
}

// again plans another attempt.
func (o *order) again(now time.Time, err error) {
	o.pending, o.err = true, err
	o.tries++
	o.next = now.Add(backoff(o.tries, err))
	if errors.Is(err, errDrift) && o.tries == 1 {
		o.next = now
	}
}

// send makes the calls that bring the device from what it reports to a point.
// From off, the level comes first, so that the device does not wake at a
// higher one.
func (r *Rig) send(ctx context.Context, to int) error {
	if to == energy.Off {
		if err := r.driver.Pause(ctx); err != nil {
			return fmt.Errorf("pause: %w", err)
		}
		return nil
	}
	if err := r.sendLevel(ctx, r.points[to].Name); err != nil {
		return err
	}
	o := &r.order
	awake := o.at > energy.Off || (o.at < 0 && r.report.On())
	if awake && !o.force {
		return nil
	}
	if err := r.driver.Resume(ctx); err != nil {
		return fmt.Errorf("resume: %w", err)
	}
	return nil
}

// sendLevel sets the level where the firmware has levels and is not at it.
func (r *Rig) sendLevel(ctx context.Context, name string) error {
	lv, ok := r.driver.(Leveler)
	if !ok || len(r.levels) == 0 {
		return nil
	}
	i := find(r.levels, name)
	if i < 0 {
		if len(r.points) == 2 { // one point, named by the operator: on
			return nil
		}
		return fmt.Errorf("operating point %q is no level of the device: %w", name, ErrUnsupported)
	}
	if sameName(r.order.level, name) && !r.order.force {
		return nil
	}
	if err := lv.SetLevel(ctx, r.levels[i].Name); err != nil {
		return fmt.Errorf("set level %q: %w", name, err)
	}
	return nil
}
