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

// Reconnects wait this long, doubling, and start over once there is work.
const (
	minBackoff = time.Second
	maxBackoff = 30 * time.Second
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
	return work.State{Job: c.job, Err: c.err, Counts: c.counts.Clone()}
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

// Run connects, and connects again, until ctx is done.
func (c *Client) Run(ctx context.Context) error {
	at, wait := c.at, minBackoff
	for {
		before := c.sessions()
		err := c.session(ctx, at)
		at = c.at
		c.lost(err)
		if ctx.Err() != nil {
			return nil
		}
		if c.sessions() != before {
			wait = minBackoff
		}
		pause := wait/2 + rand.N(wait/2+1) // so that not all miners come back at once
		if move, ok := errors.AsType[*reconnect](err); ok {
			at.port, pause = move.port, max(move.wait, minBackoff)
			c.cfg.Log.Info("pool asks to reconnect", "pool", at.String(), "wait", pause)
		} else {
			c.cfg.Log.Warn("pool session lost", "pool", c.at.String(), "err", err, "retry_in", pause)
			wait = min(2*wait, maxBackoff)
		}
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
	c.counts.Faults[faultCause(err)]++
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

// publish makes j the work to do.
func (c *Client) publish(j work.Job, clean bool) {
	c.mu.Lock()
	c.job, c.err = c.book.Add(j, clean), nil
	if !c.online {
		c.online = true
		c.counts.Sessions++
	}
	c.mu.Unlock()
	c.notify()
}

func (c *Client) alive(s submission) bool {
	c.mu.Lock()
	defer c.mu.Unlock()
	ok := c.book.Alive(s.job.Seq)
	if !ok {
		c.counts.Unsent["stale"]++
	}
	return ok
}

func (c *Client) notify() {
	select {
	case c.changed <- struct{}{}:
	default:
	}
}
