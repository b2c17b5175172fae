// Package pooltest is a mining pool for tests: it speaks Stratum V1, is strict about
// every field that a miner sends, and misbehaves on demand. It shares no code
// with the client that it tests: headers are put together from hex text, and
// targets compared as big numbers.
package pooltest

import (
	"fmt"
	"net"
	"sync"
	"time"
)

// Pool is one pool. Its zero value is not ready; use New. The exported fields
// are set before the first connection.
type Pool struct {
	// Reject is the error that answers every good share.
	Reject string
	// Deny pools authorize nobody.
	Deny bool
	// Mask are the bits of the version that miners may roll, as 8 hex digits;
	// empty: none.
	Mask string
	// Scrypt pools want scrypt in place of double SHA-256.
	Scrypt bool
	// Unknown are methods that the pool does not know, and how it takes them:
	// "error", "silence" or "hangup".
	Unknown map[string]string
	// Lag is how late everything arrives that the pool sends.
	Lag time.Duration

	user       string
	size2      int
	events     chan Event
	mu         sync.Mutex
	mute       bool
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
	Kind string // connected, configured, subscribed, authorized, accepted, rejected, pinged, answered, violation, closed
	Text string // the job's id, or what was wrong
	// Version is that of an accepted share's header, as 8 hex digits.
	Version string
}

// New makes a pool that knows one user and gives out extranonces of size2
// bytes.
func New(user string, size2 int) *Pool {
	return &Pool{user: user, size2: size2, events: make(chan Event, 1<<14), conns: map[*conn]struct{}{}, difficulty: "1"}
}

// Events receives what miners do, in order.
func (p *Pool) Events() <-chan Event { return p.events }

func (p *Pool) event(kind, format string, args ...any) {
	p.emit(Event{Kind: kind, Text: fmt.Sprintf(format, args...)})
}

func (p *Pool) emit(e Event) {
	select {
	case p.events <- e:
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
	c := newConn(p, nc, fmt.Sprintf("%08x", 0xa0000000+uint32(p.count)))
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
func (p *Pool) Hangup() { p.each(func(c *conn) { c.hangup() }) }

// Mute makes the pool hear and not answer, or ends that.
func (p *Pool) Mute(mute bool) {
	p.mu.Lock()
	defer p.mu.Unlock()
	p.mute = mute
}

// each does something to every miner's connection.
func (p *Pool) each(do func(*conn)) {
	p.mu.Lock()
	defer p.mu.Unlock()
	for c := range p.conns {
		do(c)
	}
}

// Send sends bytes to every miner just as they are.
func (p *Pool) Send(raw []byte) { p.each(func(c *conn) { c.send(raw) }) }

// Notify sends every miner a notification, its parameters in JSON.
func (p *Pool) Notify(method, params string) {
	p.Send(fmt.Appendf(nil, `{"id":null,"method":%q,"params":%s}`+"\n", method, params))
}

// Ask calls a method of every miner. The answer becomes an event.
func (p *Pool) Ask(id, method string) {
	p.Send(fmt.Appendf(nil, `{"id":%s,"method":%q,"params":[]}`+"\n", id, method))
}

// Difficulty sets the difficulty of the jobs to come, as a JSON number, and
// tells every miner.
func (p *Pool) Difficulty(d string) {
	p.mu.Lock()
	p.difficulty = d
	p.mu.Unlock()
	p.Notify("mining.set_difficulty", "["+d+"]")
}

// VersionMask tells every miner with version rolling its bits from now on.
func (p *Pool) VersionMask(mask string) {
	p.each(func(c *conn) {
		if c.rolling {
			c.mask = mask
			c.send(fmt.Appendf(nil, `{"id":null,"method":"mining.set_version_mask","params":[%q]}`+"\n", mask))
		}
	})
}

// Extranonce gives every miner another extranonce for the jobs to come.
func (p *Pool) Extranonce(extranonce1 string, size2 int) {
	p.each(func(c *conn) {
		if !c.extranonces {
			p.event("violation", "miner has not asked for extranonces")
		}
		c.extranonce1, c.size2 = extranonce1, size2
		c.send(fmt.Appendf(nil, `{"id":null,"method":"mining.set_extranonce","params":[%q,%d]}`+"\n", extranonce1, size2))
	})
}

// Job gives every miner, and those to come, a job.
func (p *Pool) Job(j Job) {
	p.mu.Lock()
	p.job = &j
	p.mu.Unlock()
	p.each(func(c *conn) {
		if c.ready {
			c.give(j)
		}
	})
}
