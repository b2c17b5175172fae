package mqtt

import (
	"context"
	"crypto/sha256"
	"encoding/hex"
	"fmt"
	"log/slog"
	"os"
	"slices"
	"sync"
	"sync/atomic"

	"github.com/curtaild/curtaild/energy"
)

// Sink takes what comes in. Readings and Presence are called from one
// goroutine, Signal from another; each may block until it is done with what it
// was given, and holds up nothing but its like.
type Sink interface {
	// Readings takes all values that have come since the last call, at most
	// one of each part. It owns the slice.
	Readings(context.Context, []energy.Reading)
	// Presence is called before the readings that came with it.
	Presence(context.Context, energy.Presence)
	// Signal takes one signal, its Fault set if it cannot be accepted. Only
	// after it has returned nil is the signal acknowledged to the broker: what
	// must outlive a crash is written down before. On an error the broker
	// sends it again, so the same signal may come twice.
	Signal(context.Context, energy.Signal) error
}

// Config is what a client is made of.
type Config struct {
	Broker   string // mqtt://host:port or mqtts://host:port
	Username string
	Password string
	CA       []byte // PEM; empty: the machine's own authorities
	ClientID string // fixed over restarts; empty: made of prefix and machine
	Prefix   string // of the site's own topics
	Specs    []energy.ReadingSpec
	Sources  []string // of signals
	// Watch is for looking on beside a running daemon: no last will, nothing
	// is published (but the keep-alives that a Victron installation wants),
	// and no signal is taken away. It wants a ClientID of its own.
	Watch bool
}

// Client is the site's connection to its broker. All methods are safe for
// concurrent use, and none but Run waits for the network.
type Client struct {
	cfg      Config
	sink     Sink
	log      *slog.Logger
	readings *session
	signals  *session

	routes  atomic.Pointer[routes]
	sources atomic.Pointer[[]string]
	changed chan struct{} // routes have
	sourced chan struct{} // sources have

	inbox  *inbox
	queue  *signalQueue
	outbox *outbox

	mu      sync.Mutex
	refused map[string]bool // filters that the broker does not let us have
}

// New checks cfg and makes a client. It connects in [Client.Run].
func New(cfg Config, sink Sink, log *slog.Logger) (*Client, error) {
	e, err := parseBroker(cfg.Broker, cfg.CA)
	if err != nil {
		return nil, err
	}
	if err := CheckPrefix(cfg.Prefix); err != nil {
		return nil, err
	}
	c := &Client{
		cfg: cfg, sink: sink, log: log,
		changed: make(chan struct{}, 1), sourced: make(chan struct{}, 1),
		inbox: newInbox(), queue: newSignalQueue(), outbox: newOutbox(),
		refused: make(map[string]bool),
	}
	if err := c.Update(cfg.Specs, cfg.Sources); err != nil {
		return nil, err
	}
	id := cfg.ClientID
	if id == "" {
		host, err := os.Hostname()
		if err != nil {
			return nil, fmt.Errorf("client id: %w; set mqtt.client_id", err)
		}
		id = DefaultClientID(cfg.Prefix, host)
	}
	d := dialer{endpoint: e, id: id, user: cfg.Username, password: cfg.Password, clean: true, message: c.onReading}
	if !cfg.Watch {
		d.will = c.availability()
	}
	c.readings = &session{name: "readings", dialer: d, log: log, serve: c.serveReadings}
	d.id, d.clean, d.will, d.message = id+"-s", false, "", c.onSignal
	c.signals = &session{name: "signals", dialer: d, log: log, serve: c.serveSignals}
	return c, nil
}

// DefaultClientID is the id of a client whose config has none: the same after
// a restart, another one for another site or machine. With the suffix of the
// signals connection it has the 23 bytes that every broker must take.
func DefaultClientID(prefix, host string) string {
	sum := sha256.Sum256([]byte(prefix + "\x00" + host))
	return "curtaild-" + hex.EncodeToString(sum[:6])
}

// Update puts other readings and sources in force, as after a reload. Counters
// of readings that keep their name go on.
func (c *Client) Update(specs []energy.ReadingSpec, sources []string) error {
	for i := range specs {
		if err := CheckSpec(&specs[i]); err != nil {
			return fmt.Errorf("reading %s: %w", clip(specs[i].Name), err)
		}
	}
	for _, s := range sources {
		if err := CheckName(s); err != nil {
			return fmt.Errorf("signal source: %w", err)
		}
	}
	sources = slices.Clone(sources)
	c.routes.Store(newRoutes(slices.Clone(specs), c.routes.Load()))
	c.sources.Store(&sources)
	poke(c.changed)
	poke(c.sourced)
	return nil
}

// Run connects and stays connected until ctx is done; then it says goodbye and
// returns after all its goroutines have. A broker that cannot be reached is no
// error: it is tried again, and [Client.Stats] tells why.
func (c *Client) Run(ctx context.Context) {
	var wg sync.WaitGroup
	defer wg.Wait()
	wg.Go(func() { c.readings.run(ctx) })
	wg.Go(func() { c.deliver(ctx) })
	if c.cfg.Watch {
		return
	}
	wg.Go(func() {
		if c.awaitSources(ctx) {
			c.signals.run(ctx)
		}
	})
	wg.Go(func() { c.queue.deliver(ctx, c.sink) })
}

// awaitSources waits until there is a source of signals: a site without any
// needs no session for them.
func (c *Client) awaitSources(ctx context.Context) bool {
	for len(*c.sources.Load()) == 0 {
		select {
		case <-ctx.Done():
			return false
		case <-c.sourced:
		}
	}
	return true
}

// deliver hands readings and presences to the sink.
func (c *Client) deliver(ctx context.Context) {
	for {
		select {
		case <-ctx.Done():
			return
		case <-c.inbox.wake:
		}
		readings, presences := c.inbox.take()
		for _, p := range presences {
			c.sink.Presence(ctx, p)
		}
		if len(readings) > 0 {
			c.sink.Readings(ctx, readings)
		}
	}
}

// Stats is what the client has seen so far.
func (c *Client) Stats() Stats {
	s := Stats{
		Connection: c.readings.state.stats(),
		Signaling:  c.signals.state.stats(),
		Signals:    c.queue.snapshot(),
		Outbox:     c.outbox.snapshot(),
		Readings:   make(map[string]ReadingStats),
	}
	for name, f := range c.routes.Load().feeds {
		s.Readings[name] = f.snapshot()
	}
	c.mu.Lock()
	defer c.mu.Unlock()
	for f := range c.refused {
		s.Unsubscribed = append(s.Unsubscribed, f)
	}
	return s
}

// noteRefused remembers which of filters the broker refused, and says so once.
func (c *Client) noteRefused(filters, no []string) {
	c.mu.Lock()
	defer c.mu.Unlock()
	was := c.refused
	c.refused = make(map[string]bool)
	for f := range was {
		c.refused[f] = true
	}
	for _, f := range filters {
		delete(c.refused, f)
	}
	for _, f := range no {
		c.refused[f] = true
		if !was[f] {
			c.log.Error("the broker refuses a subscription: check its access list", "topic", f)
		}
	}
}
