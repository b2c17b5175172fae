package store

import (
	"errors"
	"fmt"
	"math"
	"os"
	"path/filepath"
	"slices"
	"strings"
	"testing"
	"time"

	"github.com/curtaild/curtaild/energy"
)

func TestLines(t *testing.T) {
	at := time.Unix(1, 5)
	tag := func(v string) []energy.Tag { return []energy.Tag{{Key: "rig", Value: v}} }
	f := func(fields ...energy.Field) energy.Point {
		return energy.Point{Measurement: "rig", Tags: tag("a"), Fields: fields, Time: at}
	}
	for name, c := range map[string]struct {
		point   energy.Point
		want    string
		invalid int64
		fields  int64
	}{
		"all kinds":      {f(energy.Float("f", 1.5), energy.Int("i", -2), energy.Text("s", "x"), energy.Bool("b", true)), `rig,rig=a f=1.5,i=-2i,s="x",b=true 1000000005`, 0, 0},
		"escapes":        {energy.Point{Measurement: "a b", Tags: tag("c,d=e f"), Fields: []energy.Field{energy.Text("s", `q"\`)}, Time: at}, `a\ b,rig=c\,d\=e\ f s="q\"" 1000000005`, 0, 0},
		"not a number":   {f(energy.Float("a", math.NaN()), energy.Float("b", 1), energy.Float("c", math.Inf(-1))), "rig,rig=a b=1 1000000005", 0, 2},
		"nothing left":   {f(energy.Float("a", math.NaN())), "", 1, 1},
		"no time":        {energy.Point{Measurement: "rig", Fields: []energy.Field{energy.Int("i", 1)}}, "", 1, 0},
		"no name":        {energy.Point{Fields: []energy.Field{energy.Int("i", 1)}, Time: at}, "", 1, 0},
		"unknown class":  {energy.Point{Measurement: "rig", Class: 9, Fields: []energy.Field{energy.Int("i", 1)}, Time: at}, "", 1, 0},
		"twice a tag":    {energy.Point{Measurement: "rig", Tags: append(tag("a"), tag("b")...), Fields: []energy.Field{energy.Int("i", 1)}, Time: at}, "", 1, 0},
		"empty tag":      {energy.Point{Measurement: "rig", Tags: tag(""), Fields: []energy.Field{energy.Int("i", 1)}, Time: at}, "rig i=1i 1000000005", 0, 0},
		"tags unsorted":  {energy.Point{Measurement: "rig", Tags: []energy.Tag{{Key: "z", Value: "1"}, {Key: "a", Value: "2"}}, Fields: []energy.Field{energy.Int("i", 1)}, Time: at}, "rig,a=2,z=1 i=1i 1000000005", 0, 0},
		"hostile text":   {energy.Point{Measurement: "rig", Tags: tag("a\nb\x00\\"), Fields: []energy.Field{energy.Text("s", "x\r\ny\xff")}, Time: at}, `rig,rig=a\ b\  s="x  y?" 1000000005`, 0, 0},
		"eleven digits":  {f(energy.Float("f", 123456.123456789)), "rig,rig=a f=123456.12346 1000000005", 0, 0},
		"large counters": {f(energy.Float("f", 1.23456789012345678e21)), "rig,rig=a f=1.2345678901e+21 1000000005", 0, 0},
	} {
		t.Run(name, func(t *testing.T) {
			l := openLog(t, LogOptions{Dir: t.TempDir()})
			l.Append(c.point)
			flush(t, l)
			if got := strings.Join(drain(t, l, "r", 10), "\n"); got != c.want {
				t.Errorf("line is %s, want %s", got, c.want)
			}
			if s := l.Stats(); s.Invalid != c.invalid || s.FieldsDropped != c.fields {
				t.Errorf("%d invalid and %d fields dropped, want %d and %d", s.Invalid, s.FieldsDropped, c.invalid, c.fields)
			}
		})
	}
}

func TestRoundKeepsElevenDigits(t *testing.T) {
	for _, f := range []float64{0, -0.001, 1e-9, 3250.4, 9.87654321098765e5, -123456789.123456789, 1.9999999999999e12, 1.23456789e25, math.MaxFloat64} {
		if got := round(f); math.Abs(got-f) > math.Abs(f)*5e-11 {
			t.Errorf("round(%v) = %v", f, got)
		}
	}
}

func TestReopenContinues(t *testing.T) {
	dir := t.TempDir()
	for i := range 5 {
		l := openLog(t, LogOptions{Dir: dir, SegmentSize: 4 << 10, MaxSize: 1 << 20})
		l.Append(numberedRun(energy.Class(i%3), i*1000, i*1000+1000)...)
		closeLog(t, l) // writes what waits
	}
	l := openLog(t, LogOptions{Dir: dir})
	same(t, "after five runs", numbers(t, drain(t, l, "r", 300)), counting(0, 5000))
	if s := l.Stats(); s.Torn != 0 || s.Corrupt != 0 || s.Segments < 2 || !s.Oldest.Equal(epoch) {
		t.Errorf("stats: %+v", s)
	}
	info, err := os.Stat(segmentsOf(t, dir)[0])
	if err != nil || info.Mode().Perm() != 0o600 {
		t.Errorf("segment's mode is %v (%v), want 0600", info.Mode(), err)
	}
}

// TestTornTail cuts a log at every byte of its last block: what stands before
// it is kept, what is written after reads back, and nothing comes twice.
func TestTornTail(t *testing.T) {
	t.Parallel()
	dir := t.TempDir()
	l := openLog(t, LogOptions{Dir: dir})
	l.Append(numberedRun(energy.Telemetry, 0, 50)...)
	flush(t, l)
	whole := l.Stats().Bytes
	l.Append(numberedRun(energy.Telemetry, 50, 60)...)
	closeLog(t, l)
	data, err := os.ReadFile(segmentsOf(t, dir)[0])
	if err != nil {
		t.Fatal(err)
	}
	name := filepath.Base(segmentsOf(t, dir)[0])
	base := t.TempDir()
	for cut := int(whole); cut < len(data); cut++ {
		for _, fill := range [][]byte{nil, make([]byte, len(data)-cut)} { // a file may also have grown before its data came
			dir := filepath.Join(base, fmt.Sprintf("%d-%d", cut, len(fill)))
			if err := os.Mkdir(dir, 0o700); err != nil {
				t.Fatal(err)
			}
			if err := os.WriteFile(filepath.Join(dir, name), append(slices.Clone(data[:cut]), fill...), 0o600); err != nil {
				t.Fatal(err)
			}
			l := openLog(t, LogOptions{Dir: dir})
			s := l.Stats()
			if torn := cut > int(whole) || len(fill) > 0; (s.Torn == 1) != torn || s.Bytes != whole {
				t.Fatalf("cut at %d: torn %d, %d bytes; want %v, %d", cut, s.Torn, s.Bytes, torn, whole)
			}
			l.Append(numberedRun(energy.Telemetry, 60, 65)...)
			flush(t, l)
			same(t, fmt.Sprintf("cut at %d", cut), numbers(t, drain(t, l, "r", 1000)), append(counting(0, 50), counting(60, 65)...))
			closeLog(t, l)
		}
	}
}

// TestFlippedBytes damages one byte of a log at a time: at most the block it
// lies in is lost, the loss is counted and marked, and the rest reads back.
func TestFlippedBytes(t *testing.T) {
	t.Parallel()
	dir := t.TempDir()
	l := openLog(t, LogOptions{Dir: dir})
	for i := range 4 {
		l.Append(numberedRun(energy.Audit, i*10, i*10+10)...)
		flush(t, l)
	}
	closeLog(t, l)
	path := segmentsOf(t, dir)[0]
	data, err := os.ReadFile(path)
	if err != nil {
		t.Fatal(err)
	}
	name, base := filepath.Base(path), t.TempDir()
	for at := range data {
		dir := filepath.Join(base, fmt.Sprint(at))
		if err := os.Mkdir(dir, 0o700); err != nil {
			t.Fatal(err)
		}
		bad := slices.Clone(data)
		bad[at] ^= 0x55
		if err := os.WriteFile(filepath.Join(dir, name), bad, 0o600); err != nil {
			t.Fatal(err)
		}
		l := openLog(t, LogOptions{Dir: dir})
		l.Append(numberedRun(energy.Audit, 40, 50)...)
		flush(t, l)
		got := numbers(t, drain(t, l, "r", 7))
		s := l.Stats()
		lost := s.Torn + s.Corrupt
		want := slices.DeleteFunc(counting(0, 50), func(n int) bool { return !slices.Contains(got, n) })
		same(t, fmt.Sprintf("byte %d", at), got, want)
		if len(got) != 40 || lost != 1 {
			t.Fatalf("byte %d: %d records read, %d blocks torn or corrupt; want 40 and 1", at, len(got), lost)
		}
		flush(t, l) // the marker
		marks := drain(t, l, "r", 10)
		if s.Corrupt == 1 && (len(marks) != 1 || !strings.Contains(marks[0], "cause=corrupt") || !strings.Contains(marks[0], "dropped=10i")) {
			t.Fatalf("byte %d: markers %q", at, marks)
		}
		closeLog(t, l)
	}
}

func TestCursors(t *testing.T) {
	dir := t.TempDir()
	opt := LogOptions{Dir: dir, SegmentSize: 4 << 10, MaxSize: 1 << 20}
	l := openLog(t, opt)
	for i := range 20 {
		l.Append(numberedRun(energy.Telemetry, i*100, i*100+100)...)
		flush(t, l)
	}
	fast, slow := drain(t, l, "fast", 333), []string{}
	same(t, "fast", numbers(t, fast), counting(0, 2000))
	c, err := l.Cursor("slow")
	if err != nil {
		t.Fatal(err)
	}
	if _, err := l.Cursor("slow"); err == nil {
		t.Error("the same cursor opened twice")
	}
	for range 3 {
		b, err := c.Next(t.Context(), 70)
		if err != nil {
			t.Fatal(err)
		}
		for _, line := range b.Lines {
			slow = append(slow, string(line))
		}
		c.Commit(b.End)
	}
	if _, err := c.Next(t.Context(), 70); err != nil { // read, but not committed
		t.Fatal(err)
	}
	closeLog(t, l)
	l = openLog(t, opt)
	if got := l.Stats().Cursors; got["fast"].Lag != 0 || got["slow"].Lag != 1790 {
		t.Errorf("cursors %+v", got)
	}
	slow = append(slow, drain(t, l, "slow", 1000)...)
	same(t, "slow", numbers(t, slow), counting(0, 2000))
	if got := drain(t, l, "fast", 10); len(got) != 0 {
		t.Errorf("fast reads %d records again", len(got))
	}
}

func TestNextWaitsForRecords(t *testing.T) {
	l := openLog(t, LogOptions{Dir: t.TempDir()})
	c, err := l.Cursor("r")
	if err != nil {
		t.Fatal(err)
	}
	got := make(chan int)
	go func() {
		for {
			b, err := c.Next(t.Context(), 10)
			if err != nil {
				close(got)
				return
			}
			got <- len(b.Lines)
		}
	}()
	for n := 1; n < 4; n++ {
		l.Append(numberedRun(energy.Audit, 0, n)...)
		flush(t, l)
		if read := <-got; read != n {
			t.Fatalf("read %d, want %d", read, n)
		}
	}
	closeLog(t, l)
	if _, open := <-got; open {
		t.Error("a cursor went on after the log was closed")
	}
}

func TestBrokenCursorFileStartsAtTheOldest(t *testing.T) {
	dir := t.TempDir()
	l := openLog(t, LogOptions{Dir: dir})
	l.Append(numberedRun(energy.Audit, 0, 5)...)
	flush(t, l)
	drain(t, l, "r", 10)
	closeLog(t, l)
	if err := os.WriteFile(filepath.Join(dir, cursorFile), []byte(`{"r":{"pos":`), 0o600); err != nil {
		t.Fatal(err)
	}
	l = openLog(t, LogOptions{Dir: dir})
	same(t, "again", numbers(t, drain(t, l, "r", 10)), counting(0, 5))
}

func TestLostTailDoesNotReuseNumbers(t *testing.T) {
	dir := t.TempDir()
	l := openLog(t, LogOptions{Dir: dir})
	l.Append(numberedRun(energy.Audit, 0, 5)...)
	flush(t, l)
	drain(t, l, "r", 10)
	closeLog(t, l)
	if err := os.Truncate(segmentsOf(t, dir)[0], 3); err != nil {
		t.Fatal(err)
	}
	l = openLog(t, LogOptions{Dir: dir})
	l.Append(numberedRun(energy.Audit, 5, 8)...)
	flush(t, l)
	same(t, "after the loss", numbers(t, drain(t, l, "r", 10)), counting(5, 8))
}

func TestLock(t *testing.T) {
	dir := t.TempDir()
	l, err := Acquire(dir)
	if err != nil {
		t.Fatal(err)
	}
	_, err = Acquire(dir)
	if !errors.Is(err, ErrLocked) || !strings.Contains(err.Error(), dir) || !strings.Contains(err.Error(), fmt.Sprint(os.Getpid())) {
		t.Errorf("second lock: %v", err)
	}
	if err := l.Release(); err != nil {
		t.Fatal(err)
	}
	if l, err = Acquire(dir); err != nil {
		t.Fatal(err)
	}
	_ = l.Release()
}
