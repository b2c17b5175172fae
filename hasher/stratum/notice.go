package stratum

import (
	"encoding/json"
	"fmt"
	"strconv"
	"strings"
	"time"

	"github.com/curtaild/curtaild/hasher/work"
)

// sayEvery spaces the pool's messages in our log.
const sayEvery = 10 * time.Second

// reconnect is the pool's wish that we come back at another port.
type reconnect struct {
	port string
	wait time.Duration
}

func (r *reconnect) Error() string { return "pool asks to reconnect at port " + r.port }

// take acts on one message.
func (s *session) take(m message) error {
	switch m.Method {
	case "":
		return s.answer(m)
	case "mining.set_difficulty":
		return s.difficulty(m.Params)
	case "mining.notify":
		return s.job(m.Params)
	case "mining.set_extranonce":
		return s.extranonce(m.Params)
	case "mining.set_version_mask":
		return s.versionMask(m.Params)
	case "client.reconnect":
		return s.reconnect(m.Params)
	case "client.show_message":
		return s.show(m.Params)
	case "mining.ping":
		return s.reply(m.ID, "pong")
	case "client.get_version":
		return s.reply(m.ID, s.c.cfg.Agent)
	default: // what we do not know does not concern us
		return nil
	}
}

// difficulty holds for the jobs to come; shares of those before are still
// judged by theirs.
func (s *session) difficulty(p []json.RawMessage) error {
	if len(p) < 1 {
		return fmt.Errorf("%w: difficulty missing", errProtocol)
	}
	t, err := s.c.cfg.Algorithm.ParseDifficulty(string(p[0]))
	if err != nil {
		return err
	}
	s.target = t
	return nil
}

// extranonce holds for the jobs to come, too.
func (s *session) extranonce(p []json.RawMessage) error {
	if s.sub == nil || len(p) < 2 {
		return fmt.Errorf("%w: extranonce before the subscription, or without its two parts", errProtocol)
	}
	sub, err := parseExtranonce(p[0], p[1])
	if err != nil {
		return err
	}
	s.sub = &sub
	return nil
}

// versionMask holds at once (BIP 310): the job goes on with other bits.
func (s *session) versionMask(p []json.RawMessage) error {
	if len(p) < 1 {
		return fmt.Errorf("%w: version mask missing", errProtocol)
	}
	mask, err := word(p[0])
	if err != nil {
		return fmt.Errorf("%w: version mask: %w", errProtocol, err)
	}
	if !s.rolling {
		s.c.fault("version-mask") // which was not granted
		return nil
	}
	s.mask = mask
	s.judgeMask()
	if s.last == nil {
		return nil
	}
	s.last.Mask = s.rollable(s.last.Version)
	if s.ready {
		s.c.desk.Post(*s.last, false)
	}
	return nil
}

// rollable are the bits of a job's version that are rolled: those of the pool's
// mask that the job leaves at 0. Under the others a pool that adds our bits
// to its version, in place of taking them for its own (BIP 310), would see
// another header than we do.
func (s *session) rollable(version uint32) uint32 { return s.mask & work.Rollable &^ version }

func (s *session) job(params []json.RawMessage) error {
	if s.sub == nil {
		return fmt.Errorf("%w: job before the subscription", errProtocol)
	}
	j, clean, err := parseNotify(params, *s.sub, s.target)
	if err != nil {
		return err
	}
	j.Algorithm, j.Mask = s.c.cfg.Algorithm, s.rollable(j.Version)
	s.last = &j
	if s.ready { // else it is taken up then
		s.c.publish(j, clean)
	}
	return nil
}

// reconnect follows the pool to another port, but never to another host:
// that is how a man in the middle takes the hash rate.
func (s *session) reconnect(p []json.RawMessage) error {
	var host string
	if len(p) > 0 && !null(p[0]) {
		if err := json.Unmarshal(p[0], &host); err != nil {
			return fmt.Errorf("%w: reconnect: %w", errProtocol, err)
		}
	}
	if host != "" && !strings.EqualFold(host, s.at.host) {
		s.c.fault("reconnect-elsewhere")
		s.c.cfg.Log.Warn("pool asks to reconnect to another host: ignored", "pool", s.at.String(), "host", fmt.Sprintf("%.100q", host))
		return nil
	}
	own, err := strconv.Atoi(s.at.port)
	if err != nil {
		return err
	}
	port, err := number(p, 1, own)
	if err != nil {
		return err
	}
	seconds, err := number(p, 2, 0)
	if err != nil {
		return err
	}
	if port < 1 || port > 65535 || seconds < 0 {
		return fmt.Errorf("%w: reconnect to port %d in %d s", errProtocol, port, seconds)
	}
	wait := min(time.Duration(seconds)*time.Second, maxWait)
	return &reconnect{port: strconv.Itoa(port), wait: wait}
}

// show logs a message of the pool's operator: quoted, cut, and not too often.
func (s *session) show(p []json.RawMessage) error {
	var text string
	if len(p) < 1 || json.Unmarshal(p[0], &text) != nil {
		return fmt.Errorf("%w: message that is no text", errProtocol)
	}
	if now := time.Now(); now.Sub(s.said) >= sayEvery {
		s.said = now
		s.c.cfg.Log.Info("message from the pool", "pool", s.at.String(), "text", fmt.Sprintf("%.200q", text))
	}
	return nil
}

// reply answers a call of the pool's.
func (s *session) reply(id json.RawMessage, result string) error {
	const most = 64
	if null(id) {
		return nil // it does not want to know
	}
	if len(id) > most {
		return fmt.Errorf("%w: call with an id of %d bytes", errProtocol, len(id))
	}
	return s.write(struct {
		ID     json.RawMessage `json:"id"`
		Result string          `json:"result"`
		Error  any             `json:"error"` // null
	}{ID: id, Result: result})
}
