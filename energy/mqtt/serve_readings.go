package mqtt

import (
	"context"
	"slices"
	"time"

	"github.com/curtaild/curtaild/energy"
	paho "github.com/eclipse/paho.mqtt.golang"
)

const (
	// victronEvery is how often an installation is asked to go on publishing;
	// it stops after 60 s without.
	victronEvery = 30 * time.Second
	// lastWords is how long the end of the daemon may wait for the broker.
	lastWords = 2 * time.Second
	maxFlush  = 256
)

// onReading runs on the client library's goroutine and never waits.
func (c *Client) onReading(m paho.Message) {
	now := time.Now()
	m.Ack()
	topic, payload := m.Topic(), m.Payload()
	c.routes.Load().each(topic, func(t *target) {
		for _, p := range t.presences {
			// Retained on purpose: that is how a last will is kept.
			c.inbox.presence(energy.Presence{Name: p.name, Online: string(payload) == p.online, At: now})
		}
		for _, f := range t.feeds {
			r, fault, first := f.take(topic, payload, m.Retained(), now)
			if fault == nil {
				if c.inbox.put(r) {
					f.coalesced()
				}
				continue
			}
			if first && !fault.Silent() {
				c.log.Warn("reading refused, further ones of this cause are only counted",
					"reading", f.spec.Name, "topic", topic, "cause", fault.Cause, "err", fault)
			}
		}
	})
}

// serveReadings subscribes, publishes and keeps installations alive until the
// link is lost.
func (c *Client) serveReadings(ctx context.Context, l *link) error {
	defer c.deaf()
	subscribed, err := c.resubscribe(ctx, l, nil)
	if err != nil {
		return err
	}
	c.readings.ready()
	if !c.cfg.Watch {
		c.outbox.put(&outgoing{topic: c.availability(), payload: []byte(online), qos: 1, retained: true})
	}
	poke(c.outbox.wake)
	if err := c.keepAlive(ctx, l, true); err != nil {
		return err
	}
	tick := time.NewTicker(victronEvery)
	defer tick.Stop()
	for err == nil {
		select {
		case <-ctx.Done():
			return c.farewell(l)
		case <-l.lost:
			return lostError(l)
		case <-c.changed:
			if subscribed, err = c.resubscribe(ctx, l, subscribed); err == nil {
				err = c.keepAlive(ctx, l, true)
			}
		case <-c.outbox.wake:
			err = c.flush(ctx, l)
		case <-tick.C:
			err = c.keepAlive(ctx, l, false)
		}
	}
	if ctx.Err() != nil {
		return c.farewell(l)
	}
	return err
}

// resubscribe brings the link's subscriptions from was to what the routes want.
func (c *Client) resubscribe(ctx context.Context, l *link, was []string) ([]string, error) {
	want := c.routes.Load().filters
	return c.resubscribeTo(ctx, l, was, want, 0)
}

func (c *Client) resubscribeTo(ctx context.Context, l *link, was, want []string, qos byte) ([]string, error) {
	var gone, missing []string
	for _, f := range was {
		if !slices.Contains(want, f) {
			gone = append(gone, f)
		}
	}
	for _, f := range want {
		if !slices.Contains(was, f) {
			missing = append(missing, f)
		}
	}
	if len(gone) > 0 {
		if err := l.wait(ctx, l.Unsubscribe(gone...)); err != nil {
			return was, err
		}
	}
	no, err := l.subscribe(ctx, missing, qos)
	if err != nil {
		return was, err
	}
	c.noteRefused(append(gone, missing...), no)
	return want, nil
}

// keepAlive asks Victron installations to go on. The first request on a link
// has everything published.
func (c *Client) keepAlive(ctx context.Context, l *link, first bool) error {
	for _, p := range c.routes.Load().portals {
		payload := ""
		if p.suppress && !first {
			payload = `{"keepalive-options":["suppress-republish"]}`
		}
		if err := l.wait(ctx, l.Publish("R/"+p.id+"/keepalive", 0, false, payload)); err != nil {
			return err
		}
	}
	return nil
}

// deaf tells that nothing is known any more of readings that live by their
// availability topic: without the broker, a source that has gone or changed is
// not heard. The others simply age.
func (c *Client) deaf() {
	now := time.Now()
	for _, name := range c.routes.Load().live {
		c.inbox.presence(energy.Presence{Name: name, At: now})
	}
}

// flush sends what is in the outbox, but leaves off after a while for others
// to have their turn.
func (c *Client) flush(ctx context.Context, l *link) error {
	for range maxFlush {
		m := c.outbox.next()
		if m == nil {
			return nil
		}
		if err := l.wait(ctx, l.Publish(m.topic, m.qos, m.retained, m.payload)); err != nil {
			if !c.outbox.back(m) {
				c.log.Warn("message not published", "topic", m.topic, "err", err)
			}
			return err
		}
		c.outbox.sent()
	}
	poke(c.outbox.wake)
	return nil
}

// farewell sends what is left, and that the site is offline now.
func (c *Client) farewell(l *link) error {
	if c.cfg.Watch {
		return nil
	}
	ctx, cancel := context.WithTimeout(context.Background(), lastWords)
	defer cancel()
	c.outbox.put(&outgoing{topic: c.availability(), payload: []byte(offline), qos: 1, retained: true})
	return c.flush(ctx, l)
}
