package solo

import (
	"fmt"
	"net/http"
	"net/http/httptest"
	"os"
	"path/filepath"
	"strings"
	"testing"
	"time"

	"github.com/curtaild/curtaild/hasher/work"
)

func TestBlocksAreBroughtAndFollowed(t *testing.T) {
	inBubble(t, nil, func(t *testing.T, f *fake, c *Client) {
		idle := f.client(nil)
		if err := idle.Submit(work.Share{}); err != errOffline {
			t.Errorf("before it runs: %v", err)
		}
		if s := idle.State(); s.Job != nil || s.Err != errOffline || s.Counts.Unsent["offline"] != 1 {
			t.Errorf("before it runs: %+v", s)
		}
		s := rested(c)
		if s.Job == nil || s.Counts.Sessions != 1 {
			t.Fatalf("no work: %+v", s)
		}
		old := s.Job
		share := dig(t, old)
		if err := c.Submit(share); err != nil {
			t.Fatal(err)
		}
		s = rested(c)
		if s.Counts.Accepted != 1 || s.Job.Prev == old.Prev || s.Job.ID != "101" {
			t.Errorf("after a block: %+v, job %+v", s, s.Job)
		}
		if err := c.Submit(share); err != work.ErrStale {
			t.Errorf("share of the block before: %v", err)
		}
		wrong := dig(t, s.Job)
		for wrong.Nonce++; ; wrong.Nonce++ {
			if h := s.Job.Header(wrong); !s.Job.Target.Met(work.Double(h[:])) {
				break
			}
		}
		if err := c.Submit(wrong); err != work.ErrLow {
			t.Errorf("no block: %v", err)
		}
		// Somebody else's block ends the job without a second's delay.
		before := time.Now()
		f.overtake()
		if s = rested(c); s.Job.Prev != (work.Hash{1}) || time.Since(before) != 0 {
			t.Errorf("after another's block: %+v", s.Job)
		}
		if u := s.Counts.Unsent; u["stale"] != 1 || u["low-difficulty"] != 1 || s.Counts.Rejects() != 0 || len(s.Counts.Faults) != 0 {
			t.Errorf("counts %+v", s.Counts)
		}
	})
}

func TestVerdicts(t *testing.T) {
	for verdict, word := range map[string]string{
		"high-hash": "low-difficulty", "bad-diffbits": "low-difficulty", "duplicate": "duplicate", "duplicate-invalid": "duplicate",
		"rejected: already have block 00ab": "duplicate", "stale-prevblk": "stale", "bad-prevblk": "stale", "prev-blk-not-found": "stale",
		"inconclusive-not-best-prevblk": "stale", "inconclusive": "inconclusive", "time-too-new": "time", "bad-cb-height": "other",
		"rejected: block merkle root is invalid": "other",
	} {
		inBubble(t, nil, func(t *testing.T, f *fake, c *Client) {
			f.verdict = verdict
			for n := range uint64(3) { // work goes on, and another block may be found
				if err := c.Submit(dig(t, rested(c).Job)); n == 0 && err != nil {
					t.Fatal(err)
				}
				time.Sleep(rejectPause)
			}
			s := rested(c)
			if s.Counts.Rejected[word] == 0 || s.Counts.Rejects() != s.Counts.Rejected[word] || s.Counts.Accepted != 0 || s.Job == nil {
				t.Errorf("%s: %+v", verdict, s.Counts)
			}
		})
	}
}

// A newer template on the same tip is taken up, and a block of the one before
// still counts, unless the node says otherwise; of the one before that, no more.
func TestTemplatesOfOneTip(t *testing.T) {
	for name, tc := range map[string]struct {
		newer int
		void  bool
		want  error
	}{"the one before": {1, false, nil}, "void": {1, true, work.ErrStale}, "long ago": {2, false, work.ErrStale}} {
		inBubble(t, nil, func(t *testing.T, f *fake, c *Client) {
			first := rested(c).Job
			for range tc.newer {
				f.mu.Lock()
				f.later, f.void = f.later+60, tc.void
				f.mu.Unlock()
				time.Sleep(pollBeside + time.Second)
			}
			if j := rested(c).Job; j == first || j.Prev != first.Prev || j.Time != first.Time+uint32(60*tc.newer) || string(j.Extranonce1) == string(first.Extranonce1) {
				t.Errorf("%s: job %+v", name, j)
			}
			if err := c.Submit(dig(t, first)); err != tc.want {
				t.Errorf("%s: %v, want %v", name, err, tc.want)
			}
			if s := rested(c); tc.want == nil && (s.Counts.Accepted != 1 || s.Counts.Sessions != 1) {
				t.Errorf("%s: %+v", name, s)
			}
		})
	}
}

