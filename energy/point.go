package energy

import "time"

// Class is how dear a record is. When space runs out, the last class goes
// first.
type Class uint8

// The classes, dearest first.
const (
	Settlement Class = iota // intervals, signals
	Audit                   // decisions, meta
	Telemetry               // site, rig
)

// Point is one record: a measurement with its tags and fields at a time. Time
// and tags are its identity: written twice, it is there once.
type Point struct {
	Measurement string
	Class       Class
	Tags        []Tag // sorted by key
	Fields      []Field
	Time        time.Time
}

// Tag is one dimension of a point. An empty value is left out.
type Tag struct{ Key, Value string }

// FieldKind is the type of a field. It never changes for a given name.
type FieldKind uint8

// The kinds of fields.
const (
	KindFloat FieldKind = iota
	KindInt
	KindText
	KindBool
)

// Field is one value of a point.
type Field struct {
	Key  string
	Kind FieldKind
	F    float64
	I    int64
	S    string
	B    bool
}

// Float is a field of a real number.
func Float(key string, v float64) Field { return Field{Key: key, Kind: KindFloat, F: v} }

// Int is a field that counts.
func Int(key string, v int64) Field { return Field{Key: key, Kind: KindInt, I: v} }

// Text is a field of text.
func Text(key, v string) Field { return Field{Key: key, Kind: KindText, S: v} }

// Bool is a field of truth.
func Bool(key string, v bool) Field { return Field{Key: key, Kind: KindBool, B: v} }
