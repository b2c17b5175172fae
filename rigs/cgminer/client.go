package cgminer

import (
	"bytes"
	"context"
	"encoding/json"
	"errors"
	"fmt"
	"io"
	"net"
	"strings"
	"sync/atomic"
	"time"

	"github.com/curtaild/curtaild/rigs"
)

// Options of a client. The zero value is good.
type Options struct {
	Dial     time.Duration // to connect; 4 s if zero
	Read     time.Duration // from then on, for the whole reply; 8 s if zero
	MaxReply int           // bytes; 1 MiB if zero
}

// Client asks one device. It keeps no connection and no buffer between calls.
type Client struct {
	addr    string
	opts    Options
	repairs [repairKinds]atomic.Uint64
}

// Port is where the API listens unless told otherwise.
const Port = "4028"

// New returns a client of the device at addr, which is host or host:port.
func New(addr string, o Options) *Client {
	if _, _, err := net.SplitHostPort(addr); err != nil {
		addr = net.JoinHostPort(addr, Port)
	}
	if o.Dial <= 0 {
		o.Dial = 4 * time.Second
	}
	if o.Read <= 0 {
		o.Read = 8 * time.Second
	}
	if o.MaxReply <= 0 {
		o.MaxReply = 1 << 20
	}
	return &Client{addr: addr, opts: o}
}

// Addr is the device's host and port.
func (c *Client) Addr() string { return c.addr }

// Repaired is how many replies needed the repair r.
func (c *Client) Repaired(r Repair) uint64 { return c.repairs[r].Load() }

// Call sends one command with its parameter, if any, and returns the reply.
// A reply in which the device reports an error is a [*RefusedError].
func (c *Client) Call(ctx context.Context, command, parameter string) (Reply, error) {
	raw, err := c.exchange(ctx, command, parameter)
	if err != nil {
		return Reply{}, fmt.Errorf("%s: %w", command, err)
	}
	reply, fixed, err := Parse(raw)
	c.count(fixed)
	if err != nil {
		return Reply{}, fmt.Errorf("%s: %w", command, err)
	}
	if err := reply.refusal(command); err != nil {
		return Reply{}, err
	}
	return reply, nil
}

// CallAll sends several reading commands as one request and returns a reply
// for each. A firmware that cannot do so refuses, or answers only the first:
// both are errors.
func (c *Client) CallAll(ctx context.Context, commands ...string) (map[string]Reply, error) {
	joined := strings.Join(commands, "+")
	raw, err := c.exchange(ctx, joined, "")
	if err != nil {
		return nil, fmt.Errorf("%s: %w", joined, err)
	}
	replies, fixed, err := parseAll(raw, commands)
	c.count(fixed)
	if err != nil {
		return nil, fmt.Errorf("%s: %w", joined, err)
	}
	for name, reply := range replies {
		if err := reply.refusal(name); err != nil {
			return nil, err
		}
	}
	return replies, nil
}

func (c *Client) count(fixed Repairs) {
	for i, n := range fixed {
		if n > 0 {
			c.repairs[i].Add(1)
		}
	}
}

type request struct {
	Command   string `json:"command"`
	Parameter string `json:"parameter,omitempty"`
}

// exchange makes the connection, sends the request and reads the reply.
func (c *Client) exchange(ctx context.Context, command, parameter string) ([]byte, error) {
	body, err := json.Marshal(request{command, parameter})
	if err != nil {
		return nil, err
	}
	// One request each: probes that keep a connection alive are wasted calls.
	dialer := net.Dialer{Timeout: c.opts.Dial, KeepAlive: -1}
	conn, err := dialer.DialContext(ctx, "tcp", c.addr)
	if err != nil {
		return nil, unreachable(ctx, err)
	}
	defer conn.Close()
	deadline := time.Now().Add(c.opts.Read)
	if d, ok := ctx.Deadline(); ok && d.Before(deadline) {
		deadline = d
	}
	if err := conn.SetDeadline(deadline); err != nil {
		return nil, unreachable(ctx, err)
	}
	stop := context.AfterFunc(ctx, func() { conn.SetDeadline(time.Unix(1, 0)) })
	defer stop()
	if _, err := conn.Write(body); err != nil {
		return nil, unreachable(ctx, err)
	}
	raw, err := readReply(conn, c.opts.MaxReply)
	if err != nil && !errors.Is(err, rigs.ErrGarbage) {
		err = unreachable(ctx, err)
	}
	return raw, err
}

// unreachable wraps err, and the context's error where that was the cause.
func unreachable(ctx context.Context, err error) error {
	if cause := ctx.Err(); cause != nil {
		return fmt.Errorf("%w: %w: %w", rigs.ErrUnreachable, cause, err)
	}
	return fmt.Errorf("%w: %w", rigs.ErrUnreachable, err)
}

// readReply reads until a NUL, the end of the first document, or the end of
// the connection, whichever is first. What came after the document in the same
// segment stays in, so that a second document is seen.
func readReply(r io.Reader, most int) ([]byte, error) {
	buf := make([]byte, 0, 2048)
	var scan scanner
	for {
		if len(buf) == cap(buf) {
			buf = append(buf, 0)[:len(buf)]
		}
		n, err := r.Read(buf[len(buf):min(cap(buf), most+1)])
		fresh := buf[len(buf) : len(buf)+n]
		buf = buf[:len(buf)+n]
		if len(buf) > most {
			return nil, fmt.Errorf("over %d bytes: %w", most, ErrTooLarge)
		}
		if i := bytes.IndexByte(fresh, 0); i >= 0 {
			return buf, nil
		}
		if _, done := scan.feed(fresh); done {
			return buf, nil
		}
		if errors.Is(err, io.EOF) {
			return buf, nil
		}
		if err != nil {
			return nil, fmt.Errorf("after %d bytes: %w", len(buf), err)
		}
	}
}
