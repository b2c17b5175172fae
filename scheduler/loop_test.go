package scheduler

import (
	"context"
	"errors"
	"log/slog"
	"slices"
	"strings"
	"sync"
	"testing"
	"testing/synctest"
	"time"

	"github.com/curtaild/curtaild/energy"
	"github.com/curtaild/curtaild/policies"
)

// bench is a loop on a bench: virtual time, loads that obey at once or not at
// all, and a disk that remembers.
type bench struct {
	t        *testing.T
	loop     *Loop
	readings chan energy.Reading
	signals  chan Delivery
	statuses chan energy.Status
	rigs     map[string]*benchRig
	start    time.Time

	mu      sync.Mutex
	calls   []string // load:point, in order
	kept    Kept
	disk    time.Duration // how long a write takes
	refuse  error
	answers []energy.SignalStatus // states that were entered
	again   int                   // and how often one was said again
	last    *energy.Snapshot
}

type benchRig struct {
	b     *bench
	name  string
	point int
	dead  bool    // takes set-points and does nothing
	earns float64 // with each hash
}

var benchPoints = []energy.OperatingPoint{{Name: "off", Draw: 10}, {Name: "low", Draw: 1010, Rate: 60e12}, {Name: "high", Draw: 2010, Rate: 100e12}}

func (r *benchRig) Name() string { return r.name }

func (r *benchRig) Apply(sp energy.Setpoint) {
	r.b.mu.Lock()
	r.b.calls = append(r.b.calls, r.name+":"+sp.Name)
	dead := r.dead
	if !dead {
		r.point = sp.Point
	}
	r.b.mu.Unlock()
	if !dead {
		go r.say(sp.Seq)
	}
}

// say reports the rig's state, as a driver would after a command.
func (r *benchRig) say(seq uint64) {
	r.b.mu.Lock()
	st := energy.Status{
		Load: r.name, At: time.Now(), State: energy.StateIdle, Point: r.point, Seq: seq, Points: benchPoints,
		Draw: benchPoints[r.point].Draw, Rate: benchPoints[r.point].Rate, Source: energy.Measured,
		PerHash: r.earns,
	}
	r.b.mu.Unlock()
	if st.Point != energy.Off {
		st.State = energy.StateRunning
	}
	r.b.statuses <- st
}

// newBench makes a site with a grid meter and two rigs under one policy: start
// above 1.5 kW for 10 s, stop below 0 W for 5 s, stale inputs kept for 20 s.
func newBench(t *testing.T, change ...func(*Loop)) *bench {
	b := &bench{
		t: t, readings: make(chan energy.Reading), signals: make(chan Delivery), statuses: make(chan energy.Status, 100),
		rigs: map[string]*benchRig{}, start: time.Now(), kept: Kept{Loads: map[string]KeptLoad{}},
	}
	l := Loop{
		Setup: Setup{
			Readings: []energy.ReadingSpec{{Name: "grid", Role: energy.RoleGrid, Factor: 1, MaxAge: 30 * time.Second, Min: -1e6, Max: 1e6}},
			Balance:  energy.BalanceSpec{Kind: energy.BalanceGrid},
			Policies: []policies.Policy{{
				Name: "soak", Loads: []string{"a", "b"}, Order: policies.Efficient, Use: policies.Use{Available: true},
				Start: policies.Threshold{Power: 1500, For: 10 * time.Second}, Stop: policies.Threshold{For: 5 * time.Second},
				OnStale: policies.OnStale{Keep: 20 * time.Second, Then: policies.ThenStop},
			}},
			Location: time.UTC, Sources: []Source{*dso},
		},
		Keep:     b.keep,
		Readings: b.readings, Signals: b.signals, Statuses: b.statuses,
		Publish: func(s *energy.Snapshot) { b.mu.Lock(); b.last = s; b.mu.Unlock() },
		Answer: func(s energy.SignalStatus, why Notice) {
			b.mu.Lock()
			defer b.mu.Unlock()
			if why == Entered {
				b.answers = append(b.answers, s)
			} else {
				b.again++
			}
		},
		Log: slog.New(slog.DiscardHandler),
	}
	for _, name := range []string{"a", "b"} {
		b.rigs[name] = &benchRig{b: b, name: name}
		l.Loads = append(l.Loads, b.rigs[name])
		l.Specs = append(l.Specs, &energy.LoadSpec{Name: name, OnExit: energy.ExitStop})
	}
	for _, c := range change {
		c(&l)
	}
	b.loop = New(l)
	return b
}

