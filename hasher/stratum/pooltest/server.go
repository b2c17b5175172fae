// Package pooltest is a mining pool for tests: it speaks Stratum V1, is strict about
// every field that a miner sends, and misbehaves on demand. It shares no code
// with the client that it tests: headers are put together from hex text, and
// targets compared as big numbers.
package pooltest

import (
	"bufio"
	"encoding/json"
	"fmt"
	"net"
	"sync"
)

// Pool is one pool. Its zero value is not ready; use New.
type Pool struct {
	// Reject, if set before the first connection, is the error that answers
	// every good share.
	Reject string
	// Mute pools take connections and say nothing.
	Mute bool
	// Deny pools authorize nobody.
	Deny bool

	user       string
	size2      int
	events     chan Event
	mu         sync.Mutex
	conns      map[*conn]struct{}
	listeners  []net.Listener
	difficulty string
	job        *Job
	count      int
	closed     bool
	wg         sync.WaitGroup
}

// Event is something that a miner did.
type Event struct {
	Kind string // connected, subscribed, authorized, accepted, rejected, violation, closed
	Text string // the job's id, or what was wrong
}

// New makes a pool that knows one user and gives out extranonces of size2
// bytes.
func New(user string, size2 int) *Pool {
	return &Pool{user: user, size2: size2, events: make(chan Event, 1<<14), conns: map[*conn]struct{}{}, difficulty: "1"}
}

// Events receives what miners do, in order.
func (p *Pool) Events() <-chan Event { return p.events }

func (p *Pool) event(kind, format string, args ...any) {
	select {
	case p.events <- Event{Kind: kind, Text: fmt.Sprintf(format, args...)}:
	default: // a test that reads none
	}
}

// Listen serves every connection to l until Close.
func (p *Pool) Listen(l net.Listener) {
	p.mu.Lock()
	p.listeners = append(p.listeners, l)
	p.mu.Unlock()
	p.wg.Go(func() {
		for {
			c, err := l.Accept()
			if err != nil {
				return
			}
			p.Serve(c)
		}
	})
}

// Serve serves one connection in the background.
func (p *Pool) Serve(nc net.Conn) {
	p.mu.Lock()
	defer p.mu.Unlock()
	if p.closed {
		nc.Close()
		return
	}
	p.count++
	c := &conn{pool: p, nc: nc, extranonce1: fmt.Sprintf("%08x", 0xa0000000+uint32(p.count)), jobs: map[string]*given{}, out: make(chan []byte, 256), quit: make(chan struct{})}
	p.conns[c] = struct{}{}
	p.event("connected", "%s", c.extranonce1)
	p.wg.Go(c.write)
	p.wg.Go(func() {
		c.read()
		c.hangup()
		p.mu.Lock()
		delete(p.conns, c)
		p.mu.Unlock()
		p.event("closed", "%s", c.extranonce1)
	})
}

// Close ends all connections and listeners, and waits.
func (p *Pool) Close() {
	p.mu.Lock()
	p.closed = true
	for _, l := range p.listeners {
		l.Close()
	}
	p.mu.Unlock()
	p.Hangup()
	p.wg.Wait()
}

// Hangup closes every connection.
func (p *Pool) Hangup() {
	p.mu.Lock()
	defer p.mu.Unlock()
	for c := range p.conns {
		c.hangup()
	}
}

// Send sends bytes to every miner just as they are.
func (p *Pool) Send(raw []byte) {
	p.mu.Lock()
	defer p.mu.Unlock()
	for c := range p.conns {
		c.send(raw)
	}
}

// Difficulty sets the difficulty of the jobs to come, as a JSON number, and
// tells every miner.
func (p *Pool) Difficulty(d string) {
	p.mu.Lock()
	defer p.mu.Unlock()
	p.difficulty = d
	for c := range p.conns {
		c.send(difficultyLine(d))
	}
}

// Job gives every miner, and those to come, a job.
func (p *Pool) Job(j Job) {
	p.mu.Lock()
	defer p.mu.Unlock()
	p.job = &j
	for c := range p.conns {
		if c.ready {
			c.give(j)
		}
	}
}

func difficultyLine(d string) []byte {
	return []byte(`{"id":null,"method":"mining.set_difficulty","params":[` + d + "]}\n")
}

// conn is one miner. The pool's lock guards it.
type conn struct {
	pool        *Pool
	nc          net.Conn
	extranonce1 string
	subscribed  bool
	ready       bool
	jobs        map[string]*given
	out         chan []byte
	quit        chan struct{}
	once        sync.Once
}

func (c *conn) hangup() {
	c.once.Do(func() {
		close(c.quit)
		c.nc.Close()
	})
}

func (c *conn) send(b []byte) {
	select {
	case c.out <- b:
	default:
		c.pool.event("violation", "miner does not read")
	}
}

func (c *conn) write() {
	for {
		select {
		case <-c.quit:
			return
		case b := <-c.out:
			if _, err := c.nc.Write(b); err != nil {
				return
			}
		}
	}
}

func (c *conn) read() {
	sc := bufio.NewScanner(c.nc)
	for sc.Scan() {
		if c.pool.Mute {
			continue
		}
		var call struct {
			ID     *uint64 `json:"id"`
			Method string  `json:"method"`
			Params []any   `json:"params"`
		}
		if err := json.Unmarshal(sc.Bytes(), &call); err != nil || call.ID == nil {
			c.pool.event("violation", "not a call: %q", sc.Text())
			return
		}
		result, fault := c.handle(call.Method, call.Params)
		if fault == "" {
			fault = "null"
		}
		c.send(fmt.Appendf(nil, `{"id":%d,"result":%s,"error":%s}`+"\n", *call.ID, result, fault))
		c.after(call.Method)
	}
}

func (c *conn) handle(method string, params []any) (result, fault string) {
	c.pool.mu.Lock()
	defer c.pool.mu.Unlock()
	switch method {
	case "mining.subscribe":
		c.subscribed = true
		c.pool.event("subscribed", "%v", params)
		return fmt.Sprintf(`[[["mining.set_difficulty","1"],["mining.notify","1"]],%q,%d]`, c.extranonce1, c.pool.size2), ""
	case "mining.authorize":
		if !c.subscribed || len(params) != 2 || params[0] != c.pool.user || c.pool.Deny {
			return "false", `[24,"Unauthorized worker",null]`
		}
		c.ready = true
		c.pool.event("authorized", "%v", params[0])
		return "true", ""
	case "mining.submit":
		return c.submit(params)
	}
	c.pool.event("violation", "unknown method %q", method)
	return "null", `[20,"Unknown method",null]`
}

// after sends what follows an authorization.
func (c *conn) after(method string) {
	c.pool.mu.Lock()
	defer c.pool.mu.Unlock()
	if method != "mining.authorize" || !c.ready {
		return
	}
	c.send(difficultyLine(c.pool.difficulty))
	if c.pool.job != nil {
		c.give(*c.pool.job)
	}
}
