package stratum

import (
	"context"
	"encoding/json"
	"errors"
	"fmt"
	"io"
	"os"

	"github.com/curtaild/curtaild/hasher/work"
)

// answer acts on the pool's answer to one of our calls.
func (s *session) answer(m message) error {
	id, ok := m.answerTo()
	if !ok {
		if null(m.ID) && !null(m.Error) {
			return fmt.Errorf("%w: %s", errRefused, reasonText(m.Error))
		}
		return fmt.Errorf("%w: answer to no call of ours", ErrProtocol)
	}
	switch {
	case id == idSubscribe && s.sub == nil:
		return s.subscribed(m)
	case id == idAuthorize && s.sub != nil && !s.ready:
		return s.authorized(m)
	}
	sub, ok := s.pending[id]
	if !ok {
		return fmt.Errorf("%w: answer to call %d, which is not open", ErrProtocol, id)
	}
	delete(s.pending, id)
	s.c.judged(m, sub)
	return nil
}

func (s *session) subscribed(m message) error {
	if !null(m.Error) {
		return fmt.Errorf("%w: subscribe: %s", errRefused, reasonText(m.Error))
	}
	sub, err := parseSubscription(m.Result)
	if err != nil {
		return err
	}
	s.sub = &sub
	return s.call(idAuthorize, "mining.authorize", s.c.cfg.User, s.c.cfg.Password)
}

func (s *session) authorized(m message) error {
	if !isTrue(m.Result) {
		return fmt.Errorf("%w: authorize: %s", errRefused, reasonText(m.Error))
	}
	s.ready = true
	s.c.cfg.Log.Info("pool session open", "pool", s.at.String(), "user", s.c.cfg.User)
	if s.early != nil {
		s.early()
		s.early = nil
	}
	return nil
}

func isTrue(raw json.RawMessage) bool {
	var b bool
	return json.Unmarshal(raw, &b) == nil && b
}

// judged counts the pool's verdict on a share.
func (c *Client) judged(m message, sub submission) {
	c.mu.Lock()
	if isTrue(m.Result) && null(m.Error) {
		c.counts.Accepted++
	} else {
		c.counts.Rejected[rejectReason(m.Error)]++
	}
	c.mu.Unlock()
	if !isTrue(m.Result) {
		c.cfg.Log.Warn("pool rejects a share", "job", fmt.Sprintf("%.40q", sub.job.ID), "reason", reasonText(m.Error))
	}
	c.notify()
}

// rejectReason reads the code of an error [code, text, trace] into one of a
// closed list: a pool must not be able to fill our memory with reasons.
func rejectReason(raw json.RawMessage) string {
	var parts []json.RawMessage
	var code int
	if json.Unmarshal(raw, &parts) == nil && len(parts) > 0 && json.Unmarshal(parts[0], &code) == nil {
		switch code {
		case 21:
			return "stale"
		case 22:
			return "duplicate"
		case 23:
			return "low-difficulty"
		case 24, 25:
			return "unauthorized"
		}
	}
	return "other"
}

// reasonText is the pool's own words, quoted and cut: they go into logs.
func reasonText(raw json.RawMessage) string {
	var parts []json.RawMessage
	var text string
	if json.Unmarshal(raw, &parts) == nil && len(parts) > 1 && json.Unmarshal(parts[1], &text) == nil {
		return fmt.Sprintf("%.200q", text)
	}
	return fmt.Sprintf("%.200q", raw)
}

// faultCause is the word under which the end of a session is counted.
func faultCause(err error) string {
	switch {
	case errors.Is(err, context.Canceled):
		return "closed"
	case errors.Is(err, work.ErrDifficulty):
		return "difficulty"
	case errors.Is(err, ErrProtocol):
		return "protocol"
	case errors.Is(err, errRefused):
		return "refused"
	case errors.Is(err, errAnswer), errors.Is(err, os.ErrDeadlineExceeded), errors.Is(err, context.DeadlineExceeded):
		return "silence"
	case errors.Is(err, io.EOF):
		return "hung-up"
	}
	if _, ok := errors.AsType[*reconnect](err); ok {
		return "reconnect"
	}
	return "network"
}

func (c *Client) fault(cause string) {
	c.mu.Lock()
	defer c.mu.Unlock()
	c.counts.Faults[cause]++
}
