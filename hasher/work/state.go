package work

import "maps"

// State is what a source of work knows at one instant.
type State struct {
	Job    *Job  // what to work on; nil: nothing
	Err    error // why there is nothing to work on
	Counts Counts
}

// Counts are totals since the source was made. The maps' keys come from
// closed lists.
type Counts struct {
	Sessions uint64            // connections that got as far as work
	Accepted uint64            // shares
	Rejected map[string]uint64 // shares that the source turned down, by reason
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
