package strict

import (
	"fmt"
	"strings"
	"unicode"

	"gopkg.in/yaml.v3"
)

// maxText is the most bytes a scalar may have.
const maxText = 4096

// Node is one value of a document, or the place where one could stand.
type Node struct {
	doc    *Doc
	y      *yaml.Node // nil: absent
	pos    Pos        // of the value; of what would hold it, if absent
	label  string     // what messages begin with: policy "soak"
	path   string     // below the label: start.above, hosts[2]
	schema string     // from the root, without indices: policies[].start.above
}

// Present reports whether the value is there, right or wrong.
func (n Node) Present() bool { return n.y != nil }

// Valid reports whether the value is there and nothing wrong has been found
// with it so far.
func (n Node) Valid() bool { return n.y != nil && !n.doc.bad[n.pos] }

// Pos is where the value stands, or would.
func (n Node) Pos() Pos { return n.pos }

// Fault reports that the value is wrong. The message says what would be right.
func (n Node) Fault(format string, args ...any) {
	n.doc.add(n.pos, Error, n.prefix()+fmt.Sprintf(format, args...))
}

// Warn reports that the value is legal and hardly what was meant.
func (n Node) Warn(format string, args ...any) {
	n.doc.add(n.pos, Warning, n.prefix()+fmt.Sprintf(format, args...))
}

func (n Node) prefix() string {
	s := ""
	if n.label != "" {
		s = n.label + ": "
	}
	if n.path != "" {
		s += n.path + ": "
	}
	return s
}

// usable reports whether n is there and holds nothing that we refuse
// anywhere; what it refuses, it reports.
func (n Node) usable() bool {
	switch {
	case n.y == nil:
		return false
	case n.y.Kind == yaml.AliasNode, n.y.Anchor != "":
		n.Fault("anchors and aliases are not understood: write the value out")
	case n.y.Style&yaml.TaggedStyle != 0:
		n.Fault("tag %q is not understood: leave it out", cut(n.y.Tag))
	case n.null():
		n.Fault("has no value: give one, or leave the key out")
	default:
		return true
	}
	return false
}

func (n Node) null() bool {
	return n.y.Kind == yaml.ScalarNode && n.y.ShortTag() == "!!null"
}

// text is the scalar as it was written.
func (n Node) text(want string) (string, bool) {
	if !n.usable() {
		return "", false
	}
	switch {
	case n.y.Kind == yaml.MappingNode:
		n.Fault("want %s, not a mapping", want)
	case n.y.Kind == yaml.SequenceNode:
		n.Fault("want %s, not a list", want)
	case strings.TrimSpace(n.y.Value) == "":
		n.Fault("is empty: give it a value, or leave the key out")
	case len(n.y.Value) > maxText:
		n.Fault("is longer than %d bytes", maxText)
	case strings.ContainsFunc(n.y.Value, unicode.IsControl):
		n.Fault("%q holds a control character or a line break: remove it", cut(n.y.Value))
	default:
		return n.y.Value, true
	}
	return "", false
}

// Map is the value as a mapping. It is never nil: one that is absent or wrong
// yields defaults and reports nothing more.
func (n Node) Map() *Map {
	m := &Map{Node: n, values: map[string]Node{}}
	if !n.usable() {
		m.y = nil
		return m
	}
	if n.y.Kind != yaml.MappingNode {
		n.Fault("want a mapping (key: value), not %s", kind(n.y))
		m.y = nil
		return m
	}
	for i := 0; i+1 < len(n.y.Content); i += 2 {
		m.enter(n.y.Content[i], n.y.Content[i+1])
	}
	return m
}

// List is the value as a list; nil if it is absent or wrong.
func (n Node) List() []Node {
	if !n.usable() {
		return nil
	}
	if n.y.Kind != yaml.SequenceNode {
		n.Fault("want a list, as in [a, b], not %s", kind(n.y))
		return nil
	}
	out := make([]Node, len(n.y.Content))
	for i, y := range n.y.Content {
		out[i] = Node{
			doc: n.doc, y: y, pos: Pos{n.pos.File, y.Line, y.Column}, label: n.label,
			path: fmt.Sprintf("%s[%d]", n.path, i), schema: n.schema + "[]",
		}
	}
	return out
}

// IsList reports whether the value is a list: for keys that take one value or
// several.
func (n Node) IsList() bool { return n.y != nil && n.y.Kind == yaml.SequenceNode }

// IsMap reports whether the value is a mapping: for keys that take a word or
// a mapping.
func (n Node) IsMap() bool { return n.y != nil && n.y.Kind == yaml.MappingNode }

func kind(y *yaml.Node) string {
	switch y.Kind {
	case yaml.MappingNode:
		return "a mapping"
	case yaml.SequenceNode:
		return "a list"
	default:
		return fmt.Sprintf("%q", cut(y.Value))
	}
}

// cut shortens s for a message.
func cut(s string) string {
	if r := []rune(s); len(r) > 60 {
		return string(r[:60]) + "…"
	}
	return s
}
