package store

import (
	"errors"
	"fmt"
	"path/filepath"
)

// Store is a state folder: its lock, its log and its state.
type Store struct {
	Log   *Log
	State *State
	// Warning says that the state had been damaged, and what was done.
	Warning error

	lock *Lock
}

// logFolder is where in the state folder the log is.
const logFolder = "log"

// Open locks the folder opt.Dir and opens what it holds. The log goes into a
// folder of its own below it.
func Open(opt LogOptions) (*Store, error) {
	opt.setDefaults()
	dir := opt.Dir
	lock, err := Acquire(dir)
	if err != nil {
		return nil, err
	}
	state, warning, err := OpenState(StateOptions{Path: filepath.Join(dir, "state.db"), Logger: opt.Logger})
	if err != nil {
		return nil, errors.Join(err, lock.Release())
	}
	if warning != nil {
		opt.Logger.Error("state file was damaged", "err", warning)
	}
	opt.Dir = filepath.Join(dir, logFolder)
	log, err := OpenLog(opt)
	if err != nil {
		return nil, errors.Join(err, state.Close(), lock.Release())
	}
	return &Store{Log: log, State: state, Warning: warning, lock: lock}, nil
}

// Close writes everything, the log last, and gives the folder up.
func (s *Store) Close() error {
	if err := errors.Join(s.State.Close(), s.Log.Close(), s.lock.Release()); err != nil {
		return fmt.Errorf("close store: %w", err)
	}
	return nil
}
