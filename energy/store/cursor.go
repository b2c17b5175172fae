package store

import (
	"context"
	"errors"
	"fmt"
	"io"
	"os"
	"time"

	"github.com/curtaild/curtaild/energy"
)

const (
	cursorFile  = "cursors.json"
	cursorTicks = 10      // cursors are saved on every tenth tick: a crash makes a reader read so much again
	maxBatch    = 4 << 20 // bytes of lines in one batch
)

// cursorState is what is kept of a cursor.
type cursorState struct {
	Pos    uint64 `json:"pos"`    // number of the next record to read
	Missed int64  `json:"missed"` // records dropped before they were read
	open   bool
}

// Batch is a run of records. Its memory is reused by the next call of Next.
type Batch struct {
	Lines   [][]byte // of the line protocol, without the newline
	Classes []energy.Class
	End     uint64 // the position after it, for Commit
}

// Cursor reads the log from where its name left off: each record at least
// once, oldest first. It belongs to one goroutine.
type Cursor struct {
	log   *Log
	name  string
	state *cursorState

	file   *os.File
	start  uint64 // of the segment that is open
	blocks blockReader
	pos    uint64 // next record to hand out
	lines  []byte // of the current block, not handed out yet
	class  energy.Class
	end    uint64 // of the current block
	exact  bool   // the current block has a line for each number it covers
	bad    bool   // a block could not be read: see how far the next one is
	raw    []byte
	text   []byte
}

// Cursor opens the cursor of that name. A new one begins at the oldest record.
func (l *Log) Cursor(name string) (*Cursor, error) {
	l.mu.Lock()
	defer l.mu.Unlock()
	s := l.cursors[name]
	if s == nil {
		s = new(cursorState)
		l.cursors[name] = s
	}
	if s.open {
		return nil, fmt.Errorf("log cursor %q is open already", name)
	}
	s.open = true
	return &Cursor{log: l, name: name, state: s, pos: s.Pos}, nil
}

// Close lets the cursor's name be opened again.
func (c *Cursor) Close() error {
	c.log.mu.Lock()
	c.state.open = false
	c.log.mu.Unlock()
	c.leave()
	return nil
}

// Commit says that all records before pos, the End of a batch, need not be
// read again.
func (c *Cursor) Commit(pos uint64) {
	c.log.mu.Lock()
	defer c.log.mu.Unlock()
	if pos > c.state.Pos {
		c.state.Pos = pos
		c.log.moved = true
	}
}

// Next returns the next records, at most limit, and waits while there are none.
// After Close of the log it returns what is left, then io.EOF.
func (c *Cursor) Next(ctx context.Context, limit int) (Batch, error) {
	b := Batch{}
	c.text = c.text[:0]
	for {
		c.take(&b, limit)
		if len(b.Lines) >= limit || len(c.text) >= maxBatch {
			return b, nil
		}
		news, closed := c.log.watch()
		ok, err := c.advance()
		switch {
		case err != nil:
			return Batch{}, err
		case ok:
			continue
		case len(b.Lines) > 0:
			return b, nil
		case closed:
			return Batch{}, io.EOF
		}
		select {
		case <-news:
		case <-ctx.Done():
			return Batch{}, ctx.Err()
		}
	}
}

// watch returns a channel that is closed when there is something new to read.
func (l *Log) watch() (news <-chan struct{}, closed bool) {
	l.mu.Lock()
	defer l.mu.Unlock()
	return l.news, l.closed
}

// take moves lines of the current block into the batch.
func (c *Cursor) take(b *Batch, limit int) {
	for len(c.lines) > 0 && len(b.Lines) < limit && len(c.text) < maxBatch {
		n := indexNewline(c.lines)
		at := len(c.text)
		c.text = append(c.text, c.lines[:n]...)
		b.Lines = append(b.Lines, c.text[at:len(c.text):len(c.text)])
		b.Classes = append(b.Classes, c.class)
		c.lines = c.lines[min(n+1, len(c.lines)):]
		if c.exact {
			c.pos++
		}
		if len(c.lines) == 0 {
			c.pos = c.end
		}
		b.End = c.pos
	}
}

func indexNewline(b []byte) int {
	for i, ch := range b {
		if ch == '\n' {
			return i
		}
	}
	return len(b)
}

