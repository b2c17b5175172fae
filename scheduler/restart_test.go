package scheduler

import (
	"errors"
	"log/slog"
	"testing"
	"testing/synctest"
	"time"

	"github.com/curtaild/curtaild/energy"
	"github.com/curtaild/curtaild/policies"
)

// held is a site under an operator's stop that has just been started; a's
// statuses are the test's.
func held(t *testing.T, change ...func(*Loop)) *bench {
	b := newBench(t, append(change, func(l *Loop) { l.Kept.Hold = &energy.Hold{By: "ann"} })...)
	b.rigs["a"].dead = true
	return b
}

// hashing says that a runs at its highest level.
func (b *bench) hashing(change func(*energy.Status)) {
	st := energy.Status{
		Load: "a", At: time.Now(), State: energy.StateRunning, Point: 2, Draw: 2010, Source: energy.Measured, Points: benchPoints,
	}
	change(&st)
	b.statuses <- st
	time.Sleep(time.Second)
}

// A rig that runs although all are to be off is stopped, however little it
// said at first, whatever was written down, and whenever it started.
func TestRestartFindsWhatRuns(t *testing.T) {
	for name, says := range map[string][]func(*energy.Status){
		"points come late":         {func(s *energy.Status) { s.Point, s.Points = -1, nil }, func(*energy.Status) {}},
		"a level that has no name": {func(s *energy.Status) { s.Point = -1 }},
		"starts by itself later":   {func(s *energy.Status) { s.Point, s.State, s.Draw = 0, energy.StateIdle, 10 }, func(*energy.Status) {}},
		"in fault at first":        {func(s *energy.Status) { s.Point, s.State = -1, energy.StateFault }, func(*energy.Status) {}},
	} {
		t.Run(name, func(t *testing.T) {
			synctest.Test(t, func(t *testing.T) {
				b := held(t, func(l *Loop) {
					l.Kept.Loads = map[string]KeptLoad{"a": {Setpoint: energy.Setpoint{Load: "a", Name: "off", Draw: 10}}}
				})
				end := b.run()
				for _, say := range says {
					b.hashing(say)
				}
				got := b.took()
				end(ErrHandOver)
				if got != "a:off" {
					t.Errorf("told %q, want a:off", got)
				}
			})
		})
	}
}

// keptOn is a site that was left with both rigs at a level and its gate open.
func keptOn(point int) func(*Loop) {
	return func(l *Loop) {
		l.Kept.Seen = time.Now()
		l.Kept.Memory.Gates = map[string]Gate{"soak": {Open: true}}
		l.Kept.Loads = map[string]KeptLoad{}
		for _, name := range []string{"a", "b"} {
			p := benchPoints[point]
			l.Kept.Loads[name] = KeptLoad{
				Setpoint: energy.Setpoint{Load: name, Point: point, Name: p.Name, Draw: p.Draw, Policy: "soak"}, Since: time.Now().Add(-time.Hour),
			}
		}
	}
}

// After a blackout the rigs are off, though they were left running: the draw
// that was assumed until they answered is not given out again.
func TestRestartAfterBlackout(t *testing.T) {
	synctest.Test(t, func(t *testing.T) {
		b := newBench(t, keptOn(2))
		b.rigs["a"].dead, b.rigs["b"].dead = true, true
		end := b.run()
		time.Sleep(100 * time.Millisecond)
		b.readings <- energy.Reading{Name: "grid", Value: -100, At: time.Now(), Arrived: time.Now()}
		time.Sleep(100 * time.Millisecond)
		b.rigs["a"].say(0)
		b.rigs["b"].say(0)
		time.Sleep(3 * time.Second)
		got := b.took()
		end(ErrHandOver)
		if got != "" {
			t.Errorf("with 100 W to spare loads were told %q", got)
		}
	})
}

// A limit that is far away is no reason to decide before the first reading.
func TestRestartUnderLimit(t *testing.T) {
	for max, binds := range map[energy.Watts]bool{100e3: false, 1500: true} {
		synctest.Test(t, func(t *testing.T) {
			b := newBench(t, keptOn(1), func(l *Loop) {
				l.Setup.Policies[0].OnStale = policies.OnStale{Then: policies.ThenStop}
				l.Kept.Book.Take(time.Now(), energy.Signal{
					Source: "dso", ID: "x", Kind: energy.KindLimit, At: energy.AtFlexible, Max: max, Start: time.Now(),
				}, dso, measure(1))
			})
			b.rigs["a"].point, b.rigs["b"].point = 1, 1
			end := b.run()
			time.Sleep(3 * time.Second)
			got := b.took()
			end(ErrHandOver)
			if (got != "") != binds {
				t.Errorf("limit %v: loads were told %q", max, got)
			}
		})
	}
}

// A start delay does not run while nobody looks.
func TestRestartAfterLong(t *testing.T) {
	synctest.Test(t, func(t *testing.T) {
		b := newBench(t, func(l *Loop) {
			l.Kept.Memory.Gates = map[string]Gate{"soak": {Since: time.Now().Add(-time.Hour)}}
			l.Kept.Seen = time.Now().Add(-time.Hour)
		})
		end := b.run()
		b.surplus(5000, 5)
		got := b.took()
		end(ErrHandOver)
		if got != "" {
			t.Errorf("loads were told %q", got)
		}
	})
}

// A disk that refuses for a while loses nothing but time, and nobody is told
// that something is kept when it is not.
func TestRestartAfterFullDisk(t *testing.T) {
	synctest.Test(t, func(t *testing.T) {
		b := newBench(t)
		b.refuse = errors.New("disk full")
		end := b.run()
		b.surplus(2300, 13)
		if got := b.took(); got != "a:low b:low" {
			t.Errorf("loads were told %q", got)
		}
		if err := b.loop.Hold(t.Context(), true, "ann"); !errors.Is(err, b.refuse) {
			t.Errorf("hold: %v", err)
		}
		b.mu.Lock()
		b.refuse = nil
		b.mu.Unlock()
		b.surplus(2300, 12)
		end(ErrHandOver)
		if b.kept.Hold == nil || len(b.kept.Loads) != 2 {
			t.Errorf("kept: %+v", b.kept)
		}
	})
}

func TestKeeperTriesAgain(t *testing.T) {
	var got []Change
	k := newKeeper(func(c Change) error {
		if got = append(got, c); len(got) == 1 {
			return errors.New("disk full")
		}
		return nil
	}, slog.New(slog.DiscardHandler))
	refused := make(chan error)
	load := func(seq uint64) KeptLoad { return KeptLoad{Setpoint: energy.Setpoint{Seq: seq}} }
	k.put(Change{Loads: map[string]KeptLoad{"a": load(1), "b": load(2)}}, func(err error) { refused <- err })
	if <-refused == nil {
		t.Error("nobody is told")
	}
	k.put(Change{Loads: map[string]KeptLoad{"b": load(3)}}, nil)
	k.close()
	if last := got[len(got)-1].Loads; last["a"].Setpoint.Seq != 1 || last["b"].Setpoint.Seq != 3 {
		t.Errorf("written at last: %+v", last)
	}
}
