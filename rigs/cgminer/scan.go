package cgminer

// maxDepth bounds the nesting of a reply. Real ones stay under 6.
const maxDepth = 64

// scanner finds the end of a document in bytes that arrive piecemeal. It
// knows no more of JSON than brackets and strings.
type scanner struct {
	depth   int
	seen    bool // a bracket was opened
	str     bool // inside a string
	escape  bool
	tooDeep bool
}

// feed reads b and returns how many bytes it took: all of them, or up to and
// with the bracket that closes the document.
func (s *scanner) feed(b []byte) (n int, done bool) {
	for i, c := range b {
		switch {
		case s.escape:
			s.escape = false
		case s.str:
			s.escape = c == '\\'
			s.str = c != '"'
		case c == '"':
			s.str = s.seen
		case c == '{' || c == '[':
			s.depth++
			s.seen = true
			s.tooDeep = s.tooDeep || s.depth > maxDepth
		case (c == '}' || c == ']') && s.seen:
			s.depth--
			if s.depth <= 0 {
				return i + 1, true
			}
		}
	}
	return len(b), false
}
