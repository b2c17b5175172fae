package solo

import (
	"encoding/json"
	"fmt"
	"net/http"
	"strings"
	"testing"
	"time"

	"github.com/curtaild/curtaild/hasher/work"
)

// wrong is something that a node may do wrong: how it is counted, and what the
// operator reads.
type wrong struct {
	answer func(http.ResponseWriter)
	cause  string
	text   string
}

func wrongs() map[string]wrong {
	rpc := func(status, code int, message string) func(http.ResponseWriter) {
		return func(w http.ResponseWriter) {
			w.WriteHeader(status)
			fmt.Fprintf(w, `{"result":null,"error":{"code":%d,"message":%q},"id":"getblocktemplate"}`, code, message)
		}
	}
	body := func(s string) func(http.ResponseWriter) { return func(w http.ResponseWriter) { fmt.Fprint(w, s) } }
	return map[string]wrong{
		"password":     {func(w http.ResponseWriter) { w.WriteHeader(401) }, "unauthorized", "check them, or cookie_file"},
		"address":      {func(w http.ResponseWriter) { w.WriteHeader(403) }, "unauthorized", "rpcallowip"},
		"syncing":      {rpc(500, -10, "is downloading blocks..."), "syncing", "wait until it has caught up"},
		"no peers":     {rpc(200, -9, "is not connected"), "no-peers", "connect it"},
		"starting":     {rpc(500, -28, "Loading block index"), "starting", "wait"},
		"refused":      {rpc(404, -32601, "Method not found"), "refused", "Method not found"},
		"litecoin":     {rpc(500, -8, "getblocktemplate must be called with the mweb rule set"), "unsupported", "through a pool"},
		"busy":         {func(w http.ResponseWriter) { w.WriteHeader(503) }, "status", "503"},
		"elsewhere":    {func(w http.ResponseWriter) { w.Header().Set("Location", "http://evil.test/"); w.WriteHeader(307) }, "status", "307"},
		"no JSON":      {body("<html>"), "protocol", "6 bytes"},
		"nothing":      {body(""), "protocol", "0 bytes"},
		"another id":   {body(`{"result":{},"error":null,"id":"x"}`), "protocol", "another call"},
		"no template":  {body(`{"result":null,"error":null,"id":"getblocktemplate"}`), "unsupported", "coinbasevalue"},
		"bad template": {body(`{"result":{"coinbasevalue":1,"height":-1,"version":2},"error":null,"id":"getblocktemplate"}`), "template", "height -1"},
		"cut short":    {func(w http.ResponseWriter) { w.Header().Set("Content-Length", "1000"); fmt.Fprint(w, `{"result":`) }, "hung-up", "EOF"},
		"huge":         {func(w http.ResponseWriter) { w.Header().Set("Content-Length", "16777217"); fmt.Fprint(w, "{") }, "too-large", "16777216"},
		"headers":      {func(w http.ResponseWriter) { w.Header().Set("X", strings.Repeat("x", 1<<20)) }, "network", "headers"},
		"hangs up":     {func(http.ResponseWriter) { panic(http.ErrAbortHandler) }, "hung-up", "EOF"},
	}
}

func TestFaults(t *testing.T) {
	for name, tc := range wrongs() {
		t.Run(name, func(t *testing.T) {
			inBubble(t, nil, func(t *testing.T, f *fake, c *Client) {
				if s := rested(c); s.Job == nil {
					t.Fatalf("no work: %+v", s)
				}
				f.behave(func(method string, w http.ResponseWriter) bool {
					if method == "validateaddress" {
						return false
					}
					tc.answer(w)
					return true
				})
				f.overtake()
				time.Sleep(5 * time.Minute)
				s := rested(c)
				n := s.Counts.Faults[tc.cause]
				if s.Job != nil || s.Err == nil || !strings.Contains(s.Err.Error(), tc.text) || !strings.Contains(s.Err.Error(), "node.test:8332") {
					t.Errorf("state %+v", s)
				}
				if n < 12 || n > 25 || len(s.Counts.Faults) != 1 { // every 15 to 30 s in the end
					t.Errorf("faults %v", s.Counts.Faults)
				}
				f.behave(nil)
				time.Sleep(maxBackoff)
				if s := rested(c); s.Job == nil || s.Err != nil || s.Counts.Sessions != 2 {
					t.Errorf("healed: %+v", s)
				}
			})
		})
	}
}