func (b *bench) keep(c Change) error {
	b.mu.Lock()
	wait, err := b.disk, b.refuse
	b.mu.Unlock()
	time.Sleep(wait)
	if err != nil {
		return err
	}
	b.mu.Lock()
	defer b.mu.Unlock()
	if c.Site != nil {
		b.kept.KeptSite = *c.Site
	}
	for name, l := range c.Loads {
		b.kept.Loads[name] = l
	}
	return nil
}

// run starts the loop and the rigs' first words; the returned function ends it.
func (b *bench) run() (end func(cause error) error) {
	ctx, cancel := context.WithCancelCause(context.Background())
	done := make(chan error, 1)
	go func() { done <- b.loop.Run(ctx, 10*time.Second) }()
	for _, r := range b.rigs {
		if !r.dead {
			go r.say(0)
		}
	}
	return func(cause error) error {
		cancel(cause)
		return <-done
	}
}

// surplus feeds the meter once a second: what the site has left over, less
// what the rigs draw.
func (b *bench) surplus(w energy.Watts, seconds int) {
	for range seconds {
		b.mu.Lock()
		draw := energy.Watts(0)
		for _, r := range b.rigs {
			draw += benchPoints[r.point].Draw
		}
		b.mu.Unlock()
		b.readings <- energy.Reading{Name: "grid", Value: float64(draw - w), At: time.Now(), Arrived: time.Now()}
		time.Sleep(1001 * time.Millisecond) // never at the very instant of a timer
	}
}

// took returns what the loads were told since the last call.
func (b *bench) took() string {
	b.mu.Lock()
	defer b.mu.Unlock()
	s := strings.Join(b.calls, " ")
	b.calls = nil
	return s
}

func (b *bench) expect(what, want string) {
	b.t.Helper()
	synctest.Wait()
	if got := b.took(); got != want {
		b.t.Fatalf("%s, at %v: loads were told %q, want %q", what, time.Since(b.start), got, want)
	}
}

func TestLoopFollowsTheSun(t *testing.T) {
	synctest.Test(t, func(t *testing.T) {
		b := newBench(t)
		end := b.run()
		b.surplus(1400, 30)
		b.expect("under the threshold", "")
		b.surplus(2300, 9)
		b.expect("start delay", "")
		b.surplus(2300, 3)
		b.expect("two at the lowest level beat one at the highest", "a:low b:low")
		b.surplus(1100, 3)
		b.expect("a cut needs no delay", "b:off")
		b.surplus(-100, 3)
		b.expect("trimmed to the budget", "a:off")
		if err := end(nil); err != nil {
			t.Error(err)
		}
	})
}

func TestLoopStale(t *testing.T) {
	synctest.Test(t, func(t *testing.T) {
		b := newBench(t)
		end := b.run()
		b.surplus(2300, 13)
		b.expect("sun", "a:low b:low")
		time.Sleep(48 * time.Second) // 29 s until stale, 20 s kept
		b.expect("kept", "")
		time.Sleep(3 * time.Second)
		b.expect("stopped", "a:off b:off")
		b.surplus(2300, 9)
		b.expect("recovery needs the start delay", "")
		b.surplus(2300, 4)
		b.expect("recovered", "a:low b:low")
		end(nil)
	})
}

func TestLoopHoldOutlivesRestart(t *testing.T) {
	synctest.Test(t, func(t *testing.T) {
		b := newBench(t)
		end := b.run()
		b.surplus(2300, 13)
		b.expect("sun", "a:low b:low")
		if err := b.loop.Hold(t.Context(), true, "ann"); err != nil {
			t.Fatal(err)
		}
		b.expect("held", "a:off b:off")
		end(ErrHandOver)
		if b.kept.Hold == nil || b.kept.Hold.By != "ann" {
			t.Fatalf("the hold is not on disk: %+v", b.kept.Hold)
		}
		again := newBench(t, func(l *Loop) { l.Kept = b.kept })
		end = again.run()
		again.surplus(9000, 60)
		again.expect("after a restart", "")
		if err := again.loop.Hold(t.Context(), false, "ann"); err != nil {
			t.Fatal(err)
		}
		again.surplus(9000, 13)
		again.expect("released", "a:high b:high")
		end(nil)
	})
}

