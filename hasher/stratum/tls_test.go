package stratum

import (
	"context"
	"crypto/ecdsa"
	"crypto/elliptic"
	"crypto/rand"
	"crypto/tls"
	"crypto/x509"
	"math/big"
	"net"
	"strings"
	"testing"
	"time"

	"github.com/curtaild/curtaild/hasher/stratum/pooltest"
	"github.com/curtaild/curtaild/hasher/work"
)

// certificate is one that signs itself, for a name or address.
func certificate(t *testing.T, host string, until time.Time) (tls.Certificate, *x509.CertPool) {
	t.Helper()
	key, err := ecdsa.GenerateKey(elliptic.P256(), rand.Reader)
	if err != nil {
		t.Fatal(err)
	}
	plan := &x509.Certificate{
		SerialNumber: big.NewInt(1), NotBefore: until.Add(-24 * time.Hour), NotAfter: until,
		IsCA: true, BasicConstraintsValid: true, KeyUsage: x509.KeyUsageCertSign | x509.KeyUsageDigitalSignature,
	}
	if ip := net.ParseIP(host); ip != nil {
		plan.IPAddresses = []net.IP{ip}
	} else {
		plan.DNSNames = []string{host}
	}
	raw, err := x509.CreateCertificate(rand.Reader, plan, plan, &key.PublicKey, key)
	if err != nil {
		t.Fatal(err)
	}
	cert, err := x509.ParseCertificate(raw)
	if err != nil {
		t.Fatal(err)
	}
	known := x509.NewCertPool()
	known.AddCert(cert)
	return tls.Certificate{Certificate: [][]byte{raw}, PrivateKey: key}, known
}

// Over real sockets: a pool is worked for if its certificate is good, and
// else the error says what is wrong with it, and what to do.
func TestTLS(t *testing.T) {
	tomorrow := time.Now().Add(12 * time.Hour)
	good, known := certificate(t, "127.0.0.1", tomorrow)
	other, otherKnown := certificate(t, "pool.example", tomorrow)
	old, oldKnown := certificate(t, "127.0.0.1", time.Now().Add(-time.Hour))
	for name, tc := range map[string]struct {
		server *tls.Config // nil: none
		cas    *x509.CertPool
		cause  string // "": it is worked for
		says   []string
	}{
		"known":      {&tls.Config{Certificates: []tls.Certificate{good}}, known, "", nil},
		"known, 1.2": {&tls.Config{Certificates: []tls.Certificate{good}, MaxVersion: tls.VersionTLS12}, known, "", nil},
		"too old":    {&tls.Config{Certificates: []tls.Certificate{good}, MinVersion: tls.VersionTLS10, MaxVersion: tls.VersionTLS11}, known, "network", []string{"tls", "version"}},
		"unknown":    {&tls.Config{Certificates: []tls.Certificate{good}}, x509.NewCertPool(), "certificate", []string{"unknown authority", "ca_file"}},
		"of another": {&tls.Config{Certificates: []tls.Certificate{other}}, otherKnown, "certificate", []string{"127.0.0.1", "write the url"}},
		"expired":    {&tls.Config{Certificates: []tls.Certificate{old}}, oldKnown, "certificate", []string{"expired", "renew"}},
		"no TLS":     {nil, known, "network", []string{"tls", "stratum+tcp"}},
	} {
		t.Run(name, func(t *testing.T) {
			t.Parallel()
			l, err := net.Listen("tcp", "127.0.0.1:0")
			if err != nil {
				t.Fatal(err)
			}
			if tc.server != nil {
				l = tls.NewListener(l, tc.server)
			} else {
				l = talker{l}
			}
			pool := pooltest.New(user, 4)
			pool.Job(pooltest.Example("tls", true))
			pool.Listen(l)
			defer pool.Close()
			s := firstState(t, Config{URL: "stratum+tls://" + l.Addr().String(), User: user, CAs: tc.cas})
			if tc.cause == "" {
				if s.Job == nil {
					t.Errorf("no work: %v", s.Err)
				}
				return
			}
			if s.Job != nil || s.Err == nil {
				t.Fatalf("job %+v, error %v", s.Job, s.Err)
			}
			for _, want := range tc.says {
				if !strings.Contains(s.Err.Error(), want) {
					t.Errorf("error %q does not say %q", s.Err, want)
				}
			}
			if cause := faultCause(s.Err); cause != tc.cause {
				t.Errorf("counted as %s, want %s", cause, tc.cause)
			}
		})
	}
}

// firstState runs a client until it has work or an error.
func firstState(t *testing.T, cfg Config) work.State {
	t.Helper()
	c, err := New(cfg)
	if err != nil {
		t.Fatal(err)
	}
	ctx, cancel := context.WithCancel(t.Context())
	done := make(chan error)
	go func() { done <- c.Run(ctx) }()
	<-c.Changed()
	s := c.State()
	cancel()
	if err := <-done; err != nil {
		t.Error(err)
	}
	return s
}

// talker is a server that speaks first, as TLS does not.
type talker struct{ net.Listener }

func (l talker) Accept() (net.Conn, error) {
	c, err := l.Listener.Accept()
	if err == nil {
		_, err = c.Write([]byte(`{"id":null,"method":"client.show_message","params":["hi"]}` + "\n"))
	}
	return c, err
}
