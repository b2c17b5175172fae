package rigs

import (
	"context"
	"sync"
	"time"

	"github.com/curtaild/curtaild/energy"
)

// Config is one rig.
type Config struct {
	Name   string
	Host   string // where the bound per host counts it; may be empty
	Driver Driver
	// Family is the driver's Defaults, with what the config changes.
	Family Family
	// Points are the operating points, off first, then by rising draw; "off"
	// may be left out. None: the driver's levels.
	Points []energy.OperatingPoint
	// KeepReady keeps a session open while the rig hashes, so that a reduction
	// takes one connection. Other tools are locked out meanwhile.
	KeepReady bool
	Counters  Counters // as they were last; zero for a new rig
}

// Rig is one machine. It is a load: Apply takes set-points, and what it learns
// goes to the fleet's channel. It runs as part of a [Fleet].
type Rig struct {
	name   string
	host   string
	driver Driver
	family Family
	ready  Readier // nil: nothing to keep ready
	emit   func(energy.Status)
	gates  *gates

	wake chan struct{} // holds one token while the mailbox is full

	mu       sync.Mutex
	mail     *energy.Setpoint   // the latest that has not been taken
	cut      context.CancelFunc // cuts short the call under way; nil: none
	sending  string             // the point that it sends; empty: a poll
	counters Counters

	// All below belongs to the goroutine of Run.
	points    []energy.OperatingPoint
	levels    []energy.OperatingPoint // of the firmware; nil: it has none
	fixed     bool                    // points come from the config
	id        string                  // the device that we know
	known     bool                    // it has identified itself since it was last lost
	model     string
	tally     tally
	report    Report // the last one
	heard     bool   // there was one
	failures  int    // polls in a row
	err       error  // of the last attempt
	order     order
	doubt     doubt
	suspicion string // why the device is not believed; empty: it is
}

// New returns a rig that has not been heard from. A rig is started by its
// fleet.
func New(c Config) *Rig {
	r := &Rig{
		name: c.Name, host: c.Host, driver: c.Driver, family: c.Family.complete(),
		id: c.Counters.ID, tally: newTally(c.Counters),
		wake: make(chan struct{}, 1),
		emit: func(energy.Status) {},
	}
	r.gates = newGates(Bounds{}, "")
	if c.KeepReady {
		r.ready, _ = c.Driver.(Readier)
	}
	r.counters = c.Counters
	if d, ok := c.Driver.(Carrier); ok {
		d.Carry(c.Counters.Carried)
	}
	r.points = withOff(c.Points, r.family.IdleDraw)
	r.fixed = len(c.Points) > 0
	r.order.at = -1
	return r
}

// Name is the load's name.
func (r *Rig) Name() string { return r.name }

// Apply puts a set-point into the mailbox, in place of one that is still in
// it, and returns at once.
func (r *Rig) Apply(sp energy.Setpoint) {
	r.mu.Lock()
	r.mail = &sp
	cut := r.cut
	if r.sending != "" && sameName(r.sending, sp.Name) {
		cut = nil // that is on its way already
	}
	r.mu.Unlock()
	if cut != nil {
		cut()
	}
	select {
	case r.wake <- struct{}{}:
	default:
	}
}

// take empties the mailbox.
func (r *Rig) take() *energy.Setpoint {
	r.mu.Lock()
	defer r.mu.Unlock()
	sp := r.mail
	r.mail = nil
	return sp
}

// full reports whether a set-point waits.
func (r *Rig) full() bool {
	r.mu.Lock()
	defer r.mu.Unlock()
	return r.mail != nil
}

// interruptible returns a context for a call that a new set-point cuts short.
// Sending is the name of the point that the call sends, if it is a command.
// Done must be called when the call is over.
func (r *Rig) interruptible(ctx context.Context, sending string, d time.Duration) (call context.Context, done func()) {
	call, cancel := context.WithTimeout(ctx, d)
	r.mu.Lock()
	r.cut, r.sending = cancel, sending
	waiting := r.mail != nil
	r.mu.Unlock()
	if waiting {
		cancel()
	}
	return call, func() {
		cancel()
		r.mu.Lock()
		r.cut, r.sending = nil, ""
		r.mu.Unlock()
	}
}

// Defaults for what a family leaves open.
func (f Family) complete() Family {
	set := func(d *time.Duration, v time.Duration) {
		if *d <= 0 {
			*d = v
		}
	}
	set(&f.Settle.Stop, 30*time.Second)
	set(&f.Settle.Start, 5*time.Minute)
	set(&f.Settle.Level, 2*time.Minute)
	set(&f.Poll, 5*time.Second)
	set(&f.PollTimeout, 10*time.Second)
	set(&f.CommandTimeout, 10*time.Second)
	f.Settle.Start = max(f.Settle.Start, f.StartTime)
	f.Settle.Stop = max(f.Settle.Stop, f.StopTime)
	return f
}
