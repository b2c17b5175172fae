package strict

import (
	"bytes"
	"io"
	"regexp"
	"strings"
	"unicode/utf8"

	"gopkg.in/yaml.v3"
)

// lineReader hands out src one line a call and counts them, so that after an
// error it is known how far the parser had come.
type lineReader struct {
	src  []byte
	read int // lines handed out
}

func (r *lineReader) Read(p []byte) (int, error) {
	if len(r.src) == 0 {
		return 0, io.EOF
	}
	n := len(r.src)
	if i := bytes.IndexByte(r.src, '\n'); i >= 0 {
		n = i + 1
	}
	if n > len(p) {
		n = copy(p, r.src)
	} else {
		copy(p, r.src[:n])
		r.read++
	}
	r.src = r.src[n:]
	return n, nil
}

// locateBudget bounds, in bytes parsed again, the search for a syntax error.
const locateBudget = 4 << 20

// locate finds the line of a syntax error: the one after the longest run of
// whole lines that parses, of those the parser had read. The library's own
// line is that of the enclosing construct, or one off.
func locate(src []byte, read int) (line, column int) {
	ends := lineEnds(src)
	read = min(max(read, 1), len(ends))
	line = read
	for n, left := read-1, locateBudget; n >= 0; n-- {
		end := 0
		if n > 0 {
			end = ends[n-1]
		}
		if left -= end; left < 0 {
			break
		}
		if parses(src[:end]) {
			line = n + 1
			break
		}
	}
	start := 0
	if line > 1 {
		start = ends[line-2]
	}
	text := src[start:ends[line-1]]
	indent := len(text) - len(bytes.TrimLeft(text, " \t"))
	return line, indent + 1
}

// separator is the line of the last --- up to the given line, where a document
// has its first value.
func separator(src []byte, line int) int {
	lines := bytes.Split(src, []byte("\n"))
	for line = min(line, len(lines)); line > 1; line-- {
		if bytes.HasPrefix(lines[line-1], []byte("---")) {
			break
		}
	}
	return line
}

func lineEnds(src []byte) []int {
	var ends []int
	for i, c := range src {
		if c == '\n' {
			ends = append(ends, i+1)
		}
	}
	if len(src) == 0 || src[len(src)-1] != '\n' {
		ends = append(ends, len(src))
	}
	return ends
}

func parses(src []byte) bool {
	dec := yaml.NewDecoder(bytes.NewReader(src))
	for {
		var n yaml.Node
		if err := dec.Decode(&n); err != nil {
			return err == io.EOF
		}
	}
}

// syntax words a syntax error, with what usually mends it.
func syntax(err error, src []byte, line int) string {
	what := regexp.MustCompile(`^(yaml: )?(line \d+: )?`).ReplaceAllString(err.Error(), "")
	remedy := ""
	text := bytes.Split(src, []byte("\n"))[line-1]
	indent := text[:len(text)-len(bytes.TrimLeft(text, " \t"))]
	switch {
	case bytes.ContainsRune(indent, '\t'):
		remedy = ": indent with spaces, not with tabs"
	case strings.Contains(what, "mapping values are not allowed"):
		remedy = `: indent it like its neighbours, and put a text that holds ": " in quotes`
	case strings.Contains(what, "unknown anchor"):
		remedy = ": put a text that begins with * in quotes"
	case strings.Contains(what, "cannot start any token"):
		remedy = ": put a text that begins with %, @ or ` in quotes"
	default:
		remedy = ": look for a bracket or quote left open, and at the indentation"
	}
	return "not valid YAML (" + printable(what) + ")" + remedy
}

// unreadable finds the first byte that YAML does not allow.
func unreadable(src []byte) (line, column int, what string) {
	line, column = 1, 1
	for len(src) > 0 {
		r, size := utf8.DecodeRune(src)
		switch {
		case r == utf8.RuneError && size == 1:
			return line, column, "is not UTF-8 text: save it as UTF-8"
		case r == '\n':
			line, column = line+1, 0
		case r == '\r' && len(src) > 1 && src[1] != '\n', r == 0x85, r == 0x2028, r == 0x2029:
			return line, column, "holds a line break that editors do not agree on: save it with plain line ends"
		case r < ' ' && r != '\t' && r != '\r', r >= 0x7f && r < 0xa0, r == 0xfeff, r == 0xfffe, r == 0xffff:
			return line, column, "holds a control character: remove it"
		}
		column++
		src = src[size:]
	}
	return 0, 0, ""
}