// A daemon that is killed and comes back finds its rigs as they are: none is
// started again, none is stopped for want of a reading that is about to come.
func TestLoopRestart(t *testing.T) {
	synctest.Test(t, func(t *testing.T) {
		b := newBench(t)
		end := b.run()
		b.surplus(2300, 13)
		b.expect("sun", "a:low b:low")
		end(ErrHandOver)
		b.expect("handed over", "")
		again := newBench(t, func(l *Loop) { l.Kept = b.kept })
		again.rigs["a"].point, again.rigs["b"].point = 1, 1
		end = again.run()
		time.Sleep(5 * time.Second)
		again.expect("before the first reading", "")
		again.surplus(2300, 30)
		again.expect("after it", "")
		end(nil)
		again.expect("at the end", "a:off b:off")
	})
}

func TestLoopExit(t *testing.T) {
	synctest.Test(t, func(t *testing.T) {
		b := newBench(t, func(l *Loop) { l.Specs[1].OnExit = energy.ExitKeep })
		end := b.run()
		b.surplus(2300, 13)
		b.expect("sun", "a:low b:low")
		b.mu.Lock()
		b.rigs["a"].dead = true
		b.mu.Unlock()
		before := time.Now()
		err := end(nil)
		if err == nil || !strings.Contains(err.Error(), `"a"`) || time.Since(before) != 10*time.Second {
			t.Errorf("after %v: %v", time.Since(before), err)
		}
		b.expect("only what is to stop", "a:off")
	})
}

// A device that took the command still draws on its way down.
func TestLoopExitWaitsForOff(t *testing.T) {
	synctest.Test(t, func(t *testing.T) {
		b := newBench(t)
		end := b.run()
		b.surplus(2300, 13)
		b.expect("sun", "a:low b:low")
		b.mu.Lock()
		b.rigs["a"].dead = true
		b.mu.Unlock()
		const seq = 1000 // of any command that was sent
		go func() {
			say := func(state energy.State, draw energy.Watts, joules energy.Joules) {
				b.statuses <- energy.Status{
					Load: "a", At: time.Now(), State: state, Seq: seq, Points: benchPoints, Draw: draw, Source: energy.Measured, Energy: joules,
				}
			}
			time.Sleep(time.Second)
			say(energy.StateStopping, 500, 1)
			time.Sleep(3 * time.Second)
			say(energy.StateIdle, 10, 1500)
		}()
		before := time.Now()
		if err := end(nil); err != nil || time.Since(before) != 4*time.Second {
			t.Errorf("after %v: %v", time.Since(before), err)
		}
		if got := b.last.Loads[0].Status; got.State != energy.StateIdle || got.Energy != 1500 {
			t.Errorf("the last that was seen of it: %+v", got)
		}
	})
}

// A rig that has not answered yet is stopped all the same: it may be running.
func TestLoopExitBeforeTheFirstAnswer(t *testing.T) {
	synctest.Test(t, func(t *testing.T) {
		b := newBench(t)
		b.rigs["a"].dead, b.rigs["b"].dead = true, true // silent so far
		end := b.run()
		time.Sleep(time.Second)
		b.mu.Lock()
		b.rigs["a"].dead, b.rigs["b"].dead = false, false
		b.mu.Unlock()
		if err := end(nil); err != nil {
			t.Error(err)
		}
		b.expect("off is off", "a:off b:off")
	})
}

func TestLoopDrain(t *testing.T) {
	synctest.Test(t, func(t *testing.T) {
		b := newBench(t, func(l *Loop) { l.Specs[1].OnExit = energy.ExitKeep })
		end := b.run()
		b.surplus(2300, 13)
		b.took()
		if err := b.loop.Drain(t.Context(), time.Minute, "ann"); err != nil {
			t.Fatal(err)
		}
		b.expect("all of them", "a:off b:off")
		if err := end(nil); err != nil { // it has ended by itself
			t.Error(err)
		}
	})
}

