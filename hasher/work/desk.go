package work

import (
	"errors"
	"sync"
	"time"
)

// ErrBusy is more shares than a source takes at once.
var ErrBusy = errors.New("too many shares under way")

// Desk is where one source of work hands out its jobs and takes in shares: the
// job of now, those before it that still count, and what has become of the
// shares. Its methods are safe for concurrent use.
type Desk struct {
	closed  error
	changed chan struct{}

	mu     sync.Mutex
	book   Book
	job    *Job
	err    error
	counts Counts
	waits  Waits
}

// NewDesk is a desk without work, for that reason: it is also what shares are
// refused with whenever there is none.
func NewDesk(closed error) *Desk {
	return &Desk{
		closed: closed, changed: make(chan struct{}, 1), err: closed,
		counts: Counts{Rejected: map[string]uint64{}, Unsent: map[string]uint64{}, Faults: map[string]uint64{}},
	}
}

// Changed receives after the state has changed, once for any number of
// changes. Shares that Submit refuses are no change.
func (d *Desk) Changed() <-chan struct{} { return d.changed }

// State returns the state now.
func (d *Desk) State() State {
	d.mu.Lock()
	defer d.mu.Unlock()
	return State{Job: d.job, Err: d.err, Counts: d.counts.Clone(), Latency: d.waits.Latency()}
}

// Post makes j the work to do, numbers it, and returns it. A clean one ends all
// that came before it. The first after Close is a session.
func (d *Desk) Post(j Job, clean bool) *Job {
	d.mu.Lock()
	defer d.mu.Unlock()
	if d.job == nil {
		d.counts.Sessions++
	}
	d.job, d.err = d.book.Add(j, clean), nil
	d.notify()
	return d.job
}

// End ends all jobs with the source's id: it is about to give that to another.
func (d *Desk) End(id string) {
	d.mu.Lock()
	defer d.mu.Unlock()
	d.book.End(id)
}

// Close ends all jobs and says why there is no work any more.
func (d *Desk) Close(why error) {
	d.mu.Lock()
	defer d.mu.Unlock()
	d.job, d.err = nil, why
	d.book.Clear()
	d.notify()
}

// Alive reports whether shares of the job with this number still count.
func (d *Desk) Alive(seq uint64) bool {
	d.mu.Lock()
	defer d.mu.Unlock()
	return d.book.Alive(seq)
}

// Submit has queue take a share from the book and hand it on, and counts it as
// not sent if that fails. Queue holds the desk meanwhile: it must neither block
// nor use it.
func (d *Desk) Submit(queue func(*Book) error) error {
	d.mu.Lock()
	defer d.mu.Unlock()
	err := d.closed
	if d.job != nil {
		err = queue(&d.book)
	}
	if err != nil {
		d.counts.Unsent[d.unsent(err)]++
	}
	return err
}

// unsent is the word under which a share is counted that is not sent.
func (d *Desk) unsent(err error) string {
	switch {
	case errors.Is(err, ErrStale):
		return "stale"
	case errors.Is(err, ErrDuplicate):
		return "duplicate"
	case errors.Is(err, ErrLow):
		return "low-difficulty"
	case errors.Is(err, ErrMalformed):
		return "malformed"
	case errors.Is(err, ErrBusy):
		return "busy"
	case errors.Is(err, d.closed):
		return "offline"
	default:
		return "other"
	}
}

// Answered counts the source's answer to a share after that long: accepted, or
// rejected for a reason.
func (d *Desk) Answered(after time.Duration, reject string) {
	d.mu.Lock()
	defer d.mu.Unlock()
	d.waits.Add(after)
	if reject == "" {
		d.counts.Accepted++
	} else {
		d.counts.Rejected[reject]++
	}
	d.notify()
}

// Count changes the counts otherwise.
func (d *Desk) Count(change func(*Counts)) {
	d.mu.Lock()
	defer d.mu.Unlock()
	change(&d.counts)
	d.notify()
}

func (d *Desk) notify() {
	select {
	case d.changed <- struct{}{}:
	default:
	}
}
