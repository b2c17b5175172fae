package scheduler

import (
	"errors"
	"reflect"
	"slices"
	"testing"
	"testing/synctest"
	"time"

	"github.com/curtaild/curtaild/energy"
)

// What the site remembers has to be in the checkpoint. Whoever adds a field
// decides here whether it belongs there.
func TestCheckpointKnowsEveryField(t *testing.T) {
	for _, c := range []struct {
		of   any
		left []string // made anew, or only for people
		in   any
		as   []string // fields that have another name in it
	}{
		{site{}, []string{"Loop", "log", "keep", "fleet", "rules", "index", "states", "stale", "balance", "plan", "lazy", "believed", "taught", "balancer", "outlook"}, checkpoint{}, nil},
		{loadState{}, nil, loadRecord{}, nil},
	} {
		kept := reflect.TypeOf(c.in)
		for i := range reflect.TypeOf(c.of).NumField() {
			name := reflect.TypeOf(c.of).Field(i).Name
			_, in := kept.FieldByNameFunc(func(s string) bool { return len(s) == len(name) && s[1:] == name[1:] })
			if !in && !slices.Contains(c.left, name) {
				t.Errorf("%T.%s: part of the checkpoint, or not?", c.of, name)
			}
		}
	}
}

// A gap is said, and nothing is guessed after it.
func TestReplayGap(t *testing.T) {
	synctest.Test(t, func(t *testing.T) {
		var day daybook
		b := newBench(t)
		day.write(t, b)
		end := b.run()
		for range 4 {
			b.surplus(2300, 30)
			day.take(t, b)
		}
		end(ErrHandOver)
		day.take(t, b)
		last := len(day.frames) - 1
		for _, lost := range []int{0, 1, last / 2, last} {
			r := new(Replay)
			var err error
			for i, f := range day.frames {
				if i == lost {
					continue
				}
				if err = r.Add(f); err != nil {
					break
				}
			}
			switch {
			case lost == 0: // nothing to begin with
				if at, _ := r.Last(); !at.IsZero() {
					t.Error("replayed without a checkpoint")
				}
			case lost == last:
				if err != nil {
					t.Errorf("the last frame is missing: %v", err)
				}
			case !errors.Is(err, ErrGap):
				t.Errorf("without frame %d of %d: %v", lost, last+1, err)
			}
		}
	})
}

// Where nobody takes what is written down, the loop goes on, and a new stream
// begins once somebody does.
func TestJournalOverflows(t *testing.T) {
	synctest.Test(t, func(t *testing.T) {
		var day daybook
		b := newBench(t)
		day.write(t, b)
		end := b.run()
		b.surplus(2300, 20)
		b.loop.Journal.mu.Lock()
		b.loop.Journal.bytes = maxWaiting // as if
		b.loop.Journal.mu.Unlock()
		b.surplus(2300, 20)
		day.take(t, b)
		b.surplus(1000, 20)
		end(ErrHandOver)
		day.take(t, b)
		streams := day.streams()
		if len(streams) != 2 {
			t.Fatalf("%d streams", len(streams))
		}
		first := replayOf(t, streams[0])
		if err := first.Until(time.Now()); err != nil || first.rolled || first.ended {
			t.Errorf("the first stream: %v, rolled %v, ended %v", err, first.rolled, first.ended)
		}
		if at, _ := first.Last(); at.Sub(b.start) < 19*time.Second || at.Sub(b.start) > 21*time.Second {
			t.Errorf("the first stream ends at %v", at.Sub(b.start))
		}
		if day.compare(t) < 20 {
			t.Error("hardly any plans")
		}
	})
}

// When the clock is set, delays that run go on as they were, and no reading
// grows old or young.
func TestClockSet(t *testing.T) {
	synctest.Test(t, func(t *testing.T) {
		b := newBench(t, worn)
		s, err := openSite(b.loop, func(Change, func(error)) {}, time.Now().UTC())
		if err != nil {
			t.Fatal(err)
		}
		now := s.clock()
		s.takeReading(energy.Reading{Name: "grid", Value: -3000, At: now, Arrived: time.Now()})
		for _, name := range []string{"a", "b"} {
			s.takeStatus(energy.Status{Load: name, At: time.Now(), State: energy.StateIdle, Points: benchPoints, Source: energy.Measured})
		}
		s.pass(now)
		due := s.plan.Wake
		if due.IsZero() || s.kept.Memory.Gates["soak"].Since.IsZero() {
			t.Fatalf("no start delay runs: %+v", s.plan)
		}
		fresh := s.board.Sample("grid", now).Until.Sub(now)
		for _, by := range []time.Duration{time.Hour, -3 * time.Hour} {
			since := now.Sub(s.kept.Memory.Gates["soak"].Since)
			s.shift(by)
			now = now.Add(by)
			if got := now.Sub(s.kept.Memory.Gates["soak"].Since); got != since {
				t.Errorf("set by %v: the delay has run for %v, before %v", by, got, since)
			}
			if left := s.board.Sample("grid", now).Until.Sub(now); left > fresh {
				t.Errorf("set by %v: the reading has %v left, before %v", by, left, fresh)
			}
		}
		if got := s.local(s.read.Add(-time.Second)); !got.Equal(s.read.Add(-time.Second)) {
			t.Errorf("a second ago is %v", got)
		}
	})
}
