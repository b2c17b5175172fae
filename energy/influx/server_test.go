package influx

import (
	"compress/gzip"
	"context"
	"encoding/json"
	"fmt"
	"io"
	"net/http"
	"net/http/httptest"
	"os"
	"path/filepath"
	"strings"
	"sync"
	"testing"
	"testing/synctest"
	"time"

	"github.com/curtaild/curtaild/energy"
	"github.com/curtaild/curtaild/energy/store"
)

func openLog(t *testing.T, dir string) *store.Log {
	t.Helper()
	l, err := store.OpenLog(store.LogOptions{Dir: filepath.Join(dir, "log"), Interval: time.Hour})
	if err != nil {
		t.Fatal(err)
	}
	t.Cleanup(func() { _ = l.Close() })
	return l
}

// record is number n, under a name.
func record(name string, n int, field energy.Field) energy.Point {
	return energy.Point{
		Measurement: name, Class: energy.Telemetry, Tags: []energy.Tag{{Key: "site", Value: "westfield"}},
		Fields: []energy.Field{field}, Time: time.Unix(1_775_000_000+int64(n), 0),
	}
}

func put(t *testing.T, l *store.Log, points ...energy.Point) {
	t.Helper()
	l.Append(points...)
	if err := l.Flush(t.Context()); err != nil {
		t.Fatal(err)
	}
}

func numbered(from, to int) []energy.Point {
	var out []energy.Point
	for n := from; n < to; n++ {
		out = append(out, record("seq", n, energy.Int("n", int64(n))))
	}
	return out
}

// server is an InfluxDB that answers as it is told: one answer a request, then
// always as it should.
type server struct {
	mu     sync.Mutex
	script []answer
	refuse func(line string) string // why a record is refused; empty if it is not
	max    int                      // lines; 0: any number
	lines  map[string]int           // accepted, how often
	heads  []http.Header
}

type answer struct {
	code   int
	body   string
	header map[string]string
}

func (s *server) ServeHTTP(w http.ResponseWriter, r *http.Request) {
	z, err := gzip.NewReader(r.Body)
	if err != nil {
		http.Error(w, "not gzip", http.StatusTeapot)
		return
	}
	b, err := io.ReadAll(z)
	if err != nil {
		return
	}
	s.mu.Lock()
	defer s.mu.Unlock()
	s.heads = append(s.heads, r.Header.Clone())
	if len(s.script) > 0 {
		a := s.script[0]
		s.script = s.script[1:]
		if a.code == 0 { // written, and the answer is lost
			for line := range strings.SplitSeq(strings.TrimSpace(string(b)), "\n") {
				s.lines[line]++
			}
			a.code = http.StatusTeapot
			w.Header().Set("X-Lost", "yes")
		}
		s.reply(w, a)
		return
	}
	lines := strings.Split(strings.TrimSpace(string(b)), "\n")
	if s.max > 0 && len(lines) > s.max {
		s.reply(w, answer{code: 413})
		return
	}
	why, dropped := "", 0
	for _, line := range lines {
		if s.refuse != nil {
			if m := s.refuse(line); m != "" {
				why, dropped = m, dropped+1
				continue
			}
		}
		s.lines[line]++
	}
	if why != "" {
		s.reply(w, answer{code: 422, body: strings.ReplaceAll(why, "%d", fmt.Sprint(dropped))})
		return
	}
	w.WriteHeader(http.StatusNoContent)
}

func (s *server) reply(w http.ResponseWriter, a answer) {
	for k, v := range a.header {
		w.Header().Set(k, v)
	}
	w.Header().Set("Content-Type", "application/json")
	w.WriteHeader(a.code)
	_ = json.NewEncoder(w).Encode(map[string]string{"code": "invalid", "message": a.body})
}

// direct carries requests to a handler without a socket, so that time is the
// bubble's own.
type direct struct{ http.Handler }

func (d direct) RoundTrip(r *http.Request) (*http.Response, error) {
	rec := httptest.NewRecorder()
	d.ServeHTTP(rec, r)
	_ = r.Body.Close()
	if rec.Header().Get("X-Lost") != "" {
		return nil, io.ErrUnexpectedEOF
	}
	return rec.Result(), nil
}

// bench is a writer between a log and a server, in a bubble.
type bench struct {
	t   *testing.T
	s   *server
	log *store.Log
	w   *Writer
	dir string
}

// bubble runs a writer in front of a server until f returns.
func bubble(t *testing.T, s *server, points []energy.Point, f func(b *bench)) {
	t.Helper()
	dir := t.TempDir()
	synctest.Test(t, func(t *testing.T) {
		s.lines = map[string]int{}
		b := &bench{t: t, s: s, log: openLog(t, dir), dir: dir}
		put(t, b.log, points...)
		var err error
		b.w, err = New(Config{URL: "http://influx.lan:8086", Bucket: "energy/autogen", Token: "secret:token", Dir: dir}, b.log)
		if err != nil {
			t.Fatal(err)
		}
		b.w.http.Transport = bounded{direct{s}}
		ctx, cancel := context.WithCancel(t.Context())
		done := make(chan error)
		go func() { done <- b.w.Run(ctx) }()
		synctest.Wait()
		f(b)
		cancel()
		if err := <-done; err != nil {
			t.Error(err)
		}
		if err := b.log.Close(); err != nil {
			t.Error(err)
		}
	})
}

// after lets time pass.
func (b *bench) after(d time.Duration) {
	time.Sleep(d)
	synctest.Wait()
}

// asked is how many requests have come.
func (b *bench) asked() int {
	b.s.mu.Lock()
	defer b.s.mu.Unlock()
	return len(b.s.heads)
}

// written expects n different records in the database.
func (b *bench) written(n int) {
	b.t.Helper()
	b.s.mu.Lock()
	defer b.s.mu.Unlock()
	if len(b.s.lines) != n {
		b.t.Errorf("%d records written, want %d", len(b.s.lines), n)
	}
}

// aside reads the file of refused records.
func (b *bench) aside() []rejected {
	b.t.Helper()
	data, err := os.ReadFile(filepath.Join(b.dir, "rejected.log"))
	if os.IsNotExist(err) {
		return nil
	}
	var out []rejected
	for line := range strings.Lines(string(data)) {
		var r rejected
		if err := json.Unmarshal([]byte(line), &r); err != nil {
			b.t.Fatal(err)
		}
		out = append(out, r)
	}
	return out
}
