package emulate

import (
	"encoding/json"
	"fmt"
	"maps"
	"slices"
	"strings"
)

const (
	luxVersion = "2025.10.15.191043"
	luxBuild   = luxVersion + "-5e2a7c90"
)

// row is one object of an answer's section.
type row = map[string]any

// section is a named list of rows.
type section struct {
	name string
	rows []row
}

// answer is what a command comes to.
type answer struct {
	status   string // S, I, W, E or F
	code     int
	msg      string
	when     int64
	sections []section
	parts    map[string]answer // of a joined command; nothing else is set then
	verbatim string            // in place of all else
	drop     bool              // close without an answer
}

func (l *LuxOS) say(status string, code int, msg string, sections ...section) answer {
	return answer{status: status, code: code, msg: msg, when: l.opts.clock().Unix(), sections: sections}
}

func (l *LuxOS) refuse(code int, msg string) answer { return l.say("E", code, msg) }

// encode is the answer as JSON or, for those who asked in plain text, as
// fields set off by bars.
func (a answer) encode(text bool) []byte {
	if a.verbatim != "" {
		return []byte(a.verbatim)
	}
	if text {
		return a.text()
	}
	b, err := json.Marshal(a.document())
	if err != nil {
		// All rows are made here, of plain values.
		return []byte(`{"STATUS":[{"STATUS":"F","Code":0,"Msg":"internal error"}],"id":1}`)
	}
	return b
}

func (a answer) statusRow() row {
	return row{"STATUS": a.status, "When": a.when, "Code": a.code, "Msg": a.msg, "Description": "LUXminer " + luxBuild}
}

func (a answer) document() map[string]any {
	doc := map[string]any{"id": 1}
	if a.parts != nil {
		for name, part := range a.parts {
			doc[name] = []any{part.document()}
		}
		return doc
	}
	doc["STATUS"] = []row{a.statusRow()}
	for _, s := range a.sections {
		doc[s.name] = s.rows
	}
	return doc
}

func (a answer) text() []byte {
	var sb strings.Builder
	if a.parts != nil {
		for _, name := range slices.Sorted(maps.Keys(a.parts)) {
			sb.Write(a.parts[name].text())
		}
		return []byte(sb.String())
	}
	fmt.Fprintf(&sb, "STATUS=%s,When=%d,Code=%d,Msg=%s,Description=LUXminer %s|", a.status, a.when, a.code, a.msg, luxBuild)
	for _, s := range a.sections {
		for i, r := range s.rows {
			sb.WriteString(s.name)
			if len(s.rows) > 1 {
				fmt.Fprintf(&sb, "=%d", i)
			}
			for _, k := range slices.Sorted(maps.Keys(r)) {
				fmt.Fprintf(&sb, ",%s=%v", k, r[k])
			}
			sb.WriteByte('|')
		}
	}
	return []byte(sb.String())
}
