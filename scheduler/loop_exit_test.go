package scheduler

import (
	"strings"
	"testing"
	"testing/synctest"
	"time"

	"github.com/curtaild/curtaild/energy"
)

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
		b.silence(true, "a")
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
		b.silence(true, "a")
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
		b.silence(false, "a", "b")
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
