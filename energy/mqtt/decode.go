package mqtt

import (
	"slices"
	"time"

	"github.com/curtaild/curtaild/energy"
	"github.com/tidwall/gjson"
)

// The ready-made decoders, as the config names them.
const (
	DecoderPlain   = "plain"     // a bare number, or JSON by paths
	DecoderJSON    = "json-w-ts" // {"w": 1200, "ts": "…"}
	DecoderVictron = "victron"   // dbus-flashmq: {"value": x}
	DecoderTasmota = "tasmota"   // tele/<t>/SENSOR
	DecoderShelly  = "shelly"    // Gen 2 and later: events/rpc, status/<component>
	DecoderESPHome = "esphome"   // plain text
	DecoderOpenDTU = "opendtu"   // plain number
	DecoderEVCC    = "evcc"      // plain number, or one of several words for none
)

// raw is what a payload says, before unit, sign and range.
type raw struct {
	value float64
	at    time.Time // zero: the payload has no source time
}

// decoder turns one payload into a raw value. It is called with a payload that
// is within bounds, but may be empty.
type decoder func(spec *energy.ReadingSpec, topic string, payload []byte) (raw, *Fault)

// decoderOf finds a decoder by its name in the config.
func decoderOf(name string) (decoder, bool) {
	switch name {
	case "", DecoderPlain:
		return decodePlain, true
	case DecoderJSON:
		return decodeJSON, true
	case DecoderVictron:
		return decodeVictron, true
	case DecoderTasmota:
		return decodeTasmota, true
	case DecoderShelly:
		return decodeShelly, true
	case DecoderESPHome, DecoderOpenDTU:
		return decodeText, true
	case DecoderEVCC:
		return decodeEVCC, true
	}
	return nil, false
}

// Decoders lists the names that a reading's decoder may have.
func Decoders() []string {
	return []string{
		DecoderPlain, DecoderJSON, DecoderVictron, DecoderTasmota, DecoderShelly, DecoderESPHome,
		DecoderOpenDTU, DecoderEVCC,
	}
}

// takesPaths says whether a decoder makes use of a configured value and time
// path.
func takesPaths(name string) (value, at bool) {
	switch name {
	case "", DecoderPlain:
		return true, true
	case DecoderTasmota, DecoderShelly:
		return true, false
	}
	return false, false
}

// decodePlain reads a bare number or, where the reading has a path, JSON.
func decodePlain(spec *energy.ReadingSpec, _ string, payload []byte) (raw, *Fault) {
	if spec.Value == "" && spec.Time == "" {
		return decodeText(spec, "", payload)
	}
	return decodePaths(payload, spec.Value, spec.Time)
}

// decodeText reads a bare number.
func decodeText(_ *energy.ReadingSpec, _ string, payload []byte) (raw, *Fault) {
	if looksLikeJSON(payload) {
		return raw{}, fault(WrongType, "JSON, and no path says where the value is")
	}
	v, f := number(string(payload))
	return raw{value: v}, f
}

// decodeJSON reads {"w": watts, "ts": source time}. Both are required: a value
// that should bear its time and does not is not to be taken for a new one.
func decodeJSON(_ *energy.ReadingSpec, _ string, payload []byte) (raw, *Fault) {
	return decodePaths(payload, "w", "ts")
}

func decodePaths(payload []byte, value, at string) (raw, *Fault) {
	doc, f := document(payload)
	if f != nil {
		return raw{}, f
	}
	var out raw
	r := doc
	if value != "" {
		r = doc.Get(value)
	}
	if out.value, f = jsonNumber(r); f != nil {
		return raw{}, f
	}
	if at != "" {
		if out.at, f = sourceTime(doc.Get(at)); f != nil {
			return raw{}, f
		}
	}
	return out, nil
}

// decodeEVCC reads a number, or one of the ways in which evcc says none.
func decodeEVCC(spec *energy.ReadingSpec, topic string, payload []byte) (raw, *Fault) {
	if slices.Contains([]string{"nil", "null", "none", "-", "−"}, string(payload)) {
		return raw{}, fault(Absent, "")
	}
	return decodeText(spec, topic, payload)
}

// document checks that payload is JSON throughout, and parses it.
func document(payload []byte) (gjson.Result, *Fault) {
	if len(payload) == 0 {
		return gjson.Result{}, fault(Empty, "")
	}
	if !gjson.ValidBytes(payload) {
		return gjson.Result{}, fault(NotJSON, clip(string(payload[:min(len(payload), 64)])))
	}
	return gjson.ParseBytes(payload), nil
}

func looksLikeJSON(payload []byte) bool {
	for _, c := range payload {
		switch c {
		case ' ', '\t', '\r', '\n':
			continue
		}
		return c == '{' || c == '[' || c == '"'
	}
	return false
}
