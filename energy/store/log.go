package store

import (
	"cmp"
	"context"
	"errors"
	"fmt"
	"log/slog"
	"os"
	"sync"
	"time"

	"github.com/curtaild/curtaild/energy"
)

// LogOptions says how a log is kept. The zero value of a field is its default.
type LogOptions struct {
	Dir      string
	MaxSize  int64         // bytes on disk; default 2 GB
	MaxAge   time.Duration // default 30 days
	Interval time.Duration // between writes; default 1 s
	// SegmentSize is how large a file grows before the next is begun: the
	// grain in which space is won back. Default 8 MiB, and at most a 16th of
	// MaxSize.
	SegmentSize int64
	// MaxBuffered is how many records may wait in memory for the disk.
	// Telemetry is refused from there on, audit and settlement later. Default
	// 200,000.
	MaxBuffered int
	Thin        time.Duration // thinned telemetry keeps one record a series in this; default 5 min
	Tags        []energy.Tag  // of the markers that stand for lost records: the site
	Logger      *slog.Logger

	open func(path string) (file, error) // for tests: opens a segment for writing
}

func (o *LogOptions) setDefaults() {
	o.MaxSize = cmp.Or(o.MaxSize, 2e9)
	o.MaxAge = cmp.Or(o.MaxAge, 30*24*time.Hour)
	o.Interval = cmp.Or(o.Interval, time.Second)
	o.SegmentSize = max(4<<10, min(cmp.Or(o.SegmentSize, 8<<20), o.MaxSize/16))
	o.MaxBuffered = cmp.Or(o.MaxBuffered, 200_000)
	o.Thin = cmp.Or(o.Thin, 5*time.Minute)
	o.Logger = cmp.Or(o.Logger, slog.New(slog.DiscardHandler))
	if o.open == nil {
		o.open = func(path string) (file, error) { return os.OpenFile(path, os.O_RDWR|os.O_CREATE, 0o600) }
	}
}

// Log is the spool: records on disk, oldest first, bounded by size and age.
// Its methods may be called from several goroutines.
type Log struct {
	opt      LogOptions
	codec    *codec
	encoders sync.Pool

	flushes chan chan error
	kick    chan struct{}
	quit    chan struct{}
	done    chan struct{}
	closing sync.Once

	mu       sync.Mutex // guards what follows; never held across I/O
	closed   bool
	pending  pending
	segments []*segment // oldest first; replaced, not changed, but for the last
	corrupt  map[place]bool
	next     uint64 // number after the last record on disk
	news     chan struct{}
	cursors  map[string]*cursorState
	moved    bool // a cursor has, since they were saved
	stats    LogStats
	lost     [classes]loss

	w writer // belongs to the writer goroutine
}

// loss is what admission has refused since the last marker.
type loss struct {
	count    int64
	min, max int64
}

// OpenLog opens the log in a folder, or begins one, cuts off a torn tail and
// starts the goroutine that writes. The caller holds the folder's [Lock].
func OpenLog(opt LogOptions) (*Log, error) {
	opt.setDefaults()
	if err := os.MkdirAll(opt.Dir, 0o700); err != nil {
		return nil, fmt.Errorf("make log folder: %w", err)
	}
	c, err := newCodec()
	if err != nil {
		return nil, err
	}
	l := &Log{
		opt: opt, codec: c,
		flushes: make(chan chan error), kick: make(chan struct{}, 1),
		quit: make(chan struct{}), done: make(chan struct{}),
		news: make(chan struct{}), corrupt: map[place]bool{},
	}
	l.encoders.New = func() any { return new(encoder) }
	if err := l.restore(); err != nil {
		return nil, err
	}
	go l.run()
	return l, nil
}

