package cgminer

import "bytes"

// Repair is a known mistake of a firmware's JSON that can be mended without
// guessing a value.
type Repair int

// The repairs.
const (
	TrailingBytes Repair = iota // a NUL, or blanks and a NUL, after the document
	LeadingComma                // [,{ or a comma before the document
	TrailingComma               // ,} or ,]
	MissingComma                // }{ or "a""b": a value ends and the next begins
	BareNumber                  // inf, nan: no JSON; read as null
	RawControl                  // a line break inside a string
	PairsInArray                // ["key":value]: an object in the wrong brackets
	repairKinds   = iota
)

func (r Repair) String() string {
	return [...]string{"trailing bytes", "leading comma", "trailing comma", "missing comma",
		"bare inf or nan", "raw control character", "pairs in an array"}[r]
}

// Repairs counts what was mended in one reply.
type Repairs [repairKinds]int

// mender copies a document and mends it token by token. It only ever adds or
// drops commas, swaps brackets, escapes control characters and turns
// non-numbers into null; the strict parser judges the outcome.
type mender struct {
	in    []byte
	out   []byte
	prev  byte // last token: one of {}[],: or v for a value; 0 at the start
	open  []bracket
	fixed Repairs
}

type bracket struct {
	at    int // in out
	array bool
	pairs bool // a colon was seen directly inside
}

func mend(in []byte) ([]byte, Repairs) {
	m := mender{in: in, out: make([]byte, 0, len(in)+16)}
	for i := 0; i < len(in); {
		i = m.token(i)
	}
	return m.out, m.fixed
}

// token handles the token at i and returns where the next begins.
func (m *mender) token(i int) int {
	c := m.in[i]
	switch c {
	case ' ', '\t', '\r', '\n':
		return i + 1
	case '{', '[':
		m.separate()
		m.open = append(m.open, bracket{at: len(m.out), array: c == '['})
		return m.put(i, 1, c)
	case '}', ']':
		m.close(c)
		return i + 1
	case ',':
		return m.comma(i)
	case ':':
		if n := len(m.open); n > 0 {
			m.open[n-1].pairs = true
		}
		return m.put(i, 1, c)
	case '"':
		m.separate()
		return m.text(i)
	}
	return m.word(i)
}

func (m *mender) put(i, n int, kind byte) int {
	m.out = append(m.out, m.in[i:i+n]...)
	m.prev = kind
	return i + n
}

// separate adds the comma that is missing before a new value.
func (m *mender) separate() {
	if len(m.open) > 0 && (m.prev == 'v' || m.prev == '}' || m.prev == ']') {
		m.out = append(m.out, ',')
		m.fixed[MissingComma]++
	}
}

// comma drops one that leads or trails, and keeps any other.
func (m *mender) comma(i int) int {
	if m.prev == 0 || m.prev == '{' || m.prev == '[' {
		m.fixed[LeadingComma]++
		return i + 1
	}
	rest := bytes.TrimLeft(m.in[i+1:], " \t\r\n")
	if len(rest) > 0 && (rest[0] == '}' || rest[0] == ']') {
		m.fixed[TrailingComma]++
		return i + 1
	}
	return m.put(i, 1, ',')
}

func (m *mender) close(c byte) {
	m.prev = c
	if n := len(m.open); n > 0 {
		b := m.open[n-1]
		m.open = m.open[:n-1]
		if b.array && b.pairs && c == ']' {
			m.out[b.at] = '{'
			m.fixed[PairsInArray]++
			c = '}'
		}
	}
	m.out = append(m.out, c)
}

// text copies a string and escapes raw control characters in it.
func (m *mender) text(i int) int {
	m.prev = 'v'
	m.out = append(m.out, '"')
	for i++; i < len(m.in); i++ {
		c := m.in[i]
		switch {
		case c == '"':
			m.out = append(m.out, c)
			return i + 1
		case c == '\\' && i+1 < len(m.in):
			m.out = append(m.out, c, m.in[i+1])
			i++
		case c < 0x20:
			const hex = "0123456789abcdef"
			m.out = append(m.out, '\\', 'u', '0', '0', hex[c>>4], hex[c&15])
			m.fixed[RawControl]++
		default:
			m.out = append(m.out, c)
		}
	}
	return i
}

// word copies a number or a literal; inf and nan become null.
func (m *mender) word(i int) int {
	end := i
	for end < len(m.in) && !bytes.ContainsRune([]byte(" \t\r\n{}[],:\""), rune(m.in[end])) {
		end++
	}
	if m.prev != 'v' { // two bare words in a row are left as they are, for the parser to refuse
		m.separate()
	} else {
		m.out = append(m.out, ' ')
	}
	if notNumber(m.in[i:end]) {
		m.out = append(m.out, "null"...)
		m.prev = 'v'
		m.fixed[BareNumber]++
		return end
	}
	return m.put(i, end-i, 'v')
}

func notNumber(word []byte) bool {
	switch string(bytes.ToLower(bytes.TrimLeft(word, "+-"))) {
	case "inf", "infinity", "nan":
		return true
	}
	return false
}
