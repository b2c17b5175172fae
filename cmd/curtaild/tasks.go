package main

import (
	"context"
	"sync"
)

// tasks are goroutines that are stopped in the reverse order of their start,
// each before the one that it needs.
type tasks struct {
	mu   sync.Mutex
	list []task
}

type task struct {
	cancel context.CancelFunc
	done   chan struct{}
}

// start runs f until stop gets to it.
func (t *tasks) start(ctx context.Context, f func(context.Context)) {
	ctx, cancel := context.WithCancel(context.WithoutCancel(ctx))
	done := make(chan struct{})
	t.mu.Lock()
	t.list = append(t.list, task{cancel, done})
	t.mu.Unlock()
	go func() {
		defer close(done)
		f(ctx)
	}()
}

// stop ends all of them, last first, and waits for each.
func (t *tasks) stop() {
	t.mu.Lock()
	defer t.mu.Unlock()
	for i := len(t.list) - 1; i >= 0; i-- {
		t.list[i].cancel()
		<-t.list[i].done
	}
	t.list = nil
}
