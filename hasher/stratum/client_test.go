package stratum

import (
	"context"
	"errors"
	"net"
	"strings"
	"sync"
	"testing"
	"testing/synctest"
	"time"

	"github.com/curtaild/curtaild/hasher/stratum/pooltest"
	"github.com/curtaild/curtaild/hasher/work"
)

const (
	user = "site.cpu"
	easy = "0.0000001" // a share every 430 hashes
)

// rig is a client and its pool in a bubble of fake time, joined by pipes.
type rig struct {
	t     *testing.T
	pool  *pooltest.Pool
	c     *Client
	mu    sync.Mutex
	dials []string
	at    []time.Time
	stop  func()
}

func inBubble(t *testing.T, change func(*pooltest.Pool, *Config), test func(*testing.T, *rig)) {
	t.Helper()
	synctest.Test(t, func(t *testing.T) {
		r := &rig{t: t, pool: pooltest.New(user, 4)}
		cfg := Config{URL: "stratum+tcp://pool.example:3333", User: user, Password: "x", Agent: "curtaild/test", Dial: r.dial}
		if change != nil {
			change(r.pool, &cfg)
		}
		var err error
		if r.c, err = New(cfg); err != nil {
			t.Fatal(err)
		}
		ctx, cancel := context.WithCancel(t.Context())
		done := make(chan error)
		go func() { done <- r.c.Run(ctx) }()
		r.stop = sync.OnceFunc(func() {
			cancel()
			if err := <-done; err != nil {
				t.Errorf("run: %v", err)
			}
			r.pool.Close()
		})
		defer r.stop()
		test(t, r)
	})
}

func (r *rig) dial(_ context.Context, _, addr string) (net.Conn, error) {
	r.mu.Lock()
	r.dials, r.at = append(r.dials, addr), append(r.at, time.Now())
	r.mu.Unlock()
	near, far := net.Pipe()
	r.pool.Serve(far)
	return near, nil
}

// expect reads the pool's events up to one of a kind; a violation is one too
// many.
func (r *rig) expect(kind string) pooltest.Event {
	r.t.Helper()
	late := time.After(time.Hour)
	for {
		select {
		case e := <-r.pool.Events():
			if e.Kind == kind {
				return e
			}
			if e.Kind == "violation" {
				r.t.Fatalf("violation: %s", e.Text)
			}
		case <-late:
			r.t.Fatalf("no %q within an hour; state %+v", kind, r.c.State())
		}
	}
}

// job gives out a job and waits until the client has it.
func (r *rig) job(id string, clean bool) *work.Job {
	r.t.Helper()
	r.pool.Job(pooltest.Example(id, clean))
	synctest.Wait()
	j := r.c.State().Job
	if j == nil || j.ID != id {
		r.t.Fatalf("job %s has not arrived: %+v", id, r.c.State())
	}
	return j
}

// open brings the client to work.
func (r *rig) open() *work.Job {
	r.t.Helper()
	r.pool.Difficulty(easy)
	r.expect("authorized")
	return r.job("first", true)
}

// find searches for the n-th share of j.
func find(j *work.Job, n int) work.Share {
	s, _ := j.Variant(0)
	for ; ; s.Nonce++ {
		h := j.Header(s)
		if j.Target.Met(work.Double(h[:])) {
			if n--; n < 0 {
				return s
			}
		}
	}
}

func TestSharesAreAccepted(t *testing.T) {
	inBubble(t, nil, func(t *testing.T, r *rig) {
		j := r.open()
		for i := range 5 {
			if err := r.c.Submit(find(j, i)); err != nil {
				t.Fatal(err)
			}
			r.expect("accepted")
		}
		synctest.Wait()
		if n := r.c.State().Counts; n.Accepted != 5 || n.Sessions != 1 || n.Rejects() != 0 {
			t.Errorf("counts %+v", n)
		}
	})
}

