package store

import (
	"errors"
	"fmt"
	"os"
	"time"

	"github.com/curtaild/curtaild/energy"
)

// writer is what belongs to the goroutine that writes.
type writer struct {
	file  file     // the active segment; nil: begin one
	dirty bool     // a write has failed: what stands after the segment's size is to be cut off
	queue []queued // packed, not yet on disk
	seq   uint64   // the next record's number
	err   error    // of the last write
	buf   []byte
}

// queued is one packed block.
type queued struct {
	header
	data []byte
}

func (l *Log) run() {
	defer close(l.done)
	tick := time.NewTicker(l.opt.Interval)
	defer tick.Stop()
	for n := 1; ; {
		select {
		case <-tick.C:
			_ = l.write() // kept in l.w.err, told by Stats
			l.retain(time.Now())
			if n++; n%cursorTicks == 0 {
				_ = l.saveCursors() // tried again; until then records are read twice at worst
			}
		case <-l.kick:
			_ = l.write()
		case answer := <-l.flushes:
			answer <- errors.Join(l.write(), l.saveCursors())
		case <-l.quit:
			l.finish()
			return
		}
	}
}

// finish writes twice: the first write may leave markers.
func (l *Log) finish() {
	_ = l.write()
	_ = l.write()
	if err := l.saveCursors(); l.w.err == nil {
		l.w.err = err
	}
	if l.w.file != nil {
		_ = l.w.file.Close()
	}
	l.mu.Lock()
	l.closed = true
	close(l.news)
	l.mu.Unlock()
}

// write packs what is pending and writes all that is queued. On failure the
// queue stays, and the next tick tries again.
func (l *Log) write() error {
	l.pack()
	err := l.drain()
	l.mu.Lock()
	switch {
	case err == nil && l.w.err != nil:
		l.stats.Err, l.stats.ErrSince = "", time.Time{}
		l.opt.Logger.Info("log can be written again")
	case err != nil && l.w.err == nil:
		l.stats.ErrSince = time.Now()
		l.opt.Logger.Error("log cannot be written: records wait in memory", "err", err)
	}
	if err != nil {
		l.stats.WriteErrors++
		l.stats.Err = err.Error()
	}
	l.mu.Unlock()
	l.w.err = err
	if err == nil {
		l.markLosses()
	}
	return err
}

// pack turns what is pending into blocks.
func (l *Log) pack() {
	l.mu.Lock()
	p := l.pending
	l.pending = pending{}
	l.mu.Unlock()
	p.each(func(class energy.Class, c *chunk) {
		h := header{
			kind: uint8(class), count: uint32(c.count), span: uint32(c.count),
			first: l.w.seq, min: c.min, max: c.max,
		}
		l.w.seq += uint64(c.count)
		l.w.queue = append(l.w.queue, queued{header: h, data: l.codec.encode(nil, h, c.lines)})
	})
}

// drain writes the queue, a segment's worth at a time.
func (l *Log) drain() error {
	for len(l.w.queue) > 0 {
		s, err := l.active()
		if err != nil {
			return err
		}
		l.w.buf = l.w.buf[:0]
		n := 0
		for n < len(l.w.queue) && (n == 0 || s.size+int64(len(l.w.buf)) < l.opt.SegmentSize) {
			l.w.buf = append(l.w.buf, l.w.queue[n].data...)
			n++
		}
		if err := l.put(s.size, l.w.buf); err != nil {
			return err
		}
		l.publish(s, l.w.queue[:n], int64(len(l.w.buf)))
		l.w.queue = l.w.queue[n:]
		if s.size >= l.opt.SegmentSize {
			l.seal(s)
		}
	}
	l.w.queue = nil
	if cap(l.w.buf) > 4*chunkSize {
		l.w.buf = nil
	}
	return nil
}

// active is the segment to write to, in a state to be written to.
func (l *Log) active() (*segment, error) {
	if l.w.file != nil {
		s := l.segments[len(l.segments)-1]
		if l.w.dirty {
			if err := l.w.file.Truncate(s.size); err != nil {
				return nil, fmt.Errorf("cut off unfinished block: %w", err)
			}
			l.w.dirty = false
		}
		return s, nil
	}
	first := l.w.queue[0].first
	s := &segment{path: segmentPath(l.opt.Dir, first), start: first, sum: summary{Next: first}}
	f, err := l.opt.open(s.path)
	if err != nil {
		return nil, fmt.Errorf("begin log segment: %w", err)
	}
	// A file of that name is one that never held a whole block.
	if err := f.Truncate(0); err != nil {
		_ = f.Close()
		return nil, fmt.Errorf("begin log segment: %w", err)
	}
	if err := syncDir(l.opt.Dir); err != nil {
		_ = f.Close()
		return nil, err
	}
	l.w.file = f
	l.mu.Lock()
	l.segments = append(l.segments, s)
	l.mu.Unlock()
	return s, nil
}

func (l *Log) put(at int64, data []byte) error {
	l.w.dirty = true
	if _, err := l.w.file.WriteAt(data, at); err != nil {
		_ = l.w.file.Truncate(at) // give the space back at once; active tries again
		return fmt.Errorf("write log: %w", err)
	}
	if err := l.w.file.Sync(); err != nil {
		_ = l.w.file.Truncate(at)
		return fmt.Errorf("sync log: %w", err)
	}
	l.w.dirty = false
	return nil
}

// publish makes blocks that are on disk visible to readers.
func (l *Log) publish(s *segment, blocks []queued, size int64) {
	l.mu.Lock()
	defer l.mu.Unlock()
	s.size += size
	for i := range blocks {
		s.sum.add(&blocks[i].header)
		l.stats.Written += int64(blocks[i].count)
		l.stats.Buffered -= int64(blocks[i].count)
	}
	l.next = s.sum.Next
	close(l.news)
	l.news = make(chan struct{})
}

// seal ends the active segment with its summary. Where that cannot be written
// the segment goes without: it is scanned at the next start.
func (l *Log) seal(s *segment) {
	footer := appendFooter(nil, s.size, s.sum)
	size := s.size
	if l.put(s.size, footer) == nil {
		size += int64(len(footer))
	} else {
		_ = l.w.file.Truncate(s.size)
	}
	_ = l.w.file.Close()
	l.w.file, l.w.dirty = nil, false
	l.mu.Lock()
	s.size, s.sealed = size, true
	close(l.news)
	l.news = make(chan struct{})
	l.mu.Unlock()
}

// syncDir makes a new or renamed file's name durable.
func syncDir(dir string) error {
	d, err := os.Open(dir)
	if err != nil {
		return fmt.Errorf("sync folder: %w", err)
	}
	defer d.Close()
	if err := d.Sync(); err != nil {
		return fmt.Errorf("sync folder: %w", err)
	}
	return nil
}
