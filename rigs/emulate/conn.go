package emulate

import (
	"io"
	"net"
	"time"
)

const (
	readTimeout  = 5 * time.Second  // for a request to arrive whole
	writeTimeout = 10 * time.Second // for a client to take an answer
	hangTimeout  = 10 * time.Minute // for a hung connection to be let go
)

// reset closes a connection so that the other side sees it refused.
func reset(conn net.Conn) {
	if tcp, ok := conn.(*net.TCPConn); ok {
		_ = tcp.SetLinger(0) // best effort: a plain close is a refusal too
	}
	conn.Close()
}

// drain takes whatever comes and answers nothing, until the other side or the
// rig closes.
func drain(conn net.Conn) {
	_ = conn.SetReadDeadline(time.Now().Add(hangTimeout))
	_, _ = io.Copy(io.Discard, conn)
}
