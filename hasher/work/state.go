package work

import (
	"maps"
	"slices"
	"time"
)

// State is what a source of work knows at one instant.
type State struct {
	Job    *Job  // what to work on; nil: nothing
	Err    error // why there is nothing to work on
	Counts Counts
	// Latency is how long the source took to answer the last shares.
	Latency Latency
}

// Counts are totals since the source was made. The maps' keys come from
// closed lists.
type Counts struct {
	Sessions uint64            // connections that got as far as work
	Accepted uint64            // shares
	Rejected map[string]uint64 // shares that the source turned down, by reason
	Silent   uint64            // shares that it never answered
	Unsent   map[string]uint64 // shares that we did not send, by reason
	Faults   map[string]uint64 // what went wrong with the connection, by cause
}

// Rejects is the sum of Rejected.
func (c Counts) Rejects() uint64 {
	var n uint64
	for _, v := range c.Rejected {
		n += v
	}
	return n
}

// Clone copies c with its maps.
func (c Counts) Clone() Counts {
	c.Rejected, c.Unsent, c.Faults = maps.Clone(c.Rejected), maps.Clone(c.Unsent), maps.Clone(c.Faults)
	return c
}

// Plus is the sum of both.
func (c Counts) Plus(o Counts) Counts {
	c.Sessions += o.Sessions
	c.Accepted += o.Accepted
	c.Silent += o.Silent
	c.Rejected, c.Unsent, c.Faults = sum(c.Rejected, o.Rejected), sum(c.Unsent, o.Unsent), sum(c.Faults, o.Faults)
	return c
}

func sum(a, b map[string]uint64) map[string]uint64 {
	out := make(map[string]uint64, len(a)+len(b))
	maps.Copy(out, a)
	for k, n := range b {
		out[k] += n
	}
	return out
}

// Latency tells how long shares waited for their answer. It is zero before the
// first one.
type Latency struct {
	Median time.Duration
	P95    time.Duration // of 20 shares, all but one were answered within it
}

// Waits keeps how long the last shares waited for an answer.
type Waits struct {
	last [256]time.Duration
	n    int
}

// Add takes in one more.
func (w *Waits) Add(d time.Duration) {
	w.last[w.n%len(w.last)] = d
	w.n++
}

// Latency is that of the shares that are kept.
func (w *Waits) Latency() Latency {
	n := min(w.n, len(w.last))
	if n == 0 {
		return Latency{}
	}
	list := slices.Clone(w.last[:n])
	slices.Sort(list)
	return Latency{Median: list[n/2], P95: list[(n*95+99)/100-1]}
}
