package stratum

import (
	"encoding/binary"
	"encoding/hex"
	"encoding/json"
	"fmt"
	"strings"
	"time"

	"github.com/curtaild/curtaild/hasher/work"
)

// warnEvery spaces rejected shares in our log; all are counted.
const warnEvery = 10 * time.Second

// submission is a checked share on its way to the pool.
type submission struct {
	job   *work.Job
	share work.Share
}

func (s *session) submit(sub submission) error {
	switch {
	case !s.c.desk.Alive(sub.job.Seq): // the job changed while the share waited
		s.c.unsent("stale")
		return nil
	case (sub.share.Version^sub.job.Version)&^s.mask != 0: // the mask did
		s.c.unsent("version-mask")
		return nil
	}
	params := []any{
		s.c.cfg.User, sub.job.ID, hex.EncodeToString(sub.share.Extranonce2), hexWord(sub.share.Time), hexWord(sub.share.Nonce),
	}
	if s.rolling {
		// The pool fills the mask's bits with these, and takes the others from
		// its job (BIP 310).
		params = append(params, hexWord(sub.share.Version&s.mask))
	}
	sent := time.Now()
	return s.call(call{
		method: "mining.submit", due: sent.Add(answerTimeout), share: true,
		answer: func(m message) error { s.judged(m, sub, time.Since(sent)); return nil },
	}, params...)
}

func hexWord(v uint32) string {
	return hex.EncodeToString(binary.BigEndian.AppendUint32(nil, v))
}

// judged counts the pool's verdict on a share.
func (s *session) judged(m message, sub submission, after time.Duration) {
	c := s.c
	if isTrue(m.Result) && null(m.Error) {
		c.desk.Answered(after, "")
		return
	}
	reason := rejectReason(m.Error)
	c.desk.Answered(after, reason)
	if now := time.Now(); now.Sub(s.warned) >= warnEvery {
		s.warned = now
		c.cfg.Log.Warn("pool rejects a share", "pool", s.at.String(), "job", fmt.Sprintf("%.40q", sub.job.ID), "cause", reason,
			"text", reasonText(m.Error), "rejected", c.State().Counts.Rejects())
	}
}

// rejectReason reads an error [code, text, trace] into one of a closed list: a
// pool must not be able to fill our memory with reasons.
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
	// Many pools give one code for everything else, and say it in words.
	text := strings.ToLower(reasonText(raw))
	for _, r := range []struct{ word, reason string }{
		{"stale", "stale"}, {"job not found", "stale"}, {"duplicate", "duplicate"}, {"low diff", "low-difficulty"},
		{"above target", "low-difficulty"}, {"unauthorized", "unauthorized"}, {"time", "time"}, {"version", "version"},
	} {
		if strings.Contains(text, r.word) {
			return r.reason
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
