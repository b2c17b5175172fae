package rigs

import (
	"context"
	"sync"

	"github.com/curtaild/curtaild/energy"
)

// outbox carries statuses to a channel that may be read slowly. It keeps one
// status per rig, the latest; putting one in never blocks.
type outbox struct {
	mu     sync.Mutex
	latest []energy.Status
	queued []bool
	queue  []int // rigs with a status to send, in the order they came, from head on
	head   int
	signal chan struct{}
}

func newOutbox(rigs int) *outbox {
	return &outbox{
		latest: make([]energy.Status, rigs), queued: make([]bool, rigs),
		queue: make([]int, 0, rigs), signal: make(chan struct{}, 1),
	}
}

func (b *outbox) put(rig int, s energy.Status) {
	b.mu.Lock()
	b.latest[rig] = s
	if !b.queued[rig] {
		b.queued[rig] = true
		b.queue = append(b.queue, rig)
	}
	b.mu.Unlock()
	select {
	case b.signal <- struct{}{}:
	default:
	}
}

// take returns all that waits, in order, one status per rig.
func (b *outbox) take(into []energy.Status) []energy.Status {
	b.mu.Lock()
	defer b.mu.Unlock()
	for _, rig := range b.queue[b.head:] {
		into = append(into, b.latest[rig])
		b.queued[rig] = false
	}
	b.queue, b.head = b.queue[:0], 0
	return into
}

// next returns the status that has waited longest.
func (b *outbox) next() (energy.Status, bool) {
	b.mu.Lock()
	defer b.mu.Unlock()
	if b.head == len(b.queue) {
		return energy.Status{}, false
	}
	rig := b.queue[b.head]
	b.head++
	if 2*b.head >= len(b.queue) { // the sent half makes room: the queue never outgrows twice the rigs
		b.queue, b.head = append(b.queue[:0], b.queue[b.head:]...), 0
	}
	b.queued[rig] = false
	return b.latest[rig], true
}

// run sends until ctx is done. What waits then stays in the box.
func (b *outbox) run(ctx context.Context, out chan<- energy.Status) {
	for {
		for s, ok := b.next(); ok; s, ok = b.next() {
			select {
			case out <- s:
			case <-ctx.Done():
				return
			}
		}
		select {
		case <-b.signal:
		case <-ctx.Done():
			return
		}
	}
}
