package store

import (
	"cmp"
	"errors"
	"fmt"
	"log/slog"
	"os"
	"path/filepath"
	"time"

	bolt "go.etcd.io/bbolt"
	bolterrors "go.etcd.io/bbolt/errors"
)

// StateOptions says how a state is kept. The zero value of a field is its
// default.
type StateOptions struct {
	Path     string
	Interval time.Duration // between writes of what is lazy; default 1 s
	Logger   *slog.Logger
}

// OpenState opens the state file, or begins one. It reads every value and
// writes them into a fresh file, which takes the old one's place: what the
// database keeps beside the values, and would not notice damage in, does not
// outlive a restart. A damaged file is moved aside, and the fresh one begun
// with the values that could still be read; the warning then says so, and
// belongs before the operator's eyes.
func OpenState(opt StateOptions) (s *State, warning error, err error) {
	if err := os.MkdirAll(filepath.Dir(opt.Path), 0o700); err != nil {
		return nil, nil, fmt.Errorf("make state folder: %w", err)
	}
	values, damage, err := examine(opt.Path)
	if err != nil {
		return nil, nil, err
	}
	if damage != nil {
		aside := fmt.Sprintf("%s.damaged-%s", opt.Path, time.Now().UTC().Format("20060102T150405.000"))
		if err := os.Rename(opt.Path, aside); err != nil {
			return nil, nil, fmt.Errorf("move damaged state aside: %w", errors.Join(err, damage))
		}
		warning = fmt.Errorf("state file %s is damaged and was moved to %s; a fresh one holds the %d values that could be read: %w",
			opt.Path, aside, len(values), damage)
	}
	if err := renew(opt.Path, values); err != nil && damage != nil {
		return nil, warning, fmt.Errorf("begin state: %w", err)
	} // else the old file is as good as it was: a full disk does not keep us from reading it
	var db *bolt.DB
	if err := guard(func() (err error) { db, err = openBolt(opt.Path, false); return err }); err != nil {
		return nil, warning, fmt.Errorf("open state %s: %w", opt.Path, err)
	}
	s = &State{
		db: db, logger: cmp.Or(opt.Logger, slog.New(slog.DiscardHandler)),
		quit: make(chan struct{}), done: make(chan struct{}), lazy: map[stateKey][]byte{},
	}
	go s.run(cmp.Or(opt.Interval, time.Second))
	return s, warning, nil
}

func openBolt(path string, readOnly bool) (*bolt.DB, error) {
	return bolt.Open(path, 0o600, &bolt.Options{Timeout: 2 * time.Second, ReadOnly: readOnly, FreelistType: bolt.FreelistMapType})
}

// renew puts a fresh file with these values in path's place.
func renew(path string, values map[stateKey][]byte) error {
	tmp := path + ".tmp"
	_ = os.Remove(tmp) // of a start that was cut short
	db, err := openBolt(tmp, false)
	if err != nil {
		return err
	}
	err = errors.Join(writeBolt(db, values), db.Close())
	if err == nil {
		err = os.Rename(tmp, path)
	}
	if err != nil {
		_ = os.Remove(tmp)
		return err
	}
	return syncDir(filepath.Dir(path))
}

// examine reads every value of an existing file and reports what is wrong with
// it.
func examine(path string) (values map[stateKey][]byte, damage, err error) {
	info, err := os.Stat(path)
	if errors.Is(err, os.ErrNotExist) || (err == nil && info.Size() == 0) { // begun, and never written
		return nil, nil, nil
	}
	if err != nil {
		return nil, nil, fmt.Errorf("open state: %w", err)
	}
	values = map[stateKey][]byte{}
	var db *bolt.DB
	damage = guard(func() (err error) { db, err = openBolt(path, true); return err })
	if errors.Is(damage, bolterrors.ErrTimeout) || errors.Is(damage, os.ErrPermission) {
		return nil, nil, fmt.Errorf("open state %s: %w", path, damage)
	}
	if damage != nil {
		return values, damage, nil
	}
	damage = guard(func() error { return walk(db, info.Size(), values) })
	if errors.Is(damage, errDamaged) {
		return values, damage, nil // closing might hang on what the panic has left; the file is given up anyway
	}
	if err := db.Close(); err != nil && damage == nil {
		damage = err
	}
	return values, damage, nil
}

// walk collects every value, and goes on past those that do not match their
// checksum.
func walk(db *bolt.DB, size int64, values map[stateKey][]byte) (damage error) {
	tx, err := db.Begin(false)
	if err != nil {
		return err
	}
	defer func() { _ = tx.Rollback() }()
	if tx.Size() > size {
		damage = fmt.Errorf("the file has %d bytes of %d", size, tx.Size())
	}
	err = tx.ForEach(func(bucket []byte, b *bolt.Bucket) error {
		return b.ForEach(func(k, v []byte) error {
			if _, err := unpack(string(bucket), string(k), v); err != nil {
				damage = fmt.Errorf("%.40q/%.40q: %w", bucket, k, err)
				return nil
			}
			values[stateKey{string(bucket), string(k)}] = append([]byte(nil), v...)
			return nil
		})
	})
	return cmp.Or(err, damage)
}
