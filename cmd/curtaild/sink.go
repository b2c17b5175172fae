package main

import (
	"context"

	"github.com/curtaild/curtaild/energy"
	"github.com/curtaild/curtaild/scheduler"
)

// sink hands what the broker brings to the loop. It blocks until the loop has
// taken it: the MQTT client holds up nothing but its like meanwhile, and
// overtakes readings that wait with newer ones.
type sink struct {
	readings chan energy.Reading
	presence chan energy.Presence
	signals  chan scheduler.Delivery
}

func newSink() *sink {
	return &sink{make(chan energy.Reading), make(chan energy.Presence), make(chan scheduler.Delivery)}
}

func (s *sink) Readings(ctx context.Context, list []energy.Reading) {
	for _, r := range list {
		select {
		case s.readings <- r:
		case <-ctx.Done():
			return
		}
	}
}

func (s *sink) Presence(ctx context.Context, p energy.Presence) {
	select {
	case s.presence <- p:
	case <-ctx.Done():
	}
}

// Signal returns once what the signal led to is on disk, so that the broker is
// told to forget it no sooner.
func (s *sink) Signal(ctx context.Context, sig energy.Signal) error {
	kept := make(chan struct{})
	select {
	case s.signals <- scheduler.Delivery{Signal: sig, Done: func() { close(kept) }}:
	case <-ctx.Done():
		return context.Cause(ctx)
	}
	select {
	case <-kept:
		return nil
	case <-ctx.Done():
		return context.Cause(ctx)
	}
}
