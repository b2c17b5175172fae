package rigs

import (
	"context"
	"errors"
	"fmt"
	"strings"
	"time"

	"github.com/curtaild/curtaild/energy"
)

// lostAfter is how many polls must fail in a row before a rig that has been
// heard counts as unreachable.
const lostAfter = 2

// look reads the device once. It is false if a set-point cut it short before
// it came to anything.
func (r *Rig) look(ctx context.Context) bool {
	poll, done := r.interruptible(ctx, "", r.family.PollTimeout)
	defer done()
	leave, err := r.gates.enter(poll, polls)
	if err == nil {
		err = r.read(poll)
		leave()
	}
	now := time.Now()
	switch {
	case err == nil:
		r.failures, r.err = 0, nil
		r.judge(now)
	case ctx.Err() != nil || r.full():
		return false
	default:
		r.fail(now, err)
	}
	r.publish(now)
	return true
}

// read asks the device who it is, if that is in doubt, what it does, and once,
// at which levels it can run.
func (r *Rig) read(ctx context.Context) error {
	if !r.known {
		if err := r.identify(ctx); err != nil {
			return err
		}
	}
	rep, err := r.driver.Status(ctx)
	if err != nil {
		return fmt.Errorf("status: %w", err)
	}
	if err := r.recognize(rep.ID); err != nil {
		return err
	}
	now := time.Now()
	if rep.At.IsZero() {
		rep.At = now
	}
	if rep.RateAt.IsZero() {
		rep.RateAt = now
	}
	r.report, r.heard = rep, true
	if err := r.readLevels(ctx); err != nil {
		return err
	}
	if r.ready != nil && rep.On() {
		_ = r.ready.Ready(ctx) // what stands in the way will fail the next command, and be told then
	}
	return nil
}

func (r *Rig) identify(ctx context.Context) error {
	who, err := r.driver.Identify(ctx)
	if err != nil {
		return fmt.Errorf("identify: %w", err)
	}
	if who.ID == "" {
		return fmt.Errorf("identify: it does not say who it is: %w", ErrGarbage)
	}
	if err := r.recognize(who.ID); err != nil {
		return err
	}
	if r.id == "" {
		r.id = strings.ToLower(who.ID)
	}
	r.model, r.known = who.Model, true
	return nil
}

// recognize checks an id that came with a reply against the one we know.
func (r *Rig) recognize(id string) error {
	if id == "" || r.id == "" || strings.EqualFold(id, r.id) {
		return nil
	}
	r.known = false
	return &IdentityError{Want: r.id, Got: strings.ToLower(id)}
}

func (r *Rig) readLevels(ctx context.Context) error {
	lv, ok := r.driver.(Leveler)
	if !ok || r.levels != nil {
		if !r.fixed && r.points == nil && r.report.Source != "" && r.report.State == energy.StateRunning {
			on := energy.OperatingPoint{Name: "on", Draw: r.report.Draw, Rate: r.report.Rate}
			r.points = withOff([]energy.OperatingPoint{on}, r.family.IdleDraw)
		}
		return nil
	}
	levels, err := lv.Levels(ctx)
	switch {
	case errors.Is(err, ErrUnsupported):
		levels = []energy.OperatingPoint{}
	case err != nil:
		return fmt.Errorf("levels: %w", err)
	}
	r.levels = levels
	if !r.fixed {
		r.points = withOff(levels, r.family.IdleDraw)
	}
	return nil
}

// fail notes an attempt that came to nothing.
func (r *Rig) fail(now time.Time, err error) {
	r.failures++
	r.err = err
	if r.lost() {
		r.known = false
		if r.heard && !r.isOther() {
			r.tally.hold(now)
		}
	}
}

// lost reports whether the device counts as unreachable.
func (r *Rig) lost() bool { return r.failures >= lostAfter || (r.failures > 0 && !r.heard) }

// isOther reports whether another device answered last.
func (r *Rig) isOther() bool {
	var other *IdentityError
	return errors.As(r.err, &other)
}

// judge takes a fresh report in: counters, the effect of the last command, and
// whether the device can be believed.
func (r *Rig) judge(now time.Time) {
	rep := r.report
	r.tally.c.ID = r.id
	draw, _ := r.draw(now)
	r.tally.take(now, rep, draw)
	if len(r.points) > 1 {
		r.verify(now, rep)
	}
	r.suspicion = r.doubt.look(now, rep, r.points, r.family)
}

// verify looks for the effect of the set-point in force, and sees that the
// device stays there.
func (r *Rig) verify(now time.Time, rep Report) {
	o := &r.order
	switch {
	case o.due.IsZero():
		o.at, o.level = pointOf(r.points, rep), rep.Level
		if o.sp != nil && !o.pending && o.broken == "" && r.drifted(rep) {
			o.again(now, fmt.Errorf("set-point %q: %w", o.sp.Name, errDrift))
		}
	case o.shows(rep, r.points):
		o.due, o.tries = time.Time{}, 0
	case now.After(o.due):
		o.due, o.force = time.Time{}, true
		o.again(now, fmt.Errorf("set-point %q shows no effect: %w", o.sp.Name, errNoEffect))
		r.err = o.err
	}
}

// drifted reports whether a device that was at its set-point says that it is
// elsewhere: it has rebooted, or somebody else has told it to.
func (r *Rig) drifted(rep Report) bool {
	want := r.target()
	switch {
	case want == energy.Off:
		return rep.On()
	case want > energy.Off && rep.Paused():
		return true
	case want > energy.Off && rep.On() && rep.Level != "" && len(r.levels) > 0:
		return find(r.levels, r.points[want].Name) >= 0 && !sameName(rep.Level, r.points[want].Name)
	}
	return false
}

// draw is what the device draws now, and how that is known.
func (r *Rig) draw(now time.Time) (energy.Watts, energy.PowerSource) {
	switch {
	case r.heard && r.report.Source != "":
		return r.report.Draw, r.report.Source
	case r.heard && len(r.points) > 1:
		o := &r.order
		i := o.at
		if i < 0 {
			i = pointOf(r.points, r.report)
		}
		if i < 0 {
			i = len(r.points) - 1
		}
		if o.sent.IsZero() {
			return r.points[i].Draw, energy.Nameplate
		}
		return energy.Toward(o.sent, o.from, r.points[i].Draw, r.family.Ramp(r.points)).At(now), energy.Nameplate
	}
	return r.tally.c.Draw, energy.Nameplate
}
