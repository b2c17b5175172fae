package scheduler

import (
	"slices"
	"testing"
	"testing/synctest"
	"time"

	"github.com/curtaild/curtaild/energy"
)

// A state that a signal has entered is on disk at once: after a crash it is
// not entered again.
func TestLoopKeepsWhatSignalsHaveGoneThrough(t *testing.T) {
	synctest.Test(t, func(t *testing.T) {
		b := newBench(t)
		end := b.run()
		b.surplus(2300, 13)
		done := make(chan struct{})
		b.signals <- Delivery{Signal: limit(func(s *energy.Signal) {
			s.Received, s.Start, s.End = time.Now(), time.Now(), time.Now().Add(time.Minute)
		}), Done: func() { close(done) }}
		<-done
		b.surplus(2300, 3)
		b.mu.Lock()
		last := b.answers[len(b.answers)-1].State
		book := b.kept.Book.Signals
		b.mu.Unlock()
		if last != energy.SignalAchieved || len(book) != 1 || book[0].Status.State != last {
			t.Errorf("answered %s, on disk is %+v", last, book)
		}
		if err := end(nil); err != nil {
			t.Error(err)
		}
	})
}

// A source that says the same again and again is answered each time, and on
// record once.
func TestRepetitionIsNoNews(t *testing.T) {
	synctest.Test(t, func(t *testing.T) {
		b := newBench(t)
		end := b.run()
		b.surplus(2300, 13)
		for range 10 {
			done := make(chan struct{})
			b.signals <- Delivery{Signal: limit(func(s *energy.Signal) {
				s.Received, s.Start, s.End = b.start, b.start, b.start.Add(time.Hour)
			}), Done: func() { close(done) }}
			<-done
			b.surplus(2300, 1)
		}
		synctest.Wait()
		var states []string
		for _, a := range b.answers {
			states = append(states, string(a.State))
		}
		if want := []string{"accepted", "started", "achieved"}; !slices.Equal(states, want) || b.again != 9 {
			t.Errorf("entered %q, want %q; said again %d times", states, want, b.again)
		}
		end(ErrHandOver)
	})
}
