package strict

import (
	"slices"
	"strings"

	"gopkg.in/yaml.v3"
)

// Map is a mapping of a document. Every key that is asked for is known; Done
// reports the others.
type Map struct {
	Node
	values map[string]Node
	keys   []key // as written
	known  []string
}

type key struct {
	name string
	pos  Pos
}

func (m *Map) enter(k, v *yaml.Node) {
	at := m.Node
	at.pos = Pos{m.pos.File, k.Line, k.Column}
	switch {
	case k.Kind != yaml.ScalarNode || k.Anchor != "" || k.Style&yaml.TaggedStyle != 0:
		at.Fault("a key must be a plain word")
		return
	case k.Value == "<<":
		at.Fault("merge keys (<<) are not understood: write the keys out")
		return
	}
	if first, twice := m.find(k.Value); twice {
		at.Fault("key %q is given twice, first on line %d: remove one", cut(k.Value), first.pos.Line)
		return
	}
	m.keys = append(m.keys, key{k.Value, at.pos})
	n := m.child(k.Value)
	n.y, n.pos = v, Pos{m.pos.File, v.Line, v.Column}
	m.values[k.Value] = n
}

func (m *Map) find(name string) (key, bool) {
	if _, ok := m.values[name]; !ok {
		return key{}, false
	}
	i := slices.IndexFunc(m.keys, func(k key) bool { return k.name == name })
	return m.keys[i], true
}

func (m *Map) child(name string) Node {
	n := m.Node
	n.y = nil
	n.path = strings.TrimPrefix(m.path+"."+name, ".")
	n.schema = strings.TrimPrefix(m.schema+"."+name, ".")
	return n
}

// Label makes the messages of this mapping, and of what is taken from it
// later, begin with what: policy "soak".
func (m *Map) Label(what string) {
	m.label, m.path = what, ""
	for name, n := range m.values {
		n.label, n.path = what, name
		m.values[name] = n
	}
}

// At is the value of a key, or the place where it could stand.
func (m *Map) At(name string) Node {
	n, ok := m.values[name]
	if !ok {
		n = m.child(name)
	}
	if !slices.Contains(m.known, name) {
		m.known = append(m.known, name)
	}
	m.doc.known[n.schema] = m.doc.known[n.schema] || ok
	return n
}

// Has reports whether a key is there, right or wrong.
func (m *Map) Has(name string) bool { return m.At(name).Present() }

// Map is the mapping under a key, never nil.
func (m *Map) Map(name string) *Map { return m.At(name).Map() }

// List is the list under a key.
func (m *Map) List(name string) []Node { return m.At(name).List() }

// Maps is the list of mappings under a key.
func (m *Map) Maps(name string) []*Map {
	var out []*Map
	for _, n := range m.List(name) {
		out = append(out, n.Map())
	}
	return out
}

// Require reports each key that is missing.
func (m *Map) Require(names ...string) {
	for _, name := range names {
		if n := m.At(name); m.Present() && !n.Present() {
			m.Fault("%s is missing: add it", name)
		}
	}
}

// Refuse reports each of the keys that is there though it would do nothing,
// and why it would not.
func (m *Map) Refuse(why string, names ...string) {
	for _, name := range names {
		if n := m.At(name); n.Present() {
			n.Fault("%s", why)
		}
	}
}

// Done reports the keys that nobody asked for. It is the last call.
func (m *Map) Done() {
	for _, k := range m.keys {
		if slices.Contains(m.known, k.name) {
			continue
		}
		at := m.Node
		at.pos = k.pos
		at.Fault("unknown key %q: %s", cut(k.name), Hint(k.name, m.known))
	}
}
