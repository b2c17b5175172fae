package luxos

import (
	"context"
	"fmt"
	"time"

	"github.com/curtaild/curtaild/rigs"
	"github.com/curtaild/curtaild/rigs/cgminer"
)

// A session ends after a minute without use. It is trusted for a little less,
// and renewed before that where it is to be kept.
const (
	sessionTrust = 55 * time.Second
	sessionRenew = 40 * time.Second
	sessionEnds  = time.Minute
)

// session is the right to write.
type session struct {
	id   string    // empty: none
	used time.Time // when a request that used it was last sent
	// orphan is when a logon was sent that got no answer: a session may be open
	// whose id we do not know. Zero: none.
	orphan time.Time
}

func (s session) alive(now time.Time) bool { return s.id != "" && now.Sub(s.used) < sessionTrust }

// Carried is the id of our session: after a crash it would lock the next
// process out for a minute.
func (d *Driver) Carried() string { return d.session.id }

// Carry takes over what the process before us left behind. It is not trusted
// to be alive, but known to be ours if it stands in the way; so is one that
// was opened after the id was last written down.
func (d *Driver) Carry(id string) {
	d.session = session{id: id}
	if id != "" {
		d.session.orphan = time.Now()
	}
}

// write sends a command that needs the session, as the first of its
// parameters.
func (d *Driver) write(ctx context.Context, command, parameter string) error {
	opened, err := d.open(ctx)
	if err != nil {
		return err
	}
	err = d.use(ctx, command, parameter)
	if opened || !refused(err) {
		return err
	}
	// Refused under an old session: that may have ended, and then the rig gives
	// us a new one at once.
	switch logonErr := d.logon(ctx); {
	case logonErr == nil:
		return d.use(ctx, command, parameter)
	case !refused(logonErr):
		return err
	}
	// There is a session. If it is ours, the refusal was meant.
	if current, sessionErr := d.current(ctx); sessionErr == nil && current != d.session.id {
		d.session = session{}
		return fmt.Errorf("session held by another: %w: %w", rigs.ErrBusy, err)
	}
	return err
}

func (d *Driver) use(ctx context.Context, command, parameter string) error {
	sent := time.Now()
	_, err := d.rpc.Call(ctx, command, d.session.id+","+parameter)
	if err == nil {
		d.session.used = sent
	}
	return err
}

// open makes sure of a session. Opened tells that it is a new one.
func (d *Driver) open(ctx context.Context) (opened bool, err error) {
	if d.session.alive(time.Now()) {
		return false, nil
	}
	err = d.logon(ctx)
	if refused(err) && d.mayBeOurs() {
		// It is our own that stands in the way: give it back, and try once more.
		if d.logoff(ctx) == nil {
			err = d.logon(ctx)
		}
	}
	if refused(err) {
		return false, fmt.Errorf("session held by another: %w: %w", rigs.ErrBusy, err)
	}
	return err == nil, err
}

func (d *Driver) logon(ctx context.Context) error {
	sent := time.Now()
	reply, err := d.rpc.Call(ctx, "logon", "")
	if err != nil {
		if !refused(err) {
			d.session.orphan = sent
		}
		return err
	}
	id, err := sessionID(reply)
	if err == nil && id == "" {
		err = fmt.Errorf("no SessionID: %w", cgminer.ErrShape)
	}
	if err != nil {
		return fmt.Errorf("logon: %w", err)
	}
	d.session = session{id: id, used: sent}
	return nil
}

// mayBeOurs reports whether a session that the rig has may be one of ours that
// we have lost sight of.
func (d *Driver) mayBeOurs() bool {
	return d.session.id != "" || (!d.session.orphan.IsZero() && time.Since(d.session.orphan) < sessionEnds)
}

// current is the id of the session that the rig knows; empty if there is none.
func (d *Driver) current(ctx context.Context) (string, error) {
	reply, err := d.rpc.Call(ctx, "session", "")
	if err != nil {
		return "", err
	}
	return sessionID(reply)
}

func sessionID(reply cgminer.Reply) (string, error) {
	rec, err := reply.First("SESSION")
	if err != nil {
		return "", err
	}
	return rec.Text("SessionID"), nil
}

// keepSession opens a session, or replaces one that will soon end. No harmless
// write refreshes it, and a harmful one would wear the rig's flash.
func (d *Driver) keepSession(ctx context.Context) error {
	if d.session.id != "" && time.Since(d.session.used) < sessionRenew {
		return nil
	}
	if d.session.alive(time.Now()) {
		if err := d.logoff(ctx); err != nil {
			return err
		}
	}
	_, err := d.open(ctx)
	return err
}

// logoff gives the session back. One that the rig no longer knows is gone as
// well.
func (d *Driver) logoff(ctx context.Context) error {
	if !d.mayBeOurs() {
		return nil
	}
	orphan := d.session.orphan
	if d.session.id != "" {
		known, err := d.end(ctx, d.session.id)
		if err != nil || known {
			return err
		}
		if d.session.orphan = orphan; !d.mayBeOurs() {
			return nil
		}
	}
	id, err := d.current(ctx)
	if err != nil || id == "" {
		return err
	}
	_, err = d.end(ctx, id)
	return err
}

// end ends a session, and tells whether the rig knew it. One that it does not
// know is over as well.
func (d *Driver) end(ctx context.Context, id string) (known bool, err error) {
	_, err = d.rpc.Call(ctx, "logoff", id)
	if err != nil && !refused(err) {
		return false, err
	}
	d.session = session{}
	return err == nil, nil
}
