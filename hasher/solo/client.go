package solo

import (
	"context"
	"crypto/rand"
	"crypto/x509"
	"fmt"
	"log/slog"
	mrand "math/rand/v2"
	"net"
	"sync"
	"time"

	"github.com/curtaild/curtaild/hasher/work"
)

// Attempts follow each other after this long, doubling, and start over once
// there is work.
const (
	minBackoff = time.Second
	maxBackoff = 30 * time.Second
)

// Config is one node, and where the blocks that are found for it pay.
type Config struct {
	URL        string // http://host:port or https://host:port
	User       string
	Password   string
	CookieFile string         // holds user:password, in place of the two above; read anew for each call
	CAs        *x509.CertPool // nil: the system's
	Payout     string         // address
	Tag        string         // our mark in the coinbase, at most MaxTag bytes; /curtaild/ if empty
	Algorithm  work.Algorithm
	Poll       time.Duration // templates are asked for at least this often; 90 s if zero, 5 s where the node knows no long polling
	Log        *slog.Logger  // nil: none

	// Dial stands in for a TCP connection.
	Dial func(ctx context.Context, network, addr string) (net.Conn, error)
}

// Client gets work from one node. Its methods are safe for concurrent use.
type Client struct {
	cfg     Config
	node    *node
	script  []byte // that blocks pay to
	easiest work.Target
	desk    *work.Desk
	found   chan *block
	held    *block // on its way to the node

	mu      sync.Mutex // before the lock of the desk, where both are held
	current []posted   // newest last; none: no work
	solved  *work.Hash // what the block follows that we have found last
}

// posted is a template in the workers' hands.
type posted struct {
	*template
	seq uint64
}

// keepTemplates is how many templates are kept for blocks of them: one may be
// found while the workers change over. Each may hold 4 MB.
const keepTemplates = 2

// New checks the config and makes a client, which does nothing until Run.
func New(cfg Config) (*Client, error) {
	script, err := Script(cfg.Payout)
	if err != nil {
		return nil, err
	}
	if cfg.Tag == "" {
		cfg.Tag = "/curtaild/"
	}
	if len(cfg.Tag) > MaxTag {
		return nil, fmt.Errorf("tag of %d bytes: at most %d", len(cfg.Tag), MaxTag)
	}
	if cfg.Log == nil {
		cfg.Log = slog.New(slog.DiscardHandler)
	}
	c := &Client{cfg: cfg, script: script, easiest: easiest(cfg.Algorithm), desk: work.NewDesk(errOffline), found: make(chan *block, 4)}
	c.node, err = newNode(&c.cfg)
	return c, err
}

// easiest is the target that takes some ten milliseconds of a core, or of
// scrypt a second. On a test chain, where half of all hashes make a block, the
// workers would find more of them than anybody can read; no other chain is so
// easy.
func easiest(a work.Algorithm) (t work.Target) {
	zeros := 2 // bytes
	if a == work.Scrypt {
		zeros = 1
	}
	for i := zeros; i < len(t); i++ {
		t[i] = 0xff
	}
	return t
}

// Name is the node's host and port.
func (c *Client) Name() string { return c.node.at.Host }

// Changed receives after the state has changed, once for any number of
// changes.
func (c *Client) Changed() <-chan struct{} { return c.desk.Changed() }

// State returns the state now. Accepted are blocks that the node has taken.
func (c *Client) State() work.State { return c.desk.State() }

// Submit checks a share, which is a block, and hands it over to be sent. It
// does not block and does not wait for the node's answer, which goes into the
// counts.
func (c *Client) Submit(s work.Share) error {
	c.mu.Lock()
	defer c.mu.Unlock()
	return c.desk.Submit(func(b *work.Book) error { return c.queue(b, s) })
}

func (c *Client) queue(book *work.Book, s work.Share) error {
	t := c.posted(s.Job)
	if t == nil || c.solved != nil && *c.solved == t.job.Prev { // a second block at one height would be our own rival
		return work.ErrStale
	}
	job, err := book.Take(s)
	if err != nil {
		return err
	}
	b := t.block(job, s)
	select {
	case c.found <- b:
		c.solved = &t.job.Prev
		c.cfg.Log.Info("block found", "node", c.node.at.Host, "height", b.height, "block", b.String())
		return nil
	default:
		return work.ErrBusy
	}
}

func (c *Client) posted(seq uint64) *template {
	for _, p := range c.current {
		if p.seq == seq {
			return p.template
		}
	}
	return nil
}

// Run follows the node, and comes back to it, until ctx is done.
func (c *Client) Run(ctx context.Context) error {
	defer c.node.http.CloseIdleConnections()
	wait := minBackoff
	for {
		before := c.State().Counts.Sessions
		err := c.session(ctx)
		if ctx.Err() != nil {
			c.lost(errOffline)
			return nil
		}
		c.lost(fmt.Errorf("node %s: %w", c.node.at.Host, err))
		c.fault(err)
		if c.State().Counts.Sessions != before {
			wait = minBackoff
		}
		pause := max(wait/2+mrand.N(wait/2+1), minBackoff)
		c.cfg.Log.Warn("no work from the node", "node", c.node.at.Host, "err", err, "retry_in", pause)
		wait = min(2*wait, maxBackoff)
		select {
		case <-ctx.Done():
			return nil
		case <-time.After(pause):
		}
	}
}

// lost ends all jobs. A block that is under way stays so.
func (c *Client) lost(err error) {
	c.mu.Lock()
	c.current, c.solved = nil, nil
	c.desk.Close(err)
	c.mu.Unlock()
}

func (c *Client) fault(err error) {
	c.desk.Count(func(n *work.Counts) { n.Faults[faultCause(err)]++ })
}

// template asks for a template: at once, or with the id of one that we have,
// when there is a better one.
func (c *Client) template(ctx context.Context, longPoll string) (*template, error) {
	request := map[string]any{"rules": []string{"segwit"}, "capabilities": []string{"coinbasevalue", "longpoll", "workid"}}
	if longPoll != "" {
		request["longpollid"] = longPoll
	}
	raw, err := c.node.call(ctx, "getblocktemplate", request)
	if err != nil {
		return nil, err
	}
	// With an extranonce of its own no template's headers come twice, and nor
	// do those of another miner for the same address.
	pay := payout{script: c.script, tag: c.cfg.Tag, extranonce: make([]byte, extranonce1), algorithm: c.cfg.Algorithm, easiest: c.easiest}
	_, _ = rand.Read(pay.extranonce) // never fails
	return parseTemplate(raw, pay)
}
