package influx

import (
	"context"
	"fmt"
	"io"
	"net/http"
	"net/url"
	"strings"
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
		return fmt.Errorf("influxdb: not reached: %w", err)
	}
	defer resp.Body.Close()
	body, _ := io.ReadAll(io.LimitReader(resp.Body, maxMessage))
	switch resp.StatusCode {
	case http.StatusOK, http.StatusNoContent, http.StatusBadRequest, http.StatusUnprocessableEntity:
		return nil // 2.x calls a write of nothing a bad request, after it has let us in
	case http.StatusUnauthorized, http.StatusForbidden:
		return fmt.Errorf("influxdb: %s: the token in token_file may not write to bucket %q", resp.Status, cfg.Bucket)
	case http.StatusNotFound:
		return fmt.Errorf("influxdb: %s: there is no bucket %q in org %q, or no write API at this url", resp.Status, cfg.Bucket, cfg.Org)
	}
	return fmt.Errorf("influxdb: %s: %q", resp.Status, body)
}
