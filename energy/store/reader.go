package store

import (
	"errors"
	"fmt"
	"io"
	"os"
	"path/filepath"
	"slices"
	"time"

	"github.com/curtaild/curtaild/energy"
)

// Reader reads a state folder's log from beside: without the folder's lock,
// also while a daemon writes to it, and writes nothing. What is not on disk
// yet, the last second or so, it does not see.
type Reader struct {
	codec    *codec
	segments []*segment
}

// OpenReader lists what is in the log of a state folder.
func OpenReader(dir string) (*Reader, error) {
	dir = filepath.Join(dir, logFolder)
	entries, err := os.ReadDir(dir)
	if err != nil {
		return nil, fmt.Errorf("read log folder: %w", err)
	}
	c, err := newCodec()
	if err != nil {
		return nil, err
	}
	r := &Reader{codec: c}
	for _, e := range entries {
		if s, ok := segmentOf(dir, e); ok {
			r.segments = append(r.segments, s)
		}
	}
	slices.SortFunc(r.segments, byStart)
	return r, nil
}

// Segments is how many files there are, oldest first.
func (r *Reader) Segments() int { return len(r.segments) }

// Begins is the time of the earliest record in segment i, without reading it;
// false while it is being written to.
func (r *Reader) Begins(i int) (at time.Time, ok bool) {
	f, err := os.Open(r.segments[i].path)
	if err != nil {
		return at, false
	}
	defer f.Close()
	info, err := f.Stat()
	if err != nil {
		return at, false
	}
	sum, ok := readFooter(f, info.Size())
	return time.Unix(0, sum.Min).UTC(), ok && sum.Min != 0
}

// Lines calls see for every record of one class in segment i, oldest first, as
// a line of the line protocol that is see's only during the call, until see
// returns false. From leaves out blocks that end before it. Blocks that cannot
// be read are left out, and a segment that is no longer there is empty.
func (r *Reader) Lines(i int, class energy.Class, from time.Time, see func(line []byte) bool) error {
	f, err := os.Open(r.segments[i].path)
	if errors.Is(err, os.ErrNotExist) {
		return nil // retention has taken it
	}
	if err != nil {
		return fmt.Errorf("open log segment: %w", err)
	}
	defer f.Close()
	info, err := f.Stat()
	if err != nil {
		return fmt.Errorf("log segment: %w", err)
	}
	blocks := blockReader{f: f, limit: info.Size()}
	var raw []byte
	for {
		at := blocks.off
		h, _, err := blocks.next(false)
		switch {
		case errors.Is(err, io.EOF):
			return nil
		case errors.Is(err, errCorrupt), errors.Is(err, errShort):
			if !blocks.resync() {
				return nil // the tail that is being written, most likely
			}
			continue
		case err != nil:
			return err
		case h.kind != uint8(class) || h.max < from.UnixNano():
			continue
		}
		blocks.off = at
		h, payload, err := blocks.next(true)
		if err != nil {
			return err
		}
		if raw, err = r.codec.decode(raw, h, payload); err != nil {
			continue
		}
		if !each(raw, see) {
			return nil
		}
	}
}

// each calls see for every line until it returns false, and reports whether it
// never did.
func each(lines []byte, see func([]byte) bool) bool {
	for len(lines) > 0 {
		n := indexNewline(lines)
		if !see(lines[:n]) {
			return false
		}
		lines = lines[min(n+1, len(lines)):]
	}
	return true
}

// Private reports whether a record is the program's own, and for no database:
// its measurement begins with an underscore.
func Private(line []byte) bool { return len(line) > 0 && line[0] == '_' }
