package mqtt

import "sync"

// Bounds of what waits to be published.
const (
	maxRetainedWaiting = 10_000 // topics
	maxPassingWaiting  = 256    // messages that are not retained
	maxAttempts        = 10
)

// outgoing is one message to be published.
type outgoing struct {
	topic    string
	payload  []byte
	qos      byte
	retained bool
	each     bool // not to be replaced by a newer one of its topic: a state that is to be seen
	attempts int  // connections lost while it was sent
}

// outbox keeps what is to be published until the broker has it. Of a retained
// topic only the latest payload is kept, and for as long as it takes, unless
// each of them is to be seen; other messages are of the moment: the oldest go
// first when there are too many.
type outbox struct {
	wake chan struct{}

	mu       sync.Mutex
	retained []*outgoing
	passing  []*outgoing
	stats    OutboxStats
}

func newOutbox() *outbox { return &outbox{wake: make(chan struct{}, 1)} }

func (b *outbox) put(m *outgoing) {
	b.mu.Lock()
	defer b.mu.Unlock()
	poke(b.wake)
	if !m.retained {
		if len(b.passing) >= maxPassingWaiting {
			b.passing = b.passing[1:]
			b.stats.Dropped++
		}
		b.passing = append(b.passing, m)
		return
	}
	for i, old := range b.retained {
		if old.topic == m.topic && !old.each {
			b.retained[i] = m
			return
		}
	}
	if len(b.retained) >= maxRetainedWaiting {
		b.retained = b.retained[1:]
		b.stats.Dropped++
	}
	b.retained = append(b.retained, m)
}

// next takes the message to be sent next, retained ones first.
func (b *outbox) next() *outgoing {
	b.mu.Lock()
	defer b.mu.Unlock()
	for _, q := range []*[]*outgoing{&b.retained, &b.passing} {
		if len(*q) > 0 {
			m := (*q)[0]
			*q = (*q)[1:]
			return m
		}
	}
	return nil
}

// back returns a message that could not be sent, unless a newer one has taken
// its place, or the connection was lost over it too often: some brokers hang
// up on a publish that they forbid.
func (b *outbox) back(m *outgoing) (kept bool) {
	b.mu.Lock()
	defer b.mu.Unlock()
	m.attempts++
	if m.attempts >= maxAttempts || !m.retained {
		b.stats.Dropped++
		return false
	}
	for _, newer := range b.retained {
		if newer.topic == m.topic {
			return true
		}
	}
	b.retained = append(b.retained, m) // others first: it may be what the broker hangs up on
	return true
}

func (b *outbox) sent() {
	b.mu.Lock()
	defer b.mu.Unlock()
	b.stats.Sent++
}

func (b *outbox) snapshot() OutboxStats {
	b.mu.Lock()
	defer b.mu.Unlock()
	s := b.stats
	s.Waiting = len(b.retained) + len(b.passing)
	return s
}
