package mqtt

import (
	"sync"
	"time"

	"github.com/curtaild/curtaild/energy"
)

// maxParts is how many topics under one filter are followed.
const maxParts = 1024

// feed understands the messages of one reading, and counts them.
type feed struct {
	spec *energy.ReadingSpec

	mu      sync.Mutex
	parts   map[string]part // by topic
	stats   ReadingStats
	refused [nCauses]uint64
}

// part is the last value taken from one topic.
type part struct{ at, arrived time.Time }

func newFeed(spec *energy.ReadingSpec) *feed {
	return &feed{spec: spec, parts: make(map[string]part)}
}

// take understands one message. On a fault the reading is empty; first says
// that it is the first one of its cause.
func (f *feed) take(topic string, payload []byte, retained bool, now time.Time) (r energy.Reading, fl *Fault, first bool) {
	r, fl = understand(f.spec, topic, payload, retained, now)
	f.mu.Lock()
	defer f.mu.Unlock()
	if fl == nil {
		fl = f.admit(topic, r)
	}
	if fl != nil {
		i := fl.Cause.index()
		f.refused[i]++
		f.stats.LastFault = fl.Error()
		return energy.Reading{}, fl, f.refused[i] == 1
	}
	f.stats.Taken++
	f.stats.Last = now
	return r, nil, false
}

// admit refuses what is older than the last value of its topic, and topics
// beyond those that can be followed.
func (f *feed) admit(topic string, r energy.Reading) *Fault {
	last, known := f.parts[topic]
	// A last value from the future was taken while this clock was ahead, and
	// must not keep later ones out.
	if known && r.At.Before(last.at) && r.At != r.Arrived.Round(0).UTC() && last.at.Sub(r.Arrived.Round(0)) <= skew {
		return fault(Old, "older than the last one")
	}
	if !known && len(f.parts) >= maxParts && !f.forget(r.Arrived) {
		return fault(Crowded, "too many topics under one filter")
	}
	f.parts[topic] = part{at: r.At, arrived: r.Arrived}
	return nil
}

// forget drops topics that have long been silent, and reports whether any was.
func (f *feed) forget(now time.Time) bool {
	quiet := max(2*f.spec.MaxAge, time.Minute)
	before := len(f.parts)
	for topic, p := range f.parts {
		if now.Sub(p.arrived) > quiet {
			delete(f.parts, topic)
		}
	}
	return len(f.parts) < before
}

func (f *feed) coalesced() {
	f.mu.Lock()
	defer f.mu.Unlock()
	f.stats.Coalesced++
}

func (f *feed) snapshot() ReadingStats {
	f.mu.Lock()
	defer f.mu.Unlock()
	s := f.stats
	s.Parts = len(f.parts)
	s.Refused = make(map[Cause]uint64)
	for i, c := range causes() {
		if n := f.refused[i]; n > 0 {
			s.Refused[c] = n
		}
	}
	return s
}
