package store

import (
	"errors"
	"fmt"
	"os"
	"path/filepath"
	"strings"
	"syscall"
)

// ErrLocked says that another process holds the folder.
var ErrLocked = errors.New("the folder is in use")

// Lock is the right to write to a folder. The kernel drops it when the process
// dies, however it dies.
type Lock struct{ f *os.File }

// Acquire locks a folder, which it makes if need be. Where another process
// holds it, the error is [ErrLocked] and names the folder and that process.
func Acquire(dir string) (*Lock, error) {
	if err := os.MkdirAll(dir, 0o700); err != nil {
		return nil, fmt.Errorf("make state folder: %w", err)
	}
	f, err := os.OpenFile(filepath.Join(dir, "lock"), os.O_RDWR|os.O_CREATE, 0o600)
	if err != nil {
		return nil, fmt.Errorf("lock state folder: %w", err)
	}
	if err := syscall.Flock(int(f.Fd()), syscall.LOCK_EX|syscall.LOCK_NB); err != nil {
		defer f.Close()
		if !errors.Is(err, syscall.EWOULDBLOCK) {
			return nil, fmt.Errorf("lock state folder %s: %w", dir, err)
		}
		return nil, fmt.Errorf("state folder %s: %w by process %s", dir, ErrLocked, holder(f))
	}
	err = f.Truncate(0)
	if err == nil {
		_, err = fmt.Fprintf(f, "%d\n", os.Getpid())
	}
	if err != nil && !errors.Is(err, syscall.ENOSPC) { // the number is for people; the lock holds without it
		_ = f.Close()
		return nil, fmt.Errorf("lock state folder %s: %w", dir, err)
	}
	return &Lock{f: f}, nil
}

func holder(f *os.File) string {
	b := make([]byte, 16)
	n, _ := f.ReadAt(b, 0)
	if pid := strings.TrimSpace(string(b[:n])); pid != "" {
		return pid
	}
	return "unknown"
}

// Release gives the folder up.
func (l *Lock) Release() error {
	if err := l.f.Close(); err != nil {
		return fmt.Errorf("release state folder: %w", err)
	}
	return nil
}
