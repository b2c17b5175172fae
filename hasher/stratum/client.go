package stratum

import (
	"context"
	"crypto/x509"
	"errors"
	"log/slog"
	"math/rand/v2"
	"net"
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

// errOffline means that there is no session with the pool to send a share to.
var errOffline = errors.New("no session with the pool")

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
	desk    *work.Desk
	submits chan submission

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
	return &Client{cfg: cfg, at: at, desk: work.NewDesk(errOffline), submits: make(chan submission, maxPending)}, nil
}

// Name is the pool's host and port.
func (c *Client) Name() string { return c.at.String() }

// Changed receives after the state has changed, once for any number of
// changes.
func (c *Client) Changed() <-chan struct{} { return c.desk.Changed() }

// State returns the state now.
func (c *Client) State() work.State { return c.desk.State() }

// Submit checks a share and hands it over to be sent. It does not block and
// does not wait for the pool's answer, which goes into the counts.
func (c *Client) Submit(s work.Share) error {
	return c.desk.Submit(func(b *work.Book) error { return c.queue(b, s) })
}

func (c *Client) queue(b *work.Book, s work.Share) error {
	job, err := b.Take(s)
	if err != nil {
		return err
	}
	select {
	case c.submits <- submission{job: job, share: s}:
		return nil
	default:
		return work.ErrBusy
	}
}

// Run connects, and connects again, until ctx is done. It may be called again
// then.
func (c *Client) Run(ctx context.Context) error {
	at, wait := c.at, minBackoff
	for {
		before, began := c.State().Counts.Sessions, time.Now()
		err := c.session(ctx, at)
		at = c.at
		if ctx.Err() != nil {
			c.lost(errOffline)
			return nil
		}
		c.lost(err)
		c.fault(faultCause(err))
		worked := c.State().Counts.Sessions != before
		if worked && time.Since(began) >= lasting {
			wait = minBackoff
		}
		if !worked {
			c.shy.forget()
		}
		pause := max(wait/2+rand.N(wait/2+1), minBackoff) // so that not all miners come back at once
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
		case <-time.After(pause):
		}
	}
}

// lost ends all jobs: their extranonce was the session's.
func (c *Client) lost(err error) {
	c.desk.Close(err)
	for {
		select {
		case <-c.submits:
			c.unsent("offline")
		default:
			return
		}
	}
}

// publish makes j the work to do. A job with its id was another, which the
// pool no longer knows.
func (c *Client) publish(j work.Job, clean bool) {
	c.desk.End(j.ID)
	c.desk.Post(j, clean)
}

// unsent counts a share that was taken and then not sent.
func (c *Client) unsent(reason string) {
	c.desk.Count(func(n *work.Counts) { n.Unsent[reason]++ })
}

func (c *Client) fault(cause string) {
	c.desk.Count(func(n *work.Counts) { n.Faults[cause]++ })
}
