package main

import (
	"fmt"

	"github.com/curtaild/curtaild/energy/store"
	"github.com/curtaild/curtaild/scheduler"
)

// The buckets of the state file.
const (
	bucketSite     = "site"     // one value a kind: the scheduler's, the recorder's
	bucketLoads    = "loads"    // what each load was last told
	bucketBeliefs  = "beliefs"  // what each policy's budget has taught
	bucketCounters = "counters" // what each load has drawn and done
	bucketLearned  = "learned"  // what the local workers have measured of themselves

	keySite     = "scheduler"
	keyRecorder = "recorder"
)

// readKept reads back what the scheduler left the last time.
func readKept(st *store.State) (scheduler.Kept, error) {
	var k scheduler.Kept
	if _, err := st.Get(bucketSite, keySite, &k.KeptSite); err != nil {
		return k, fmt.Errorf("read state of the site: %w", err)
	}
	loads, err := store.LoadAs[scheduler.KeptLoad](st, bucketLoads)
	if err != nil {
		return k, fmt.Errorf("read state of the loads: %w", err)
	}
	k.Loads = loads
	if k.Memory.Beliefs, err = store.LoadAs[scheduler.Belief](st, bucketBeliefs); err != nil {
		return k, fmt.Errorf("read beliefs: %w", err)
	}
	return k, nil
}

// keep returns what puts the scheduler's changes on disk.
func keep(st *store.State) func(scheduler.Change) error {
	return func(c scheduler.Change) error {
		return st.Update(func(tx *store.Tx) {
			if c.Site != nil {
				tx.Put(bucketSite, keySite, c.Site)
			}
			for policy, b := range c.Beliefs {
				tx.Put(bucketBeliefs, policy, b)
			}
			for name, l := range c.Loads {
				tx.Put(bucketLoads, name, l)
			}
		})
	}
}
