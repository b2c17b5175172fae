package cgminer

import (
	"fmt"

	"github.com/curtaild/curtaild/rigs"
)

// What a reply can be instead of an answer. Each wraps [rigs.ErrGarbage].
var (
	ErrEmpty        = fmt.Errorf("empty reply: %w", rigs.ErrGarbage)
	ErrTruncated    = fmt.Errorf("reply ends too early: %w", rigs.ErrGarbage)
	ErrTwoDocuments = fmt.Errorf("more than one document in a reply: %w", rigs.ErrGarbage)
	ErrHTML         = fmt.Errorf("a web page instead of a reply: %w", rigs.ErrGarbage)
	ErrPlainText    = fmt.Errorf("plain text instead of a reply: %w", rigs.ErrGarbage)
	ErrTooLarge     = fmt.Errorf("reply too large: %w", rigs.ErrGarbage)
	ErrMalformed    = fmt.Errorf("reply is no JSON: %w", rigs.ErrGarbage)
	ErrShape        = fmt.Errorf("reply lacks what was asked for: %w", rigs.ErrGarbage)
)

// RefusedError is a device's own error (STATUS E or F). It wraps
// [rigs.ErrRefused].
type RefusedError struct {
	Command string
	Letter  string // E or F
	Code    int
	Msg     string // the device's words, shortened
}

// Codes that callers tell apart.
const (
	CodeInvalidCommand = 14
	CodeAccessDenied   = 45
)

func (e *RefusedError) Error() string {
	return fmt.Sprintf("%s: code %d: %q", e.Command, e.Code, e.Msg)
}

func (e *RefusedError) Unwrap() error { return rigs.ErrRefused }
