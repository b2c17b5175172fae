package stratum

import (
	"context"
	"crypto/tls"
	"crypto/x509"
	"net"
	"net/http/httptest"
	"strings"
	"testing"

	"github.com/curtaild/curtaild/hasher/stratum/pooltest"
)

// Over real sockets: a pool with a certificate is worked for if its CA is
// known, and only then.
func TestTLS(t *testing.T) {
	web := httptest.NewUnstartedServer(nil) // for its certificate, good for 127.0.0.1
	web.StartTLS()
	defer web.Close()
	known := x509.NewCertPool()
	known.AddCert(web.Certificate())
	for name, tc := range map[string]struct {
		cas  *x509.CertPool
		want bool
	}{"known": {known, true}, "unknown": {x509.NewCertPool(), false}} {
		t.Run(name, func(t *testing.T) {
			l, err := net.Listen("tcp", "127.0.0.1:0")
			if err != nil {
				t.Fatal(err)
			}
			pool := pooltest.New(user, 4)
			pool.Job(pooltest.Example("tls", true))
			pool.Listen(tls.NewListener(l, &tls.Config{Certificates: web.TLS.Certificates}))
			defer pool.Close()
			c, err := New(Config{URL: "stratum+tls://" + l.Addr().String(), User: user, CAs: tc.cas})
			if err != nil {
				t.Fatal(err)
			}
			ctx, cancel := context.WithCancel(t.Context())
			done := make(chan error)
			go func() { done <- c.Run(ctx) }()
			<-c.Changed()
			s := c.State()
			if (s.Job != nil) != tc.want {
				t.Errorf("job %v, err %v", s.Job, s.Err)
			}
			if !tc.want && !strings.Contains(s.Err.Error(), "certificate") {
				t.Errorf("error %v does not say why", s.Err)
			}
			cancel()
			if err := <-done; err != nil {
				t.Error(err)
			}
		})
	}
}

func TestURL(t *testing.T) {
	for raw, ok := range map[string]bool{
		"stratum+tcp://pool.example:3333":    true,
		"stratum+tls://[::1]:3334/":          true,
		"stratum+ssl://pool.example:3334":    true,
		"pool.example:3333":                  false,
		"http://pool.example:3333":           false,
		"stratum+tcp://pool.example":         false,
		"stratum+tcp://:3333":                false,
		"stratum+tcp://pool.example:0":       false,
		"stratum+tcp://pool.example:70000":   false,
		"stratum+tcp://u:p@pool.example:333": false,
		"stratum+tcp://pool.example:333/x":   false,
		"stratum+tcp://pool.example:333?x=1": false,
		"":                                   false,
	} {
		if _, err := New(Config{URL: raw}); (err == nil) != ok {
			t.Errorf("%q: %v", raw, err)
		}
		if _, err := New(Config{URL: raw}); err != nil && strings.Contains(err.Error(), "u:p@") {
			t.Errorf("the password is in the error: %v", err)
		}
	}
}
