package stratum

import (
	"context"
	"crypto/x509"
	"errors"
	"log/slog"
	"math/rand/v2"
	"net"
	"sync"
	"time"

	"github.com/curtaild/curtaild/hasher/work"
)

// Reconnects wait this long, doubling, and start over once a session with work
// has lasted.
const (
	minBackoff = time.Second
	maxBackoff = 30 * time.Second
	lasting    = 10 * time.Second
)

// ErrOffline means that there is no session with the pool to send a share to.
var ErrOffline = errors.New("no session with the pool")

// errBusy is more shares than the pool answers.
var errBusy = errors.New("too many shares under way")

// Config is one pool and our account there.
type Config struct {
	URL      string // stratum+tcp://host:port or stratum+tls://host:port
	User     string
	Password string
	CAs      *x509.CertPool // nil: the system's
	Agent    string         // what we call ourselves, such as "curtaild/1.0"
	Silence  time.Duration  // a pool that says nothing for this long is gone; 5 min if zero
	Log      *slog.Logger   // nil: none

	Algorithm work.Algorithm
	// MinDifficulty is asked of the pool as the least difficulty of shares;
	// zero: nothing is asked.
	MinDifficulty float64

	// Dial stands in for a plain TCP connection.
	Dial func(ctx context.Context, network, addr string) (net.Conn, error)
}

// Client keeps one session with one pool. Its methods are safe for
// concurrent use.
type Client struct {
	cfg     Config
	at      endpoint
	changed chan struct{}
	submits chan submission

	mu     sync.Mutex
	book   work.Book
	job    *work.Job
	err    error
	online bool
	counts work.Counts
	waits  work.Waits

	shy   shyness // Run's alone, as the next
	pongs bool    // the pool has answered a ping
}

// New checks the config and makes a client, which does nothing until Run.
func New(cfg Config) (*Client, error) {
	at, err := parseURL(cfg.URL, cfg.CAs)
	if err != nil {
		return nil, err
	}
	if cfg.Dial != nil {
		at.dial = cfg.Dial
	}
	if cfg.Log == nil {
		cfg.Log = slog.New(slog.DiscardHandler)
	}
	if cfg.Silence <= 0 {
		cfg.Silence = 5 * time.Minute
	}
	return &Client{
		cfg: cfg, at: at, err: ErrOffline,
		changed: make(chan struct{}, 1),
		submits: make(chan submission, maxPending),
		counts:  work.Counts{Rejected: map[string]uint64{}, Unsent: map[string]uint64{}, Faults: map[string]uint64{}},
	}, nil
}

// Name is the pool's host and port.
func (c *Client) Name() string { return c.at.String() }

// Changed receives after the state has changed, once for any number of
// changes.
func (c *Client) Changed() <-chan struct{} { return c.changed }

// State returns the state now.
func (c *Client) State() work.State {
	c.mu.Lock()
	defer c.mu.Unlock()
	return work.State{Job: c.job, Err: c.err, Counts: c.counts.Clone(), Latency: c.waits.Latency()}
}

// Submit checks a share and hands it over to be sent. It does not block and
// does not wait for the pool's answer, which goes into the counts.
func (c *Client) Submit(s work.Share) error {
	c.mu.Lock()
	defer c.mu.Unlock()
	err := c.queue(s)
	if err != nil {
		c.counts.Unsent[unsentReason(err)]++
	}
	return err
}

func (c *Client) queue(s work.Share) error {
	if !c.online {
		return ErrOffline
	}
	job, err := c.book.Take(s)
	if err != nil {
		return err
	}
	select {
	case c.submits <- submission{job: job, share: s}:
		return nil
	default:
		return errBusy
	}
}

func unsentReason(err error) string {
	for name, e := range map[string]error{
		"stale": work.ErrStale, "duplicate": work.ErrDuplicate, "low-difficulty": work.ErrLow,
		"malformed": work.ErrMalformed, "offline": ErrOffline, "busy": errBusy,
	} {
		if errors.Is(err, e) {
			return name
		}
	}
	return "other"
}

// Run connects, and connects again, until ctx is done. It may be called again
// then.
func (c *Client) Run(ctx context.Context) error {
	at, wait := c.at, minBackoff
	for {
		before, began := c.sessions(), time.Now()
		err := c.session(ctx, at)
		at = c.at
		if ctx.Err() != nil {
			c.lost(ErrOffline)
			return nil
		}
		c.lost(err)
		c.fault(faultCause(err))
		worked := c.sessions() != before
		if worked && time.Since(began) >= lasting {
			wait = minBackoff
		}
		if !worked {
			c.shy.forget()
		}
		pause := wait/2 + rand.N(wait/2+1) // so that not all miners come back at once
		if move, ok := errors.AsType[*reconnect](err); ok {
			at.port, pause = move.port, max(move.wait, pause)
			c.cfg.Log.Info("pool asks to reconnect", "pool", at.String(), "wait", pause)
		} else {
			l := c.State().Latency
			c.cfg.Log.Warn("pool session lost", "pool", c.at.String(), "err", err, "after", time.Since(began).Round(time.Second),
				"answers_p50", l.Median, "answers_p95", l.P95, "retry_in", pause)
		}
		wait = min(2*wait, maxBackoff)
		select {
		case <-ctx.Done():
			return nil
		case <-time.After(max(pause, minBackoff)):
		}
	}
}

func (c *Client) sessions() uint64 {
	c.mu.Lock()
	defer c.mu.Unlock()
	return c.counts.Sessions
}

// lost ends all jobs: their extranonce was the session's.
func (c *Client) lost(err error) {
	c.mu.Lock()
	c.online, c.job, c.err = false, nil, err
	c.book.Clear()
	for drained := false; !drained; {
		select {
		case <-c.submits:
			c.counts.Unsent["offline"]++
		default:
			drained = true
		}
	}
	c.mu.Unlock()
	c.notify()
}

// publish makes j the work to do. A job with its id was another, which the
// pool no longer knows.
func (c *Client) publish(j work.Job, clean bool) {
	c.mu.Lock()
	c.book.End(j.ID)
	c.mu.Unlock()
	c.renew(j, clean)
}

// renew makes j the work to do, which may be a job that was given out before.
func (c *Client) renew(j work.Job, clean bool) {
	c.mu.Lock()
	c.job, c.err = c.book.Add(j, clean), nil
	if !c.online {
		c.online = true
		c.counts.Sessions++
	}
	c.mu.Unlock()
	c.notify()
}

// unsent counts a share that was taken and then not sent.
func (c *Client) unsent(reason string) {
	c.mu.Lock()
	defer c.mu.Unlock()
	c.counts.Unsent[reason]++
}

func (c *Client) alive(job *work.Job) bool {
	c.mu.Lock()
	defer c.mu.Unlock()
	return c.book.Alive(job.Seq)
}

func (c *Client) fault(cause string) {
	c.mu.Lock()
	defer c.mu.Unlock()
	c.counts.Faults[cause]++
}

func (c *Client) notify() {
	select {
	case c.changed <- struct{}{}:
	default:
	}
}
