package store

import (
	"os"
	"path/filepath"
	"testing"
	"time"

	"github.com/curtaild/curtaild/energy"
)

// beside reads all records of a class from beside.
func beside(t *testing.T, dir string, class energy.Class, from time.Time) []int {
	t.Helper()
	r, err := OpenReader(dir)
	if err != nil {
		t.Fatal(err)
	}
	var lines []string
	for i := range r.Segments() {
		if err := r.Lines(i, class, from, func(line []byte) bool {
			lines = append(lines, string(line))
			return true
		}); err != nil {
			t.Fatal(err)
		}
	}
	return numbers(t, lines)
}

func TestReaderBesideTheWriter(t *testing.T) {
	dir := t.TempDir()
	l := openLog(t, LogOptions{Dir: filepath.Join(dir, logFolder), SegmentSize: 4 << 10, MaxSize: 1 << 30})
	for n := 0; n < 3000; n += 1000 {
		l.Append(numberedRun(energy.Audit, n, n+1000)...)
		l.Append(numberedRun(energy.Telemetry, n, n+1000)...)
		flush(t, l)
	}
	if n := l.Stats().Segments; n < 2 {
		t.Fatalf("%d segments, want several", n)
	}
	same(t, "all of a class", beside(t, dir, energy.Audit, time.Unix(0, 0)), counting(0, 3000))
	same(t, "the last blocks", beside(t, dir, energy.Audit, epoch.Add(2500*time.Millisecond)), counting(2000, 3000))

	r, err := OpenReader(dir)
	if err != nil {
		t.Fatal(err)
	}
	count := 0
	if err := r.Lines(0, energy.Audit, epoch, func([]byte) bool { count++; return count < 5 }); err != nil || count != 5 {
		t.Errorf("told to end after 5: %d, %v", count, err)
	}

	if at, ok := r.Begins(0); !ok || !at.Equal(epoch) {
		t.Errorf("the first segment begins at %v, %v", at, ok)
	}
	if at, ok := r.Begins(r.Segments() - 1); ok && !at.After(epoch) {
		t.Errorf("the last segment begins at %v", at)
	}

	// The block that is being written is not there yet; the others are.
	list := segmentsOf(t, filepath.Join(dir, logFolder))
	f, err := os.OpenFile(list[len(list)-1], os.O_WRONLY|os.O_APPEND, 0)
	if err != nil {
		t.Fatal(err)
	}
	if _, err := f.WriteString(magic + "half a block"); err != nil {
		t.Fatal(err)
	}
	_ = f.Close()
	same(t, "before an unfinished block", beside(t, dir, energy.Audit, epoch), counting(0, 3000))
	for _, path := range list {
		if err := os.Remove(path); err != nil {
			t.Fatal(err)
		}
	}
	if err := r.Lines(0, energy.Audit, epoch, func([]byte) bool { t.Error("a segment that is gone"); return false }); err != nil {
		t.Error(err)
	}
	if _, err := OpenReader(t.TempDir()); err == nil {
		t.Error("a folder without a log was read")
	}
}