// restore finds the segments, cuts off what is torn, and reads the cursors.
func (l *Log) restore() error {
	list, err := listSegments(l.opt.Dir)
	if err != nil {
		return err
	}
	for i, s := range list {
		if err := l.inspect(s, i == len(list)-1); err != nil {
			return err
		}
		l.next = max(l.next, s.sum.Next)
	}
	l.segments = list
	if l.cursors, err = readCursors(l.opt.Dir); err != nil {
		l.opt.Logger.Warn("log cursors cannot be read: every reader begins at the oldest record", "err", err)
	}
	for _, c := range l.cursors {
		l.next = max(l.next, c.Pos) // else a lost tail's numbers would be given out again, and skipped
	}
	l.w.seq = l.next
	if n := len(list); n > 0 && !list[n-1].sealed {
		f, err := l.opt.open(list[n-1].path)
		if err != nil {
			return fmt.Errorf("open log segment: %w", err)
		}
		l.w.file = f
	}
	return nil
}

func (l *Log) inspect(s *segment, last bool) error {
	f, err := os.OpenFile(s.path, os.O_RDWR, 0)
	if err != nil {
		return fmt.Errorf("open log segment: %w", err)
	}
	defer f.Close()
	info, err := f.Stat()
	if err != nil {
		return fmt.Errorf("log segment: %w", err)
	}
	if sum, ok := readFooter(f, info.Size()); ok {
		s.sum, s.size, s.sealed = sum, info.Size(), true
		return nil
	}
	if err := s.scan(f, info.Size()); err != nil {
		return err
	}
	if !last {
		s.size, s.sealed = info.Size(), true
		return nil
	}
	if torn := info.Size() - s.size; torn > 0 {
		l.stats.Torn++
		l.stats.TornBytes += torn
		l.opt.Logger.Warn("the log's last block was torn and is cut off", "segment", s.path, "bytes", torn)
		if err := f.Truncate(s.size); err != nil {
			return fmt.Errorf("cut off torn block: %w", err)
		}
	}
	return nil
}

// Append takes records in. It never waits for the disk: what the buffer cannot
// hold, because the disk is full or stands still, is dropped and counted,
// telemetry first. A record that cannot be written at all is counted as
// invalid.
func (l *Log) Append(points ...energy.Point) {
	e := l.encoders.Get().(*encoder)
	e.reset()
	for i := range points {
		e.add(&points[i])
	}
	l.mu.Lock()
	l.stats.Invalid += int64(e.refused)
	l.stats.FieldsDropped += int64(e.fields)
	if e.err != nil {
		l.stats.LastInvalid = e.err.Error()
	}
	start := 0
	for _, m := range e.marks {
		l.admit(e.buf[start:m.end], m)
		start = m.end
	}
	full := l.pending.bytes >= chunkSize
	l.mu.Unlock()
	l.encoders.Put(e)
	if full {
		select {
		case l.kick <- struct{}{}:
		default: // the writer has been told
		}
	}
}

// admit takes one record into the buffer. Each class above telemetry has a
// quarter of the buffer more to itself than the one below.
func (l *Log) admit(line []byte, m mark) {
	limit := l.opt.MaxBuffered + int(energy.Telemetry-m.class)*(l.opt.MaxBuffered/4)
	if l.closed || l.stats.Buffered >= int64(limit) {
		l.stats.Dropped[m.class]++
		l.lost[m.class].add(1, m.at, m.at)
		return
	}
	l.stats.Buffered++
	l.pending.add(line, m)
}

func (s *loss) add(n, from, to int64) {
	if s.count == 0 {
		s.min, s.max = from, to
	}
	s.count += n
	s.min, s.max = min(s.min, from), max(s.max, to)
}

// Flush writes what is in memory and returns once it is on disk.
func (l *Log) Flush(ctx context.Context) error {
	answer := make(chan error, 1)
	select {
	case l.flushes <- answer:
	case <-l.done:
		return errClosed
	case <-ctx.Done():
		return fmt.Errorf("flush log: %w", ctx.Err())
	}
	select {
	case err := <-answer:
		return err
	case <-l.done:
		return errClosed
	case <-ctx.Done():
		return fmt.Errorf("flush log: %w", ctx.Err())
	}
}

var errClosed = errors.New("the log is closed")

// Close writes what is left and ends the writer. Cursors that wait are told.
func (l *Log) Close() error {
	l.closing.Do(func() { close(l.quit) })
	<-l.done
	return l.w.err
}