func TestLoopSignals(t *testing.T) {
	synctest.Test(t, func(t *testing.T) {
		b := newBench(t)
		end := b.run()
		b.surplus(5000, 13)
		b.expect("sun", "a:high b:high")
		kept := make(chan struct{})
		b.signals <- Delivery{
			Signal: energy.Signal{Source: "dso", ID: "x", Kind: energy.KindLimit, At: energy.AtFlexible, Max: 2500, Start: time.Now(),
				End: time.Now().Add(20 * time.Second), Received: time.Now()},
			Done: func() { close(kept) },
		}
		<-kept
		b.mu.Lock()
		if len(b.kept.Book.Signals) != 1 {
			t.Error("acknowledged, but not on disk")
		}
		b.mu.Unlock()
		b.expect("obeyed at once", "a:low b:low")
		b.surplus(5000, 10)
		b.expect("in force", "")
		b.surplus(5000, 12)
		b.expect("over", "a:high b:high")
		synctest.Wait()
		var states []string
		for _, a := range b.answers {
			states = append(states, string(a.State))
		}
		if want := []string{"accepted", "started", "achieved", "completed"}; !slices.Equal(states, want) {
			t.Errorf("answers %v, want %v", states, want)
		}
		end(nil)
	})
}

// A limit is not achieved because a command was sent: the rig must have taken
// it.
func TestLoopBelievesNoCommand(t *testing.T) {
	synctest.Test(t, func(t *testing.T) {
		b := newBench(t)
		end := b.run()
		b.surplus(5000, 13)
		b.mu.Lock()
		b.rigs["a"].dead, b.rigs["b"].dead = true, true
		b.mu.Unlock()
		b.signals <- Delivery{Signal: energy.Signal{Source: "dso", ID: "x", Kind: energy.KindLimit, At: energy.AtFlexible, Max: 2500,
			Start: time.Now(), End: time.Now().Add(20 * time.Second), Received: time.Now()}, Done: func() {}}
		b.surplus(5000, 25)
		synctest.Wait()
		if got := b.answers[len(b.answers)-1]; got.State != energy.SignalFailed || got.ViolationS == 0 {
			t.Errorf("ended as %+v", got)
		}
		end(errors.New("over"))
	})
}

// What a rig that does not obey goes on drawing is not given to another.
func TestLoopWaitsForReductions(t *testing.T) {
	synctest.Test(t, func(t *testing.T) {
		b := newBench(t)
		end := b.run()
		b.surplus(5000, 13)
		b.expect("sun", "a:high b:high")
		b.mu.Lock()
		b.rigs["b"].dead = true
		b.mu.Unlock()
		b.surplus(3500, 3)
		b.expect("b does not follow, so a has to", "b:low a:low")
		b.surplus(3500, 20)
		b.expect("a would rise into power that b still draws", "")
		b.mu.Lock()
		b.rigs["b"].point = 1
		seq := b.last.Loads[1].Setpoint.Seq
		b.mu.Unlock()
		b.rigs["b"].say(seq)
		b.surplus(3500, 2)
		b.expect("b has obeyed", "a:high")
		end(ErrHandOver)
	})
}

// Rises wait for the disk, reductions do not; and a disk that hangs or
// refuses holds nothing up for long.
func TestLoopSlowDisk(t *testing.T) {
	synctest.Test(t, func(t *testing.T) {
		b := newBench(t)
		b.disk = 400 * time.Millisecond
		end := b.run()
		b.surplus(2300, 9)
		time.Sleep(1200 * time.Millisecond) // the start delay ends at 10 s
		b.expect("not written down yet", "")
		time.Sleep(700 * time.Millisecond)
		b.expect("written down", "a:low b:low")
		b.mu.Lock()
		b.disk, b.refuse = time.Hour, errors.New("disk full")
		b.mu.Unlock()
		b.surplus(1100, 1)
		b.expect("a reduction", "b:off")
		b.surplus(2300, 3)
		b.expect("a rise, a second late", "b:low")
		go end(ErrHandOver)
		time.Sleep(3 * time.Hour)
	})
}

func TestLoopObserves(t *testing.T) {
	synctest.Test(t, func(t *testing.T) {
		b := newBench(t, func(l *Loop) { l.Setup.Observe = true })
		end := b.run()
		b.surplus(5000, 30)
		b.expect("nothing is commanded", "")
		b.mu.Lock()
		d := b.last.Loads[0].Decision
		b.mu.Unlock()
		if d.To != 2 || d.Reason != energy.Surplus || !b.last.Observe {
			t.Errorf("decided %+v", d)
		}
		end(nil)
		b.expect("nor at the end", "")
	})
}
