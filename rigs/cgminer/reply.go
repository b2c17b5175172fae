package cgminer

import (
	"encoding/json"
	"fmt"
	"maps"
	"math"
	"slices"
	"strconv"
	"strings"
)

// Reply is one answer of a device.
type Reply struct {
	Letter string // S success, I info, W warning, E error, F fatal; or a word: RESTART, BYE
	Code   int
	Msg    string
	Desc   string // Description: the miner and its version
	doc    map[string]any
}

// newReply takes the status out of a document. STATUS is an array of one
// object, an object, or the letter itself beside Code and Msg.
func newReply(doc map[string]any) (Reply, error) {
	r := Reply{doc: doc}
	status := Record(doc)
	if _, flat := doc["STATUS"].(string); !flat {
		part, ok := first(doc["STATUS"])
		if !ok {
			return r, fmt.Errorf("no STATUS: %w", ErrShape)
		}
		status = part
	}
	r.Letter = status.Text("STATUS")
	code, _ := status.Float("Code")
	if math.Abs(code) < 1e6 {
		r.Code = int(code)
	}
	r.Msg, r.Desc = status.Text("Msg"), status.Text("Description")
	switch r.Letter {
	case "S", "I", "W", "E", "F", "RESTART", "BYE":
		return r, nil
	}
	return r, fmt.Errorf("STATUS %q: %w", shorten(r.Letter), ErrShape)
}

func (r Reply) refusal(command string) error {
	if r.Letter != "E" && r.Letter != "F" {
		return nil
	}
	return &RefusedError{Command: command, Letter: r.Letter, Code: r.Code, Msg: shorten(r.Msg)}
}

// Section returns the records under a name, such as SUMMARY. Some firmwares
// put an object where others put an array.
func (r Reply) Section(name string) []Record {
	switch v := r.doc[name].(type) {
	case []any:
		list := make([]Record, 0, len(v))
		for _, e := range v {
			if m, ok := e.(map[string]any); ok {
				list = append(list, m)
			}
		}
		return list
	case map[string]any:
		return fromObject(v)
	}
	return nil
}

// fromObject is one record, or where every value is an object, those.
func fromObject(v map[string]any) []Record {
	list := make([]Record, 0, len(v))
	for _, key := range slices.Sorted(maps.Keys(v)) {
		m, ok := v[key].(map[string]any)
		if !ok {
			return []Record{v}
		}
		list = append(list, m)
	}
	return list
}

// First is the first record of a section; it is an error that there is none.
func (r Reply) First(name string) (Record, error) {
	list := r.Section(name)
	if len(list) == 0 {
		return nil, fmt.Errorf("no %s: %w", name, ErrShape)
	}
	return list[0], nil
}

func first(v any) (Record, bool) {
	if list, ok := v.([]any); ok && len(list) > 0 {
		v = list[0]
	}
	m, ok := v.(map[string]any)
	return m, ok
}

// Record is one object of a reply. Fields are found by their name, whatever
// the firmware's spelling of percent signs and blanks ("Pool Stale%%").
type Record map[string]any

func (r Record) field(name string) (any, bool) {
	if v, ok := r[name]; ok {
		return v, v != nil
	}
	want := fold(name)
	for _, key := range slices.Sorted(maps.Keys(r)) {
		if fold(key) == want {
			return r[key], r[key] != nil
		}
	}
	return nil, false
}

// fold makes one spelling of a key's variants.
func fold(key string) string {
	s := strings.Map(func(c rune) rune {
		if c == ' ' || c == '%' || c == '_' {
			return -1
		}
		return c
	}, strings.ToLower(key))
	switch s {
	case "tenperature":
		return "temperature"
	case "ipaddres":
		return "ipaddress"
	case "serinum":
		return "serialnumber"
	}
	return s
}

// Float reads a number or a numeric string.
func (r Record) Float(name string) (float64, bool) {
	v, ok := r.field(name)
	if !ok {
		return 0, false
	}
	var text string
	switch n := v.(type) {
	case json.Number:
		text = n.String()
	case string:
		text = strings.TrimSpace(n)
	default:
		return 0, false
	}
	f, err := strconv.ParseFloat(text, 64)
	if err != nil || math.IsNaN(f) || math.IsInf(f, 0) {
		return 0, false
	}
	return f, true
}

// Count reads a whole number that is not negative.
func (r Record) Count(name string) (uint64, bool) {
	f, ok := r.Float(name)
	if !ok || f < 0 || f > 1<<53 {
		return 0, false
	}
	return uint64(f), true
}

// Text reads a string; what is none is "".
func (r Record) Text(name string) string {
	v, _ := r.field(name)
	s, _ := v.(string)
	return s
}

// Bool reads true and false, also as strings and as Y and N.
func (r Record) Bool(name string) (value, ok bool) {
	v, _ := r.field(name)
	switch b := v.(type) {
	case bool:
		return b, true
	case string:
		switch strings.ToLower(b) {
		case "true", "y", "yes":
			return true, true
		case "false", "n", "no":
			return false, true
		}
	}
	return false, false
}
