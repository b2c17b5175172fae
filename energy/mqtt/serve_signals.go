package mqtt

import (
	"bytes"
	"context"
	"strings"
	"time"

	paho "github.com/eclipse/paho.mqtt.golang"
)

// onSignal runs on the client library's goroutine and never waits.
func (c *Client) onSignal(m paho.Message) {
	in, ok := c.incoming(m.Topic())
	if !ok {
		m.Ack() // left over in the session from a source that is no longer configured
		return
	}
	in.Payload, in.Retained, in.Arrived = bytes.Clone(m.Payload()), m.Retained(), time.Now()
	sig, ok := UnderstandSignal(in)
	if !ok {
		c.queue.passedOver()
		m.Ack()
		c.log.Warn("retained command passed over: publish commands without the retain flag", "topic", m.Topic())
		return
	}
	c.queue.put(sig, m.Ack, m.Qos() > 0)
}

// incoming tells source and kind of a signal topic.
func (c *Client) incoming(topic string) (Incoming, bool) {
	for _, s := range *c.sources.Load() {
		rest, ok := strings.CutPrefix(topic, signalTopic(c.cfg.Prefix, s))
		if ok && (rest == "" || rest == "/stop") {
			return Incoming{Source: s, Stop: rest != ""}, true
		}
	}
	return Incoming{}, false
}

func (c *Client) signalFilters() []string {
	var filters []string
	for _, s := range *c.sources.Load() {
		filters = append(filters, signalTopic(c.cfg.Prefix, s), stopTopic(c.cfg.Prefix, s))
	}
	return filters
}

// serveSignals subscribes and waits. Subscriptions of a persistent session
// outlive it, and so must be ended where a source has gone; asking again for
// those that are there costs nothing.
func (c *Client) serveSignals(ctx context.Context, l *link) error {
	subscribed, err := c.resubscribeTo(ctx, l, nil, c.signalFilters(), 1)
	if err == nil {
		c.signals.ready()
	}
	for err == nil {
		select {
		case <-ctx.Done():
			return nil
		case <-l.lost:
			return lostError(l)
		case <-c.sourced:
			subscribed, err = c.resubscribeTo(ctx, l, subscribed, c.signalFilters(), 1)
		case <-c.queue.again:
			return errAgain
		}
	}
	return err
}
