package influx

import (
	"fmt"
	"os"
	"strings"
	"testing"
	"testing/synctest"
	"time"

	"github.com/curtaild/curtaild/energy"
)

func TestWritesInBatches(t *testing.T) {
	bubble(t, &server{}, numbered(0, 12_000), func(b *bench) {
		b.written(12_000)
		b.s.mu.Lock()
		h := b.s.heads[0]
		b.s.mu.Unlock()
		if b.asked() != 3 || h.Get("Authorization") != "Token secret:token" || h.Get("Content-Encoding") != "gzip" {
			b.t.Errorf("%d requests; first %v", b.asked(), h)
		}
		put(b.t, b.log, numbered(12_000, 12_010)...)
		synctest.Wait()
		b.written(12_010)
		if s := b.w.Stats(); s.Written != 12_010 || s.State != StateOK || s.Rejected != 0 || b.log.Stats().Cursors[cursorName].Lag != 0 {
			b.t.Errorf("stats %+v", s)
		}
	})
}

// TestAnswers gives one bad answer of each kind: the records are kept, the
// state says why, and they arrive once it is over.
func TestAnswers(t *testing.T) {
	for name, c := range map[string]struct {
		answer answer
		state  State
		quiet  time.Duration // no second try before this
		retry  time.Duration // the second try has come by this
	}{
		"401":                 {answer{code: 401, body: "unauthorized"}, StateDenied, 499 * time.Millisecond, time.Second},
		"403":                 {answer{code: 403, body: "forbidden"}, StateDenied, 499 * time.Millisecond, time.Second},
		"404":                 {answer{code: 404, body: "database not found"}, StateDenied, 499 * time.Millisecond, time.Second},
		"redirect":            {answer{code: 302, header: map[string]string{"Location": "/login"}}, StateDenied, 499 * time.Millisecond, time.Second},
		"400 of another sort": {answer{code: 400, body: "bucket name is odd"}, StateDenied, 0, time.Second},
		"429 as told":         {answer{code: 429, header: map[string]string{"Retry-After": "90"}}, StateThrottled, 89 * time.Second, 90 * time.Second},
		"503 as told":         {answer{code: 503, header: map[string]string{"Retry-After": "7"}}, StateThrottled, 6 * time.Second, 7 * time.Second},
		"503 for a day":       {answer{code: 503, header: map[string]string{"Retry-After": "86400"}}, StateThrottled, 599 * time.Second, 600 * time.Second},
		"503 with no word":    {answer{code: 503}, StateThrottled, 499 * time.Millisecond, time.Second},
		"500":                 {answer{code: 500, body: strings.Repeat("boom secret:token\n", 1000)}, StateUnavailable, 499 * time.Millisecond, time.Second},
		"the answer is lost":  {answer{}, StateUnavailable, 499 * time.Millisecond, time.Second},
	} {
		t.Run(name, func(t *testing.T) {
			script := []answer{c.answer}
			if c.quiet == 0 { // the search for a record at fault asks again
				script = append(script, c.answer, c.answer)
			}
			points := numbered(0, 2)
			bubble(t, &server{script: script}, points, func(b *bench) {
				s := b.w.Stats()
				if s.State != c.state || s.LastError == "" || s.Since.IsZero() || s.Failures != 1 {
					t.Errorf("stats %+v", s)
				}
				if len(s.LastError) > maxMessage+3 || strings.ContainsAny(s.LastError, "\n\r") || strings.Contains(s.LastError, "secret") {
					t.Errorf("error is shown as %q", s.LastError)
				}
				asked := b.asked()
				b.after(c.quiet)
				if b.asked() != asked {
					t.Error("tried again too soon")
				}
				b.after(c.retry - c.quiet)
				b.after(10 * time.Second)
				b.written(2)
				if s := b.w.Stats(); s.State != StateOK || s.LastError != "" || !s.Since.IsZero() || len(b.aside()) != 0 {
					t.Errorf("afterwards: %+v", s)
				}
			})
		})
	}
}

func TestBacksOffToAMinute(t *testing.T) {
	script := make([]answer, 40)
	for i := range script {
		script[i] = answer{code: 502}
	}
	bubble(t, &server{script: script}, numbered(0, 3), func(b *bench) {
		b.after(15 * time.Minute)
		if n := b.asked(); n < 15 || n > 40 {
			t.Errorf("%d tries in a quarter of an hour", n)
		}
		since := b.w.Stats().Since
		if age := time.Since(since); age < 14*time.Minute {
			t.Errorf("down since %v", since)
		}
		b.after(time.Hour)
		b.written(3)
	})
}

func TestTooLargeIsSplit(t *testing.T) {
	points := numbered(0, 3000)
	bubble(t, &server{max: 700}, points, func(b *bench) {
		b.written(3000)
		if s := b.w.Stats(); s.Failures != 0 || s.Rejected != 0 {
			t.Errorf("stats %+v", s)
		}
	})
	huge := record("huge", 1, energy.Text("s", strings.Repeat("x", 1000)))
	s := &server{script: []answer{{code: 413}, {code: 413}, {code: 413}, {code: 413}}}
	bubble(t, s, []energy.Point{huge}, func(b *bench) {
		if got := b.aside(); len(got) != 1 || !strings.HasPrefix(got[0].Line, "huge,") {
			t.Errorf("one record that is too large: %v", got)
		}
	})
}

