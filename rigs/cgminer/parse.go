package cgminer

import (
	"bytes"
	"encoding/json"
	"errors"
	"fmt"
	"io"
	"strings"
)

// Parse reads a reply. It is strict first; see [Repair] for what it mends
// after that.
func Parse(raw []byte) (Reply, Repairs, error) {
	doc, fixed, err := document(raw)
	if err != nil {
		return Reply{}, fixed, err
	}
	reply, err := newReply(doc)
	return reply, fixed, err
}

// parseAll reads the reply to joined commands: an object keyed by command,
// each an array with one reply.
func parseAll(raw []byte, commands []string) (map[string]Reply, Repairs, error) {
	doc, fixed, err := document(raw)
	if err != nil {
		return nil, fixed, err
	}
	if _, single := doc["STATUS"]; single {
		return nil, fixed, notJoined(doc, strings.Join(commands, "+"))
	}
	replies := make(map[string]Reply, len(commands))
	for _, name := range commands {
		part, ok := first(doc[name])
		if !ok {
			return nil, fixed, fmt.Errorf("no part %q: %w", name, ErrShape)
		}
		if replies[name], err = newReply(part); err != nil {
			return nil, fixed, fmt.Errorf("part %q: %w", name, err)
		}
	}
	return replies, fixed, nil
}

// notJoined explains a plain reply to joined commands.
func notJoined(doc map[string]any, joined string) error {
	reply, err := newReply(doc)
	if err != nil {
		return err
	}
	if err := reply.refusal(joined); err != nil {
		return err
	}
	return fmt.Errorf("one reply to several commands: %w", ErrShape)
}

// document turns raw bytes into one JSON object, strictly or after repairs.
func document(raw []byte) (map[string]any, Repairs, error) {
	var fixed Repairs
	trimmed := bytes.TrimRight(raw, "\x00 \t\r\n")
	if len(trimmed) != len(raw) {
		fixed[TrailingBytes]++
	}
	if err := notJSON(trimmed); err != nil {
		return nil, fixed, err
	}
	doc, strictErr := strict(trimmed)
	if strictErr == nil || errors.Is(strictErr, ErrTwoDocuments) {
		return doc, fixed, strictErr
	}
	mended, more := mend(trimmed)
	for i, n := range more {
		fixed[i] += n
	}
	doc, err := strict(mended)
	if err != nil {
		return nil, fixed, err
	}
	return doc, fixed, nil
}

// notJSON tells what a reply is that does not even begin like one.
func notJSON(b []byte) error {
	head := bytes.TrimLeft(b, " \t\r\n,")
	switch {
	case len(bytes.TrimSpace(b)) == 0:
		return ErrEmpty
	case len(head) > 0 && head[0] == '<':
		return ErrHTML
	case len(head) == 0 || head[0] != '{':
		return fmt.Errorf("%q: %w", shorten(string(b)), ErrPlainText)
	}
	var scan scanner
	n, done := scan.feed(b)
	switch {
	case scan.tooDeep:
		return fmt.Errorf("nested too deep: %w", ErrMalformed)
	case !done:
		return fmt.Errorf("after %d bytes: %w", len(b), ErrTruncated)
	case len(bytes.Trim(b[n:], "\x00 \t\r\n")) == 0:
		return nil
	case bytes.IndexByte(b[n:], '{') >= 0:
		return ErrTwoDocuments
	}
	return fmt.Errorf("%q after the document: %w", shorten(string(b[n:])), ErrMalformed)
}

// strict parses exactly one JSON object.
func strict(b []byte) (map[string]any, error) {
	dec := json.NewDecoder(bytes.NewReader(b))
	dec.UseNumber()
	var doc map[string]any
	if err := dec.Decode(&doc); err != nil {
		if errors.Is(err, io.ErrUnexpectedEOF) {
			return nil, ErrTruncated
		}
		return nil, fmt.Errorf("%w: %w", ErrMalformed, err)
	}
	if doc == nil {
		return nil, ErrMalformed
	}
	if _, err := dec.Token(); !errors.Is(err, io.EOF) {
		return nil, ErrTwoDocuments
	}
	return doc, nil
}

// shorten cuts what a device says to what fits a log line. The caller quotes
// it.
func shorten(s string) string {
	const most = 120
	if len(s) > most {
		return strings.ToValidUTF8(s[:most], "") + "…"
	}
	return s
}
