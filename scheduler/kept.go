package scheduler

import (
	"log/slog"
	"maps"
	"sync"
	"time"

	"github.com/curtaild/curtaild/energy"
)

// Kept is what outlives the daemon: what it remembers, what it has told each
// load, the signals and the operator's hold.
type Kept struct {
	KeptSite
	Loads map[string]KeptLoad
}

// KeptSite is the part of Kept that is one value.
type KeptSite struct {
	Memory  Memory               `json:"memory"`
	Balance energy.BalanceMemory `json:"balance,omitzero"`
	Book    Book                 `json:"book"`
	Hold    *energy.Hold         `json:"hold,omitempty"`
	// Forecast is how well forecasts have foretold what came.
	Forecast energy.ForecastSkill `json:"forecast,omitzero"`
	Seq      uint64               `json:"seq"`  // of the last set-point sent
	Plan     uint64               `json:"plan"` // number of the last plan
	Seen     time.Time            `json:"seen"` // the latest time that the clock has shown
}

// KeptLoad is the part of Kept that every load has of its own. It is written
// before a load is started.
type KeptLoad struct {
	Setpoint energy.Setpoint `json:"setpoint"`
	Since    time.Time       `json:"since"` // when it last went from off to on, or back
	Starts   Starts          `json:"starts,omitzero"`
	Learned  Learned         `json:"learned,omitzero"`
}

// Change is a part of Kept that is to be put on disk.
type Change struct {
	Site  *KeptSite // without beliefs
	Loads map[string]KeptLoad
	// Beliefs is by policy; nil: as they were.
	Beliefs map[string]Belief
}

// lull is how long a change that nobody waits for may stay unwritten: a
// thousand reductions go out first, and their set-points to disk after them.
const lull = 250 * time.Millisecond

// keeper puts changes on disk in a goroutine of its own, those that come
// while it writes in one go, so that a slow disk never holds up a decision.
type keeper struct {
	mu      sync.Mutex
	pending Change
	after   []func(error)
	wake    chan struct{} // something is pending
	awaited chan struct{} // and somebody waits for it
	closing chan struct{}
	done    chan struct{}
}

func newKeeper(keep func(Change) error, log *slog.Logger) *keeper {
	k := &keeper{
		wake: make(chan struct{}, 1), awaited: make(chan struct{}, 1),
		closing: make(chan struct{}), done: make(chan struct{}),
	}
	go k.run(keep, log)
	return k
}

func (k *keeper) run(keep func(Change) error, log *slog.Logger) {
	defer close(k.done)
	defer k.flush(keep, log)
	for {
		select {
		case <-k.wake:
			select {
			case <-time.After(lull):
			case <-k.awaited:
			case <-k.closing:
				return
			}
		case <-k.awaited:
		case <-k.closing:
			return
		}
		k.flush(keep, log)
	}
}

// put hands over a change. After, if not nil, is called from the keeper's
// goroutine once the disk has been written or has refused, with the error:
// control goes on either way.
func (k *keeper) put(c Change, after func(error)) {
	k.mu.Lock()
	defer k.mu.Unlock()
	if c.Site != nil {
		k.pending.Site = c.Site
	}
	if c.Beliefs != nil {
		k.pending.Beliefs = c.Beliefs
	}
	if k.pending.Loads == nil {
		k.pending.Loads = c.Loads
	} else {
		for name, l := range c.Loads {
			k.pending.Loads[name] = l
		}
	}
	wake := k.wake
	if after != nil {
		k.after = append(k.after, after)
		wake = k.awaited
	}
	select {
	case wake <- struct{}{}:
	default:
	}
}

func (k *keeper) flush(keep func(Change) error, log *slog.Logger) {
	k.mu.Lock()
	c, after := k.pending, k.after
	k.pending, k.after = Change{}, nil
	k.mu.Unlock()
	var err error
	if c.Site != nil || len(c.Loads) > 0 {
		if err = keep(c); err != nil {
			log.Error("keep state", "err", err)
			k.again(c.Loads)
		}
	}
	for _, f := range after {
		f(err)
	}
}

// again lets loads that could not be written go with the next change, but for
// those that have changed since. The site's state is whole in every change.
func (k *keeper) again(loads map[string]KeptLoad) {
	if len(loads) == 0 {
		return
	}
	k.mu.Lock()
	defer k.mu.Unlock()
	merged := maps.Clone(loads)
	maps.Copy(merged, k.pending.Loads)
	k.pending.Loads = merged
}

// close writes what is pending and returns.
func (k *keeper) close() {
	close(k.closing)
	<-k.done
}
