package influx

import (
	"cmp"
	"crypto/tls"
	"crypto/x509"
	"errors"
	"io"
	"log/slog"
	"net/http"
	"net/url"
	"time"

	influxdb2 "github.com/influxdata/influxdb-client-go/v2"

	"github.com/curtaild/curtaild/energy/store"
)

const (
	cursorName     = "influxdb"
	maxBatch       = 5000
	requestTimeout = 30 * time.Second
	maxAnswer      = 64 << 10 // bytes of an answer that are read
	maxMessage     = 300      // bytes of an error that are shown and kept
)

// Config says where records go.
type Config struct {
	URL    string
	Org    string // empty for 1.8
	Bucket string // database/retention policy for 1.8
	Token  string // user:password for 1.8
	CA     []byte // PEM; empty: the system's
	Dir    string // holds rejected.log
	Logger *slog.Logger
}

// Writer brings the log into InfluxDB.
type Writer struct {
	cfg     Config
	log     *store.Log
	client  influxdb2.Client
	http    *http.Client
	aside   aside
	limit   int // records a batch: less after "too large"
	backoff backoff
	board   board
}

// New checks the config; it connects to nothing.
func New(cfg Config, log *store.Log) (*Writer, error) {
	cfg.Logger = cmp.Or(cfg.Logger, slog.New(slog.DiscardHandler))
	u, err := url.Parse(cfg.URL)
	switch {
	case err != nil:
		return nil, errors.New("influxdb: the url cannot be read") // the error would quote it, and a password in it
	case (u.Scheme != "http" && u.Scheme != "https") || u.Host == "":
		return nil, errors.New("influxdb: the url must be like http://host:8086")
	case u.User != nil:
		return nil, errors.New("influxdb: the url must not hold a password: use the token file")
	case cfg.Bucket == "":
		return nil, errors.New("influxdb: no bucket")
	}
	client, err := httpClient(cfg.CA)
	if err != nil {
		return nil, err
	}
	opt := influxdb2.DefaultOptions().SetHTTPClient(client).SetUseGZip(true).SetPrecision(time.Nanosecond).SetApplicationName("curtaild")
	w := &Writer{
		cfg: cfg, log: log, http: client, limit: maxBatch,
		client: influxdb2.NewClientWithOptions(cfg.URL, cfg.Token, opt),
		aside:  aside{dir: cfg.Dir},
	}
	return w, nil
}

func httpClient(ca []byte) (*http.Client, error) {
	t := http.DefaultTransport.(*http.Transport).Clone()
	t.ResponseHeaderTimeout = requestTimeout
	t.TLSClientConfig = &tls.Config{MinVersion: tls.VersionTLS12}
	if len(ca) > 0 {
		pool := x509.NewCertPool()
		if !pool.AppendCertsFromPEM(ca) {
			return nil, errors.New("influxdb: ca_file holds no certificate")
		}
		t.TLSClientConfig.RootCAs = pool
	}
	return &http.Client{
		Transport: bounded{t},
		Timeout:   requestTimeout,
		// A redirect would turn the write into a read.
		CheckRedirect: func(*http.Request, []*http.Request) error { return http.ErrUseLastResponse },
	}, nil
}

// bounded cuts answers short: the client library reads them whole.
type bounded struct{ http.RoundTripper }

func (b bounded) RoundTrip(r *http.Request) (*http.Response, error) {
	resp, err := b.RoundTripper.RoundTrip(r)
	if err == nil {
		resp.Body = body{io.LimitReader(resp.Body, maxAnswer), resp.Body}
	}
	return resp, err
}

// CloseIdleConnections is what the client's method of that name looks for.
func (b bounded) CloseIdleConnections() {
	if t, ok := b.RoundTripper.(*http.Transport); ok {
		t.CloseIdleConnections()
	}
}

type body struct {
	io.Reader
	io.Closer
}
