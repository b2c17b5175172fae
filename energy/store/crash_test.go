package store

import (
	"bufio"
	"context"
	"errors"
	"fmt"
	"os"
	"os/exec"
	"path/filepath"
	"slices"
	"strconv"
	"strings"
	"sync/atomic"
	"syscall"
	"testing"
	"time"

	"github.com/curtaild/curtaild/energy"
)

const crashDir = "CURTAILD_STORE_CRASH_DIR"

// TestMain is also the program that is killed: it appends numbered records,
// and says which of them are on disk.
func TestMain(m *testing.M) {
	if dir := os.Getenv(crashDir); dir != "" {
		if err := appendForever(dir); err != nil {
			fmt.Fprintln(os.Stderr, err)
			os.Exit(1)
		}
	}
	os.Exit(m.Run())
}

func appendForever(dir string) error {
	n, err := strconv.Atoi(os.Getenv("CURTAILD_STORE_CRASH_FROM"))
	if err != nil {
		return err
	}
	s, err := Open(LogOptions{Dir: dir, Interval: 2 * time.Millisecond, SegmentSize: 8 << 10, MaxSize: 1 << 30, MaxAge: 1e6 * time.Hour})
	if err != nil {
		return err
	}
	c, err := s.Log.Cursor("other")
	if err != nil {
		return err
	}
	go func() {
		for {
			b, err := c.Next(context.Background(), 100)
			if err != nil {
				return
			}
			c.Commit(b.End)
		}
	}()
	for {
		for range 20 {
			s.Log.Append(numbered(energy.Telemetry, n))
			n++
		}
		// What Flush has returned for is promised.
		if err := s.Log.Flush(context.Background()); err != nil {
			return err
		}
		if err := s.State.Put("count", "n", n); err != nil {
			return err
		}
		fmt.Println(n)
	}
}

// TestKill kills a process that appends, again and again: what it said was on
// disk is there, once, in order, and the state says the same.
func TestKill(t *testing.T) {
	dir := t.TempDir()
	from, reported := 0, 0
	for range 25 {
		reported = max(reported, runAndKill(t, dir, from))
		s, err := Open(LogOptions{Dir: dir, Interval: time.Hour})
		if err != nil {
			t.Fatal(err)
		}
		if s.Warning != nil {
			t.Fatal(s.Warning)
		}
		var n int
		if _, err := s.State.Get("count", "n", &n); err != nil || n < reported {
			t.Fatalf("state says %d (%v), want at least %d", n, err, reported)
		}
		c := s.Log.Stats()
		if c.Corrupt != 0 || c.Torn > 1 {
			t.Fatalf("%d blocks corrupt, %d torn", c.Corrupt, c.Torn)
		}
		name := fmt.Sprint(from)
		got := numbers(t, drain(t, s.Log, name, 1000))
		if len(got) < reported {
			t.Fatalf("%d records on disk, %d were promised", len(got), reported)
		}
		same(t, "after a kill", got, counting(0, len(got)))
		from = len(got)
		if err := s.Close(); err != nil {
			t.Fatal(err)
		}
	}
}

// runAndKill runs the program until it has reported a few times, kills it, and
// returns the last number it reported.
func runAndKill(t *testing.T, dir string, from int) int {
	t.Helper()
	cmd := exec.Command(os.Args[0])
	cmd.Env = append(os.Environ(), crashDir+"="+dir, fmt.Sprintf("CURTAILD_STORE_CRASH_FROM=%d", from))
	cmd.Stderr = os.Stderr
	out, err := cmd.StdoutPipe()
	if err != nil {
		t.Fatal(err)
	}
	if err := cmd.Start(); err != nil {
		t.Fatal(err)
	}
	last, lines := 0, bufio.NewScanner(out)
	for i := 0; lines.Scan(); i++ {
		if last, err = strconv.Atoi(lines.Text()); err != nil {
			t.Fatal(err)
		}
		if i == 5 {
			_ = cmd.Process.Kill() // somewhere within the next blocks
		}
	}
	var exit *exec.ExitError
	if err := cmd.Wait(); !errors.As(err, &exit) || exit.Exited() {
		t.Fatalf("the program ended by itself: %v", err)
	}
	return last
}

// fullDisk is a disk with so many bytes left.
type fullDisk struct {
	left atomic.Int64
	fail atomic.Bool // fsync fails
}

type fullFile struct {
	*os.File
	disk *fullDisk
}

func (d *fullDisk) open(path string) (file, error) {
	f, err := os.OpenFile(path, os.O_RDWR|os.O_CREATE, 0o600)
	return &fullFile{f, d}, err
}