// advance reads the next block; false when there is none yet.
func (c *Cursor) advance() (bool, error) {
	for {
		if c.file == nil {
			ok, err := c.enter()
			if !ok || err != nil {
				return false, err
			}
		}
		limit, sealed := c.log.extent(c.start)
		if sealed && limit == 0 { // no longer the log's: what we hold open is still whole
			info, err := c.file.Stat()
			if err != nil {
				return false, fmt.Errorf("log cursor %s: %w", c.name, err)
			}
			limit = info.Size()
		}
		c.blocks.limit = limit
		h, p, err := c.blocks.next(true)
		switch {
		case errors.Is(err, io.EOF) && !sealed:
			return false, nil
		case errors.Is(err, io.EOF):
			c.leave()
			c.start++ // on to the segment after it
		case errors.Is(err, errCorrupt), errors.Is(err, errShort):
			c.skip()
		case err != nil:
			return false, fmt.Errorf("log cursor %s: %w", c.name, err)
		case c.unpack(h, p):
			return true, nil
		}
	}
}

// unpack makes a block the current one; false if there is nothing in it to
// hand out.
func (c *Cursor) unpack(h header, p []byte) bool {
	if h.kind == kindFooter {
		c.blocks.off = c.blocks.limit // what follows is the footer's own tail
		return false
	}
	if h.end() <= c.pos {
		return false
	}
	raw, err := c.log.codec.decode(c.raw, h, p)
	if err != nil {
		c.log.noteCorrupt(place{c.blocks.f.(*os.File).Name(), c.blocks.off}, className(h.class()), loss{int64(h.count), h.min, h.max})
		c.pos = h.end()
		return false
	}
	if c.bad && h.first > c.pos {
		at := time.Now().UnixNano()
		c.log.noteCorrupt(place{c.blocks.f.(*os.File).Name(), c.blocks.off}, "unknown", loss{int64(h.first - c.pos), h.min, max(h.min, min(h.max, at))})
	}
	c.bad = false
	c.raw, c.lines, c.class, c.end, c.exact = raw, raw, h.class(), h.end(), h.span == h.count
	if c.exact {
		for ; h.first < c.pos && len(c.lines) > 0; h.first++ { // had before
			c.lines = c.lines[min(indexNewline(c.lines)+1, len(c.lines)):]
		}
	}
	c.pos = max(c.pos, h.first)
	return len(c.lines) > 0
}

// skip goes past bytes that are no block.
func (c *Cursor) skip() {
	c.bad = true
	if !c.blocks.resync() {
		c.blocks.off = c.blocks.limit
	}
}

// enter opens the first segment from c.start on that has records to read.
func (c *Cursor) enter() (bool, error) {
	for {
		s, ok := c.log.segmentFor(c.start, c.pos)
		if !ok {
			return false, nil
		}
		f, err := os.Open(s.path)
		if errors.Is(err, os.ErrNotExist) {
			if c.log.holds(s.path) {
				return false, fmt.Errorf("log cursor %s: segment is gone: %w", c.name, err)
			}
			continue // retention was faster
		}
		if err != nil {
			return false, fmt.Errorf("log cursor %s: %w", c.name, err)
		}
		c.file, c.start = f, s.start
		c.blocks = blockReader{f: f, buf: c.blocks.buf}
		return true, nil
	}
}

func (c *Cursor) leave() {
	if c.file != nil {
		_ = c.file.Close()
		c.file = nil
	}
}

// segmentFor finds the first segment from start on that ends after pos.
func (l *Log) segmentFor(start, pos uint64) (segment, bool) {
	l.mu.Lock()
	defer l.mu.Unlock()
	for _, s := range l.segments {
		if s.start >= start && (!s.sealed || s.sum.Next > pos) {
			return *s, true
		}
	}
	return segment{}, false
}

func (l *Log) holds(path string) bool {
	l.mu.Lock()
	defer l.mu.Unlock()
	for _, s := range l.segments {
		if s.path == path {
			return true
		}
	}
	return false
}

// extent is how much of the segment with that start may be read; 0 and true
// if all of it.
func (l *Log) extent(start uint64) (limit int64, sealed bool) {
	l.mu.Lock()
	defer l.mu.Unlock()
	for _, s := range l.segments {
		if s.start == start && !s.sealed {
			return s.size, false
		}
	}
	return 0, true
}
