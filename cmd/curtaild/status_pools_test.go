package main

import (
	"context"
	"errors"
	"fmt"
	"log/slog"
	"strings"
	"testing"
	"time"

	"github.com/curtaild/curtaild/api"
	"github.com/curtaild/curtaild/energy/record"
	"github.com/curtaild/curtaild/energy/store"
	"github.com/curtaild/curtaild/hasher"
	"github.com/curtaild/curtaild/hasher/work"
)

func TestPoolsAreShown(t *testing.T) {
	job := &work.Job{}
	counts := work.Counts{
		Sessions: 2, Accepted: 70, Silent: 1, Rejected: map[string]uint64{"stale": 2, "time": 10, "other": 2},
		Unsent: map[string]uint64{"stale": 1}, Faults: map[string]uint64{"hung-up": 3},
	}
	list := []hasher.UpstreamStatus{
		{Name: "a:1", Running: true, State: work.State{Err: errors.New("connection refused"), Counts: counts}},
		{Name: "b:1", Running: true, InUse: true, State: work.State{Job: job, Latency: work.Latency{Median: 45 * time.Millisecond, P95: 2 * time.Second}}},
		{Name: "c:1", Running: true, State: work.State{Job: job}},
		{Name: "d:1", State: work.State{Err: errors.New("not connected")}},
	}
	pools := poolsOf(list)
	for i, want := range []api.PoolState{api.PoolDown, api.PoolInUse, api.PoolReady, api.PoolSpare} {
		if pools[i].State != want || (pools[i].Error != "") != (i == 0) {
			t.Errorf("pool %d: %+v, want %s", i, pools[i], want)
		}
	}
	var text strings.Builder
	row := func(format string, args ...any) { fmt.Fprintf(&text, format+"\n", args...) }
	printPools(row, []api.Load{{Name: "rig"}, {Name: "cpu", Pools: pools}})
	want := "\nPOOL\tSTATE\tACCEPTED\tREJECTED\tNOT SENT\tFAULTS\tANSWERS IN\n" +
		"a:1\tdown\t70\t14 (10 time, 2 other, 2 stale)\t1 (1 stale)\t3 (3 hung-up)\t-\tconnection refused\n" +
		"b:1\tin use\t0\t0\t0\t0\t45ms, 95 % within 2s\t\n" +
		"c:1\tready\t0\t0\t0\t0\t-\t\n" +
		"d:1\tspare\t0\t0\t0\t0\t-\t\n"
	if text.String() != want {
		t.Errorf("got:\n%s\nwant:\n%s", text.String(), want)
	}
	text.Reset()
	if printPools(row, []api.Load{{Name: "rig"}}); text.Len() > 0 {
		t.Errorf("without pools: %q", text.String())
	}
	records := poolRecords("cpu", list)
	if want := (record.PoolStatus{Rig: "cpu", Pool: "a:1", Accepted: 70, Rejected: 14, Stale: 2, Unsent: 1, Unanswered: 1, Faults: 3}); records[0] != want {
		t.Errorf("record %+v, want %+v", records[0], want)
	}
	if want := (record.PoolStatus{Rig: "cpu", Pool: "b:1", InUse: true, AnswerP50: 45 * time.Millisecond, AnswerP95: 2 * time.Second}); records[1] != want {
		t.Errorf("record %+v, want %+v", records[1], want)
	}
}

// What pools have done is on record when the daemon ends.
func TestPoolsAreRecorded(t *testing.T) {
	st, err := store.Open(store.LogOptions{Dir: t.TempDir()})
	if err != nil {
		t.Fatal(err)
	}
	s := newScribe(record.Config{Site: "w"}, st, func() {}, slog.New(slog.DiscardHandler))
	s.pools = func() []record.PoolStatus {
		return []record.PoolStatus{{Rig: "cpu", Pool: "a:1", InUse: true, Accepted: 7}}
	}
	ctx, cancel := context.WithCancel(t.Context())
	cancel()
	s.run(ctx) // to its end
	all, err := st.Log.Cursor("test")
	if err != nil {
		t.Fatal(err)
	}
	if err := st.Log.Flush(t.Context()); err != nil {
		t.Fatal(err)
	}
	b, err := all.Next(t.Context(), 100)
	if err != nil {
		t.Fatal(err)
	}
	found := false
	for _, line := range b.Lines {
		text := string(line)
		found = found || strings.HasPrefix(text, "pool,pool=a:1,rig=cpu,site=w ") && strings.Contains(text, "accepted=7i") && strings.Contains(text, "in_use=true")
	}
	if !found {
		t.Errorf("records %q", b.Lines)
	}
	if err := st.Close(); err != nil {
		t.Error(err)
	}
}
