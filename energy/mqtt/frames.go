package mqtt

import (
	"bufio"
	"errors"
	"net"
	"time"
)

const (
	// maxPublish is the longest PUBLISH that is read whole: a topic, a packet
	// id and a payload of one byte more than is allowed.
	maxPublish = 2 + 65535 + 2 + MaxPayload + 1
	// maxControl bounds every other packet.
	maxControl = 64 << 10

	writeTimeout = 10 * time.Second
)

var errCut = errors.New("mqtt: the connection was cut")

// boundedConn keeps a broker from making the client library take up to 256 MB
// for one packet, as the protocol allows: what a PUBLISH has beyond maxPublish
// bytes is thrown away, and its length rewritten, so that the payload arrives
// as one that is too long and is counted and refused as such. Every write gets
// a deadline; the library sets none for subscriptions and acknowledgements.
type boundedConn struct {
	net.Conn
	r      *bufio.Reader
	header []byte // of the current packet, still to be handed out
	pass   int    // bytes of its body still to be handed out
	skip   int    // and then to be thrown away
}

func newBoundedConn(c net.Conn) *boundedConn {
	return &boundedConn{Conn: c, r: bufio.NewReaderSize(c, 8<<10)}
}

func (c *boundedConn) Write(p []byte) (int, error) {
	if err := c.SetWriteDeadline(time.Now().Add(writeTimeout)); err != nil {
		return 0, err
	}
	return c.Conn.Write(p)
}

func (c *boundedConn) Read(p []byte) (int, error) {
	if len(p) == 0 {
		return 0, nil
	}
	if len(c.header) == 0 && c.pass == 0 {
		if err := c.next(); err != nil {
			return 0, cut(err)
		}
	}
	if len(c.header) > 0 {
		n := copy(p, c.header)
		c.header = c.header[n:]
		return n, nil
	}
	n, err := c.r.Read(p[:min(len(p), c.pass)])
	c.pass -= n
	return n, cut(err)
}

// cut gives a connection that was closed on our side an error of its own. The
// client library takes the usual one for its own doing, and would notice the
// loss only when a ping fails.
func cut(err error) error {
	if errors.Is(err, net.ErrClosed) {
		return errCut
	}
	return err
}

// next throws away what is left of a packet and reads the header of the one
// that follows.
func (c *boundedConn) next() error {
	for c.skip > 0 {
		n, err := c.r.Discard(min(c.skip, 4<<10))
		c.skip -= n
		if err != nil {
			return err
		}
	}
	first, err := c.r.ReadByte()
	if err != nil {
		return err
	}
	length, err := readLength(c.r)
	if err != nil {
		return err
	}
	most := maxControl
	if first>>4 == 3 { // PUBLISH
		most = maxPublish
	} else if length > most {
		return errors.New("mqtt: the broker sent a control packet that is too long")
	}
	c.pass = min(length, most)
	c.skip = length - c.pass
	c.header = appendLength(append(make([]byte, 0, 5), first), c.pass)
	return nil
}

// readLength reads the protocol's length: seven bits a byte, at most four.
func readLength(r *bufio.Reader) (int, error) {
	n := 0
	for shift := 0; shift < 28; shift += 7 {
		b, err := r.ReadByte()
		if err != nil {
			return 0, err
		}
		n |= int(b&0x7f) << shift
		if b < 0x80 {
			return n, nil
		}
	}
	return 0, errors.New("mqtt: the broker sent a packet with a malformed length")
}

func appendLength(b []byte, n int) []byte {
	for n >= 0x80 {
		b = append(b, byte(n)|0x80)
		n >>= 7
	}
	return append(b, byte(n))
}
