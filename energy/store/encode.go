package store

import (
	"errors"
	"fmt"
	"math"
	"slices"
	"strings"

	"github.com/influxdata/line-protocol/v2/lineprotocol"

	"github.com/curtaild/curtaild/energy"
)

// Bounds of what one record may hold; longer text is cut.
const (
	maxTag  = 256
	maxText = 4 << 10
	maxLine = 64 << 10
)

var errNoFields = errors.New("no field left that can be written")

// encoder turns points into lines of the InfluxDB line protocol, one record a
// line, times in nanoseconds.
type encoder struct {
	lp      lineprotocol.Encoder
	buf     []byte
	marks   []mark
	fields  int // dropped: not a number
	refused int // whole points
	err     error
}

// mark is where one encoded record ends in the encoder's buffer.
type mark struct {
	end   int
	class energy.Class
	at    int64
}

func (e *encoder) reset() {
	*e = encoder{lp: e.lp, buf: e.buf[:0], marks: e.marks[:0]}
}

func (e *encoder) add(p *energy.Point) {
	start := len(e.buf)
	if err := e.line(p); err != nil {
		e.buf = e.buf[:start]
		e.refused++
		e.err = fmt.Errorf("encode %q: %w", cut(p.Measurement, maxTag), err)
		return
	}
	e.marks = append(e.marks, mark{end: len(e.buf), class: p.Class, at: p.Time.UnixNano()})
}

func (e *encoder) line(p *energy.Point) error {
	if p.Class > energy.Telemetry {
		return fmt.Errorf("unknown class %d", p.Class)
	}
	if p.Time.IsZero() {
		return errors.New("no time")
	}
	start, n := len(e.buf), 0
	e.lp.SetBuffer(e.buf)
	e.lp.StartLine(clean(p.Measurement, maxTag))
	for _, t := range sorted(p.Tags) {
		if v := clean(t.Value, maxTag); v != "" {
			e.lp.AddTag(clean(t.Key, maxTag), v)
		}
	}
	for i := range p.Fields {
		v, ok := value(&p.Fields[i])
		if !ok {
			e.fields++
			continue
		}
		e.lp.AddField(clean(p.Fields[i].Key, maxTag), v)
		n++
	}
	if n == 0 {
		return errNoFields
	}
	e.lp.EndLine(p.Time)
	if err := e.lp.Err(); err != nil {
		return err
	}
	e.buf = e.lp.Bytes()
	if len(e.buf)-start > maxLine {
		return fmt.Errorf("line of %d bytes, at most %d are kept", len(e.buf)-start, maxLine)
	}
	return nil
}

func sorted(tags []energy.Tag) []energy.Tag {
	byKey := func(a, b energy.Tag) int { return strings.Compare(a.Key, b.Key) }
	if slices.IsSortedFunc(tags, byKey) {
		return tags
	}
	tags = slices.Clone(tags)
	slices.SortFunc(tags, byKey)
	return tags
}

// value converts a field; false means that the line protocol has no way to
// say it.
func value(f *energy.Field) (lineprotocol.Value, bool) {
	switch f.Kind {
	case energy.KindFloat:
		if math.IsNaN(f.F) || math.IsInf(f.F, 0) {
			return lineprotocol.Value{}, false
		}
		return lineprotocol.FloatValue(round(f.F))
	case energy.KindInt:
		return lineprotocol.IntValue(f.I), true
	case energy.KindBool:
		return lineprotocol.BoolValue(f.B), true
	case energy.KindText:
		return lineprotocol.StringValue(clean(f.S, maxText))
	default:
		return lineprotocol.Value{}, false
	}
}

// round keeps eleven significant digits: more than any meter has, and the
// digits after them are noise that does not pack. A rig's counters of energy
// and hashes, after ten years, still tell one second from the next.
func round(f float64) float64 {
	a := math.Abs(f)
	if a < 1e-6 || a > 1e30 || (a < 1e12 && f == math.Trunc(f)) {
		return f
	}
	places := 10 - int(math.Floor(math.Log10(a)))
	scale := math.Pow10(max(places, -places)) // exact up to 10^22
	if places < 0 {
		return math.Round(f/scale) * scale
	}
	return math.Round(f*scale) / scale
}

// clean makes s fit for a line: valid UTF-8 without control characters, no
// backslash at the end (which cannot be told from an escape), at most n bytes.
// Names come from devices and payloads, and a strange one must not cost the
// record.
func clean(s string, n int) string {
	ok := len(s) <= n
	for i := 0; ok && i < len(s); i++ {
		ok = s[i] >= 0x20 && s[i] < 0x7f
	}
	if ok && !strings.HasSuffix(s, `\`) {
		return s
	}
	s = strings.Map(func(r rune) rune {
		if r < 0x20 || r == 0x7f {
			return ' '
		}
		return r
	}, strings.ToValidUTF8(s, "?"))
	return strings.TrimRight(cut(s, n), `\`)
}

// cut shortens s to at most n bytes without splitting a character.
func cut(s string, n int) string {
	if len(s) <= n {
		return s
	}
	return strings.ToValidUTF8(s[:n], "")
}
