package store

import (
	"context"
	"errors"
	"fmt"
	"io"
	"path/filepath"
	"slices"
	"strings"
	"testing"
	"time"
)

func openLog(t testing.TB, opt LogOptions) *Log {
	t.Helper()
	if opt.Interval == 0 {
		opt.Interval = time.Hour // tests write by Flush
	}
	l, err := OpenLog(opt)
	if err != nil {
		t.Fatal(err)
	}
	t.Cleanup(func() { _ = l.Close() })
	return l
}

func flush(t testing.TB, l *Log) {
	t.Helper()
	if err := l.Flush(t.Context()); err != nil {
		t.Fatal(err)
	}
}

func closeLog(t testing.TB, l *Log) {
	t.Helper()
	if err := l.Close(); err != nil {
		t.Fatal(err)
	}
}

// drain reads what a cursor has to give and commits it.
func drain(t testing.TB, l *Log, name string, limit int) []string {
	t.Helper()
	c, err := l.Cursor(name)
	if err != nil {
		t.Fatal(err)
	}
	defer c.Close()
	ctx, cancel := context.WithCancel(t.Context())
	cancel() // do not wait for more
	var out []string
	for {
		b, err := c.Next(ctx, limit)
		if errors.Is(err, context.Canceled) || errors.Is(err, io.EOF) {
			return out
		}
		if err != nil {
			t.Fatal(err)
		}
		if len(b.Lines) > limit {
			t.Fatalf("batch of %d lines, limit %d", len(b.Lines), limit)
		}
		for _, line := range b.Lines {
			out = append(out, string(line))
		}
		c.Commit(b.End)
	}
}

// numbers picks the sequence numbers out of lines; others are skipped.
func numbers(t testing.TB, lines []string) []int {
	t.Helper()
	var out []int
	for _, line := range lines {
		if !strings.HasPrefix(line, "seq,") {
			continue
		}
		_, s, _ := strings.Cut(line, " n=")
		var n int
		if _, err := fmt.Sscanf(s, "%di", &n); err != nil {
			t.Fatalf("line %q: %v", line, err)
		}
		out = append(out, n)
	}
	return out
}

func counting(from, to int) []int {
	var out []int
	for n := from; n < to; n++ {
		out = append(out, n)
	}
	return out
}

func same(t testing.TB, what string, got, want []int) {
	t.Helper()
	if slices.Equal(got, want) {
		return
	}
	for i := range min(len(got), len(want)) {
		if got[i] != want[i] {
			t.Fatalf("%s: record %d is number %d, want %d", what, i, got[i], want[i])
		}
	}
	t.Fatalf("%s: %d records, want %d", what, len(got), len(want))
}

func segmentsOf(t testing.TB, dir string) []string {
	t.Helper()
	list, err := filepath.Glob(filepath.Join(dir, "*"+segmentExt))
	if err != nil || len(list) == 0 {
		t.Fatalf("no segments in %s: %v", dir, err)
	}
	return list
}