// A block that the node has taken without our hearing of it counts once; one
// that it never got is brought when it is back; one too late is given up.
func TestBlocksOutliveTheNode(t *testing.T) {
	for name, tc := range map[string]struct {
		heard bool // the node takes the block before it goes
		away  time.Duration
		want  func(work.Counts) bool
	}{
		"answer lost": {true, time.Minute, func(c work.Counts) bool { return c.Accepted == 1 && c.Rejects() == 0 }},
		"never got":   {false, time.Minute, func(c work.Counts) bool { return c.Accepted == 1 && c.Rejects() == 0 }},
		"too late":    {false, time.Hour, func(c work.Counts) bool { return c.Accepted == 0 && c.Rejects() == 0 && c.Unsent["offline"] == 1 }},
	} {
		inBubble(t, nil, func(t *testing.T, f *fake, c *Client) {
			j := rested(c).Job
			share := dig(t, j)
			f.behave(func(method string, w http.ResponseWriter) bool {
				if h := j.Header(share); tc.heard && method == "submitblock" {
					f.mu.Lock()
					if f.tip == j.Prev {
						f.extend(work.Double(h[:]))
					}
					f.mu.Unlock()
				}
				panic(http.ErrAbortHandler)
			})
			if err := c.Submit(share); err != nil {
				t.Fatal(err)
			}
			time.Sleep(tc.away)
			if s := rested(c); s.Job != nil || s.Counts.Accepted != 0 {
				t.Errorf("%s: away: %+v", name, s)
			}
			f.behave(nil)
			time.Sleep(maxBackoff)
			if s := rested(c); !tc.want(s.Counts) || s.Job == nil {
				t.Errorf("%s: %+v", name, s)
			}
		})
	}
}

// A node that has another chain than the address is not mined for.
func TestPayoutOfAnotherChain(t *testing.T) {
	inBubble(t, func(c *Config) { c.Payout = "1A1zP1eP5QGefi2DMPTfTL5SLmv7DivfNa" }, func(t *testing.T, f *fake, c *Client) {
		if s := rested(c); s.Job != nil || s.Counts.Faults["payout"] != 1 || !strings.Contains(s.Err.Error(), "1A1zP1eP5") {
			t.Errorf("%+v", s)
		}
		f.behave(func(method string, w http.ResponseWriter) bool {
			if method != "validateaddress" {
				return false
			}
			fmt.Fprint(w, `{"result":{"isvalid":true,"scriptPubKey":"76a9"},"id":"validateaddress"}`)
			return true
		})
		time.Sleep(maxBackoff)
		if s := rested(c); s.Job != nil || s.Counts.Faults["payout"] < 2 {
			t.Errorf("another script: %+v", s)
		}
		f.behave(func(method string, w http.ResponseWriter) bool {
			if method == "validateaddress" {
				w.WriteHeader(404)
				fmt.Fprint(w, `{"result":null,"error":{"code":-32601,"message":"Method not found"},"id":"validateaddress"}`)
			}
			return method == "validateaddress"
		})
		time.Sleep(maxBackoff)
		if s := rested(c); s.Job == nil {
			t.Errorf("a node that cannot tell: %+v", s)
		}
	})
}

// The cookie is read anew, as a node that starts writes another.
func TestCookie(t *testing.T) {
	path := filepath.Join(t.TempDir(), ".cookie")
	inBubble(t, func(c *Config) { c.CookieFile, c.User, c.Password = path, "", "" }, func(t *testing.T, f *fake, c *Client) {
		if s := rested(c); s.Job != nil || !strings.Contains(s.Err.Error(), "is the node running") {
			t.Errorf("no cookie: %+v", s)
		}
		write := func(s string) {
			if err := os.WriteFile(path, []byte(s), 0o600); err != nil {
				t.Error(err)
			}
			time.Sleep(maxBackoff)
		}
		if write("nonsense"); !strings.Contains(rested(c).Err.Error(), "does not hold user:password") {
			t.Errorf("no cookie either: %+v", rested(c))
		}
		if write("__cookie__:0123:4567\n"); rested(c).Counts.Faults["unauthorized"] == 0 {
			t.Errorf("an old cookie: %+v", rested(c))
		}
		f.mu.Lock()
		f.user, f.password = "__cookie__", "89ab:cdef"
		f.mu.Unlock()
		if write("__cookie__:89ab:cdef\n"); rested(c).Job == nil {
			t.Errorf("the cookie: %+v", rested(c))
		}
	})
}

func TestTLS(t *testing.T) {
	f := &fake{t: t, moved: make(chan struct{}), user: "miner", calls: map[string]int{}, height: 99}
	server := httptest.NewTLSServer(f)
	defer server.Close()
	for _, trusted := range []bool{false, true} {
		c := f.client(func(c *Config) {
			c.URL, c.Dial = server.URL, nil
			if trusted {
				c.CAs = server.Client().Transport.(*http.Transport).TLSClientConfig.RootCAs
			}
		})
		start(t, c)
		until(t, c, "work or a fault", func(s work.State) bool {
			return trusted && s.Job != nil || !trusted && s.Job == nil && s.Counts.Faults["network"] > 0 && strings.Contains(s.Err.Error(), "certificate")
		})
	}
}

func TestNewRefuses(t *testing.T) {
	for name, change := range map[string]func(*Config){
		"payout":   func(c *Config) { c.Payout = "1A1z" },
		"scheme":   func(c *Config) { c.URL = "ftp://x:1" },
		"no port":  func(c *Config) { c.URL = "http://x" },
		"no host":  func(c *Config) { c.URL = "http://:8332" },
		"secrets":  func(c *Config) { c.URL = "http://a:b@x:8332" },
		"query":    func(c *Config) { c.URL = "http://x:8332/?a=b" },
		"no url":   func(c *Config) { c.URL = "http://[::1" },
		"long tag": func(c *Config) { c.Tag = strings.Repeat("x", MaxTag+1) },
	} {
		cfg := Config{URL: "http://127.0.0.1:8332", Payout: anyone}
		change(&cfg)
		if _, err := New(cfg); err == nil || strings.Contains(err.Error(), "a:b@") {
			t.Errorf("%s: %v", name, err)
		}
	}
}
