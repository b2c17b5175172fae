package stratum

import (
	"bytes"
	"encoding/hex"
	"encoding/json"
	"errors"
	"fmt"
	"math"
	"strconv"
	"strings"
	"unicode/utf8"

	"github.com/curtaild/curtaild/hasher/work"
)

// maxLine is the longest line that a pool may send, in bytes: room for the
// longest coinbase in hex and a full branch.
const maxLine = 256 << 10

// errProtocol is anything that a pool may not send. It ends the connection.
var errProtocol = errors.New("protocol error")

// message is one line, in either direction.
type message struct {
	ID     json.RawMessage   `json:"id"`
	Method string            `json:"method,omitempty"`
	Params []json.RawMessage `json:"params,omitempty"`
	Result json.RawMessage   `json:"result,omitempty"`
	Error  json.RawMessage   `json:"error,omitempty"`
}

// decode reads one line.
func decode(line []byte) (message, error) {
	var m message
	if !utf8.Valid(line) { // which the decoder would mend
		return m, fmt.Errorf("%w: line of %d bytes that is no text", errProtocol, len(line))
	}
	if err := json.Unmarshal(line, &m); err != nil {
		return m, fmt.Errorf("%w: line of %d bytes: %w", errProtocol, len(line), err)
	}
	if m.Method == "" && null(m.Result) && null(m.Error) && null(m.ID) {
		return m, fmt.Errorf("%w: neither a call nor an answer", errProtocol)
	}
	return m, nil
}

func null(b json.RawMessage) bool { return len(b) == 0 || bytes.Equal(b, []byte("null")) }

// answerTo is the id that an answer bears, if it is one of our numbers.
func (m message) answerTo() (uint64, bool) {
	id, err := strconv.ParseUint(string(m.ID), 10, 64)
	return id, err == nil
}

// subscription is what a pool answers to mining.subscribe.
type subscription struct {
	extranonce1 []byte
	size2       int
}

func parseSubscription(raw json.RawMessage) (subscription, error) {
	var parts []json.RawMessage
	if err := json.Unmarshal(raw, &parts); err != nil || len(parts) < 3 {
		return subscription{}, fmt.Errorf("%w: subscription: want three parts", errProtocol)
	}
	return parseExtranonce(parts[1], parts[2])
}

func parseExtranonce(first, size json.RawMessage) (subscription, error) {
	x1, err := unhex(first, work.MaxExtranonce1)
	if err != nil {
		return subscription{}, fmt.Errorf("%w: extranonce1: %w", errProtocol, err)
	}
	n, err := strconv.Atoi(string(size))
	if err != nil || n < 0 || n > work.MaxExtranonce2 {
		return subscription{}, fmt.Errorf("%w: extranonce2 size %.20s: want 0 to %d", errProtocol, size, work.MaxExtranonce2)
	}
	return subscription{extranonce1: x1, size2: n}, nil
}

// parseNotify reads the parameters of mining.notify: job id, previous hash,
// coinbase in two parts, branches, version, bits, time, clean.
func parseNotify(p []json.RawMessage, s subscription, t work.Target) (j work.Job, clean bool, err error) {
	if len(p) < 8 {
		return j, false, fmt.Errorf("%w: job: want at least 8 parameters, got %d", errProtocol, len(p))
	}
	j = work.Job{Extranonce1: s.extranonce1, Size2: s.size2, Target: t}
	steps := []func() error{
		func() (err error) { j.ID, err = jobID(p[0]); return err },
		func() (err error) { j.Prev, err = prevHash(p[1]); return err },
		func() (err error) { j.Coinbase1, err = unhex(p[2], work.MaxCoinbase); return err },
		func() (err error) { j.Coinbase2, err = unhex(p[3], work.MaxCoinbase); return err },
		func() (err error) { j.Branches, err = hashes(p[4]); return err },
		func() (err error) { j.Version, err = word(p[5]); return err },
		func() (err error) { j.Bits, err = word(p[6]); return err },
		func() (err error) { j.Time, err = word(p[7]); return err },
		func() error {
			if len(p) < 9 {
				return nil
			}
			return json.Unmarshal(p[8], &clean)
		},
	}
	for i, step := range steps {
		if err := step(); err != nil {
			return work.Job{}, false, fmt.Errorf("%w: job: parameter %d: %w", errProtocol, i, err)
		}
	}
	if err := j.Check(); err != nil {
		return work.Job{}, false, fmt.Errorf("%w: %w", errProtocol, err)
	}
	return j, clean, nil
}

// jobID reads a job's name. It must come back as it was, so it is plain text.
func jobID(raw json.RawMessage) (string, error) {
	var id string
	if err := json.Unmarshal(raw, &id); err != nil {
		return "", err
	}
	if id == "" || strings.ContainsFunc(id, func(r rune) bool { return r < ' ' || r > '~' }) {
		return "", errors.New("no plain text")
	}
	return id, nil
}

// prevHash reads the previous block's hash. Stratum sends it as eight
// big-endian words; the header has them little-endian.
func prevHash(raw json.RawMessage) (work.Hash, error) {
	h, err := hash(raw)
	if err != nil {
		return h, err
	}
	for i := 0; i < len(h); i += 4 {
		h[i], h[i+1], h[i+2], h[i+3] = h[i+3], h[i+2], h[i+1], h[i]
	}
	return h, nil
}

func hash(raw json.RawMessage) (work.Hash, error) {
	var h work.Hash
	if null(raw) { // which the decoder would leave at zero
		return h, errors.New("no hash")
	}
	err := json.Unmarshal(raw, &h)
	return h, err
}

// hashes reads the branches of a tree.
func hashes(raw json.RawMessage) ([]work.Hash, error) {
	var list []json.RawMessage
	if err := json.Unmarshal(raw, &list); err != nil {
		return nil, err
	}
	if len(list) > work.MaxBranches {
		return nil, fmt.Errorf("%d branches: at most %d", len(list), work.MaxBranches)
	}
	out := make([]work.Hash, len(list))
	for i, b := range list {
		var err error
		if out[i], err = hash(b); err != nil {
			return nil, err
		}
	}
	return out, nil
}

// word reads eight hex digits, big-endian.
func word(raw json.RawMessage) (uint32, error) {
	var s string
	if err := json.Unmarshal(raw, &s); err != nil {
		return 0, err
	}
	if len(s) != 8 {
		return 0, fmt.Errorf("want 8 hex digits, got %d", len(s))
	}
	v, err := strconv.ParseUint(s, 16, 32)
	return uint32(v), err
}

func unhex(raw json.RawMessage, most int) ([]byte, error) {
	if null(raw) { // which the decoder would leave empty
		return nil, errors.New("nothing")
	}
	var s string
	if err := json.Unmarshal(raw, &s); err != nil {
		return nil, err
	}
	if len(s) > 2*most {
		return nil, fmt.Errorf("%d bytes, at most %d", len(s)/2, most)
	}
	return hex.DecodeString(s)
}

// number reads a parameter that some pools send as a number and others as
// text. Missing is def.
func number(p []json.RawMessage, i, def int) (int, error) {
	if i >= len(p) || null(p[i]) {
		return def, nil
	}
	f, err := strconv.ParseFloat(string(bytes.Trim(p[i], `"`)), 64)
	if err != nil || math.Abs(f) > math.MaxInt32 || f != math.Trunc(f) {
		return 0, fmt.Errorf("%w: parameter %d: want a whole number", errProtocol, i)
	}
	return int(f), nil
}
