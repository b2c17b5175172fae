package mqtt

import (
	"crypto/sha256"
	"encoding/hex"
	"errors"
	"fmt"
	"strings"
	"time"

	"github.com/curtaild/curtaild/energy"
	"github.com/tidwall/gjson"
)

// Incoming is one message on a source's signal topic, or on its stop topic.
type Incoming struct {
	Source   string
	Stop     bool // it came on the stop topic
	Payload  []byte
	Retained bool
	Arrived  time.Time
}

// UnderstandSignal turns a command into a signal, checked for form. What
// cannot be accepted comes back with its Fault set, and with as much else as
// could be read, its id above all. What is unknown, or not supported yet, is
// refused by name and never passed over.
//
// On the stop topic everything that cannot be read is a stop. An emptied or
// cut off payload is no reason to go on; only a command that is well-formed
// and is not a stop is refused there. A stop may do without v and id, and then
// gets an id from its time of arrival.
//
// ok is false for a message to be passed over: a retained leftover, which
// would be carried out again at each reconnect. A retained stop is taken,
// under an id that stays the same, since not to stop is the worse mistake.
func UnderstandSignal(in Incoming) (sig energy.Signal, ok bool) {
	sig = energy.Signal{Source: in.Source, Received: in.Arrived.Round(0).UTC()}
	err := parseCommand(&sig, in)
	if in.Stop && (err != nil || sig.Kind == energy.KindStop) {
		sig.Test = sig.Test && err == nil
		sig.Kind, sig.Max, sig.End = energy.KindStop, 0, time.Time{}
		sig.Start = sig.Received
		err = nil
	}
	if in.Retained && sig.Kind != energy.KindStop {
		return sig, false
	}
	if in.Stop && err == nil && sig.Kind != energy.KindStop {
		err = fmt.Errorf("kind: only a stop may come on the stop topic, not %q", sig.Kind)
	}
	if err != nil {
		sig.Fault = err.Error()
	}
	if sig.ID == "" && sig.Kind == energy.KindStop && sig.Fault == "" {
		sig.ID = stopID(in)
	}
	return sig, true
}

// stopID names a stop that came without an id.
func stopID(in Incoming) string {
	if in.Retained {
		sum := sha256.Sum256(in.Payload)
		return "stop-retained-" + hex.EncodeToString(sum[:6])
	}
	return "stop-" + in.Arrived.UTC().Format("20060102T150405.000000000Z")
}

func readable(payload []byte) bool {
	return len(payload) <= MaxPayload && gjson.ValidBytes(payload) && gjson.ParseBytes(payload).IsObject()
}

// parseCommand fills sig as far as it can, and says what is wrong. All fields
// are read before the fault is returned, so that a status can bear the id.
func parseCommand(sig *energy.Signal, in Incoming) error {
	switch {
	case len(in.Payload) == 0:
		return errors.New("payload: it is empty")
	case len(in.Payload) > MaxPayload:
		return fmt.Errorf("payload: more than %d bytes", MaxPayload)
	case !readable(in.Payload):
		return errors.New("payload: not a JSON object")
	}
	c := command{sig: sig}
	c.seen = make(map[string]bool)
	gjson.ParseBytes(in.Payload).ForEach(func(key, value gjson.Result) bool {
		c.take(key.String(), value)
		return true
	})
	c.finish()
	return c.err
}

// command collects the fields of one command. The first fault is kept.
type command struct {
	sig       *energy.Signal
	seen      map[string]bool
	intervals gjson.Result
	err       error
}

func (c *command) fail(format string, args ...any) {
	if c.err == nil {
		c.err = fmt.Errorf(format, args...)
	}
}

func (c *command) take(key string, v gjson.Result) {
	if c.seen[key] {
		c.fail("%s: given twice", clipWord(key))
		return
	}
	if len(c.seen) < 64 {
		c.seen[key] = true
	}
	switch key {
	case "v":
		if v.Type != gjson.Number || v.Num != 1 {
			c.fail("v: %s is not supported, want 1", clip(v.Raw))
		}
	case "id":
		c.id(v)
	case "revision":
		c.sig.Revision = int(c.integer(key, v, 1<<31-1))
	case "issued":
		c.sig.Issued = c.time(key, v)
	case "kind":
		c.kind(v)
	case "at":
		c.at(v)
	case "unit":
		if v.Type != gjson.String || v.Str != "kW" {
			c.fail("unit: %s is not supported, want \"kW\"", clip(v.Raw))
		}
	case "intervals":
		c.intervals = v
	case "deadline_s":
		c.sig.Deadline = time.Duration(c.number(key, v, 0, 86400) * float64(time.Second))
	case "test":
		if v.Type != gjson.True && v.Type != gjson.False {
			c.fail("test: %s, want true or false", clip(v.Raw))
		}
		c.sig.Test = v.Type == gjson.True
	case "randomize", "ramp_kw_min", "priority":
		c.fail("%s: not supported yet", key)
	default:
		c.fail("%s: unknown field", clipWord(key))
	}
}

func (c *command) id(v gjson.Result) {
	if v.Type != gjson.String {
		c.fail("id: %s, want a string", clip(v.Raw))
		return
	}
	if err := CheckName(v.Str); err != nil {
		c.fail("id: %w", err)
		return
	}
	c.sig.ID = v.Str
}

func (c *command) kind(v gjson.Result) {
	switch k := energy.SignalKind(v.Str); k {
	case energy.KindLimit, energy.KindStop, energy.KindRelease, energy.KindCancel:
		c.sig.Kind = k
	case "setpoint", "price", "carbon":
		c.fail("kind: %s is not supported yet", k)
	default:
		c.fail("kind: %s is unknown, want limit, stop, release or cancel", clip(v.Raw))
	}
}

func (c *command) at(v gjson.Result) {
	switch at := energy.Bind(v.Str); {
	case at == energy.AtFlexible || at == energy.AtPCCImport:
		c.sig.At = at
	case at == "pcc_export" || strings.HasPrefix(v.Str, "group:"):
		c.fail("at: %s is not supported yet", clip(v.Str))
	default:
		c.fail("at: %s is unknown, want flexible or pcc_import", clip(v.Raw))
	}
}

// finish checks what depends on several fields.
func (c *command) finish() {
	if !c.seen["kind"] {
		c.fail("kind: missing")
		return
	}
	stop := c.sig.Kind == energy.KindStop
	if !c.seen["v"] && !stop {
		c.fail("v: missing, want 1")
	}
	if !c.seen["id"] && !stop {
		c.fail("id: missing")
	}
	if c.sig.Kind == energy.KindLimit {
		c.limit()
		return
	}
	if c.intervals.Exists() {
		c.fail("intervals: a %s has none", c.sig.Kind)
	}
	c.sig.Start = c.sig.Received
}
