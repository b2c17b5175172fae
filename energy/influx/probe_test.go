package influx

import (
	"context"
	"encoding/pem"
	"errors"
	"io"
	"log"
	"net/http"
	"net/http/httptest"
	"strings"
	"testing"
)

func TestProbeSaysWhatHelps(t *testing.T) {
	for _, tc := range []struct {
		status int
		body   string
		want   []string // in the error; none: no error
	}{
		{status: 200},
		{status: 204},
		{status: 400, body: `{"code":"invalid","message":"writing requires points"}`},
		{status: 422},
		{status: 401, want: []string{"401 Unauthorized", "influxdb.token_file", `"plant"`}},
		{status: 403, want: []string{"403 Forbidden", "influxdb.token_file", `"plant"`}},
		{status: 404, want: []string{"404 Not Found", `no bucket "plant" in org "acme"`, "influxdb.url"}},
		{status: 405, body: "not here", want: []string{"405", "influxdb.url", "not here"}},
		{status: 500, body: "disk\x1b full", want: []string{"500 Internal Server Error", "its log", `disk\x1b full`}},
		{status: 301, want: []string{"301", "influxdb.url"}},
	} {
		t.Run(http.StatusText(tc.status), func(t *testing.T) {
			var asked []*http.Request
			var sent string
			server := httptest.NewServer(http.HandlerFunc(func(w http.ResponseWriter, r *http.Request) {
				b, _ := io.ReadAll(r.Body)
				asked, sent = append(asked, r), string(b)
				w.Header().Set("Location", "/elsewhere")
				w.WriteHeader(tc.status)
				_, _ = io.WriteString(w, tc.body)
			}))
			defer server.Close()
			err := Probe(t.Context(), Config{URL: server.URL + "/", Org: "acme", Bucket: "plant", Token: "hush"})
			says(t, err, tc.want)
			if len(asked) != 1 {
				t.Fatalf("%d requests", len(asked))
			}
			r := asked[0]
			if r.Method != http.MethodPost || r.URL.Path != "/api/v2/write" || r.URL.Query().Get("bucket") != "plant" ||
				r.URL.Query().Get("org") != "acme" || r.Header.Get("Authorization") != "Token hush" {
				t.Errorf("%s %s %v", r.Method, r.URL, r.Header)
			}
			if strings.TrimSpace(sent) != "" {
				t.Errorf("it writes %q", sent)
			}
		})
	}
}

// says fails the test unless err says all that is wanted, or is nil where
// nothing is.
func says(t *testing.T, err error, want []string) {
	t.Helper()
	if (err != nil) != (len(want) > 0) {
		t.Fatalf("%v, want %q", err, want)
	}
	for _, w := range want {
		if !strings.Contains(err.Error(), w) {
			t.Errorf("%v, want %q", err, w)
		}
	}
	if err != nil && strings.Contains(err.Error(), "hush") {
		t.Errorf("it tells the token: %v", err)
	}
}

func TestProbeNothingThere(t *testing.T) {
	server := httptest.NewServer(http.NotFoundHandler())
	server.Close()
	err := Probe(t.Context(), Config{URL: server.URL, Bucket: "plant", Token: "hush"})
	says(t, err, []string{"not reached", "is it running", "influxdb.url", "connection refused"})
}

func TestProbeOverTLS(t *testing.T) {
	server := httptest.NewUnstartedServer(http.HandlerFunc(func(w http.ResponseWriter, _ *http.Request) { w.WriteHeader(http.StatusNoContent) }))
	server.Config.ErrorLog = log.New(io.Discard, "", 0) // it complains of clients that do not trust it
	server.StartTLS()
	defer server.Close()
	cfg := Config{URL: server.URL, Bucket: "plant", Token: "hush"}
	says(t, Probe(t.Context(), cfg), []string{"not reached", "influxdb.ca_file"})
	cfg.CA = pem.EncodeToMemory(&pem.Block{Type: "CERTIFICATE", Bytes: server.Certificate().Raw})
	says(t, Probe(t.Context(), cfg), nil)
}

// InfluxDB 1.8 knows no organizations, 2.x needs one: a bad request that is
// not about the missing points.
func TestProbeWantsOrganization(t *testing.T) {
	server := httptest.NewServer(http.HandlerFunc(func(w http.ResponseWriter, r *http.Request) {
		w.WriteHeader(http.StatusBadRequest)
		msg := "writing requires points"
		if r.URL.Query().Get("org") == "" {
			msg = "Please provide either orgID or org"
		}
		_, _ = io.WriteString(w, `{"code":"invalid","message":"`+msg+`"}`)
	}))
	defer server.Close()
	cfg := Config{URL: server.URL, Bucket: "plant", Token: "hush"}
	says(t, Probe(t.Context(), cfg), []string{"influxdb.org"})
	cfg.Org = "acme"
	says(t, Probe(t.Context(), cfg), nil)
}

// A server that takes the request and never answers.
func TestProbeEndsWithItsContext(t *testing.T) {
	ctx, cancel := context.WithCancel(t.Context())
	release := make(chan struct{})
	server := httptest.NewServer(http.HandlerFunc(func(http.ResponseWriter, *http.Request) {
		cancel()
		<-release
	}))
	defer server.Close()
	defer close(release)
	err := Probe(ctx, Config{URL: server.URL, Bucket: "plant"})
	if !errors.Is(err, context.Canceled) {
		t.Errorf("%v", err)
	}
}
