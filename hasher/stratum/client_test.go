package stratum

import (
	"context"
	"net"
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
			if e.Kind == "violation" || e.Kind == "rejected" {
				r.t.Fatalf("%s: %s", e.Kind, e.Text)
			}
		case <-late:
			r.t.Fatalf("no %q within an hour; state %+v", kind, r.c.State())
		}
	}
}

// job gives out a job and waits until the client has it.
func (r *rig) job(id string, clean bool) *work.Job {
	r.t.Helper()
	return r.give(pooltest.Example(id, clean))
}

func (r *rig) give(pj pooltest.Job) *work.Job {
	r.t.Helper()
	r.pool.Job(pj)
	synctest.Wait()
	j := r.c.State().Job
	if j == nil || j.ID != pj.ID {
		r.t.Fatalf("job %s has not arrived: %+v", pj.ID, r.c.State())
	}
	return j
}

// submit sends a share that the pool must take, and returns its event.
func (r *rig) submit(s work.Share) pooltest.Event {
	r.t.Helper()
	if err := r.c.Submit(s); err != nil {
		r.t.Fatal(err)
	}
	return r.expect("accepted")
}

// open brings the client to work.
func (r *rig) open() *work.Job {
	r.t.Helper()
	r.pool.Difficulty(easy)
	r.expect("authorized")
	return r.job("first", true)
}

// find searches for the n-th share of j.
func find(j *work.Job, n int) work.Share { return findOf(j, j.Version, n) }

// findOf searches for the n-th share of j with that version.
func findOf(j *work.Job, version uint32, n int) work.Share {
	s, _ := j.Variant(0)
	s.Version = version
	for ; ; s.Nonce++ {
		h := j.Header(s)
		if j.Target.Met(j.Algorithm.Sum(&h)) {
			if n--; n < 0 {
				return s
			}
		}
	}
}

// sessions is how often the client has connected.
func (r *rig) sessions() int {
	r.mu.Lock()
	defer r.mu.Unlock()
	return len(r.dials)
}
