package mqtt

import (
	"crypto/tls"
	"crypto/x509"
	"errors"
	"fmt"
	"net"
	"net/url"
	"strings"
)

// endpoint is where the broker is, and how it is spoken to.
type endpoint struct {
	addr string // host:port
	host string
	tls  *tls.Config // nil: plain
}

// parseBroker reads mqtt://host[:1883] or mqtts://host[:8883]. ca, in PEM,
// replaces the machine's own authorities.
func parseBroker(broker string, ca []byte) (endpoint, error) {
	u, err := url.Parse(broker)
	if err != nil || u.Hostname() == "" || (u.Path != "" && u.Path != "/") || u.RawQuery != "" {
		return endpoint{}, fmt.Errorf("broker %s: want a URL as in \"mqtts://broker.lan:8883\"", clip(redact(broker)))
	}
	if u.User != nil {
		return endpoint{}, fmt.Errorf("broker %s: user and password have keys of their own", clip(u.Redacted()))
	}
	e := endpoint{host: u.Hostname()}
	port := u.Port()
	switch u.Scheme {
	case "mqtt":
		if port == "" {
			port = "1883"
		}
	case "mqtts":
		if port == "" {
			port = "8883"
		}
		e.tls = &tls.Config{ServerName: e.host, MinVersion: tls.VersionTLS12}
	default:
		return endpoint{}, fmt.Errorf("broker %s: scheme %s, want mqtt or mqtts", clip(broker), clip(u.Scheme))
	}
	e.addr = net.JoinHostPort(e.host, port)
	if len(ca) == 0 {
		return e, nil
	}
	if e.tls == nil {
		return endpoint{}, fmt.Errorf("broker %s: a CA file is of use only with mqtts://", clip(broker))
	}
	e.tls.RootCAs = x509.NewCertPool()
	if !e.tls.RootCAs.AppendCertsFromPEM(ca) {
		return endpoint{}, errors.New("CA file: no certificate in it (want PEM)")
	}
	return e, nil
}

// redact hides what may be a password in a URL that does not parse.
func redact(s string) string {
	if i := strings.LastIndexByte(s, '@'); i >= 0 {
		return "…" + s[i:]
	}
	return s
}
