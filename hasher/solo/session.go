package solo

import (
	"context"
	"slices"
	"sync"
	"time"
)

const (
	pollBeside = 90 * time.Second // beside long polling, from which nodes come back after a minute or so
	pollAlone  = 5 * time.Second
	pollPause  = time.Second // after a long poll that brought nothing new
)

// session follows the node until a call fails, and says why.
func (c *Client) session(ctx context.Context) error {
	if err := c.payable(ctx); err != nil {
		return err
	}
	// A block that the node had not taken when it went comes first: the tip may
	// still be the same.
	if err := c.deliverHeld(ctx); err != nil {
		return err
	}
	ctx, cancel := context.WithCancelCause(ctx)
	kick := make(chan struct{}, 1)
	var wg sync.WaitGroup
	wg.Go(func() {
		if err := c.deliver(ctx, kick); err != nil {
			cancel(err)
		}
	})
	cancel(c.follow(ctx, kick))
	wg.Wait()
	return context.Cause(ctx)
}

// follow takes up one template after the other. A kick makes it ask at once.
func (c *Client) follow(ctx context.Context, kick <-chan struct{}) error {
	t, err := c.ask(ctx)
	for err == nil {
		c.take(t)
		asked := time.Now()
		better, pollErr := c.better(ctx, t, kick)
		if ctx.Err() != nil {
			return ctx.Err()
		}
		if pollErr != nil {
			c.fault(pollErr)
			c.cfg.Log.Warn("long poll failed", "node", c.node.at.Host, "err", pollErr)
		}
		idle := pollErr != nil || better != nil && better.job.Prev == t.job.Prev && time.Since(asked) < pollPause
		if t = better; t == nil {
			t, err = c.ask(ctx)
		}
		if err == nil && idle {
			c.take(t)
			rest(ctx, pollPause, kick)
		}
	}
	return err
}

// rest waits, but not past a kick.
func rest(ctx context.Context, d time.Duration, kick <-chan struct{}) {
	select {
	case <-ctx.Done():
	case <-kick:
	case <-time.After(d):
	}
}

// ask gets the template of now.
func (c *Client) ask(ctx context.Context) (*template, error) {
	ctx, cancel := context.WithTimeout(ctx, callTimeout)
	defer cancel()
	return c.template(ctx, "")
}

// better waits for a template that replaces t, until it is time to ask
// plainly: then there is none, and no error either.
func (c *Client) better(ctx context.Context, t *template, kick <-chan struct{}) (*template, error) {
	every := c.cfg.Poll
	if every <= 0 {
		if every = pollBeside; t.longPoll == "" {
			every = pollAlone
		}
	}
	if t.longPoll == "" {
		rest(ctx, every, kick)
		return nil, nil
	}
	ctx, cancel := context.WithTimeout(ctx, every)
	var wg sync.WaitGroup
	defer wg.Wait()
	defer cancel()
	wg.Go(func() {
		select {
		case <-ctx.Done():
		case <-kick:
			cancel()
		}
	})
	got, err := c.template(ctx, t.longPoll)
	if err != nil && ctx.Err() != nil {
		return nil, nil
	}
	return got, err
}

// take makes t the work to do, unless it is what there is already.
func (c *Client) take(t *template) {
	c.mu.Lock()
	defer c.mu.Unlock()
	clean := true
	if n := len(c.current); n == 0 {
		c.cfg.Log.Info("work from the node", "node", c.node.at.Host, "height", t.height, "transactions", len(t.txs))
	} else {
		last := c.current[n-1]
		if last.same(t) {
			return
		}
		clean = last.job.Prev != t.job.Prev || !t.submitOld
	}
	if clean {
		c.current = nil
	}
	c.current = append(c.current, posted{t, c.desk.Post(t.job, clean).Seq})
	c.current = slices.Delete(c.current, 0, max(0, len(c.current)-keepTemplates))
	if c.solved != nil && *c.solved != t.job.Prev {
		c.solved = nil
	}
}
