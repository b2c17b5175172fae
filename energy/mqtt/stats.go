package mqtt

import (
	"sync"
	"time"
)

// Stats is what the client has seen so far, for metrics and the status page.
// Counters grow for the life of the client.
type Stats struct {
	Connection LinkStats
	Signaling  LinkStats // of the connection that signals come over; zero without sources
	Readings   map[string]ReadingStats
	Signals    SignalStats
	Outbox     OutboxStats
	// Unsubscribed are the filters that the broker refused to subscribe.
	Unsubscribed []string
}

// LinkStats tells of one of the two connections.
type LinkStats struct {
	Connected bool      // and subscribed
	Since     time.Time // of the last change
	Connects  uint64
	Err       string // why it is not connected, and what helps
}

// ReadingStats tells of the messages of one reading.
type ReadingStats struct {
	Taken     uint64
	Coalesced uint64           // of those taken: overtaken by a newer one before the consumer had time
	Refused   map[Cause]uint64 // by cause, [Absent] and [Gone] among them
	Last      time.Time        // arrival of the last one taken
	LastFault string           // of the last one refused
	Parts     int              // topics heard, where a filter has several
}

// SignalStats tells of the messages on signal topics.
type SignalStats struct {
	Received uint64
	Faulty   uint64
	Retained uint64 // leftovers that were passed over
	Dropped  uint64 // too many at once; those at QoS 1 come again
}

// OutboxStats tells of what is published.
type OutboxStats struct {
	Waiting int
	Sent    uint64
	Dropped uint64
}

// linkState is the state of one connection, written by its session.
type linkState struct {
	mu sync.Mutex
	s  LinkStats
}

func (l *linkState) up(now time.Time) {
	l.mu.Lock()
	defer l.mu.Unlock()
	l.s = LinkStats{Connected: true, Since: now, Connects: l.s.Connects + 1}
}

// down notes why there is no connection, and reports whether that is news.
func (l *linkState) down(now time.Time, err error) (news bool) {
	l.mu.Lock()
	defer l.mu.Unlock()
	if l.s.Connected || l.s.Since.IsZero() {
		l.s.Since = now
	}
	msg := ""
	if err != nil {
		msg = err.Error()
	}
	news = l.s.Connected || l.s.Err != msg
	l.s.Connected, l.s.Err = false, msg
	return news
}

func (l *linkState) stats() LinkStats {
	l.mu.Lock()
	defer l.mu.Unlock()
	return l.s
}