// zeros never end.
type zeros struct{ read int }

func (z *zeros) Read(p []byte) (int, error) {
	clear(p)
	z.read += len(p)
	return len(p), nil
}

func (z *zeros) Close() error { return nil }

// An answer is read no further than the most that one may have, whether or not
// it says how long it is.
func TestAnswersThatAreTooLong(t *testing.T) {
	for said, most := range map[int64]int{-1: maxAnswer + 1, maxAnswer + 1: 0} {
		body := &zeros{}
		raw, err := readAnswer(&http.Response{ContentLength: said, Body: body})
		if raw != nil || faultCause(err) != "too-large" || body.read > most {
			t.Errorf("length %d: %d bytes read, %v", said, body.read, err)
		}
	}
}

// Whatever a node answers, it is a result or a fault that is counted.
func FuzzAnswer(f *testing.F) {
	f.Add(200, []byte(`{"result":{"a":1},"error":null,"id":"m"}`))
	f.Add(500, []byte(`{"result":null,"error":{"code":-10,"message":"x"},"id":"m"}`))
	f.Add(401, []byte{})
	f.Fuzz(func(t *testing.T, status int, raw []byte) {
		got, err := result(status, raw, "m")
		if err == nil && (status != http.StatusOK || !json.Valid(got)) {
			t.Errorf("%d %q gives %q", status, raw, got)
		}
		if err != nil && faultCause(err) == "network" {
			t.Errorf("%d %q is counted as the network's: %v", status, raw, err)
		}
	})
}

// A node that says nothing any more is given up within two minutes, and one
// that knows no long polling is asked every five seconds.
func TestSilenceAndPolling(t *testing.T) {
	inBubble(t, nil, func(t *testing.T, f *fake, c *Client) {
		for _, begins := range []bool{false, true} { // an answer that does not end
			if s := rested(c); s.Job == nil {
				t.Fatalf("no work: %+v", s)
			}
			hang, before := make(chan struct{}), rested(c).Counts.Faults["silence"]
			f.behave(func(_ string, w http.ResponseWriter) bool {
				if begins {
					fmt.Fprint(w, `{"result":`)
					w.(http.Flusher).Flush()
				}
				<-hang
				return true
			})
			time.Sleep(pollBeside + callTimeout + time.Second)
			if s := rested(c); s.Job != nil || s.Counts.Faults["silence"] == before {
				t.Errorf("silent: %+v", s)
			}
			close(hang)
			f.behave(nil)
			time.Sleep(maxBackoff)
		}
		f.mu.Lock()
		f.noPoll = true
		f.mu.Unlock()
		time.Sleep(time.Minute)
		if s := rested(c); s.Job == nil {
			t.Fatalf("no work: %+v", s)
		}
		before := f.count("getblocktemplate")
		time.Sleep(time.Minute)
		if n := f.count("getblocktemplate") - before; n < 11 || n > 13 {
			t.Errorf("%d templates asked for in a minute", n)
		}
		job := rested(c).Job
		f.overtake()
		time.Sleep(pollAlone)
		if s := rested(c); s.Job == job || s.Job.Prev != (work.Hash{1}) {
			t.Errorf("job %+v", s.Job)
		}
	})
}

// A long poll that comes back at once, and always, is no reason to spin, and
// nor is one that fails while templates are to be had.
func TestLongPollsThatAreNone(t *testing.T) {
	for name, fails := range map[string]bool{"at once": false, "fails": true} {
		inBubble(t, nil, func(t *testing.T, f *fake, c *Client) {
			first := rested(c).Job
			f.behave(func(method string, w http.ResponseWriter) bool {
				switch {
				case method != "long poll":
					return false
				case fails:
					w.WriteHeader(http.StatusGatewayTimeout)
				default:
					a := f.template(t.Context(), []json.RawMessage{json.RawMessage(`{"rules":["segwit"]}`)})
					fmt.Fprintf(w, `{"result":%s,"id":"getblocktemplate"}`, encodeAny(a))
				}
				return true
			})
			before := f.count("getblocktemplate")
			time.Sleep(5 * time.Minute)
			if n := f.count("getblocktemplate") - before; n > 700 {
				t.Errorf("%s: %d calls in 5 min", name, n)
			}
			if s := rested(c); s.Job != first || s.Counts.Sessions != 1 || fails && s.Counts.Faults["status"] == 0 {
				t.Errorf("%s: %+v", name, s)
			}
		})
	}
}
