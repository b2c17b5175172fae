// Package testbed gets the real programs that tests run against: a broker and
// a database of someone else's make. What is not on the machine is fetched or
// built once, into a cache that all tests share, and said aloud.
//
// Where a program cannot be had the test is skipped, unless
// CURTAILD_REQUIRE=1, as in CI: then it fails. Only tests import this package.
package testbed

import (
	"fmt"
	"os"
	"path/filepath"
	"testing"

	"golang.org/x/sys/unix"
)

// Need ends the test if err is not nil: a skip that names what is missing, or
// a failure where CURTAILD_REQUIRE=1.
func Need(t testing.TB, what string, err error) {
	t.Helper()
	if err == nil {
		return
	}
	if os.Getenv("CURTAILD_REQUIRE") == "1" {
		t.Fatalf("testbed: %s is required here and cannot be had: %v", what, err)
	}
	fmt.Fprintf(os.Stderr, "testbed: SKIPPED %s: %s cannot be had: %v\n", t.Name(), what, err)
	t.Skipf("testbed: %s cannot be had: %v", what, err)
}

// Say tells on standard error and in the test's log what takes long.
func Say(t testing.TB, format string, args ...any) {
	t.Helper()
	msg := fmt.Sprintf(format, args...)
	fmt.Fprintln(os.Stderr, "testbed: "+msg)
	t.Log("testbed: " + msg)
}

// CacheDir is the folder name in the cache that tests share. It makes it.
func CacheDir(name string) (string, error) {
	base, err := os.UserCacheDir()
	if err != nil {
		return "", fmt.Errorf("find the cache folder: %w", err)
	}
	dir := filepath.Join(base, "curtaild-testbed", name)
	if err := os.MkdirAll(dir, 0o755); err != nil {
		return "", fmt.Errorf("make the cache folder: %w", err)
	}
	return dir, nil
}

// FreeAddr is a loopback address that nobody listens on, and that the kernel
// gives to nobody: a server may go from it and come back.
func FreeAddr(t testing.TB) string {
	t.Helper()
	addr, err := freePort()
	if err != nil {
		t.Fatalf("testbed: find a free port: %v", err)
	}
	return addr
}

// Once runs install with the cache folder name, unless an earlier run has
// succeeded there, and returns the folder. A file lock keeps test processes
// that run side by side from installing twice; the kernel drops it when a
// process dies.
func Once(name string, install func(dir string) error) (dir string, err error) {
	dir, err = CacheDir(name)
	if err != nil {
		return "", err
	}
	unlock, err := lock(dir + ".lock")
	if err != nil {
		return "", err
	}
	defer unlock()
	done := filepath.Join(dir, ".installed")
	if _, err := os.Stat(done); err == nil {
		return dir, nil
	}
	if err := install(dir); err != nil {
		return "", fmt.Errorf("install %s: %w", name, err)
	}
	if err := os.WriteFile(done, nil, 0o644); err != nil {
		return "", fmt.Errorf("mark %s as installed: %w", name, err)
	}
	return dir, nil
}

// lock waits for an exclusive lock on path.
func lock(path string) (unlock func(), err error) {
	f, err := os.OpenFile(path, os.O_CREATE|os.O_RDWR, 0o644)
	if err != nil {
		return nil, fmt.Errorf("open the lock: %w", err)
	}
	for {
		err = unix.Flock(int(f.Fd()), unix.LOCK_EX)
		if err != unix.EINTR {
			break
		}
	}
	if err != nil {
		f.Close()
		return nil, fmt.Errorf("lock %s: %w", path, err)
	}
	return func() { f.Close() }, nil
}
