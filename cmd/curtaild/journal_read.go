package main

import (
	"encoding/base64"
	"errors"
	"fmt"
	"io"
	"io/fs"
	"time"

	"github.com/curtaild/curtaild/energy"
	"github.com/curtaild/curtaild/energy/store"
	"github.com/curtaild/curtaild/scheduler"
)

// journal is the journal in a state folder, read from beside.
type journal struct{ log *store.Reader }

func openJournal(dir string) (*journal, error) {
	log, err := store.OpenReader(dir)
	switch {
	case errors.Is(err, fs.ErrNotExist):
		return nil, fmt.Errorf("read the journal: the daemon has not run with the state folder %s, give the right one: %w", dir, err)
	case errors.Is(err, fs.ErrPermission):
		return nil, fmt.Errorf("read the journal: run this as root, or give a copy of the state folder: %w", err)
	case err != nil:
		return nil, fmt.Errorf("read the journal: %w", err)
	}
	return &journal{log}, nil
}

// scan calls see for the frames of segment i until it returns false.
func (j *journal) scan(i int, from time.Time, see func(f scheduler.Frame, data []byte) bool) error {
	return j.log.Lines(i, energy.Audit, from, func(line []byte) bool {
		f, data, ok := parseFrame(line)
		return !ok || see(f, data)
	})
}

// find returns the stream that was begun last at or before t, the segment that
// it begins in, and whether no other was begun later; 0 if there is none.
func (j *journal) find(t time.Time) (stream int64, segment int, newest bool, err error) {
	newest = true
	for i := j.log.Segments() - 1; i >= 0 && stream == 0; i-- {
		if begins, ok := j.log.Begins(i); ok && begins.After(t.Add(time.Minute)) {
			newest = false
			continue
		}
		err := j.scan(i, time.Unix(0, 0), func(f scheduler.Frame, _ []byte) bool {
			switch {
			case f.Offset != 0:
			case f.Stream <= t.UnixNano():
				stream, segment = f.Stream, i
			default:
				newest = false
			}
			return true
		})
		if err != nil {
			return 0, 0, false, err
		}
	}
	return stream, segment, newest, nil
}

// oldest is when the record begins; zero if there is none.
func (j *journal) oldest() (at time.Time, err error) {
	for i := 0; i < j.log.Segments() && at.IsZero() && err == nil; i++ {
		err = j.scan(i, time.Unix(0, 0), func(f scheduler.Frame, _ []byte) bool {
			if f.Offset == 0 {
				at = time.Unix(0, f.Stream).UTC()
			}
			return at.IsZero()
		})
	}
	return at, err
}

// frames calls see for the frames of a stream, from the segment that it begins
// in on, until it is done.
func (j *journal) frames(stream int64, segment int, see func(scheduler.Frame) (done bool, err error)) error {
	var fault error
	done := false
	for i := segment; i < j.log.Segments() && !done; i++ {
		err := j.scan(i, time.Unix(0, stream).Add(-time.Minute), func(f scheduler.Frame, data []byte) bool {
			if f.Stream != stream {
				return true
			}
			if f.Data, fault = decode(data); fault == nil {
				done, fault = see(f)
			}
			done = done || fault != nil
			return !done
		})
		if err != nil {
			return err
		}
	}
	return fault
}

func decode(data []byte) ([]byte, error) {
	out := make([]byte, base64.RawStdEncoding.DecodedLen(len(data)))
	n, err := base64.RawStdEncoding.Decode(out, data)
	if err != nil {
		return nil, fmt.Errorf("journal: %w: %w", scheduler.ErrGap, err)
	}
	return out[:n], nil
}

// readJournal calls see for every event on record in a state folder from one
// time to another, oldest first, until it returns an error. Where a part is
// missing it goes on with what comes after.
func readJournal(dir string, from, to time.Time, see func(scheduler.Event) error) error {
	j, err := openJournal(dir)
	if err != nil {
		return err
	}
	_, segment, _, err := j.find(from)
	if err != nil {
		return err
	}
	events := eventFeed{from: from, to: to, see: see}
	for i := segment; i < j.log.Segments() && events.err == nil; i++ {
		if err := j.scan(i, from.Add(-2*time.Hour), events.take); err != nil {
			return err
		}
	}
	return events.err
}

// eventFeed is the events of one stream after the other.
type eventFeed struct {
	from, to time.Time
	see      func(scheduler.Event) error
	stream   *scheduler.Stream // nil: it cannot be read on
	err      error             // of see
}

func (e *eventFeed) take(f scheduler.Frame, data []byte) bool {
	if f.Offset == 0 {
		if f.Stream > e.to.UnixNano() {
			return false
		}
		e.stream = new(scheduler.Stream)
	}
	if e.stream == nil {
		return true
	}
	var err error
	if f.Data, err = decode(data); err == nil {
		err = e.stream.Add(f)
	}
	for err == nil && e.err == nil {
		var ev scheduler.Event
		if ev, err = e.stream.Next(); err == nil && !ev.At.Before(e.from) && !ev.At.After(e.to) {
			e.err = e.see(ev)
		}
	}
	if !errors.Is(err, io.EOF) {
		e.stream = nil
	}
	return e.err == nil
}
