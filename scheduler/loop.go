package scheduler

import (
	"context"
	"errors"
	"fmt"
	"log/slog"
	"time"

	"github.com/curtaild/curtaild/energy"
	"github.com/curtaild/curtaild/policies"
)

const (
	// grace is how long after the start nothing is decided for want of a
	// balance, and no load is started that has not answered.
	grace = 10 * time.Second
	// gather is how long statuses of loads are gathered before they are
	// decided on: longer than it takes to send a thousand reductions, which
	// their own answers must not hold up. Readings, signals and operators do
	// not wait.
	gather = 250 * time.Millisecond
	// longest bounds the sleep, so that a wall clock that was set is noticed.
	longest = time.Minute
)

// Setup is what the config says of deciding.
type Setup struct {
	Readings    []energy.ReadingSpec
	Balance     energy.BalanceSpec
	Policies    []policies.Policy
	Location    *time.Location
	ImportLimit *energy.Watts // nil: none
	Sources     []Source
	Observe     bool // decide and record, command nothing
	// Coin is the price of the smallest unit of what loads earn, in the
	// prices' currency; 0: not known.
	Coin float64
	// Latency is how long a command takes to reach a load, and Period how often
	// something new is known; each has a usual value in place of 0.
	Latency, Period time.Duration
}

// Delivery is a signal as it came in. Done is called once what it led to is on
// disk, so that the broker may forget it.
type Delivery struct {
	Signal energy.Signal
	Done   func()
}

// Notice says why a source is told how its signal stands.
type Notice uint8

// The notices.
const (
	Entered Notice = iota // the signal has entered this state
	Again                 // the source has asked again, or we have started again
	Cleared               // it ended long ago: its status goes
)

// Loop feeds what comes in to [Decide] and its decisions to the loads. All of
// its state lives in the goroutine that calls Run; it never waits for a load,
// a database or a browser.
type Loop struct {
	Setup Setup
	Loads []Load
	Specs []*energy.LoadSpec // parallel to Loads
	Kept  Kept               // as read back at the start
	// Keep puts a change on disk. It has its own goroutine.
	Keep func(Change) error

	Readings <-chan energy.Reading
	Presence <-chan energy.Presence
	Signals  <-chan Delivery
	Statuses <-chan energy.Status

	Publish func(*energy.Snapshot)            // after every pass; must not block. Nil: nobody looks
	Answer  func(energy.SignalStatus, Notice) // must not block
	Log     *slog.Logger
	Journal *Journal // takes down what comes in; nil: nothing does

	commands chan command
	read     time.Time // when Run last read the clock, with a monotonic reading
}

// New returns l, ready to be run and to be asked.
func New(l Loop) *Loop {
	l.commands = make(chan command)
	return &l
}

// command is something an operator asks. It is answered once, by the loop.
type command struct {
	do   func(s *site, now time.Time)
	done chan struct{}
}

// ErrHandOver as the cause that ends Run's context leaves the loads as they
// are: another loop takes them over at once.
var ErrHandOver = errors.New("handed over to another loop")

// Run decides until ctx ends, then brings every load to its on-exit state. It
// returns when the loads are there or exit has passed.
func (l *Loop) Run(ctx context.Context, exit time.Duration) error {
	keeper := newKeeper(l.Keep, l.Log)
	defer keeper.close()
	s, err := openSite(l, keeper.put, time.Now().Round(0).UTC())
	if err != nil {
		return err
	}
	s.writeOn(s.clock())
	defer func() { s.Journal.put(&Event{Kind: EventEnd, At: s.clock()}) }()
	wake := time.NewTimer(0)
	defer wake.Stop()
	for {
		urgent, ok := l.next(ctx, s, wake)
		if !ok && errors.Is(context.Cause(ctx), ErrHandOver) {
			s.save(s.clock(), nil, true, nil)
			return nil
		}
		if !ok {
			return s.leave(context.WithoutCancel(ctx), exit)
		}
		now := s.clock()
		if !urgent && now.Sub(s.passed) < gather {
			wake.Reset(s.passed.Add(gather).Sub(now))
			continue
		}
		s.writeOn(now)
		next := s.pass(now)
		s.Journal.put(&Event{Kind: EventPass, At: now, Seq: s.kept.Seq})
		wake.Reset(min(next.Sub(now), longest))
		if s.drained(now) {
			return nil
		}
	}
}

// next waits for something to happen and takes in all that is pending. It
// reports whether that cannot wait, and false once ctx is done.
func (l *Loop) next(ctx context.Context, s *site, wake *time.Timer) (urgent, ok bool) {
	select {
	case <-ctx.Done():
		return false, false
	case <-wake.C:
		urgent = true
	case r := <-l.Readings:
		s.takeReading(r)
		urgent = true
	case p := <-l.Presence:
		s.takePresence(p)
		urgent = true
	case d := <-l.Signals:
		s.takeSignal(d)
		urgent = true
	case st := <-l.Statuses:
		s.takeStatus(st)
	case c := <-l.commands:
		c.do(s, s.clock())
		close(c.done)
		urgent = true
	}
	for range 4 * (1 + len(s.loads)) { // bounded: a flood must not keep us from deciding
		select {
		case r := <-l.Readings:
			s.takeReading(r)
			urgent = true
		case p := <-l.Presence:
			s.takePresence(p)
		case st := <-l.Statuses:
			s.takeStatus(st)
		default:
			return urgent, true
		}
	}
	return urgent, true
}

// ask has the loop do something between two passes.
func (l *Loop) ask(ctx context.Context, do func(*site, time.Time)) error {
	c := command{do, make(chan struct{})}
	select {
	case l.commands <- c:
	case <-ctx.Done():
		return context.Cause(ctx)
	}
	<-c.done
	return nil
}

// Alive returns once the loop has answered.
func (l *Loop) Alive(ctx context.Context) error {
	return l.ask(ctx, func(*site, time.Time) {})
}

// Hold stops all loads until it is called again with off false, also over
// restarts. It returns once that is on disk.
func (l *Loop) Hold(ctx context.Context, off bool, who string) error {
	kept := make(chan error, 1)
	err := l.ask(ctx, func(s *site, now time.Time) {
		s.Journal.put(&Event{Kind: EventHold, At: now, Off: off, Who: who})
		s.hold(now, off, who)
		s.save(now, nil, false, func(err error) { kept <- err })
	})
	if err != nil {
		return err
	}
	select {
	case err := <-kept:
		if err != nil {
			return fmt.Errorf("in force, but a restart forgets it: %w", err)
		}
		return nil
	case <-ctx.Done():
		return context.Cause(ctx)
	}
}

func (s *site) hold(now time.Time, off bool, who string) {
	switch {
	case !off:
		s.kept.Hold = nil
	case s.kept.Hold == nil:
		s.kept.Hold = &energy.Hold{By: who, Since: now.UTC()}
	}
	s.log.Info("operator", "hold", off, "by", who)
}

// Drain stops all loads, whatever their on-exit state, after which Run
// returns.
func (l *Loop) Drain(ctx context.Context, within time.Duration, who string) error {
	return l.ask(ctx, func(s *site, now time.Time) {
		if s.drain.IsZero() {
			s.Journal.put(&Event{Kind: EventDrain, At: now, Span: within, Who: who})
			s.drain = now.Add(within)
			s.log.Info("operator", "drain", true, "by", who)
		}
	})
}
