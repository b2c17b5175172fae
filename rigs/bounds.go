package rigs

import "context"

// Bounds is how many rigs may be talked to at once. Commands and polls are
// counted apart, so that rigs that hang in a poll never hold up a command.
// Zero fields take their defaults.
type Bounds struct {
	Commands        int // in all; 1024
	Polls           int // in all; 128
	CommandsPerHost int // 256; matters where many rigs sit behind one address
	PollsPerHost    int // 64
}

type kind int

const (
	commands kind = iota
	polls
)

// gates are the bounds that one rig has to pass: those of all rigs and those
// of its host. They are shared.
type gates struct{ all, host [2]chan struct{} }

func newGates(b Bounds, host string) *gates {
	b = b.complete()
	g := &gates{all: [2]chan struct{}{make(chan struct{}, b.Commands), make(chan struct{}, b.Polls)}}
	if host != "" {
		g.host = hostGates(b)
	}
	return g
}

func hostGates(b Bounds) [2]chan struct{} {
	return [2]chan struct{}{make(chan struct{}, b.CommandsPerHost), make(chan struct{}, b.PollsPerHost)}
}

func (b Bounds) complete() Bounds {
	for _, f := range []struct {
		n *int
		v int
	}{{&b.Commands, 1024}, {&b.Polls, 128}, {&b.CommandsPerHost, 256}, {&b.PollsPerHost, 64}} {
		if *f.n <= 0 {
			*f.n = f.v
		}
	}
	return b
}

// enter waits for both gates, the host's first: who waits for a busy host
// holds no place that others could use.
func (g *gates) enter(ctx context.Context, k kind) (leave func(), err error) {
	if err := pass(ctx, g.host[k]); err != nil {
		return nil, err
	}
	if err := pass(ctx, g.all[k]); err != nil {
		release(g.host[k])
		return nil, err
	}
	return func() {
		release(g.all[k])
		release(g.host[k])
	}, nil
}

func pass(ctx context.Context, gate chan struct{}) error {
	if gate == nil {
		return ctx.Err()
	}
	select {
	case gate <- struct{}{}:
		return nil
	case <-ctx.Done():
		return ctx.Err()
	}
}

func release(gate chan struct{}) {
	if gate != nil {
		<-gate
	}
}
