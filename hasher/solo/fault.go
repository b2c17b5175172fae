package solo

import (
	"context"
	"errors"
	"io"
	"os"
)

// errOffline means that there is no node to send a block to.
var errOffline = errors.New("no session with the node")

// Why a session ends, with what helps.
var (
	errAuth        = errors.New("the node refuses user or password: check them, or cookie_file, against the node's config")
	errForbidden   = errors.New("the node does not let this address in: check its rpcallowip")
	errSyncing     = errors.New("the node is still downloading blocks: wait until it has caught up")
	errPeers       = errors.New("the node has no peers: connect it to its network")
	errStarting    = errors.New("the node is still starting: wait")
	errPayout      = errors.New("the node says that the payout address is not of its chain: give one that is")
	errUnsupported = errors.New("template cannot be mined here")
	errMWEB        = errors.New("the chain has extension blocks (MWEB): mine it through a pool")
	errTemplate    = errors.New("template is wrong")
	errProtocol    = errors.New("protocol error")
	errLarge       = errors.New("the node's answer is too large")
	errStatus      = errors.New("the node answers")
)

// faultCauses are the words that faults are counted under.
var faultCauses = []struct {
	err  error
	word string
}{
	{errAuth, "unauthorized"},
	{errForbidden, "unauthorized"},
	{errSyncing, "syncing"},
	{errPeers, "no-peers"},
	{errStarting, "starting"},
	{errPayout, "payout"},
	{errUnsupported, "unsupported"},
	{errTemplate, "template"},
	{errLarge, "too-large"},
	{errProtocol, "protocol"},
	{errStatus, "status"},
	{os.ErrDeadlineExceeded, "silence"},
	{context.DeadlineExceeded, "silence"},
	{io.ErrUnexpectedEOF, "hung-up"},
	{io.EOF, "hung-up"},
}

// faultCause is the word under which the end of a session is counted.
func faultCause(err error) string {
	for _, c := range faultCauses {
		if errors.Is(err, c.err) {
			return c.word
		}
	}
	if _, ok := errors.AsType[*rpcError](err); ok {
		return "refused"
	}
	return "network"
}
