package rigs

import (
	"context"
	"errors"
	"fmt"
	"sync"
	"time"

	"github.com/curtaild/curtaild/energy"
)

// grace is how long rigs may take to give back what they hold when Run ends
// without Close.
const grace = 5 * time.Second

// Fleet runs rigs side by side. Each has a goroutine of its own; nothing but
// the bounds is shared on the way of a command.
type Fleet struct {
	rigs []*Rig
	box  *outbox
	out  chan<- energy.Status

	stop     chan struct{} // closed by Close
	stopOnce sync.Once
	done     chan struct{} // closed when Run has returned
	started  sync.Once

	mu      sync.Mutex
	closing context.Context // of Close: bounds what comes after the rigs have stopped
}

// NewFleet returns a fleet of rigs that have not been started. Statuses go to
// out, which is the caller's and may be read slowly: of each rig the latest is
// kept. It is never closed.
func NewFleet(rigs []*Rig, b Bounds, out chan<- energy.Status) *Fleet {
	f := &Fleet{
		rigs: rigs, box: newOutbox(len(rigs)), out: out,
		stop: make(chan struct{}), done: make(chan struct{}),
	}
	b = b.complete()
	all := newGates(b, "").all
	hosts := make(map[string][2]chan struct{})
	for i, r := range rigs {
		host, ok := hosts[r.host]
		if !ok && r.host != "" {
			host = hostGates(b)
			hosts[r.host] = host
		}
		r.gates = &gates{all: all, host: host}
		r.emit = func(s energy.Status) { f.box.put(i, s) }
	}
	return f
}

// Rigs are the fleet's rigs, in the order given.
func (f *Fleet) Rigs() []*Rig { return f.rigs }

// Run starts the rigs and returns when ctx is done, or Close was called, and
// every rig has stopped and given back what it held. Devices stay as they are.
// It can be called once.
func (f *Fleet) Run(ctx context.Context) error {
	first := false
	f.started.Do(func() { first = true })
	if !first {
		return errors.New("fleet: run twice")
	}
	defer close(f.done)
	ctx, cancel := context.WithCancel(ctx)
	defer cancel()
	mail, endMail := context.WithCancel(context.WithoutCancel(ctx))
	defer endMail()
	var post sync.WaitGroup
	post.Go(func() { f.box.run(mail, f.out) })
	var work sync.WaitGroup
	for _, r := range f.rigs {
		work.Go(func() { r.run(ctx) })
	}
	select {
	case <-ctx.Done():
	case <-f.stop:
		cancel()
	}
	work.Wait()
	endMail()
	post.Wait()
	return f.finish(ctx)
}

// finish hands over the last statuses and gives back what the rigs hold.
func (f *Fleet) finish(ctx context.Context) error {
	f.mu.Lock()
	within := f.closing
	f.mu.Unlock()
	if within == nil {
		within = context.WithoutCancel(ctx)
	}
	within, cancel := context.WithTimeout(within, grace)
	defer cancel()
	errs := make([]error, len(f.rigs))
	var work sync.WaitGroup
	for i, r := range f.rigs {
		work.Go(func() { errs[i] = r.release(within) })
	}
	work.Wait()
	for _, s := range f.box.take(nil) {
		select {
		case f.out <- s:
		default:
		}
	}
	return errors.Join(errs...)
}

// Close stops the rigs, lets them give back what they hold for as long as ctx
// allows, and waits for Run to return. Devices stay as they are.
func (f *Fleet) Close(ctx context.Context) error {
	f.mu.Lock()
	f.closing = ctx
	f.mu.Unlock()
	f.stopOnce.Do(func() { close(f.stop) })
	never := false
	f.started.Do(func() { never = true })
	if never {
		return nil
	}
	select {
	case <-f.done:
		return nil
	case <-ctx.Done():
		return fmt.Errorf("fleet: close: %w", ctx.Err())
	}
}

// release gives back what the driver holds.
func (r *Rig) release(ctx context.Context) error {
	c, ok := r.driver.(Closer)
	if !ok {
		return nil
	}
	ctx, cancel := context.WithTimeout(ctx, r.family.CommandTimeout)
	defer cancel()
	leave, err := r.gates.enter(ctx, commands)
	if err != nil {
		return fmt.Errorf("rig %s: close: %w", r.name, err)
	}
	defer leave()
	if err := c.Close(ctx); err != nil {
		return fmt.Errorf("rig %s: close: %w", r.name, err)
	}
	if c, ok := r.driver.(Carrier); ok {
		r.mu.Lock()
		r.counters.Carried = c.Carried() // nothing: the next process has no claim
		r.mu.Unlock()
	}
	return nil
}
