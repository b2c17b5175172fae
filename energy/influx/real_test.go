package influx

import (
	"context"
	"encoding/json"
	"os"
	"path/filepath"
	"strings"
	"testing"
	"time"

	"github.com/curtaild/curtaild/energy"
	"github.com/curtaild/curtaild/energy/store"
	"github.com/curtaild/curtaild/internal/testbed"
)

// runWriter runs a writer until the test, or stop, ends it.
func runWriter(t *testing.T, cfg Config, log *store.Log) (w *Writer, stop func()) {
	t.Helper()
	w, err := New(cfg, log)
	if err != nil {
		t.Fatal(err)
	}
	ctx, cancel := context.WithCancel(t.Context())
	done := make(chan error, 1)
	go func() { done <- w.Run(ctx) }()
	stop = func() { cancel(); <-done; done <- nil }
	t.Cleanup(stop)
	return w, stop
}

// until waits for what the writer's figures must come to.
func until(t *testing.T, w *Writer, what string, ok func(Stats) bool) {
	t.Helper()
	deadline := time.After(time.Minute)
	tick := time.NewTicker(5 * time.Millisecond)
	defer tick.Stop()
	for !ok(w.Stats()) {
		select {
		case <-tick.C:
		case <-deadline:
			t.Fatalf("%s: still %+v", what, w.Stats())
		}
	}
}

// TestRealInfluxDB goes through what an InfluxDB does to its clients in the
// field: a wrong token, a point of another type, a kill, a restart.
func TestRealInfluxDB(t *testing.T) {
	db := testbed.Influxd(t)
	dir := t.TempDir()
	log, err := store.OpenLog(store.LogOptions{Dir: filepath.Join(dir, "log"), Interval: time.Hour})
	if err != nil {
		t.Fatal(err)
	}
	t.Cleanup(func() { _ = log.Close() })
	cfg := Config{URL: db.URL, Org: db.Org, Bucket: db.Bucket, Token: db.Token, Dir: dir}
	put(t, log, numbered(0, 7000)...)
	put(t, log, energy.Point{
		Measurement: "odd name,=", Tags: []energy.Tag{{Key: "k", Value: `a b,c=d"e`}},
		Fields: []energy.Field{energy.Text("s", `say "hi", \o/`), energy.Bool("b", true), energy.Float("f", 1e21)}, Time: time.Unix(1_775_000_000, 1),
	})

	wrong := cfg
	wrong.Token = "curtaild:wrong"
	w, stop := runWriter(t, wrong, log)
	until(t, w, "a wrong token", func(s Stats) bool {
		return s.State == StateDenied && strings.Contains(s.LastError, "token may not write")
	})
	stop()
	missing := cfg
	missing.Bucket = "nowhere/autogen"
	w, stop = runWriter(t, missing, log)
	until(t, w, "a missing bucket", func(s Stats) bool { return s.State == StateDenied })
	stop()

	w, _ = runWriter(t, cfg, log)
	until(t, w, "the right token", func(s Stats) bool { return s.Written == 7001 && s.State == StateOK })
	count(t, db, "7000")
	odd := db.Query(t, `SELECT * FROM "odd name,="`)
	if len(odd) != 1 || odd[0]["k"] != `a b,c=d"e` || odd[0]["s"] != `say "hi", \o/` || odd[0]["b"] != true || odd[0]["time"] != json.Number("1775000000000000001") {
		t.Errorf("escaped text came back as %v", odd)
	}

	// A field of another type, amid good records.
	bad := []energy.Point{record("seq", 8000, energy.Text("n", "text")), record("seq", 8001, energy.Float("n", 1.5))}
	put(t, log, append(append(numbered(7000, 7500), bad...), numbered(7500, 8000)...)...)
	until(t, w, "a field of another type", func(s Stats) bool { return s.Written == 8003 })
	if s := w.Stats(); s.Rejected != 2 || !strings.Contains(s.LastRejected, "conflict") {
		t.Errorf("stats %+v", s)
	}
	if data, err := os.ReadFile(filepath.Join(dir, "rejected.log")); err != nil || strings.Count(string(data), "\n") != 2 || !strings.Contains(string(data), "1.5") {
		t.Errorf("set aside: %s (%v)", data, err)
	}
	count(t, db, "8000")

	db.Kill()
	put(t, log, numbered(8000, 8100)...)
	until(t, w, "a killed database", func(s Stats) bool { return s.State == StateUnavailable })
	put(t, log, numbered(8100, 8200)...)
	if err := db.Start(t.Context()); err != nil {
		t.Fatal(err)
	}
	until(t, w, "the database again", func(s Stats) bool { return s.State == StateOK && s.Written == 8203 })
	count(t, db, "8200")
	rows := db.Flux(t, `from(bucket:"energy/autogen") |> range(start: 2020-01-01T00:00:00Z) |> filter(fn: (r) => r._measurement == "seq") |> sum()`)
	if len(rows) != 1 || rows[0]["_value"] != "33615900" { // 0 + 1 + … + 8199
		t.Errorf("sum by Flux: %v", rows)
	}
}

func count(t *testing.T, db *testbed.InfluxDB, want json.Number) {
	t.Helper()
	rows := db.Query(t, "SELECT count(n) AS n FROM seq")
	if len(rows) != 1 || rows[0]["n"] != want {
		t.Errorf("InfluxDB holds %v records, want %s", rows, want)
	}
}
