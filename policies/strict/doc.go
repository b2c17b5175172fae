// Package strict reads YAML the way a config should be read: key by key, with
// a type and a unit for each, and with every fault found in one pass.
//
// A caller parses a document, takes its keys by name from the outside in, and
// ends each mapping with Done, which reports the keys that nobody asked for:
//
//	doc := strict.Parse("site.yaml", src)
//	m := doc.Map()
//	m.Require("name")
//	name := m.String("name", "")
//	limit := m.Watts("limit", 0)
//	m.Done()
//	faults := doc.Faults()
//
// What is absent yields the default; what is wrong yields the default and a
// fault. So a caller reads straight on and looks at the faults once, at the
// end. A syntax error stands alone: the document is then as good as absent,
// and an absent mapping reports nothing.
//
// The walk works on yaml.Node and takes every scalar by its text, never by
// the type that YAML guesses: 010, 1e3, on and ~ mean what they say or nothing.
// Aliases, merge keys, tags and second documents are refused, so nothing in a
// file is ever expanded. Messages quote what they cite, so that no byte of a
// file reaches a terminal unescaped.
package strict

import (
	"bytes"
	"errors"
	"fmt"
	"io"
	"slices"

	"gopkg.in/yaml.v3"
)

// MaxSize is the size, in bytes, above which a document is refused unread.
const MaxSize = 1 << 20

// Doc is one document on its way to being understood.
type Doc struct {
	name   string
	root   *yaml.Node // nil: could not be read
	lines  int
	faults Faults
	known  map[string]bool // schema paths asked for; true: met in the document
	bad    map[Pos]bool    // where there are errors
}

// Parse reads src. Faults bear name as their file.
func Parse(name string, src []byte) *Doc {
	d := &Doc{name: name, known: map[string]bool{}, bad: map[Pos]bool{}}
	src = bytes.TrimPrefix(src, []byte("\ufeff"))
	if len(src) > MaxSize {
		d.add(Pos{name, 1, 1}, Error, fmt.Sprintf("is larger than 1 MB (%d bytes): split it", len(src)))
		return d
	}
	if line, column, what := unreadable(src); what != "" {
		d.add(Pos{name, line, column}, Error, what)
		return d
	}
	d.lines = len(lineEnds(src))
	d.root = d.parse(src)
	return d
}

func (d *Doc) parse(src []byte) *yaml.Node {
	lines := &lineReader{src: src}
	dec := yaml.NewDecoder(lines)
	var first, second yaml.Node
	err := dec.Decode(&first)
	if errors.Is(err, io.EOF) {
		return &yaml.Node{Kind: yaml.MappingNode, Line: 1, Column: 1}
	}
	if err == nil {
		err = dec.Decode(&second)
		if err == nil {
			d.add(Pos{d.name, separator(src, second.Content[0].Line), 1}, Error, "a second document begins here: one file holds one document, so remove the ---")
			return nil
		}
	}
	if !errors.Is(err, io.EOF) {
		line, column := locate(src, lines.read)
		d.add(Pos{d.name, line, column}, Error, syntax(err, src, line))
		return nil
	}
	root := first.Content[0]
	if root.Kind == yaml.ScalarNode && root.ShortTag() == "!!null" {
		return &yaml.Node{Kind: yaml.MappingNode, Line: root.Line, Column: root.Column}
	}
	return root
}

// Readable reports whether the document parsed. If not, its one fault says
// why, and every mapping of it is absent.
func (d *Doc) Readable() bool { return d.root != nil }

// Map is the document's outermost mapping.
func (d *Doc) Map() *Map {
	n := Node{doc: d, y: d.root, pos: Pos{d.name, 1, 1}}
	if d.root != nil {
		n.pos = Pos{d.name, d.root.Line, d.root.Column}
	}
	return n.Map()
}

// Faults are the faults found so far, by position.
func (d *Doc) Faults() Faults { return d.faults.Sorted() }

// Unused lists the keys that were asked for and that the document holds
// nowhere, as paths such as "rigs[].points[].draw": how a test finds out that
// an example shows every key.
func (d *Doc) Unused() []string {
	var out []string
	for path, met := range d.known {
		if !met {
			out = append(out, path)
		}
	}
	slices.Sort(out)
	return out
}

func (d *Doc) add(p Pos, s Severity, msg string) {
	if d.lines > 0 && p.Line > d.lines { // a value missing at the very end
		p.Line, p.Column = d.lines, 1
	}
	if s == Error {
		d.bad[p] = true
	}
	d.faults = append(d.faults, Fault{File: p.File, Line: p.Line, Column: p.Column, Severity: s, Message: msg})
}