func TestNeverSent(t *testing.T) {
	inBubble(t, nil, func(t *testing.T, r *rig) {
		if err := r.c.Submit(work.Share{}); !errors.Is(err, ErrOffline) {
			t.Errorf("before the session: %v", err)
		}
		j := r.open()
		s := find(j, 0)
		low := s
		low.Nonce++
		for h := j.Header(low); j.Target.Met(work.Double(h[:])); h = j.Header(low) {
			low.Nonce++
		}
		if err := r.c.Submit(low); !errors.Is(err, work.ErrLow) {
			t.Errorf("low: %v", err)
		}
		if err := r.c.Submit(s); err != nil {
			t.Error(err)
		}
		if err := r.c.Submit(s); !errors.Is(err, work.ErrDuplicate) {
			t.Errorf("again: %v", err)
		}
		// A job that is not clean leaves the one before it alive.
		r.job("second", false)
		if err := r.c.Submit(find(j, 1)); err != nil {
			t.Errorf("the job before: %v", err)
		}
		r.expect("accepted")
		r.expect("accepted")
		r.job("third", true)
		if err := r.c.Submit(find(j, 2)); !errors.Is(err, work.ErrStale) {
			t.Errorf("after a clean job: %v", err)
		}
		synctest.Wait()
		n := r.c.State().Counts
		if n.Accepted != 2 || n.Unsent["stale"] != 1 || n.Unsent["duplicate"] != 1 || n.Unsent["low-difficulty"] != 1 || n.Unsent["offline"] != 1 {
			t.Errorf("counts %+v", n)
		}
		r.stop()
		for len(r.pool.Events()) > 0 {
			if e := <-r.pool.Events(); e.Kind == "rejected" || e.Kind == "violation" {
				t.Errorf("the pool saw %+v", e)
			}
		}
	})
}

// A share queued just as its job ends is dropped before it is written.
func TestJobEndsWhileShareWaits(t *testing.T) {
	inBubble(t, nil, func(t *testing.T, r *rig) {
		j := r.open()
		s := find(j, 0)
		r.c.mu.Lock() // what Submit does, with the new job in between
		if err := r.c.queue(s); err != nil {
			t.Error(err)
		}
		r.c.book.Add(work.Job{}, true)
		r.c.mu.Unlock()
		synctest.Wait()
		if n := r.c.State().Counts; n.Unsent["stale"] != 1 || n.Accepted != 0 {
			t.Errorf("counts %+v", n)
		}
	})
}

func TestDifficultyHoldsFromTheNextJob(t *testing.T) {
	inBubble(t, nil, func(t *testing.T, r *rig) {
		j := r.open()
		for i, d := range []string{"0.0000002", "1000000", "0.00000005"} {
			r.pool.Difficulty(d)
			synctest.Wait()
			if r.c.State().Job.Target != j.Target {
				t.Errorf("difficulty %s changed a job that was given out", d)
			}
			if i < 2 { // the third would take days
				if err := r.c.Submit(find(j, i)); err != nil {
					t.Fatal(err)
				}
				r.expect("accepted")
			}
			j = r.job("after "+d, false)
			if want, err := work.SHA256d.ParseDifficulty(d); err != nil || j.Target != want {
				t.Errorf("difficulty %s: target %x", d, j.Target)
			}
		}
	})
}

func TestRejectsAreCountedByReason(t *testing.T) {
	for code, reason := range map[string]string{
		`[21,"Job not found",null]`: "stale", `[22,"Duplicate",null]`: "duplicate", `[23,"Low",null]`: "low-difficulty",
		`[24,"Who",null]`: "unauthorized", `[25,"Not subscribed",null]`: "unauthorized",
		`[99,"?",null]`: "other", `"text"`: "other", `{"code":21}`: "other",
	} {
		inBubble(t, func(p *pooltest.Pool, _ *Config) { p.Reject = code }, func(t *testing.T, r *rig) {
			j := r.open()
			if err := r.c.Submit(find(j, 0)); err != nil {
				t.Fatal(err)
			}
			synctest.Wait()
			if n := r.c.State().Counts; n.Rejected[reason] != 1 || n.Rejects() != 1 || n.Accepted != 0 {
				t.Errorf("%s: counts %+v, want one %s", code, n, reason)
			}
		})
	}
}

