package emulate

import (
	"bufio"
	"bytes"
	"errors"
	"fmt"
	"io"
	"net"
	"net/http"
	"net/netip"
	"net/url"
	"strings"
	"time"
)

// The server is our own and small, as the firmware's is: one goroutine a
// connection, and the bytes on the wire in our hand when a fault asks for it.
const (
	maxHeader  = 8 << 10
	maxBody    = 10 << 10        // as much as the firmware buffers
	axeIdle    = 2 * time.Minute // of a kept-alive connection
	readBuffer = 1 << 10
)

// errGone says that there is nobody to answer.
var errGone = errors.New("connection gone")

// httpReader reads requests off a connection, bounded in size and time.
type httpReader struct {
	conn  net.Conn
	limit *io.LimitedReader
	buf   *bufio.Reader
	body  []byte // of the last request
}

func newHTTPReader(conn net.Conn) *httpReader {
	limit := &io.LimitedReader{R: conn}
	return &httpReader{conn: conn, limit: limit, buf: bufio.NewReaderSize(limit, readBuffer)}
}

// next reads a request whole. Any error but errGone is one to tell the client.
func (r *httpReader) next() (*http.Request, error) {
	r.limit.N = maxHeader + maxBody
	_ = r.conn.SetReadDeadline(time.Now().Add(axeIdle))
	if _, err := r.buf.Peek(1); err != nil {
		return nil, errGone
	}
	_ = r.conn.SetReadDeadline(time.Now().Add(readTimeout))
	req, err := http.ReadRequest(r.buf)
	if errors.Is(err, io.EOF) || errors.Is(err, net.ErrClosed) {
		return nil, errGone
	}
	if err != nil || req.ProtoMajor != 1 {
		return nil, errors.New("bad request")
	}
	r.body, err = io.ReadAll(io.LimitReader(req.Body, maxBody+1))
	if err != nil || len(r.body) > maxBody {
		return nil, errors.New("content too long")
	}
	return req, nil
}

// httpReply is an answer of the firmware.
type httpReply struct {
	status int
	kind   string // content type
	body   []byte
	drop   bool // close without an answer
	last   bool // close after it
}

// frameHTTP clothes a body as a response.
func frameHTTP(status int, kind string, keep bool) func([]byte) []byte {
	return func(body []byte) []byte {
		var b bytes.Buffer
		b.Grow(len(body) + 200)
		fmt.Fprintf(&b, "HTTP/1.1 %d %s\r\nContent-Type: %s\r\nContent-Length: %d\r\nAccess-Control-Allow-Origin: *\r\n",
			status, http.StatusText(status), kind, len(body))
		if !keep {
			b.WriteString("Connection: close\r\n")
		}
		b.WriteString("\r\n")
		b.Write(body)
		return b.Bytes()
	}
}

// private reports whether a caller may come in: from, and if a browser sent
// it for, an address that is not routed on the internet.
func private(remote net.Addr, origin string) bool {
	if ap, err := netip.ParseAddrPort(remote.String()); err != nil || !local(ap.Addr()) {
		return false
	}
	if origin == "" {
		return true
	}
	u, err := url.Parse(origin)
	if err != nil {
		return false
	}
	host := u.Hostname()
	if addr, err := netip.ParseAddr(host); err == nil {
		return local(addr)
	}
	return host == "localhost" || strings.HasSuffix(host, ".local")
}

func local(a netip.Addr) bool {
	a = a.Unmap()
	return a.IsLoopback() || a.IsPrivate() || a.IsLinkLocalUnicast()
}
