package mqtt

import (
	"context"
	"errors"
	"fmt"
	"log/slog"
	"math/rand/v2"
	"time"

	paho "github.com/eclipse/paho.mqtt.golang"
)

const (
	minBackoff = time.Second
	maxBackoff = 30 * time.Second

	maxSubscribe = 64   // filters in one packet
	refused      = 0x80 // a subscription's answer
)

// session keeps one connection to the broker: dials, serves, dials again.
type session struct {
	name string // for the log
	dialer
	state linkState
	log   *slog.Logger
	// serve works with a link until it is lost or ctx is done; after ctx is
	// done it may use the link for a last word.
	serve func(ctx context.Context, l *link) error
}

// run keeps the connection until ctx is done.
func (s *session) run(ctx context.Context) {
	backoff := minBackoff
	for ctx.Err() == nil {
		l, err := s.dial(ctx)
		if err == nil {
			since := time.Now()
			err = s.serve(ctx, l)
			l.close()
			if time.Since(since) > maxBackoff {
				backoff = minBackoff
			}
		}
		if ctx.Err() != nil {
			s.state.down(time.Now(), nil)
			return
		}
		if s.state.down(time.Now(), err) {
			s.log.Warn("no connection to the broker", "session", s.name, "broker", s.addr, "err", err)
		}
		select {
		case <-ctx.Done():
		case <-time.After(jittered(backoff)):
		}
		backoff = min(2*backoff, maxBackoff)
	}
}

// ready is called by serve when the link is subscribed.
func (s *session) ready() {
	s.state.up(time.Now())
	s.log.Info("connected to the broker", "session", s.name, "broker", s.addr)
}

// jittered spreads reconnects, so that a fleet does not come back as one.
func jittered(d time.Duration) time.Duration {
	return d - time.Duration(rand.Int64N(int64(d)/4))
}

// subscribe asks for filters, and returns those that the broker refuses.
func (l *link) subscribe(ctx context.Context, filters []string, qos byte) (no []string, err error) {
	for len(filters) > 0 {
		n := min(len(filters), maxSubscribe)
		batch := make(map[string]byte, n)
		for _, f := range filters[:n] {
			batch[f] = qos
		}
		token := l.SubscribeMultiple(batch, nil)
		if err := l.wait(ctx, token); err != nil {
			return no, fmt.Errorf("subscribe: %w", err)
		}
		for f, code := range token.(*paho.SubscribeToken).Result() {
			if code == refused {
				no = append(no, f)
			}
		}
		filters = filters[n:]
	}
	return no, nil
}

// errAgain ends a link so that the broker sends again what was not
// acknowledged.
var errAgain = errors.New("messages are to be sent again")

func lostError(l *link) error {
	if l.err == nil {
		return errors.New("connection lost")
	}
	return fmt.Errorf("connection lost: %w", l.err)
}
