package store

import (
	"bytes"
	"errors"
	"fmt"
	"io"
	"os"
	"strconv"
	"time"

	"github.com/curtaild/curtaild/energy"
)

// retain keeps the log within its bounds. It gives itself a fifth of a second
// a call: writing must go on.
func (l *Log) retain(now time.Time) {
	for time.Since(now) < 200*time.Millisecond {
		s, step, cause := l.overdue(now)
		if s == nil {
			return
		}
		gaps, err := l.apply(s, step)
		if err != nil {
			l.opt.Logger.Error("log space cannot be won back", "segment", s.path, "err", err)
			l.mu.Lock()
			l.stats.RetainErrors++
			l.mu.Unlock()
			return
		}
		l.recordGaps(gaps, cause)
	}
}

// step says what of a segment stays.
type step struct {
	keep func(energy.Class) bool
	thin bool
}

// overdue finds the segment that must give way next, and how: the oldest one
// that is too old goes whole; over the size, telemetry is thinned from the
// oldest on, then goes, then audit, and settlement last.
func (l *Log) overdue(now time.Time) (*segment, step, string) {
	l.mu.Lock()
	defer l.mu.Unlock()
	none := step{keep: func(energy.Class) bool { return false }}
	var total int64
	for _, s := range l.segments {
		total += s.size
		if s.sealed && s.sum.Max < now.Add(-l.opt.MaxAge).UnixNano() {
			return s, none, causeAge
		}
	}
	if total <= l.opt.MaxSize {
		return nil, step{}, ""
	}
	find := func(ok func(*segment) bool) *segment {
		for _, s := range l.segments {
			if s.sealed && ok(s) {
				return s
			}
		}
		return nil
	}
	if s := find(func(s *segment) bool { return !s.sum.Thinned && s.sum.Records[energy.Telemetry] > 0 }); s != nil {
		return s, step{keep: func(energy.Class) bool { return true }, thin: true}, causeThin
	}
	for _, drop := range []energy.Class{energy.Telemetry, energy.Audit} {
		if s := find(func(s *segment) bool { return s.sum.Records[drop] > 0 }); s != nil {
			return s, step{keep: func(c energy.Class) bool { return c < drop }}, causeSize
		}
	}
	if s := find(func(*segment) bool { return true }); s != nil {
		return s, none, causeSize
	}
	return nil, step{}, ""
}

// apply rewrites or removes a segment and says what was lost.
func (l *Log) apply(s *segment, st step) ([classes]gap, error) {
	var gaps [classes]gap
	f, err := os.Open(s.path)
	if errors.Is(err, os.ErrNotExist) {
		l.replace(s, nil)
		return gaps, nil
	}
	if err != nil {
		return gaps, fmt.Errorf("open log segment: %w", err)
	}
	defer f.Close()
	re := rewrite{log: l, step: st, gaps: &gaps, sum: summary{Next: s.sum.Next, Thinned: true}, kept: map[string]int64{}}
	if err := re.read(f, s.size); err != nil {
		return gaps, err
	}
	if len(re.out) == 0 {
		if err := os.Remove(s.path); err != nil {
			return gaps, fmt.Errorf("remove log segment: %w", err)
		}
		l.replace(s, nil)
		return gaps, nil
	}
	out := appendFooter(re.out, int64(len(re.out)), re.sum)
	if err := writeFile(s.path, out); err != nil {
		return gaps, err
	}
	l.replace(s, &segment{path: s.path, start: s.start, size: int64(len(out)), sealed: true, sum: re.sum})
	return gaps, nil
}

// replace puts a segment in another's place, or takes it out.
func (l *Log) replace(old, by *segment) {
	l.mu.Lock()
	defer l.mu.Unlock()
	list := make([]*segment, 0, len(l.segments))
	for _, s := range l.segments {
		switch {
		case s != old:
			list = append(list, s)
		case by != nil:
			list = append(list, by)
		}
	}
	l.segments = list
}

// rewrite copies what stays of a segment. Segments are small enough to hold.
type rewrite struct {
	log  *Log
	step step
	gaps *[classes]gap
	sum  summary
	kept map[string]int64 // series to the last span of time with a record
	out  []byte
	raw  []byte
}

func (re *rewrite) read(f io.ReaderAt, size int64) error {
	r := blockReader{f: f, limit: size}
	for {
		h, p, err := r.next(true)
		switch {
		case errors.Is(err, io.EOF):
			return nil
		case errors.Is(err, errCorrupt), errors.Is(err, errShort):
			if !r.resync() {
				return nil
			}
			continue
		case err != nil:
			return err
		case h.kind == kindFooter:
			continue
		}
		re.block(h, p)
	}
}

func (re *rewrite) block(h header, p []byte) {
	before := h.count
	switch {
	case !re.step.keep(h.class()):
		h.count = 0
	case re.step.thin && h.class() == energy.Telemetry:
		h = re.thin(h, p)
	default:
		n := len(re.out)
		re.out = append(re.out, make([]byte, headerSize)...)
		h.put(re.out[n:])
		re.out = append(re.out, p...)
	}
	if h.count > 0 {
		re.sum.add(&h)
	}
	if lost := int64(before - h.count); lost > 0 {
		g := &re.gaps[h.kind]
		g.add(lost, h.min, h.max)
		g.unread += re.log.unread(h, lost)
	}
}

// thin keeps one record of each series in each span of time. A block that
// cannot be read back is lost.
func (re *rewrite) thin(h header, p []byte) header {
	raw, err := re.log.codec.decode(re.raw, h, p)
	h.count = 0
	if err != nil {
		return h
	}
	re.raw = raw
	var lines []byte
	for line := range bytes.Lines(raw) {
		span := lineTime(line) / int64(re.log.opt.Thin)
		key := seriesOf(line)
		if last, ok := re.kept[string(key)]; ok && last == span {
			continue
		}
		re.kept[string(key)] = span
		lines = append(lines, line...)
		h.count++
	}
	if h.count > 0 {
		re.out = re.log.codec.encode(re.out, h, lines)
	}
	return h
}

// seriesOf is a line's measurement and tags: all before the first space that
// is not escaped.
func seriesOf(line []byte) []byte {
	for i := range line {
		if line[i] == ' ' && (i == 0 || line[i-1] != '\\') {
			return line[:i]
		}
	}
	return line
}

// lineTime is the time at a line's end; 0 if it cannot be read.
func lineTime(line []byte) int64 {
	line = bytes.TrimRight(line, "\n")
	t, err := strconv.ParseInt(string(line[bytes.LastIndexByte(line, ' ')+1:]), 10, 64)
	if err != nil {
		return 0
	}
	return t
}