// What breaks the protocol ends the session: there is no work, the cause is
// counted, and the client comes back.
func TestBrokenProtocol(t *testing.T) {
	long := `{"id":null,"method":"mining.notify","params":["` + strings.Repeat("x", 1<<20)
	for name, tc := range map[string]struct{ raw, cause string }{
		"garbage":               {"\x00\xff\x16\x03 hello\n", "protocol"},
		"half a document":       {`{"id":null,"method":` + "\n", "protocol"},
		"an array":              {"[1,2]\n", "protocol"},
		"an empty object":       {"{}\n", "protocol"},
		"an empty line":         {"\n", "protocol"},
		"a megabyte, no line":   {long, "protocol"},
		"answer nobody wanted":  {`{"id":77,"result":true,"error":null}` + "\n", "protocol"},
		"answer with a name":    {`{"id":"x","result":true,"error":null}` + "\n", "protocol"},
		"difficulty negative":   {`{"id":null,"method":"mining.set_difficulty","params":[-1]}` + "\n", "difficulty"},
		"difficulty zero":       {`{"id":null,"method":"mining.set_difficulty","params":[0]}` + "\n", "difficulty"},
		"difficulty absurd":     {`{"id":null,"method":"mining.set_difficulty","params":[1e300]}` + "\n", "difficulty"},
		"difficulty huge text":  {`{"id":null,"method":"mining.set_difficulty","params":[1e999999999]}` + "\n", "difficulty"},
		"difficulty missing":    {`{"id":null,"method":"mining.set_difficulty","params":[]}` + "\n", "protocol"},
		"job of nothing":        {`{"id":null,"method":"mining.notify","params":[]}` + "\n", "protocol"},
		"reconnect nowhere":     {`{"id":null,"method":"client.reconnect","params":["",99999,0]}` + "\n", "protocol"},
		"reconnect in the past": {`{"id":null,"method":"client.reconnect","params":["",3333,-5]}` + "\n", "protocol"},
		"pool refuses":          {`{"id":null,"result":null,"error":[20,"go away",null]}` + "\n", "refused"},
	} {
		t.Run(name, func(t *testing.T) {
			inBubble(t, nil, func(t *testing.T, r *rig) {
				r.open()
				r.pool.Send([]byte(tc.raw))
				r.expect("closed")
				synctest.Wait()
				if s := r.c.State(); s.Job != nil || s.Err == nil || s.Counts.Faults[tc.cause] != 1 {
					t.Errorf("state %+v, want no job and one fault %q", s, tc.cause)
				}
				r.expect("authorized")
				r.job("again", true)
			})
		})
	}
}

func TestSubscriptionBounds(t *testing.T) {
	for raw, ok := range map[string]bool{
		`[[["mining.notify","x"]],"08000002",4]`: true,
		`[[],"",0]`:                              true,
		`[null,"00",16]`:                         true,
		`[[],"00",17]`:                           false,
		`[[],"00",64]`:                           false,
		`[[],"00",-1]`:                           false,
		`[[],"00",1.5]`:                          false,
		`[[],"00","4"]`:                          false,
		`[[],"0",4]`:                             false,
		`[[],"` + strings.Repeat("00", 33) + `",4]`: false,
		`[[],null]`: false,
		`{}`:        false,
		`null`:      false,
	} {
		if _, err := parseSubscription([]byte(raw)); (err == nil) != ok {
			t.Errorf("%s: %v", raw, err)
		}
	}
}

// Lines may come in pieces or several at once.
func TestSplitAndGluedLines(t *testing.T) {
	inBubble(t, nil, func(t *testing.T, r *rig) {
		r.open()
		line := `{"id":null,"method":"mining.set_difficulty","params":[4]}` + "\n"
		for i := range len(line) {
			r.pool.Send([]byte{line[i]})
		}
		if j := r.job("split", true); j.Target != work.SHA256d.DifficultyTarget(4) {
			t.Errorf("target %x", j.Target)
		}
		r.pool.Send([]byte(strings.Repeat(line, 3) + `{"id":null,"method":"mining.set_difficulty","params":[8]}` + "\n" + `{"id":9,"method":"client.show_message","params":["hi"]}` + "\n"))
		if j := r.job("glued", true); j.Target != work.SHA256d.DifficultyTarget(8) {
			t.Errorf("target %x", j.Target)
		}
	})
}

func TestSilence(t *testing.T) {
	for name, tc := range map[string]struct {
		change func(*pooltest.Pool, *Config)
		open   bool
		after  time.Duration
	}{
		"from the start": {func(p *pooltest.Pool, _ *Config) { p.Mute = true }, false, handshakeTimeout},
		"later":          {func(_ *pooltest.Pool, c *Config) { c.Silence = time.Minute }, true, time.Minute},
	} {
		t.Run(name, func(t *testing.T) {
			inBubble(t, tc.change, func(t *testing.T, r *rig) {
				if tc.open {
					r.open()
				}
				began := time.Now()
				r.expect("closed")
				if d := time.Since(began).Round(2 * time.Second); d < tc.after || d > tc.after+2*time.Second {
					t.Errorf("dropped after %v, want %v", d, tc.after)
				}
				synctest.Wait()
				if s := r.c.State(); s.Job != nil || s.Counts.Faults["silence"] != 1 {
					t.Errorf("state %+v", s)
				}
			})
		})
	}
}

