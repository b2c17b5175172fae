package store

import (
	"encoding/json"
	"errors"
	"fmt"
	"log/slog"
	"runtime/debug"
	"sync"
	"time"

	bolt "go.etcd.io/bbolt"
)

// Bounds of what the state holds.
const (
	maxStateKey   = 512
	maxStateValue = 1 << 20
	maxStateFile  = 256 << 20
)

// State is what is read back at start: JSON values by bucket and key, each
// with a checksum. What Update writes is on disk when it returns; what Lazy
// writes follows within a second. Its methods may be called from several
// goroutines.
type State struct {
	db     *bolt.DB
	logger *slog.Logger
	quit   chan struct{}
	done   chan struct{}
	once   sync.Once

	mu   sync.Mutex
	lazy map[stateKey][]byte // nil: to be deleted
	err  error               // of the last lazy write
}

type stateKey struct{ bucket, key string }

// Update writes what f puts, all or nothing, and returns once it is on disk.
func (s *State) Update(f func(*Tx)) error {
	tx := Tx{changes: map[stateKey][]byte{}}
	f(&tx)
	if tx.err != nil {
		return tx.err
	}
	s.mu.Lock()
	defer s.mu.Unlock()
	if err := s.write(tx.changes); err != nil {
		return err
	}
	for k := range tx.changes {
		delete(s.lazy, k) // older than what is now on disk
	}
	return nil
}

// Put sets one value and returns once it is on disk.
func (s *State) Put(bucket, key string, v any) error {
	return s.Update(func(t *Tx) { t.Put(bucket, key, v) })
}

// Delete removes one value.
func (s *State) Delete(bucket, key string) error {
	return s.Update(func(t *Tx) { t.Delete(bucket, key) })
}

// Lazy sets a value that may be lost with the last second before a crash:
// counters, gates. It does no I/O. Later values replace earlier ones that wait.
func (s *State) Lazy(bucket, key string, v any) error {
	b, err := pack(bucket, key, v)
	if err != nil {
		return err
	}
	s.mu.Lock()
	s.lazy[stateKey{bucket, key}] = b
	s.mu.Unlock()
	return nil
}

// Sync writes what waits and returns once it is on disk.
func (s *State) Sync() error {
	s.mu.Lock()
	defer s.mu.Unlock()
	if len(s.lazy) == 0 {
		return nil
	}
	err := s.write(s.lazy)
	if err == nil {
		clear(s.lazy)
	}
	if (err == nil) != (s.err == nil) {
		if err != nil {
			s.logger.Error("state cannot be written: it waits in memory", "err", err)
		} else {
			s.logger.Info("state can be written again")
		}
	}
	s.err = err
	return err
}

// Err is why the state could not be written last; nil if it could.
func (s *State) Err() error {
	s.mu.Lock()
	defer s.mu.Unlock()
	return s.err
}

// write puts changes on disk in one transaction.
func (s *State) write(changes map[stateKey][]byte) error {
	err := guard(func() error { return writeBolt(s.db, changes) })
	if err != nil {
		return fmt.Errorf("write state: %w", err)
	}
	return nil
}

// errDamaged says that the file is not what the database had written.
var errDamaged = errors.New("the file is damaged")

// guard runs what reads or writes the mapped file. The file may be damaged in
// ways that only show now, a fault on access included: that is an error, not
// the end of the process.
func guard(f func() error) (err error) {
	defer debug.SetPanicOnFault(debug.SetPanicOnFault(true))
	defer func() {
		if r := recover(); r != nil {
			err = fmt.Errorf("%w: %v", errDamaged, r)
		}
	}()
	return f()
}

func writeBolt(db *bolt.DB, changes map[stateKey][]byte) error {
	return db.Update(func(tx *bolt.Tx) error {
		if tx.Size() > maxStateFile {
			return fmt.Errorf("the file has grown to %d bytes, at most %d are kept", tx.Size(), maxStateFile)
		}
		for k, v := range changes {
			b, err := tx.CreateBucketIfNotExists([]byte(k.bucket))
			if err != nil {
				return err
			}
			if v == nil {
				err = b.Delete([]byte(k.key))
			} else {
				err = b.Put([]byte(k.key), v)
			}
			if err != nil {
				return err
			}
		}
		return nil
	})
}

// view runs f on a bucket, if it is there.
func (s *State) view(bucket string, f func(*bolt.Bucket) error) error {
	return guard(func() error {
		return s.db.View(func(tx *bolt.Tx) error {
			if b := tx.Bucket([]byte(bucket)); b != nil {
				return f(b)
			}
			return nil
		})
	})
}

// Load returns all values of a bucket, those that wait included.
func (s *State) Load(bucket string) (map[string]json.RawMessage, error) {
	out := map[string]json.RawMessage{}
	s.mu.Lock()
	defer s.mu.Unlock()
	err := s.view(bucket, func(b *bolt.Bucket) error {
		return b.ForEach(func(k, v []byte) error {
			raw, err := unpack(bucket, string(k), v)
			if err != nil {
				return fmt.Errorf("%s: %w", k, err)
			}
			out[string(k)] = raw
			return nil
		})
	})
	if err != nil {
		return nil, fmt.Errorf("load state %s: %w", bucket, err)
	}
	for k, v := range s.lazy {
		if k.bucket == bucket {
			if out[k.key], err = unpack(k.bucket, k.key, v); err != nil {
				return nil, fmt.Errorf("load state %s: %s: %w", bucket, k.key, err)
			}
		}
	}
	return out, nil
}

// Get reads one value into v, and reports whether it is there.
func (s *State) Get(bucket, key string, v any) (bool, error) {
	s.mu.Lock()
	defer s.mu.Unlock()
	var err error
	raw, ok := s.lazy[stateKey{bucket, key}]
	if !ok {
		err = s.view(bucket, func(b *bolt.Bucket) error {
			raw = append([]byte(nil), b.Get([]byte(key))...)
			return nil
		})
	}
	if err == nil && len(raw) == 0 {
		return false, nil
	}
	var j json.RawMessage
	if err == nil {
		j, err = unpack(bucket, key, raw)
	}
	if err == nil {
		err = json.Unmarshal(j, v)
	}
	if err != nil {
		return false, fmt.Errorf("state %s/%s: %w", bucket, key, err)
	}
	return true, nil
}

// run writes what is lazy once a second.
func (s *State) run(every time.Duration) {
	defer close(s.done)
	tick := time.NewTicker(every)
	defer tick.Stop()
	for {
		select {
		case <-tick.C:
			_ = s.Sync() // kept in s.err and logged on change
		case <-s.quit:
			return
		}
	}
}

// Close writes what waits and closes the file.
func (s *State) Close() error {
	var err error
	s.once.Do(func() {
		close(s.quit)
		<-s.done
		err = errors.Join(s.Sync(), s.db.Close())
	})
	return err
}

// LoadAs returns all values of a bucket as values of one type.
func LoadAs[T any](s *State, bucket string) (map[string]T, error) {
	raw, err := s.Load(bucket)
	if err != nil {
		return nil, err
	}
	out := make(map[string]T, len(raw))
	for k, j := range raw {
		var v T
		if err := json.Unmarshal(j, &v); err != nil {
			return nil, fmt.Errorf("state %s/%s: %w", bucket, k, err)
		}
		out[k] = v
	}
	return out, nil
}
