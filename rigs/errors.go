package rigs

import (
	"errors"
	"fmt"
)

// Errors that drivers wrap, by what a rig does about them.
var (
	ErrUnreachable = errors.New("unreachable")           // no answer in time: try again
	ErrGarbage     = errors.New("unintelligible answer") // an answer that cannot be trusted: try again
	ErrRefused     = errors.New("refused")               // the device said no: try again, more slowly
	ErrBusy        = errors.New("busy")                  // someone else holds the device: wait for long
	ErrUnsupported = errors.New("not supported")         // this firmware cannot: do not try again
)

// IdentityError tells that another device than the one we know answers at an
// address. Nothing is commanded while it does.
type IdentityError struct{ Want, Got string }

func (e *IdentityError) Error() string {
	return fmt.Sprintf("another device answers: have %s, want %s", e.Got, e.Want)
}
