package main

import (
	"context"
	"errors"
	"fmt"
	"sync"
	"time"

	"github.com/curtaild/curtaild/cmd/curtaild/config"
	"github.com/curtaild/curtaild/hasher"
)

// workFor is how long a pool or node has to give work. One that keeps quiet
// about mining.configure is asked for work after three seconds only.
const workFor = 8 * time.Second

// tryPools asks each pool or node of the local workers for work.
func tryPools(ctx context.Context, h *config.Hasher) []finding {
	if h == nil {
		return nil
	}
	out := make([]finding, len(h.Pools))
	var all sync.WaitGroup
	for i := range h.Pools {
		all.Go(func() { out[i] = tryPool(ctx, &h.Pools[i]) })
	}
	all.Wait()
	return out
}

func tryPool(ctx context.Context, c *config.Pool) finding {
	ctx, cancel := context.WithTimeout(ctx, workFor)
	defer cancel()
	f := finding{Kind: "pool", Name: c.URL}
	u, err := upstream(c)
	if err != nil {
		f.Says = err.Error()
		return f
	}
	s, err := hasher.Try(ctx, u)
	switch {
	case err != nil && errors.Is(err, context.DeadlineExceeded):
		f.Says = fmt.Sprintf("no work within %v", workFor)
	case err != nil:
		f.Says = err.Error()
	case s.Job == nil:
		f.Says = s.Err.Error()
	default:
		f.OK, f.Says = true, "reached, has work"
		if y, err := s.Job.Yield(); err == nil {
			f.Says += fmt.Sprintf(": block %d of difficulty %.4g", y.Height, y.Difficulty)
		}
	}
	return f
}
