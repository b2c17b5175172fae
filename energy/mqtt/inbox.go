package mqtt

import (
	"sync"

	"github.com/curtaild/curtaild/energy"
)

// inbox stands between the client library, which must never wait, and the
// consumer. Of each part of a reading the latest value is kept: one that is
// slow sees fewer values, never old ones.
type inbox struct {
	wake chan struct{} // holds a token while there is something to take

	mu        sync.Mutex
	readings  []energy.Reading
	at        map[partKey]int // place in readings
	presences []energy.Presence
}

type partKey struct{ name, part string }

func newInbox() *inbox {
	return &inbox{wake: make(chan struct{}, 1), at: make(map[partKey]int)}
}

// put reports whether an older value was overtaken. Its memory is bounded by
// the parts that feeds admit.
func (b *inbox) put(r energy.Reading) (overtook bool) {
	b.mu.Lock()
	defer b.mu.Unlock()
	k := partKey{r.Name, r.Part}
	if i, ok := b.at[k]; ok {
		b.readings[i] = r
		return true
	}
	b.at[k] = len(b.readings)
	b.readings = append(b.readings, r)
	poke(b.wake)
	return false
}

func (b *inbox) presence(p energy.Presence) {
	b.mu.Lock()
	defer b.mu.Unlock()
	for i := range b.presences {
		if b.presences[i].Name == p.Name {
			b.presences[i] = p
			return
		}
	}
	b.presences = append(b.presences, p)
	poke(b.wake)
}

// take hands over all there is.
func (b *inbox) take() ([]energy.Reading, []energy.Presence) {
	b.mu.Lock()
	defer b.mu.Unlock()
	r, p := b.readings, b.presences
	b.readings, b.presences = nil, nil
	clear(b.at)
	return r, p
}
