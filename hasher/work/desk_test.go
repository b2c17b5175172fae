package work

import (
	"errors"
	"fmt"
	"maps"
	"testing"
	"time"
)

// Shares are refused for a reason that is counted, and told to nobody else.
func TestDeskRefuses(t *testing.T) {
	closed := errors.New("closed")
	d := NewDesk(closed)
	if s := d.State(); s.Job != nil || s.Err != closed {
		t.Errorf("before any work: %+v", s)
	}
	asked := false
	if err := d.Submit(func(*Book) error { asked = true; return nil }); err != closed || asked {
		t.Errorf("without work: %v, asked: %v", err, asked)
	}
	d.Post(Job{}, true)
	<-d.Changed()
	for _, err := range []error{ErrStale, ErrDuplicate, ErrDuplicate, ErrLow, ErrMalformed, ErrBusy, errCut, nil} {
		given := err
		if err != nil {
			given = fmt.Errorf("wrapped: %w", err)
		}
		if got := d.Submit(func(*Book) error { return given }); got != given {
			t.Errorf("%v, want %v", got, given)
		}
	}
	want := map[string]uint64{"offline": 1, "stale": 1, "duplicate": 2, "low-difficulty": 1, "malformed": 1, "busy": 1, "other": 1}
	if got := d.State().Counts.Unsent; !maps.Equal(got, want) {
		t.Errorf("counted %v, want %v", got, want)
	}
	select {
	case <-d.Changed():
		t.Error("a refused share is told of")
	default:
	}
}

// A session lasts from the first job until there is no work; then none of its
// jobs counts any more.
func TestDeskSessions(t *testing.T) {
	d := NewDesk(errCut)
	first := d.Post(Job{ID: "a"}, true)
	second := d.Post(Job{ID: "b"}, false)
	if s := d.State(); s.Job != second || s.Err != nil || s.Counts.Sessions != 1 || !d.Alive(first.Seq) || !d.Alive(second.Seq) {
		t.Errorf("two jobs: %+v", s)
	}
	if d.End("a"); d.Alive(first.Seq) || !d.Alive(second.Seq) {
		t.Error("the wrong job has ended")
	}
	why := errors.New("why")
	if d.Close(why); d.State().Job != nil || d.State().Err != why || d.Alive(second.Seq) {
		t.Errorf("closed: %+v", d.State())
	}
	if third := d.Post(Job{ID: "b"}, false); third.Seq == second.Seq || d.State().Counts.Sessions != 2 || d.State().Err != nil {
		t.Errorf("open again: job %d, %+v", third.Seq, d.State())
	}
}

// Every change is told of, and many at once only once.
func TestDeskTells(t *testing.T) {
	d := NewDesk(errCut)
	for name, change := range map[string]func(){
		"post":     func() { d.Post(Job{}, false) },
		"close":    func() { d.Close(errCut) },
		"accepted": func() { d.Answered(time.Second, "") },
		"rejected": func() { d.Answered(3*time.Second, "time") },
		"fault":    func() { d.Count(func(c *Counts) { c.Faults["network"]++ }) },
	} {
		change()
		change()
		select {
		case <-d.Changed():
		default:
			t.Errorf("%s is not told of", name)
		}
		select {
		case <-d.Changed():
			t.Errorf("%s is told of twice", name)
		default:
		}
	}
	s := d.State()
	if c := s.Counts; c.Accepted != 2 || c.Rejected["time"] != 2 || c.Rejects() != 2 || c.Faults["network"] != 2 {
		t.Errorf("counts %+v", c)
	}
	if s.Latency.P95 != 3*time.Second {
		t.Errorf("latency %+v", s.Latency)
	}
	s.Counts.Faults["network"] = 0
	if d.State().Counts.Faults["network"] != 2 {
		t.Error("a state shares its counts with the next")
	}
}
