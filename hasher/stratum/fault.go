package stratum

import (
	"context"
	"crypto/tls"
	"errors"
	"io"
	"os"

	"github.com/curtaild/curtaild/hasher/work"
)

// faultCause is the word under which the end of a session is counted.
func faultCause(err error) string {
	if _, ok := errors.AsType[*reconnect](err); ok {
		return "reconnect"
	}
	if _, ok := errors.AsType[*tls.CertificateVerificationError](err); ok {
		return "certificate"
	}
	switch {
	case errors.Is(err, work.ErrDifficulty):
		return "difficulty"
	case errors.Is(err, errProtocol):
		return "protocol"
	case errors.Is(err, errRefused):
		return "refused"
	case errors.Is(err, errAnswer), errors.Is(err, os.ErrDeadlineExceeded), errors.Is(err, context.DeadlineExceeded):
		return "silence"
	case errors.Is(err, io.EOF):
		return "hung-up"
	}
	return "network"
}
