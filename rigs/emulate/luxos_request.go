package emulate

import (
	"bytes"
	"encoding/json"
	"io"
	"net"
	"strings"
	"time"
)

// maxRequest is as much as the firmware takes of a request.
const maxRequest = 8 << 10

// request is one command of the cgminer API.
type request struct {
	command   string
	parameter string
	text      bool // asked in plain text, and answered so
	broken    bool // it began as JSON and is none
}

// readRequest reads until a request is whole. Plain text has no end mark that
// all clients send: as in the firmware, it is what arrives at once.
func readRequest(conn net.Conn) ([]byte, error) {
	_ = conn.SetReadDeadline(time.Now().Add(readTimeout))
	buf := make([]byte, 0, 512)
	for {
		if len(buf) == cap(buf) {
			if len(buf) >= maxRequest {
				return buf, nil
			}
			buf = append(buf, make([]byte, len(buf))...)[:len(buf)]
		}
		n, err := conn.Read(buf[len(buf):cap(buf)])
		buf = buf[:len(buf)+n]
		if whole(buf) || (err != nil && len(buf) > 0) {
			return buf, nil
		}
		if err != nil {
			return nil, err
		}
		if len(buf) == 0 {
			return nil, io.ErrNoProgress
		}
	}
}

// whole reports whether b needs no more bytes to be understood: text, or an
// object whose braces are balanced, be it JSON or not.
func whole(b []byte) bool {
	t := bytes.TrimSpace(b)
	if len(t) == 0 {
		return false
	}
	last := t[len(t)-1]
	return t[0] != '{' || last == 0 || (last == '}' && balanced(t))
}

// balanced reports whether as many braces close as open, those in strings
// aside.
func balanced(b []byte) bool {
	depth, quoted, escaped := 0, false, false
	for _, c := range b {
		switch {
		case escaped:
			escaped = false
		case quoted && c == '\\':
			escaped = true
		case c == '"':
			quoted = !quoted
		case !quoted && c == '{':
			depth++
		case !quoted && c == '}':
			depth--
		}
	}
	return depth <= 0 && !quoted
}

// parseRequest understands what was read: JSON with "command" and perhaps
// "parameter", or text as in "command|parameter".
func parseRequest(b []byte) request {
	b, _, _ = bytes.Cut(b, []byte{0})
	b = bytes.TrimSpace(b)
	if len(b) == 0 || b[0] != '{' {
		command, parameter, _ := strings.Cut(string(b), "|")
		return request{command: strings.TrimSpace(command), parameter: strings.TrimSpace(parameter), text: true}
	}
	var doc struct {
		Command   any `json:"command"`
		Parameter any `json:"parameter"`
	}
	if json.Unmarshal(b, &doc) != nil {
		return request{broken: true}
	}
	command, ok := doc.Command.(string)
	if !ok {
		return request{broken: true}
	}
	return request{command: command, parameter: scalar(doc.Parameter)}
}

// scalar is a JSON value that the firmware takes as a parameter.
func scalar(v any) string {
	switch v := v.(type) {
	case string:
		return v
	case nil:
		return ""
	default:
		b, err := json.Marshal(v)
		if err != nil {
			return ""
		}
		return string(b)
	}
}

// split is a comma-separated parameter, its parts trimmed.
func (r request) split() []string {
	if r.parameter == "" {
		return nil
	}
	parts := strings.Split(r.parameter, ",")
	for i := range parts {
		parts[i] = strings.TrimSpace(parts[i])
	}
	return parts
}
