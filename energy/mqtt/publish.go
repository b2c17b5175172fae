package mqtt

import (
	"encoding/json"
	"fmt"

	"github.com/curtaild/curtaild/energy"
)

// The payloads of the availability topic.
const (
	online  = "online"
	offline = "offline"
)

// availability is where the site says that it is there: online, retained, at
// every connect; offline, retained, by the last will or at the end.
func (c *Client) availability() string { return c.cfg.Prefix + "/availability" }

// Publish hands a message over for publishing and returns at once. Of a
// retained topic the latest payload is kept until the broker has it, however
// long that takes; others are dropped, oldest first, when too many wait. An
// empty retained payload clears the topic.
func (c *Client) Publish(topic string, qos byte, retained bool, payload []byte) error {
	return c.publish(&outgoing{topic: topic, payload: payload, qos: min(qos, 1), retained: retained})
}

func (c *Client) publish(m *outgoing) error {
	if err := CheckPrefix(m.topic); err != nil { // same rules
		return fmt.Errorf("publish: %w", err)
	}
	if len(m.payload) > MaxPayload {
		return fmt.Errorf("publish to %s: payload of more than %d bytes", clip(m.topic), MaxPayload)
	}
	if !c.cfg.Watch {
		c.outbox.put(m)
	}
	return nil
}

// PublishState publishes state as JSON on <prefix>/state. It is not retained:
// nobody is to take an old one for a new one.
func (c *Client) PublishState(state any) error {
	payload, err := json.Marshal(state)
	if err != nil {
		return fmt.Errorf("publish state: %w", err)
	}
	return c.Publish(c.cfg.Prefix+"/state", 0, false, payload)
}

// PublishStatus publishes the status of a signal, retained. Each is sent, in
// order: whoever watches sees that a signal was accepted before it started. A
// signal whose id could not be read has no topic to answer on, which is an
// error.
func (c *Client) PublishStatus(st energy.SignalStatus) error {
	topic, err := c.status(st.Source, st.ID)
	if err != nil {
		return err
	}
	payload, err := json.Marshal(st)
	if err != nil {
		return fmt.Errorf("publish status of signal %s: %w", clip(st.ID), err)
	}
	return c.publish(&outgoing{topic: topic, payload: payload, qos: 1, retained: true, each: true})
}

// ClearStatus takes the status of a signal off the broker.
func (c *Client) ClearStatus(source, id string) error {
	topic, err := c.status(source, id)
	if err != nil {
		return err
	}
	return c.Publish(topic, 1, true, nil)
}

func (c *Client) status(source, id string) (string, error) {
	if err := CheckName(source); err != nil {
		return "", fmt.Errorf("status of a signal: source: %w", err)
	}
	if err := CheckName(id); err != nil {
		return "", fmt.Errorf("status of a signal: id: %w", err)
	}
	return statusTopic(c.cfg.Prefix, source, id), nil
}