// TestBadRecordsAreSetAside has the server refuse some records: they go into
// the file, with the error, and all others arrive.
func TestBadRecordsAreSetAside(t *testing.T) {
	for name, c := range map[string]struct {
		bad     map[int]bool
		message string
	}{
		"one":             {map[int]bool{1234: true}, "partial write: field type conflict: dropped=%d"},
		"first and last":  {map[int]bool{0: true, 5999: true}, "failure writing points: partial write: field type conflict dropped=%d"},
		"another wording": {map[int]bool{77: true, 78: true}, "something about this one"},
	} {
		t.Run(name, func(t *testing.T) {
			refuse := func(line string) string {
				var n int
				_, s, _ := strings.Cut(line, " n=")
				if _, err := fmt.Sscanf(s, "%di", &n); err == nil && c.bad[n] {
					return c.message
				}
				return ""
			}
			bubble(t, &server{refuse: refuse}, numbered(0, 6000), func(b *bench) {
				b.written(6000 - len(c.bad))
				got := b.aside()
				if len(got) != len(c.bad) || b.w.Stats().Rejected != int64(len(c.bad)) {
					t.Fatalf("%d set aside: %v", len(got), got)
				}
				for _, r := range got {
					if r.Error == "" || !strings.Contains(r.Line, "seq,site=westfield n=") {
						t.Errorf("set aside as %+v", r)
					}
				}
				if lag := b.log.Stats().Cursors[cursorName].Lag; lag != 0 {
					t.Errorf("%d records held up", lag)
				}
			})
		})
	}
}

func TestWholeBatchOfBadRecords(t *testing.T) {
	all := func(line string) string {
		if strings.HasPrefix(line, "bad,") {
			return "partial write: field type conflict dropped=%d"
		}
		return ""
	}
	var points []energy.Point
	for n := range 5000 {
		points = append(points, record("bad", n, energy.Bool("b", true)))
	}
	bubble(t, &server{refuse: all}, append(points, numbered(0, 10)...), func(b *bench) {
		b.written(10)
		if n := len(b.aside()); n != 5000 || b.asked() > 10 {
			t.Errorf("%d set aside in %d requests", n, b.asked())
		}
	})
}

// TestRefusalOfEverythingIsKept: a refusal that speaks of no record, and holds
// for all of them, is somebody's mistake elsewhere, and no record's.
func TestRefusalOfEverythingIsKept(t *testing.T) {
	broken := true
	s := &server{}
	s.refuse = func(string) string {
		if broken {
			return "organisation is gone"
		}
		return ""
	}
	bubble(t, s, numbered(0, 500), func(b *bench) {
		b.after(10 * time.Minute)
		if got := b.w.Stats(); got.State != StateDenied || got.Rejected != 0 || len(b.aside()) != 0 {
			t.Errorf("stats %+v", got)
		}
		s.mu.Lock()
		broken = false
		s.mu.Unlock()
		b.after(2 * time.Minute)
		b.written(500)
	})
}

func TestRejectedFileIsBounded(t *testing.T) {
	a := aside{dir: t.TempDir()}
	for range 40 {
		for range 10 {
			if err := a.add(make([]byte, 10<<10), "why", time.Now()); err != nil {
				t.Fatal(err)
			}
		}
		if err := a.flush(); err != nil {
			t.Fatal(err)
		}
	}
	for _, path := range []string{a.path(), a.path() + ".1"} {
		if info, err := os.Stat(path); err != nil || info.Size() > maxAside || info.Mode().Perm() != 0o600 {
			t.Errorf("%s: %v %v", path, info, err)
		}
	}
}

func TestNewRefuses(t *testing.T) {
	good := Config{URL: "http://127.0.0.1:8086", Bucket: "b", Token: "t"}
	for name, change := range map[string]func(*Config){
		"no url":       func(c *Config) { c.URL = "" },
		"broken url":   func(c *Config) { c.URL = "http://a:b:c" },
		"other scheme": func(c *Config) { c.URL = "ftp://a" },
		"password":     func(c *Config) { c.URL = "http://u:hunter2@a" },
		"no bucket":    func(c *Config) { c.Bucket = "" },
		"broken CA":    func(c *Config) { c.CA = []byte("nothing") },
	} {
		c := good
		change(&c)
		if _, err := New(c, nil); err == nil || strings.Contains(err.Error(), "hunter2") {
			t.Errorf("%s: %v", name, err)
		}
	}
	if _, err := New(good, nil); err != nil {
		t.Error(err)
	}
}

func TestRetryAfter(t *testing.T) {
	now := time.Date(2026, 4, 1, 10, 0, 0, 0, time.UTC)
	for in, want := range map[string]time.Duration{
		"": 0, "x": 0, "-5": 0, "0": 0, "5": 5 * time.Second, "99999999999999": 0, "3600": maxRetryAfter,
		"Wed, 01 Apr 2026 10:00:30 GMT": 30 * time.Second, "Wed, 01 Apr 2026 09:00:00 GMT": 0, "Thu, 02 Apr 2026 09:00:00 GMT": maxRetryAfter,
	} {
		if got := retryAfter(in, now); got != want {
			t.Errorf("Retry-After %q is %v, want %v", in, got, want)
		}
	}
}

// Records of the program's own stay on disk, and hold nothing up.
func TestPrivateRecordsStay(t *testing.T) {
	points := append(numbered(0, 3), record("_journal", 3, energy.Text("d", "x")))
	bubble(t, &server{}, points, func(b *bench) {
		b.written(3)
		put(b.t, b.log, record("_journal", 4, energy.Text("d", "x")))
		synctest.Wait()
		b.written(3)
		if s := b.w.Stats(); s.Written != 3 || b.asked() != 1 || b.log.Stats().Cursors[cursorName].Lag != 0 {
			b.t.Errorf("%d requests, stats %+v, cursors %+v", b.asked(), s, b.log.Stats().Cursors)
		}
	})
}
