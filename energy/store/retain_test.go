package store

import (
	"fmt"
	"os"
	"strings"
	"testing"
	"time"

	"github.com/curtaild/curtaild/energy"
)

// fill writes rounds of records of each class, a minute apart: telemetry of
// two series every second, audit and settlement now and then.
func fill(t *testing.T, l *Log, from, to int) {
	t.Helper()
	for n := from; n < to; n++ {
		at := epoch.Add(time.Duration(n) * time.Second)
		for _, rig := range []string{"a", "b"} {
			l.Append(energy.Point{
				Measurement: "rig", Class: energy.Telemetry, Time: at, Tags: []energy.Tag{{Key: "rig", Value: rig}},
				Fields: []energy.Field{energy.Float("power_w", float64(n*7919%10007))},
			})
		}
		if n%10 == 0 {
			l.Append(energy.Point{Measurement: "decision", Class: energy.Audit, Time: at, Fields: []energy.Field{energy.Int("n", int64(n))}})
		}
		if n%60 == 0 {
			l.Append(energy.Point{Measurement: "interval", Class: energy.Settlement, Time: at, Fields: []energy.Field{energy.Int("n", int64(n))}})
		}
		if n%20 == 19 {
			flush(t, l)
		}
	}
	flush(t, l)
}

// census counts lines by measurement.
func census(lines []string) map[string]int {
	m := map[string]int{}
	for _, line := range lines {
		name, _, _ := strings.Cut(line, ",")
		name, _, _ = strings.Cut(name, " ")
		m[name]++
	}
	return m
}

// TestSizeBound lets the log outgrow ever smaller bounds: telemetry thins,
// then goes, then audit, and settlement last; every loss is counted and
// marked; and the bound holds.
func TestSizeBound(t *testing.T) {
	const seconds = 6000
	dir := t.TempDir()
	l := openLog(t, LogOptions{Dir: dir, MaxSize: 1 << 30, SegmentSize: 4 << 10})
	if _, err := l.Cursor("late"); err != nil {
		t.Fatal(err)
	}
	fill(t, l, 0, seconds)
	size := l.Stats().Bytes
	closeLog(t, l)
	last := map[string]int{"rig": 2 * seconds, "decision": seconds / 10, "interval": seconds / 60}
	var thinned, noRigs, noDecisions bool
	for i, bound := range []int64{size, size * 2 / 3, size / 2, size * 9 / 20, size * 8 / 20, size * 7 / 20, size / 3, size / 8, size / 12, size / 16, size / 20, size / 30, size / 40, 12 << 10} {
		l := openLog(t, LogOptions{Dir: dir, MaxSize: bound, SegmentSize: 4 << 10, MaxAge: 1e6 * time.Hour, Thin: time.Minute})
		for range 1000 {
			l.retainNow()
		}
		flush(t, l)
		flush(t, l)
		s := l.Stats()
		if s.Bytes > bound+8<<10 { // the active segment, and a marker
			t.Errorf("bound %d: %d bytes", bound, s.Bytes)
		}
		got := census(drain(t, l, fmt.Sprint(i), 1000))
		if n := s.Dropped[energy.Telemetry]; n != int64(last["rig"]-got["rig"]) {
			t.Errorf("bound %d: %d telemetry dropped, %d gone", bound, n, last["rig"]-got["rig"])
		}
		if lost := last["rig"] + last["decision"] + last["interval"] - got["rig"] - got["decision"] - got["interval"]; lost > 0 && got["spool_gap"] == 0 {
			t.Errorf("bound %d: %d records lost and no marker", bound, lost)
		}
		thinned = thinned || (got["rig"] < 2*seconds && got["rig"] >= 2*seconds/60)
		noRigs = noRigs || (got["rig"] < 250 && got["decision"] == seconds/10)
		noDecisions = noDecisions || (got["decision"] < seconds/10 && got["interval"] == seconds/60)
		if got["decision"] < seconds/10 && got["rig"] > 250 || got["interval"] < seconds/60 && got["decision"] > 60 {
			t.Errorf("bound %d: dear records went before cheap ones: %v", bound, got)
		}
		last = got
		closeLog(t, l)
	}
	if !thinned || !noRigs || !noDecisions {
		t.Errorf("not every step was seen: thinned %v, telemetry gone %v, audit going %v", thinned, noRigs, noDecisions)
	}
}

// retainNow runs retention in the writer's place: the writer of these tests
// ticks once an hour.
func (l *Log) retainNow() { l.retain(time.Now()) }

func TestAgeBound(t *testing.T) {
	for _, read := range []bool{true, false} {
		t.Run(fmt.Sprintf("read=%v", read), func(t *testing.T) {
			dir := t.TempDir()
			l := openLog(t, LogOptions{Dir: dir, MaxSize: 1 << 20, SegmentSize: 4 << 10, MaxAge: time.Hour})
			if c, err := l.Cursor("r"); err != nil {
				t.Fatal(err)
			} else {
				_ = c.Close()
			}
			fill(t, l, 0, 2000)
			if read {
				drain(t, l, "r", 1000)
			}
			for range 1000 {
				l.retain(time.Now()) // the records are of last April
			}
			flush(t, l)
			s := l.Stats()
			got := census(drain(t, l, "r", 1000))
			if s.Segments != 1 || s.Dropped[energy.Telemetry] == 0 {
				t.Errorf("old segments stay: %+v", s)
			}
			if (got["spool_gap"] == 0) != read {
				t.Errorf("%d markers", got["spool_gap"])
			}
			if missed := s.Cursors["r"].Missed; (missed == 0) != read || (!read && missed != s.Dropped[0]+s.Dropped[1]+s.Dropped[2]) {
				t.Errorf("missed %d, dropped %v", missed, s.Dropped)
			}
		})
	}
}

// TestOvertaken reads while retention takes segments away under the reader.
func TestOvertaken(t *testing.T) {
	l := openLog(t, LogOptions{Dir: t.TempDir(), MaxSize: 64 << 10, SegmentSize: 4 << 10})
	c, err := l.Cursor("r")
	if err != nil {
		t.Fatal(err)
	}
	last, read := -1, 0
	for i := range 60 {
		l.Append(numberedRun(energy.Telemetry, i*500, i*500+500)...)
		flush(t, l)
		l.retainNow()
		b, err := c.Next(t.Context(), 100)
		if err != nil {
			t.Fatal(err)
		}
		for _, line := range b.Lines {
			for _, n := range numbers(t, []string{string(line)}) {
				if n <= last {
					t.Fatalf("number %d after %d", n, last)
				}
				last = n
				read++
			}
		}
		c.Commit(b.End)
	}
	if s := l.Stats(); s.Cursors["r"].Missed == 0 || s.Bytes > 72<<10 {
		t.Errorf("stats %+v after %d records read", s, read)
	}
}

func TestSegmentThatVanishes(t *testing.T) {
	dir := t.TempDir()
	l := openLog(t, LogOptions{Dir: dir, MaxSize: 1 << 20, SegmentSize: 4 << 10})
	fill(t, l, 0, 2000)
	if err := os.Remove(segmentsOf(t, dir)[0]); err != nil {
		t.Fatal(err)
	}
	c, err := l.Cursor("r")
	if err != nil {
		t.Fatal(err)
	}
	if _, err := c.Next(t.Context(), 10); err == nil || !os.IsNotExist(unwrapAll(err)) {
		t.Errorf("reading a segment that is gone: %v", err)
	}
}

func unwrapAll(err error) error {
	for {
		u, ok := err.(interface{ Unwrap() error })
		if !ok {
			return err
		}
		err = u.Unwrap()
	}
}
