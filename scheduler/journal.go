package scheduler

import (
	"slices"
	"sync"
	"time"

	"github.com/curtaild/curtaild/energy"
)

// The journal is what the loop took in, in the order and at the time in which
// it did: from a checkpoint on, that gives every decision once more, exactly
// (see [Replay]). It is bytes in streams. A stream begins with a checkpoint
// and goes on for an hour at most, then the next begins; so no more than that
// has to be gone through again. Frames are pieces of a stream that stand by
// themselves in a log.

const (
	// streamFor, streamPasses and streamWork (passes times loads) bound a
	// stream, and with it the time that a replay takes: two seconds or so, as
	// long as streamLeast, for which even the largest site writes on, allows.
	streamFor    = time.Hour
	streamPasses = 15_000
	streamWork   = 5_000_000
	streamLeast  = 5 * time.Minute
	// frameSize is the most that one frame holds, in bytes.
	frameSize = 3000
	// maxWaiting bounds what waits to be taken, in bytes. What does not fit is
	// lost, and a new stream begins as soon as there is room.
	maxWaiting = 4 << 20
	// patience and heap are how long, and how many bytes of what changed
	// nothing, wait to be taken: each taking costs a log a block.
	patience = 10 * time.Second
	heap     = 1000
)

// Frame is a piece of a stream.
type Frame struct {
	Stream int64 // unix nanoseconds of its checkpoint
	Offset int64 // of Data in the stream; 0: it begins with the checkpoint
	At     time.Time
	Data   []byte
}

// Journal takes down what the loop takes in. Its methods are quick and never
// wait, but for Take, which another goroutine calls. A nil Journal takes
// nothing down.
type Journal struct {
	version, config string

	mu      sync.Mutex
	waiting []stream // the last one is written to
	bytes   int      // that wait
	lost    bool     // the stream has a gap: nothing goes into it any more
	hurry   bool     // something that waits is worth a block of its own
	taken   time.Time

	// These belong to the loop's goroutine.
	pack   packer
	head   heading
	began  time.Time
	passes int
	seq    uint64 // of the last set-point sent
}

// stream is what waits of a stream to be taken.
type stream struct {
	id     int64
	begin  *checkpoint // not packed yet
	offset int64       // of data
	data   []byte
}

// NewJournal makes a journal for one loop, of a program of that version under
// a config with that hash.
func NewJournal(version, config string) *Journal {
	return &Journal{version: version, config: config}
}

// due reports whether a new stream should begin.
func (j *Journal) due(now time.Time) bool {
	if j == nil {
		return false
	}
	j.mu.Lock()
	defer j.mu.Unlock()
	if j.lost {
		return j.bytes < maxWaiting/2
	}
	age := now.Sub(j.began)
	if j.began.IsZero() || age >= streamFor || age < -streamFor || j.passes >= streamPasses {
		return true
	}
	return age >= streamLeast && j.passes*len(j.head.loads) >= streamWork
}

// begin begins a stream.
func (j *Journal) begin(c *checkpoint) {
	j.mu.Lock()
	roll := !j.began.IsZero() && !j.lost
	j.mu.Unlock()
	if roll {
		j.put(&Event{Kind: EventRoll, At: c.At})
	}
	c.Version, c.Config = j.version, j.config
	j.pack = packer{words: map[string]uint64{}}
	j.head, j.began, j.passes = c.heading(), c.At, 0
	j.head.last = nil // the loop has it
	j.mu.Lock()
	defer j.mu.Unlock()
	j.lost, j.hurry = false, true
	j.waiting = append(j.waiting, stream{id: c.At.UnixNano(), begin: c})
}

// put takes an event down.
func (j *Journal) put(e *Event) {
	if j == nil || j.began.IsZero() {
		return
	}
	hurry := e.Kind != EventReading && e.Kind != EventForecast && e.Kind != EventPresence
	if e.Kind == EventPass {
		j.passes++
		hurry, j.seq = e.Seq != j.seq, e.Seq
	}
	j.pack.event(&j.head, e)
	j.hand(hurry)
}

// status takes down what load i has said, which said last before.
func (j *Journal) status(now time.Time, i int, st, last *energy.Status) {
	if j == nil || j.began.IsZero() {
		return
	}
	j.pack.status(&j.head, now, i, st, last)
	j.hand(st.State != last.State)
}

// hand hands over what has been packed.
func (j *Journal) hand(hurry bool) {
	j.mu.Lock()
	defer j.mu.Unlock()
	j.hurry = j.hurry || hurry
	b := j.pack.buf
	j.pack.buf = b[:0]
	if j.lost || j.bytes+len(b) > maxWaiting {
		j.lost = true
		return
	}
	s := &j.waiting[len(j.waiting)-1]
	s.data = append(s.data, b...)
	j.bytes += len(b)
}

// Ready reports whether it is time to take what waits: something has changed,
// or much has come, or it has waited for long.
func (j *Journal) Ready(now time.Time) bool {
	j.mu.Lock()
	defer j.mu.Unlock()
	since := now.Sub(j.taken)
	return j.hurry || j.bytes >= heap || since >= patience || since < 0
}

// Take returns what has come since the last call, in frames to be put on
// record in this order. An error means that a checkpoint could not be made:
// what follows it cannot be replayed.
func (j *Journal) Take(now time.Time) (out []Frame, err error) {
	j.mu.Lock()
	list := j.waiting
	j.waiting, j.bytes, j.hurry, j.taken = nil, 0, false, now
	if n := len(list); n > 0 {
		last := list[n-1]
		j.waiting = []stream{{id: last.id, offset: last.offset + int64(len(last.data))}}
	}
	j.mu.Unlock()
	for i := range list {
		s := &list[i]
		if s.begin != nil {
			b, fault := s.begin.pack()
			if fault != nil {
				err = fault
			}
			head := packer{}
			head.uint(uint64(len(b)))
			out = appendFrames(out, now, s.id, 0, slices.Concat(head.buf, b))
		}
		out = appendFrames(out, now, s.id, checkpointSpan+s.offset, s.data)
	}
	return out, err
}

// checkpointSpan is how much of a stream's numbering its checkpoint takes up,
// whatever its size: events can be counted before it has been packed.
const checkpointSpan = 1 << 40

func appendFrames(out []Frame, now time.Time, id, offset int64, data []byte) []Frame {
	for b := range slices.Chunk(data, frameSize) {
		out = append(out, Frame{Stream: id, Offset: offset, At: now, Data: b})
		offset += int64(len(b))
	}
	return out
}
