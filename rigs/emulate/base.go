package emulate

import (
	"context"
	"errors"
	"fmt"
	"net"
	"sync"
	"sync/atomic"
	"time"

	"github.com/curtaild/curtaild/energy"
)

// base is what all families share: the plant, the listener and its
// connections, the faults and the meter.
type base struct {
	opts       Options
	family     string
	difficulty float64 // of its pool's shares

	ln   net.Listener
	hook atomic.Pointer[func(string, time.Time)]
	done chan struct{} // closed by Close
	wg   sync.WaitGroup

	mu     sync.Mutex // guards all below
	closed bool
	conns  map[net.Conn]struct{}
	plant  plant
	faults faults

	connections, commands, writes int
	lastWrite                     string
	lastWriteAt                   time.Time
}

// listen opens the port and puts the plant in its first state. The default
// level is the one that a wake-up leads to when the options name none.
func (b *base) listen(o Options, family string, level int, difficulty float64) error {
	// What a rig's firmware does not do, and what costs calls: probes, and
	// several paths.
	lc := net.ListenConfig{KeepAlive: -1}
	lc.SetMultipathTCP(false)
	ln, err := lc.Listen(context.Background(), "tcp", o.Listen)
	if err != nil {
		return fmt.Errorf("emulate %s %q: %w", family, o.Name, err)
	}
	if o.Name == "" {
		_, port, _ := net.SplitHostPort(ln.Addr().String())
		o.Name = family + "-" + port
	}
	if o.MAC == "" {
		o.MAC = makeMAC(o.Name, o.Seed)
	}
	if o.Point != energy.Off {
		level = o.Point
	}
	level = min(level, len(o.Points)-1)
	point := energy.Off
	if o.Running {
		point = level
	}
	c := newCurve(o.Points, o.scaled(o.StartTime).Seconds(), o.scaled(o.StopTime).Seconds())
	b.opts, b.family, b.difficulty, b.ln = o, family, difficulty, ln
	b.done = make(chan struct{})
	b.conns = make(map[net.Conn]struct{})
	b.plant = newPlant(o.clock(), c, point, level, o.Seed)
	return nil
}

// run accepts connections until Close. Serve owns its connection until it
// returns; the connection is closed for it.
func (b *base) run(serve func(net.Conn)) {
	b.wg.Go(func() {
		for {
			conn, err := b.ln.Accept()
			if errors.Is(err, net.ErrClosed) {
				return
			}
			if err != nil { // out of file descriptors, or reset before we took it
				if !b.wait(10 * time.Millisecond) {
					return
				}
				continue
			}
			b.take(conn, serve)
		}
	})
}

func (b *base) take(conn net.Conn, serve func(net.Conn)) {
	b.mu.Lock()
	defer b.mu.Unlock()
	if b.closed {
		conn.Close()
		return
	}
	b.connections++
	b.conns[conn] = struct{}{}
	b.wg.Go(func() {
		defer func() {
			conn.Close()
			b.mu.Lock()
			delete(b.conns, conn)
			b.mu.Unlock()
		}()
		serve(conn)
	})
}

// Close implements [Rig].
func (b *base) Close() error {
	b.mu.Lock()
	if !b.closed {
		b.closed = true
		close(b.done)
		b.ln.Close()
		for conn := range b.conns {
			conn.Close()
		}
	}
	b.mu.Unlock()
	b.wg.Wait()
	return nil
}

// wait lets d pass; it is false if the rig was closed meanwhile.
func (b *base) wait(d time.Duration) bool {
	t := time.NewTimer(d)
	defer t.Stop()
	select {
	case <-t.C:
		return true
	case <-b.done:
		return false
	}
}

// barred deals with a request that gets no service: the rig is down, or a
// fault keeps it from answering.
func (b *base) barred(conn net.Conn) bool {
	now := b.opts.clock()
	b.mu.Lock()
	b.plant.settle(now)
	_, refuse := b.faults.strike(now, Refuse)
	refuse = refuse || b.plant.down()
	hang := false
	if !refuse {
		_, hang = b.faults.strike(now, Hang)
	}
	b.mu.Unlock()
	switch {
	case refuse:
		reset(conn)
	case hang:
		drain(conn)
	}
	return refuse || hang
}

// told notes a request that was understood, before it is carried out.
func (b *base) told(cmd string, write bool) {
	now := b.opts.clock()
	b.mu.Lock()
	b.commands++
	if write {
		b.writes++
		b.lastWrite, b.lastWriteAt = cmd, now
	}
	b.mu.Unlock()
	if f := b.hook.Load(); f != nil {
		(*f)(cmd, now)
	}
}

// strike reports whether a fault of the kind is in force, and counts it.
func (b *base) strike(kind FaultKind) (activeFault, bool) {
	now := b.opts.clock()
	b.mu.Lock()
	defer b.mu.Unlock()
	return b.faults.strike(now, kind)
}

// Name implements [Rig].
func (b *base) Name() string { return b.opts.Name }

// Family implements [Rig].
func (b *base) Family() string { return b.family }

// Addr implements [Rig].
func (b *base) Addr() string { return b.ln.Addr().String() }

// MAC implements [Rig].
func (b *base) MAC() string { return b.opts.MAC }

// Points implements [Rig].
func (b *base) Points() []energy.OperatingPoint { return b.opts.Points }

// OnCommand implements [Rig].
func (b *base) OnCommand(f func(cmd string, at time.Time)) {
	if f == nil {
		b.hook.Store(nil)
		return
	}
	b.hook.Store(&f)
}

// ClearFaults implements [Rig].
func (b *base) ClearFaults() {
	b.mu.Lock()
	defer b.mu.Unlock()
	b.faults = nil
}

func (b *base) inject(f Fault) {
	now := b.opts.clock()
	b.mu.Lock()
	defer b.mu.Unlock()
	b.faults.add(now, f)
}

// Meter implements [Rig].
func (b *base) Meter() Meter {
	now := b.opts.clock()
	b.mu.Lock()
	defer b.mu.Unlock()
	p := &b.plant
	p.settle(now)
	joules, hashes := p.current().totals(now, p.curve)
	accepted, rejected := sharesAfter(p.seed, hashes, b.difficulty)
	return Meter{
		Joules: energy.Joules(joules), Hashes: hashes, Draw: p.draw(now), Rate: p.rate(now),
		Starts: p.starts, Stops: p.stops, LevelChanges: p.changes,
		Running: p.point != energy.Off, Point: p.point,
		Accepted: accepted, Rejected: rejected,
		Connections: b.connections, Commands: b.commands, Writes: b.writes,
		LastWrite: b.lastWrite, LastWriteAt: b.lastWriteAt,
	}
}
