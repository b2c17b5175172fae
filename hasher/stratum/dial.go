package stratum

import (
	"context"
	"crypto/tls"
	"crypto/x509"
	"errors"
	"fmt"
	"net"
	"net/url"
	"strconv"
	"time"
)

const dialTimeout = 10 * time.Second

// endpoint is where a pool is, and how it is reached.
type endpoint struct {
	host string
	port string
	tls  *tls.Config // nil: plain TCP
	dial func(ctx context.Context, network, addr string) (net.Conn, error)
}

// parseURL reads stratum+tcp://host:port or stratum+tls://host:port.
func parseURL(raw string, cas *x509.CertPool) (endpoint, error) {
	u, err := url.Parse(raw)
	if err != nil {
		return endpoint{}, fmt.Errorf("pool url: %w", err)
	}
	e := endpoint{host: u.Hostname(), port: u.Port(), dial: (&net.Dialer{}).DialContext}
	switch u.Scheme {
	case "stratum+tcp":
	case "stratum+tls", "stratum+ssl":
		e.tls = &tls.Config{ServerName: e.host, RootCAs: cas, MinVersion: tls.VersionTLS12}
	default:
		return endpoint{}, fmt.Errorf("pool url %q: want stratum+tcp:// or stratum+tls://", u.Redacted())
	}
	port, err := strconv.Atoi(e.port)
	switch {
	case e.host == "" || err != nil || port < 1 || port > 65535:
		return endpoint{}, fmt.Errorf("pool url %q: want a host and a port", u.Redacted())
	case u.User != nil:
		return endpoint{}, fmt.Errorf("pool url %q: user and password have keys of their own", u.Redacted())
	case u.Path != "" && u.Path != "/" || u.RawQuery != "":
		return endpoint{}, fmt.Errorf("pool url %q: nothing may follow the port", u.Redacted())
	}
	return e, nil
}

func (e endpoint) String() string { return net.JoinHostPort(e.host, e.port) }

// open connects, and shakes hands where the pool wants TLS.
func (e endpoint) open(ctx context.Context) (net.Conn, error) {
	ctx, cancel := context.WithTimeout(ctx, dialTimeout)
	defer cancel()
	conn, err := e.dial(ctx, "tcp", e.String())
	if err != nil {
		return nil, fmt.Errorf("pool %s: %w", e, err)
	}
	if e.tls == nil {
		return conn, nil
	}
	secure := tls.Client(conn, e.tls)
	if err := secure.HandshakeContext(ctx); err != nil {
		conn.Close()
		return nil, fmt.Errorf("pool %s: handshake: %w%s", e, err, remedy(err))
	}
	return secure, nil
}

// remedy is what can be done about a certificate that was refused.
func remedy(err error) string {
	if _, ok := errors.AsType[x509.UnknownAuthorityError](err); ok {
		return ": name the authority that has signed it in ca_file"
	}
	if _, ok := errors.AsType[x509.HostnameError](err); ok {
		return ": write the url with a name that the certificate has"
	}
	if _, ok := errors.AsType[tls.RecordHeaderError](err); ok {
		return ": it may want stratum+tcp"
	}
	if bad, ok := errors.AsType[x509.CertificateInvalidError](err); ok && bad.Reason == x509.Expired {
		return ": the pool must renew it, or this machine's clock is wrong"
	}
	return ""
}