// WriteAt writes what fits, as a disk that fills up does.
func (f *fullFile) WriteAt(b []byte, off int64) (int, error) {
	fits := min(int64(len(b)), max(0, f.disk.left.Load()))
	f.disk.left.Add(-fits)
	n, err := f.File.WriteAt(b[:fits], off)
	if err == nil && n < len(b) {
		err = &os.PathError{Op: "write", Path: f.Name(), Err: syscall.ENOSPC}
	}
	return n, err
}

func (f *fullFile) Sync() error {
	if f.disk.fail.Load() {
		return syscall.EIO
	}
	return f.File.Sync()
}

func TestDiskFull(t *testing.T) {
	disk := &fullDisk{}
	disk.left.Store(3000)
	dir := t.TempDir()
	l := openLog(t, LogOptions{Dir: dir, MaxBuffered: 1000, open: disk.open})
	l.Append(numberedRun(energy.Audit, 0, 100)...)
	flush(t, l)
	full := 100
	for l.Stats().Err == "" { // until the disk is full
		l.Append(numberedRun(energy.Audit, full, full+100)...)
		full += 100
		_ = l.Flush(t.Context())
	}
	if err := l.Flush(t.Context()); !errors.Is(err, syscall.ENOSPC) {
		t.Fatalf("flush on a full disk: %v", err)
	}
	// The buffer fills: telemetry is refused first, settlement last.
	buffered := int(l.Stats().Buffered)
	l.Append(numberedRun(energy.Telemetry, 1<<20, 1<<20+2000)...)
	l.Append(numberedRun(energy.Audit, full, full+2000)...)
	l.Append(numberedRun(energy.Settlement, 1<<21, 1<<21+2000)...)
	s := l.Stats()
	if s.Buffered != 1500 || s.Dropped != [3]int64{1750, 1750, int64(1000 + buffered)} || s.ErrSince.IsZero() {
		t.Errorf("with %d buffered before: %+v", buffered, s)
	}
	disk.left.Store(1 << 30)
	flush(t, l)
	flush(t, l) // the markers
	if s := l.Stats(); s.Buffered != 0 || s.Err != "" || !s.ErrSince.IsZero() {
		t.Errorf("after space is back: %+v", s)
	}
	lines := drain(t, l, "r", 1000)
	got := numbers(t, lines)
	want := append(counting(0, full), counting(1<<21, 1<<21+250)...)
	want = append(want, counting(full, full+250)...)
	want = append(want, counting(1<<20, 1<<20+1000-buffered)...)
	slices.Sort(got)
	slices.Sort(want)
	same(t, "after space is back", got, want)
	markers := strings.Join(lines[len(lines)-3:], "\n")
	for _, want := range []string{"cause=buffer,class=settlement dropped=1750i", "class=audit dropped=1750i", "class=telemetry dropped="} {
		if !strings.Contains(markers, want) {
			t.Errorf("no marker %q in %s", want, markers)
		}
	}
	closeLog(t, l)
	l = openLog(t, LogOptions{Dir: dir})
	if s := l.Stats(); s.Torn != 0 || s.Corrupt != 0 {
		t.Errorf("unfinished blocks were left on disk: %+v", s)
	}
	again := numbers(t, drain(t, l, "again", 1000))
	slices.Sort(again)
	same(t, "after a restart", again, got)
}

func TestFailedSyncIsTriedAgain(t *testing.T) {
	disk := &fullDisk{}
	disk.left.Store(1 << 30)
	l := openLog(t, LogOptions{Dir: t.TempDir(), open: disk.open})
	for i := range 10 {
		disk.fail.Store(i%2 == 0)
		l.Append(numberedRun(energy.Audit, i*10, i*10+10)...)
		if err := l.Flush(t.Context()); (err != nil) != (i%2 == 0) {
			t.Fatalf("flush %d: %v", i, err)
		}
	}
	same(t, "after failed syncs", numbers(t, drain(t, l, "r", 100)), counting(0, 100))
}

func TestOpenTwice(t *testing.T) {
	dir := t.TempDir()
	s, err := Open(LogOptions{Dir: dir})
	if err != nil {
		t.Fatal(err)
	}
	if _, err := Open(LogOptions{Dir: dir}); !errors.Is(err, ErrLocked) {
		t.Errorf("second daemon on one folder: %v", err)
	}
	if err := s.Close(); err != nil {
		t.Fatal(err)
	}
	for path, want := range map[string]os.FileMode{dir: 0o700, filepath.Join(dir, "log"): 0o700, filepath.Join(dir, "state.db"): 0o600} {
		if info, err := os.Stat(path); err != nil || info.Mode().Perm()&^want != 0 && path != dir {
			t.Errorf("%s: mode %v (%v), want %v", path, info.Mode(), err, want)
		}
	}
}
