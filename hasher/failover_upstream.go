package hasher

import (
	"cmp"
	"context"
	"errors"
	"fmt"
	"log/slog"
	"sync"

	"github.com/curtaild/curtaild/hasher/solo"
	"github.com/curtaild/curtaild/hasher/stratum"
	"github.com/curtaild/curtaild/hasher/work"
)

// Upstream is one place that work comes from: one of its fields is set.
type Upstream struct {
	Stratum *stratum.Config // a pool
	Node    *solo.Config    // a node of one's own
}

// openUpstreams makes one source of all upstreams.
func openUpstreams(cfg Config) (*failover, error) {
	members := make([]*member, len(cfg.Upstreams))
	times := map[string]int{}
	for i, u := range cfg.Upstreams {
		m, err := u.open(cfg.Log)
		if err != nil {
			return nil, err
		}
		if times[m.name]++; times[m.name] > 1 { // one host under two users
			m.name = fmt.Sprintf("%s (%d)", m.name, times[m.name])
		}
		members[i] = m
	}
	return newFailover(members, cfg.Leave, cfg.Return, cfg.Log), nil
}

// open makes the source, which does nothing until it runs.
func (u Upstream) open(log *slog.Logger) (*member, error) {
	switch {
	case u.Node != nil:
		cfg := *u.Node
		cfg.Log = cmp.Or(cfg.Log, log)
		client, err := solo.New(cfg)
		return opened("node", client, err)
	case u.Stratum != nil:
		cfg := *u.Stratum
		cfg.Log = cmp.Or(cfg.Log, log)
		client, err := stratum.New(cfg)
		return opened("pool", client, err)
	default:
		return nil, errors.New("an upstream of no kind")
	}
}

// client is a source that has a name.
type client interface {
	source
	Name() string // host:port
}

// opened makes a member of a client, or says of which kind the one is that
// cannot be made.
func opened(kind string, c client, err error) (*member, error) {
	if err != nil {
		return nil, fmt.Errorf("%s: %w", kind, err)
	}
	return &member{name: c.Name(), src: c}, nil
}

// Try asks an upstream for work, until it has some or has failed twice, and
// gives its state then. The first failure may be a pool that hangs up on what it
// does not know: the second time it is not asked for that.
func Try(ctx context.Context, u Upstream) (work.State, error) {
	m, err := u.open(slog.New(slog.DiscardHandler))
	if err != nil {
		return work.State{}, err
	}
	ctx, cancel := context.WithCancel(ctx)
	var wg sync.WaitGroup
	defer wg.Wait()
	defer cancel()
	why, failed := m.src.State().Err, 0
	wg.Go(func() { _ = m.src.Run(ctx) }) // ends with nil, once its context is done
	for {
		s := m.src.State()
		if s.Err != nil && s.Err != why {
			why = s.Err
			failed++
		}
		if s.Job != nil || failed > 1 {
			return s, nil
		}
		select {
		case <-m.src.Changed():
		case <-ctx.Done():
			if s = m.src.State(); failed > 0 {
				return s, nil
			}
			return s, ctx.Err()
		}
	}
}

// Upstreams are the places that work comes from as they stand, the preferred
// one first; none if it is made here.
func (p *Pool) Upstreams() []UpstreamStatus {
	if f, ok := p.src.(*failover); ok {
		return f.status()
	}
	return nil
}
