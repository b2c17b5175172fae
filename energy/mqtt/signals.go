package mqtt

import (
	"context"
	"sync"

	"github.com/curtaild/curtaild/energy"
)

// How many signals of one source may wait: a flood by one source must neither
// fill the memory nor drown another's stop.
const (
	maxWaiting      = 64
	maxWaitingStops = 128
)

// signalQueue keeps signals in order until the consumer has taken them, and
// acknowledges each only then. What does not fit is not acknowledged, so that
// the broker sends it again after a reconnect, which again asks for.
type signalQueue struct {
	wake  chan struct{}
	again chan struct{} // holds a token when messages should be sent again

	mu      sync.Mutex
	items   []queued
	waiting map[string]int // by source
	owed    bool           // something at QoS 1 was not taken
	stats   SignalStats
}

type queued struct {
	signal energy.Signal
	ack    func()
}

func newSignalQueue() *signalQueue {
	return &signalQueue{
		wake:    make(chan struct{}, 1),
		again:   make(chan struct{}, 1),
		waiting: make(map[string]int),
	}
}

// put queues a signal. ack is called once it is taken; acked says that the
// broker waits for that.
func (q *signalQueue) put(s energy.Signal, ack func(), acked bool) {
	q.mu.Lock()
	defer q.mu.Unlock()
	q.stats.Received++
	if s.Fault != "" {
		q.stats.Faulty++
	}
	most := maxWaiting
	if s.Kind == energy.KindStop {
		most = maxWaitingStops
	}
	if q.waiting[s.Source] >= most {
		q.stats.Dropped++
		q.owed = q.owed || acked
		return
	}
	q.waiting[s.Source]++
	q.items = append(q.items, queued{s, ack})
	poke(q.wake)
}

func (q *signalQueue) passedOver() {
	q.mu.Lock()
	defer q.mu.Unlock()
	q.stats.Retained++
}

// deliver hands signals to sink, one after the other, until ctx is done.
func (q *signalQueue) deliver(ctx context.Context, sink Sink) {
	for {
		select {
		case <-ctx.Done():
			return
		case <-q.wake:
		}
		for {
			next, ok := q.next()
			if !ok {
				break
			}
			if err := sink.Signal(ctx, next.signal); err != nil {
				if ctx.Err() != nil {
					return
				}
				q.refuse()
				continue
			}
			next.ack()
		}
		q.settle()
	}
}

func (q *signalQueue) next() (queued, bool) {
	q.mu.Lock()
	defer q.mu.Unlock()
	if len(q.items) == 0 {
		return queued{}, false
	}
	it := q.items[0]
	q.items[0] = queued{}
	q.items = q.items[1:]
	q.waiting[it.signal.Source]--
	return it, true
}

func (q *signalQueue) refuse() {
	q.mu.Lock()
	defer q.mu.Unlock()
	q.owed = true
}

// settle asks for what was not taken, once there is room again.
func (q *signalQueue) settle() {
	q.mu.Lock()
	defer q.mu.Unlock()
	if q.owed {
		q.owed = false
		poke(q.again)
	}
}

func (q *signalQueue) snapshot() SignalStats {
	q.mu.Lock()
	defer q.mu.Unlock()
	return q.stats
}

// poke leaves a token in a channel of one, if there is none.
func poke(c chan<- struct{}) {
	select {
	case c <- struct{}{}:
	default:
	}
}
