package mqtt

import (
	"context"
	"crypto/tls"
	"fmt"
	"net"
	"net/url"
	"sync"
	"time"

	paho "github.com/eclipse/paho.mqtt.golang"
	"github.com/eclipse/paho.mqtt.golang/packets"
)

const (
	connectTimeout = 10 * time.Second
	keepAlive      = 15 * time.Second
	pingTimeout    = 5 * time.Second
)

// dialer holds what every connection of one session is made with.
type dialer struct {
	endpoint
	id, user, password string
	clean              bool
	will               string // topic of the last will; empty: none
	message            func(paho.Message)
}

// link is one connection to the broker, from its acceptance to its loss. It is
// never used again: the client library's own way to reconnect keeps tokens and
// messages of the old connection, and what became of those nobody knows.
type link struct {
	paho.Client
	lost chan struct{} // closed when the connection is
	err  error         // why; set before lost is closed
	conn *heldConn
}

// heldConn is the network connection under a link, which can be cut.
type heldConn struct {
	mu   sync.Mutex
	conn net.Conn
	cut  bool
}

func (h *heldConn) hold(c net.Conn) {
	h.mu.Lock()
	defer h.mu.Unlock()
	h.conn = c
	if h.cut {
		c.Close()
	}
}

// close cuts the connection without a goodbye.
func (h *heldConn) close() {
	h.mu.Lock()
	defer h.mu.Unlock()
	h.cut = true
	if h.conn != nil {
		h.conn.Close()
	}
}

// dial connects once. It returns soon after ctx is done.
func (d *dialer) dial(ctx context.Context) (*link, error) {
	ctx, cancel := context.WithTimeout(ctx, connectTimeout)
	defer cancel()
	l := &link{lost: make(chan struct{}), conn: &heldConn{}}
	l.Client = paho.NewClient(d.options(ctx, l))
	token := l.Connect()
	select {
	case <-token.Done():
	case <-ctx.Done():
		l.conn.close()
		<-token.Done() // soon: the handshake has lost its connection
	}
	if err := token.Error(); err != nil {
		l.conn.close()
		if ctx.Err() != nil {
			err = fmt.Errorf("%w (%w)", context.Cause(ctx), err)
		}
		return nil, explain(d.endpoint, err)
	}
	return l, nil
}

func (d *dialer) options(ctx context.Context, l *link) *paho.ClientOptions {
	o := paho.NewClientOptions()
	o.AddBroker("tcp://" + d.addr) // a formality: open makes the connection
	o.SetProtocolVersion(4)
	o.SetClientID(d.id).SetUsername(d.user).SetPassword(d.password)
	o.SetCleanSession(d.clean)
	o.SetStore(forgetful{})
	o.SetAutoReconnect(false).SetConnectRetry(false)
	o.SetConnectTimeout(connectTimeout).SetWriteTimeout(writeTimeout)
	o.SetKeepAlive(keepAlive).SetPingTimeout(pingTimeout)
	o.SetAutoAckDisabled(true)
	if d.will != "" {
		o.SetWill(d.will, offline, 1, true)
	}
	o.SetDefaultPublishHandler(func(_ paho.Client, m paho.Message) { d.message(m) })
	var once sync.Once
	o.SetConnectionLostHandler(func(_ paho.Client, err error) {
		once.Do(func() {
			l.err = err
			close(l.lost)
		})
	})
	o.SetCustomOpenConnectionFn(func(*url.URL, paho.ClientOptions) (net.Conn, error) {
		return d.open(ctx, l.conn)
	})
	return o
}

func (d *dialer) open(ctx context.Context, held *heldConn) (net.Conn, error) {
	var nd net.Dialer
	c, err := nd.DialContext(ctx, "tcp", d.addr)
	if err != nil {
		return nil, err
	}
	if d.tls != nil {
		tc := tls.Client(c, d.tls)
		if err := tc.HandshakeContext(ctx); err != nil {
			c.Close()
			return nil, err
		}
		c = tc
	}
	held.hold(c)
	return newBoundedConn(c), nil
}

// wait waits for token, the loss of the link or the end of ctx. The library's
// own Wait can hang for ever.
func (l *link) wait(ctx context.Context, token paho.Token) error {
	ctx, cancel := context.WithTimeout(ctx, writeTimeout)
	defer cancel()
	select {
	case <-token.Done():
		select {
		case <-l.lost: // a token may complete though the link dropped
			return lostError(l)
		default:
			return token.Error()
		}
	case <-l.lost:
		return lostError(l)
	case <-ctx.Done():
		return ctx.Err()
	}
}

// close says goodbye, so that the broker does not send the last will, and then
// hangs up.
func (l *link) close() {
	select {
	case <-l.lost:
	default:
		l.Disconnect(500)
	}
	l.conn.close()
}

// forgetful is a message store that keeps nothing: the outbox keeps what is
// not yet sent, the broker what is not yet acknowledged.
type forgetful struct{}

func (forgetful) Open()                             {}
func (forgetful) Put(string, packets.ControlPacket) {}
func (forgetful) Get(string) packets.ControlPacket  { return nil }
func (forgetful) All() []string                     { return nil }
func (forgetful) Del(string)                        {}
func (forgetful) Close()                            {}
func (forgetful) Reset()                            {}
