package stratum

import (
	"encoding/json"
	"errors"
	"fmt"
	"time"

	"github.com/curtaild/curtaild/hasher/work"
)

// errRefused ends a session with a pool that does not want us.
var errRefused = errors.New("pool refuses us")

// configureTimeout is how long a pool has to answer what it may not know: so
// short that one that keeps quiet still gives work before it is left for it.
const configureTimeout = 3 * time.Second

// shyAfter is how long a method is left out that a pool did not take well.
const shyAfter = 24 * time.Hour

// The methods that not every pool knows.
const (
	methodConfigure   = "mining.configure"
	methodExtranonces = "mining.extranonce.subscribe"
	methodPing        = "mining.ping"
)

// shyness is which methods a pool hung up on, or kept quiet about, and until
// when they are left out.
type shyness map[string]time.Time

func (s *shyness) of(method string, now time.Time) {
	if method != methodConfigure && method != methodExtranonces && method != methodPing {
		return
	}
	if *s == nil {
		*s = shyness{}
	}
	(*s)[method] = now.Add(shyAfter)
}

// forget takes back what did not help: it was not the method.
func (s *shyness) forget() {
	for method, until := range *s {
		if time.Until(until) < shyAfter-configureTimeout {
			delete(*s, method)
		}
	}
}

func (s shyness) avoids(method string, now time.Time) bool { return now.Before(s[method]) }

// begin starts the handshake: configure, which not every pool knows, then
// subscribe, authorize, and extranonces that may change.
func (s *session) begin(now time.Time) error {
	if s.c.shy.avoids(methodConfigure, now) {
		return s.subscribe()
	}
	names := []string{"subscribe-extranonce"}
	values := map[string]any{}
	if s.c.cfg.Algorithm == work.SHA256d {
		names = append(names, "version-rolling")
		values["version-rolling.mask"] = hexWord(work.Rollable)
		values["version-rolling.min-bit-count"] = 2
	}
	if d := s.c.cfg.MinDifficulty; d > 0 {
		names = append(names, "minimum-difficulty")
		values["minimum-difficulty.value"] = d
	}
	return s.call(call{
		method: methodConfigure, due: now.Add(configureTimeout), answer: s.configured,
		late: func() error {
			s.c.shy.of(methodConfigure, time.Now())
			return s.subscribe()
		},
	}, names, values)
}

// configured takes in what the pool grants. Pools that do not know the method
// answer with an error, or with something that is no grant.
func (s *session) configured(m message) error {
	late := s.c.shy.avoids(methodConfigure, time.Now()) // and subscribed by now
	var grant map[string]json.RawMessage
	if null(m.Error) && json.Unmarshal(m.Result, &grant) == nil {
		delete(s.c.shy, methodConfigure)
		s.extras = isTrue(grant["subscribe-extranonce"])
		if isTrue(grant["version-rolling"]) && s.c.cfg.Algorithm == work.SHA256d {
			mask, err := word(grant["version-rolling.mask"])
			if err != nil {
				return fmt.Errorf("%w: version mask: %w", errProtocol, err)
			}
			s.rolling, s.mask = true, mask
			s.judgeMask()
		}
		if raw, ok := grant["minimum-difficulty"]; ok && !isTrue(raw) {
			s.c.cfg.Log.Warn("pool does not take our minimum difficulty", "pool", s.at.String())
		}
	}
	if late {
		return nil
	}
	return s.subscribe()
}

// judgeMask counts a mask with bits that were never asked for; they are
// not rolled.
func (s *session) judgeMask() {
	if s.mask&^uint32(work.Rollable) != 0 {
		s.c.fault("version-mask")
		s.c.cfg.Log.Warn("pool's version mask has bits that it was not asked for: left alone", "pool", s.at.String(), "mask", hexWord(s.mask))
	}
}

// subscribe asks for jobs. No earlier session is resumed: work on the same
// extranonce would find the same shares once more.
func (s *session) subscribe() error {
	return s.call(call{method: "mining.subscribe", due: time.Now().Add(handshakeTimeout), answer: s.subscribed}, s.c.cfg.Agent)
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
	return s.call(call{method: "mining.authorize", due: time.Now().Add(handshakeTimeout), answer: s.authorized},
		s.c.cfg.User, s.c.cfg.Password)
}

func (s *session) authorized(m message) error {
	if !isTrue(m.Result) {
		return fmt.Errorf("%w: authorize: %s", errRefused, reasonText(m.Error))
	}
	s.ready = true
	s.c.cfg.Log.Info("pool session open", "pool", s.at.String(), "user", s.c.cfg.User, "version_rolling", s.rolling)
	if s.last != nil {
		s.c.publish(*s.last, true)
	}
	if s.extras || s.c.shy.avoids(methodExtranonces, time.Now()) {
		return nil
	}
	// Whatever it answers: extranonces are taken as they come.
	return s.call(call{method: methodExtranonces, answer: func(message) error { return nil }})
}

func isTrue(raw json.RawMessage) bool {
	var b bool
	return json.Unmarshal(raw, &b) == nil && b
}
