package main

import (
	"context"
	"encoding/json"
	"log/slog"
	"sync"
	"time"

	"github.com/curtaild/curtaild/energy"
	"github.com/curtaild/curtaild/energy/influx"
	"github.com/curtaild/curtaild/energy/record"
	"github.com/curtaild/curtaild/energy/store"
)

// lastRecords is how long the end waits for InfluxDB to take the last records.
const lastRecords = 3 * time.Second

// waiting bounds the snapshots that wait: one of 10,000 rigs has megabytes.
const waiting = 16

// scribe turns what the loop sees into records, in a goroutine of its own:
// the loop hands over and goes on.
type scribe struct {
	rec       *record.Recorder
	store     *store.Store
	snapshots chan *energy.Snapshot
	log       *slog.Logger
	counters  func()                     // puts the loads' counters on disk
	pools     func() []record.PoolStatus // as they are; nil: none
	minute    time.Time                  // of the last points of pools

	mu      sync.Mutex
	signals []energy.SignalStatus // that wait; as many as signals change state, no more
	woken   chan struct{}
}

func newScribe(cfg record.Config, st *store.Store, counters func(), log *slog.Logger) *scribe {
	s := &scribe{
		counters: counters,
		rec:      record.New(cfg), store: st, log: log,
		snapshots: make(chan *energy.Snapshot, waiting), woken: make(chan struct{}, 1),
	}
	var kept json.RawMessage
	switch found, err := st.State.Get(bucketSite, keyRecorder, &kept); {
	case err != nil:
		log.Error("read accounts back", "err", err)
	case found:
		if err := s.rec.Restore(kept); err != nil {
			log.Error("take accounts up again", "err", err)
		}
	}
	return s
}

// see takes a snapshot in. When the scribe is that far behind, because the
// machine is, the oldest snapshot goes: the counters of energy and hashes that
// the next one brings are whole, and the latest is what holds from now on.
func (s *scribe) see(snap *energy.Snapshot) {
	for {
		select {
		case s.snapshots <- snap:
			return
		default:
		}
		select {
		case <-s.snapshots:
		default:
		}
	}
}

// hear takes the status of a signal in. None is lost.
func (s *scribe) hear(st energy.SignalStatus) {
	s.mu.Lock()
	s.signals = append(s.signals, st)
	s.mu.Unlock()
	select {
	case s.woken <- struct{}{}:
	default:
	}
}

// settle records the statuses of signals that wait.
func (s *scribe) settle() {
	s.mu.Lock()
	list := s.signals
	s.signals = nil
	s.mu.Unlock()
	for _, st := range list {
		s.store.Log.Append(s.rec.Signal(st)...)
	}
}

// run records until ctx ends, and then what is left.
func (s *scribe) run(ctx context.Context) {
	tick := time.NewTimer(0)
	defer tick.Stop()
	saved := time.Now()
	s.minute = saved.Round(0).Truncate(time.Minute)
	for {
		select {
		case snap := <-s.snapshots:
			s.store.Log.Append(s.rec.Observe(*snap)...)
		case <-s.woken:
			s.settle()
		case now := <-tick.C:
			s.store.Log.Append(s.rec.Tick(now)...)
			if now := now.Round(0).Truncate(time.Minute); !now.Equal(s.minute) {
				s.minute = now
				s.recordPools(now)
			}
			tick.Reset(min(time.Second, max(time.Millisecond, s.rec.NextTick(now).Sub(now))))
		case <-ctx.Done():
			s.finish()
			return
		}
		if now := time.Now(); now.Sub(saved) >= time.Second {
			saved = now
			s.save()
		}
	}
}

// finish records what is still waiting, and the interval that is running.
func (s *scribe) finish() {
	for len(s.snapshots) > 0 {
		s.store.Log.Append(s.rec.Observe(*<-s.snapshots)...)
	}
	s.settle()
	s.recordPools(time.Now())
	s.store.Log.Append(s.rec.Flush(time.Now())...)
	s.save()
}

// recordPools records the pools of the local workers.
func (s *scribe) recordPools(at time.Time) {
	if s.pools == nil {
		return
	}
	for _, p := range s.pools() {
		s.store.Log.Append(s.rec.Pool(at, p))
	}
}

func (s *scribe) save() {
	s.counters()
	data, err := s.rec.Checkpoint()
	if err == nil {
		err = s.store.State.Lazy(bucketSite, keyRecorder, json.RawMessage(data))
	}
	if err != nil {
		s.log.Error("keep accounts", "err", err)
	}
}

// meta records what writes the others.
func (s *scribe) meta(configSHA string) {
	s.store.Log.Append(s.rec.Meta(time.Now(), version(), configSHA))
}

// bringLast waits until InfluxDB has the last records too, or does not take
// them. What it misses stays on disk and is brought after the next start.
func (p *plant) bringLast(ctx context.Context) {
	ctx, cancel := context.WithTimeout(ctx, lastRecords)
	defer cancel()
	if err := p.store.Log.Flush(ctx); err != nil {
		p.log.Error("write the last records", "err", err)
		return
	}
	tick := time.NewTicker(20 * time.Millisecond)
	defer tick.Stop()
	for p.influx.Stats().State == influx.StateOK && p.store.Log.Stats().Cursors["influxdb"].Lag > 0 {
		select {
		case <-tick.C:
		case <-ctx.Done():
			return
		}
	}
}
