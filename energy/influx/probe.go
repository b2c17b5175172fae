package influx

import (
	"context"
	"crypto/x509"
	"errors"
	"fmt"
	"io"
	"net/http"
	"net/url"
	"os"
	"strings"
	"syscall"
)

// Probe asks the database of cfg, with a write of nothing, whether it would
// take our records. It writes nothing.
func Probe(ctx context.Context, cfg Config) error {
	client, err := httpClient(cfg.CA)
	if err != nil {
		return err
	}
	defer client.CloseIdleConnections()
	u := strings.TrimSuffix(cfg.URL, "/") + "/api/v2/write?precision=ns&bucket=" + url.QueryEscape(cfg.Bucket) + "&org=" + url.QueryEscape(cfg.Org)
	req, err := http.NewRequestWithContext(ctx, http.MethodPost, u, strings.NewReader("\n"))
	if err != nil {
		return fmt.Errorf("influxdb: %w", err)
	}
	req.Header.Set("Authorization", "Token "+cfg.Token)
	resp, err := client.Do(req)
	if err != nil {
		return unreached(err)
	}
	defer resp.Body.Close()
	body, _ := io.ReadAll(io.LimitReader(resp.Body, maxMessage))
	switch code := resp.StatusCode; {
	case code == http.StatusBadRequest && cfg.Org == "" && strings.Contains(string(body), "org"):
		return fmt.Errorf("influxdb: %s: this server wants an organization: set influxdb.org: %q", resp.Status, body)
	case code == http.StatusOK, code == http.StatusNoContent, code == http.StatusBadRequest, code == http.StatusUnprocessableEntity:
		return nil // 2.x calls a write of nothing a bad request, after it has let us in
	case code == http.StatusUnauthorized, code == http.StatusForbidden:
		return fmt.Errorf("influxdb: %s: the token in influxdb.token_file may not write to bucket %q", resp.Status, cfg.Bucket)
	case code == http.StatusNotFound:
		return fmt.Errorf("influxdb: %s: there is no bucket %q in org %q, or no write API at influxdb.url", resp.Status, cfg.Bucket, cfg.Org)
	case code >= 500:
		return fmt.Errorf("influxdb: %s: the fault is the server's, look at its log: %q", resp.Status, body)
	}
	return fmt.Errorf("influxdb: %s: is influxdb.url an InfluxDB? %q", resp.Status, body)
}

// unreached says why there was no answer, and what helps.
func unreached(err error) error {
	if wrapped, ok := errors.AsType[*url.Error](err); ok {
		err = wrapped.Err // without the address, which is long
	}
	var authority x509.UnknownAuthorityError
	switch {
	case errors.Is(err, syscall.ECONNREFUSED):
		return fmt.Errorf("influxdb: not reached: nothing listens there: is it running, and is the port in influxdb.url right? (%w)", err)
	case errors.As(err, &authority):
		return fmt.Errorf("influxdb: not reached: this machine does not know the authority of its certificate: set influxdb.ca_file to that (%w)", err)
	case errors.Is(err, context.DeadlineExceeded), errors.Is(err, os.ErrDeadlineExceeded):
		return fmt.Errorf("influxdb: no answer in time: is influxdb.url right, and does a firewall let it through? (%w)", err)
	}
	return fmt.Errorf("influxdb: not reached: %w", err)
}
