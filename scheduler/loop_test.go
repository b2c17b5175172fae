package scheduler

import (
	"errors"
	"slices"
	"testing"
	"testing/synctest"
	"time"

	"github.com/curtaild/curtaild/energy"
)

var benchPoints = []energy.OperatingPoint{{Name: "off", Draw: 10}, {Name: "low", Draw: 1010, Rate: 60e12}, {Name: "high", Draw: 2010, Rate: 100e12}}

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
		b.silence(true, "a", "b")
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
		b.silence(true, "b")
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
