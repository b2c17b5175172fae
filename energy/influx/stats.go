package influx

import (
	"sync"
	"time"
)

// Stats is how the writer fares. Counts are since it was made.
type Stats struct {
	State        State
	Since        time.Time // since when it is not ok; zero if it is
	LastError    string    // why; empty if it is ok
	Written      int64     // records brought over
	Rejected     int64     // of them, records set aside
	LastRejected string    // why
	Requests     int64
	Failures     int64 // batches that were not taken, and kept
}

// Stats returns a snapshot.
func (w *Writer) Stats() Stats {
	w.board.mu.Lock()
	defer w.board.mu.Unlock()
	s := w.board.stats
	if s.State == "" {
		s.State = StateOK
	}
	return s
}

// board is where the writer's goroutine leaves its figures.
type board struct {
	mu    sync.Mutex
	stats Stats
}

func (b *board) count(f func(*Stats)) {
	b.mu.Lock()
	defer b.mu.Unlock()
	f(&b.stats)
}

// ok notes a delivery and returns the state before it.
func (b *board) ok(records int) State {
	b.mu.Lock()
	defer b.mu.Unlock()
	was := b.stats.State
	b.stats.State, b.stats.LastError, b.stats.Since = StateOK, "", time.Time{}
	b.stats.Written += int64(records)
	if was == "" {
		return StateOK
	}
	return was
}

// failed notes a failure, and reports whether the state is a new one.
func (b *board) failed(s State, msg string, at time.Time) bool {
	b.mu.Lock()
	defer b.mu.Unlock()
	changed := b.stats.State != s
	if b.stats.Since.IsZero() {
		b.stats.Since = at
	}
	b.stats.State, b.stats.LastError = s, msg
	b.stats.Failures++
	return changed
}