// A pool that never ends its line is as silent as one that says nothing.
func TestDribble(t *testing.T) {
	inBubble(t, func(_ *pooltest.Pool, c *Config) { c.Silence = time.Minute }, func(t *testing.T, r *rig) {
		r.open()
		ctx, cancel := context.WithCancel(t.Context())
		var wg sync.WaitGroup
		wg.Go(func() {
			for ctx.Err() == nil {
				r.pool.Send([]byte{' '})
				select {
				case <-ctx.Done():
				case <-time.After(time.Second):
				}
			}
		})
		r.expect("closed")
		cancel()
		wg.Wait()
		synctest.Wait()
		if n := r.c.State().Counts.Faults["silence"]; n != 1 {
			t.Errorf("%d silences: %+v", n, r.c.State())
		}
	})
}

func TestUnansweredShare(t *testing.T) {
	inBubble(t, nil, func(t *testing.T, r *rig) {
		j := r.open()
		r.c.mu.Lock()
		r.c.submits <- submission{job: j, share: find(j, 0)}
		r.c.mu.Unlock()
		r.expect("accepted")
		synctest.Wait()
		r.pool.Mute = true
		if err := r.c.Submit(find(j, 1)); err != nil {
			t.Fatal(err)
		}
		r.expect("closed")
		synctest.Wait()
		if n := r.c.State().Counts; n.Faults["silence"] != 1 {
			t.Errorf("counts %+v", n)
		}
	})
}

func TestReconnect(t *testing.T) {
	inBubble(t, nil, func(t *testing.T, r *rig) {
		r.open()
		elsewhere := `{"id":null,"method":"client.reconnect","params":["evil.example",3333,0]}` + "\n"
		r.pool.Send([]byte(elsewhere))
		r.job("still here", true)
		if n := r.c.State().Counts.Faults["reconnect-elsewhere"]; n != 1 {
			t.Errorf("%d moves refused", n)
		}
		r.pool.Send([]byte(`{"id":null,"method":"client.reconnect","params":["POOL.example","4444",7]}` + "\n"))
		began := time.Now()
		r.expect("closed")
		r.expect("authorized")
		if d := time.Since(began); d != 7*time.Second {
			t.Errorf("came back after %v", d)
		}
		r.mu.Lock()
		if got := r.dials[len(r.dials)-1]; got != "pool.example:4444" {
			t.Errorf("came back to %s", got)
		}
		r.mu.Unlock()
		r.pool.Hangup() // the new port is for once
		r.expect("authorized")
		r.mu.Lock()
		defer r.mu.Unlock()
		if got := r.dials[len(r.dials)-1]; got != "pool.example:3333" {
			t.Errorf("then to %s", got)
		}
	})
}

func TestBackoff(t *testing.T) {
	inBubble(t, func(p *pooltest.Pool, _ *Config) { p.Deny = true }, func(t *testing.T, r *rig) {
		for range 12 {
			r.expect("closed")
		}
		synctest.Wait()
		r.mu.Lock()
		defer r.mu.Unlock()
		for i := 1; i < len(r.at); i++ {
			gap := r.at[i].Sub(r.at[i-1])
			if gap < minBackoff || gap > maxBackoff {
				t.Errorf("gap %d of %v", i, gap)
			}
			if i > 6 && gap < maxBackoff/2 {
				t.Errorf("gap %d still %v", i, gap)
			}
		}
		if n := r.c.State().Counts.Faults["refused"]; n < 11 {
			t.Errorf("%d refusals", n)
		}
	})
}

// A session's jobs end with it: the extranonce was its own.
func TestHangupEndsJobs(t *testing.T) {
	inBubble(t, nil, func(t *testing.T, r *rig) {
		j := r.open()
		s := find(j, 0)
		r.pool.Hangup()
		r.expect("closed")
		synctest.Wait()
		if st := r.c.State(); st.Job != nil || st.Err == nil || st.Counts.Faults["hung-up"] != 1 {
			t.Errorf("state %+v", st)
		}
		r.expect("authorized")
		synctest.Wait()
		if err := r.c.Submit(s); !errors.Is(err, work.ErrStale) {
			t.Errorf("share of the last session: %v", err)
		}
	})
}
