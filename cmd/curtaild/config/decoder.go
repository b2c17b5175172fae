package config

import (
	"slices"

	"github.com/curtaild/curtaild/energy"
	"github.com/curtaild/curtaild/policies/strict"
)

// Decoder is what the config has to know of a ready-made decoder.
type Decoder struct {
	Name  string
	Watts bool // power comes in W, whatever the device
	Time  bool // payloads bear their source time
	Value bool // makes use of a value path
	Path  bool // makes use of a time path
}

// plain is the decoder of those who name none: a bare number, or JSON by
// paths.
const plain = "plain"

func decoders() []Decoder {
	return []Decoder{
		{Name: plain, Value: true, Path: true},
		{Name: "json-w-ts", Watts: true, Time: true},
		{Name: "victron", Watts: true},
		{Name: "tasmota", Watts: true, Value: true},
		{Name: "shelly", Watts: true, Time: true, Value: true},
		{Name: "esphome"},
		{Name: "opendtu", Watts: true},
		{Name: "evcc", Watts: true},
	}
}

// Decoders names the decoders that the config knows.
func Decoders() []string {
	var names []string
	for _, d := range decoders() {
		names = append(names, d.Name)
	}
	return names
}

// decoder reads how a reading's payloads are to be understood.
func (l *loader) decoder(m *strict.Map, s *energy.ReadingSpec) Decoder {
	name := strict.Enum(m, "decoder", plain, l.opts.Decoders...)
	d := Decoder{Name: name}
	if i := slices.IndexFunc(decoders(), func(d Decoder) bool { return d.Name == name }); i >= 0 {
		d = decoders()[i]
	}
	if name != plain {
		s.Decoder = name
	}
	s.Value, s.Time = m.String("value", ""), m.String("time", "")
	if !d.Value {
		m.Refuse("decoder "+d.Name+" knows where the value is: remove this", "value")
	}
	if !d.Path {
		m.Refuse("decoder "+d.Name+" takes no time path: remove this", "time")
	}
	if d.Path && s.Time != "" && !m.Has("value") && !m.Has("values") {
		m.At("time").Fault("a payload with a time has a path to its value too: add value")
	}
	return d
}
