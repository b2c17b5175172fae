package bitaxe

import (
	"bytes"
	"context"
	"encoding/json"
	"errors"
	"fmt"
	"io"
	"net"
	"net/http"
	"time"

	"github.com/curtaild/curtaild/rigs"
)

// maxBody bounds a reply. Real ones stay under 4 KiB.
const maxBody = 256 << 10

// client is the HTTP side: one connection, no proxy, no redirects.
type client struct {
	base string
	http *http.Client
}

func newClient(addr string) client {
	dialer := &net.Dialer{Timeout: 4 * time.Second}
	return client{
		base: "http://" + addr,
		http: &http.Client{
			Timeout: 10 * time.Second,
			Transport: &http.Transport{
				DialContext: dialer.DialContext, MaxConnsPerHost: 1, MaxIdleConnsPerHost: 1,
				IdleConnTimeout: 2 * time.Minute, DisableCompression: true,
				MaxResponseHeaderBytes: 16 << 10, ReadBufferSize: 2 << 10, WriteBufferSize: 1 << 10,
			},
			CheckRedirect: func(*http.Request, []*http.Request) error { return http.ErrUseLastResponse },
		},
	}
}

func (c client) get(ctx context.Context, path string, out any) error {
	body, err := c.do(ctx, http.MethodGet, path, nil)
	if err != nil {
		return err
	}
	if err := decode(body, out); err != nil {
		return fmt.Errorf("GET %s: %w", path, err)
	}
	return nil
}

// decode reads a body that is one JSON document.
func decode(body []byte, out any) error {
	dec := json.NewDecoder(bytes.NewReader(body))
	if err := dec.Decode(out); err != nil {
		return fmt.Errorf("%w: %w", rigs.ErrGarbage, err)
	}
	if _, err := dec.Token(); !errors.Is(err, io.EOF) {
		return fmt.Errorf("more than one document: %w", rigs.ErrGarbage)
	}
	return nil
}

func (c client) send(ctx context.Context, method, path string, in any) error {
	var body []byte
	if in != nil {
		b, err := json.Marshal(in)
		if err != nil {
			return fmt.Errorf("%s %s: %w", method, path, err)
		}
		body = b
	}
	_, err := c.do(ctx, method, path, body)
	return err
}

// do makes one request and returns the body of a good answer.
func (c client) do(ctx context.Context, method, path string, body []byte) ([]byte, error) {
	req, err := http.NewRequestWithContext(ctx, method, c.base+path, bytes.NewReader(body))
	if err != nil {
		return nil, fmt.Errorf("%s %s: %w", method, path, err)
	}
	if body != nil {
		req.Header.Set("Content-Type", "application/json")
	}
	// All that we send may be sent twice: the transport may repeat it when the
	// device has just closed the idle connection. The empty value keeps the
	// header off the wire.
	req.Header["Idempotency-Key"] = []string{}
	resp, err := c.http.Do(req)
	if err != nil {
		return nil, fmt.Errorf("%s %s: %w", method, path, classify(ctx, err))
	}
	defer resp.Body.Close()
	answer, err := io.ReadAll(io.LimitReader(resp.Body, maxBody+1))
	switch {
	case err != nil:
		return nil, fmt.Errorf("%s %s: %w", method, path, classify(ctx, err))
	case len(answer) > maxBody:
		return nil, fmt.Errorf("%s %s: over %d bytes: %w", method, path, maxBody, rigs.ErrGarbage)
	case resp.StatusCode == http.StatusNotFound || resp.StatusCode == http.StatusMethodNotAllowed:
		return nil, fmt.Errorf("%s %s: %s: %w", method, path, resp.Status, rigs.ErrUnsupported)
	case resp.StatusCode != http.StatusOK:
		return nil, fmt.Errorf("%s %s: %d: %w", method, path, resp.StatusCode, rigs.ErrRefused)
	}
	return answer, nil
}

// classify tells silence from nonsense.
func classify(ctx context.Context, err error) error {
	if cause := ctx.Err(); cause != nil {
		return fmt.Errorf("%w: %w: %w", rigs.ErrUnreachable, cause, err)
	}
	var op *net.OpError
	var timeout net.Error
	switch {
	case errors.Is(err, io.ErrUnexpectedEOF):
		return fmt.Errorf("reply ends too early: %w: %w", rigs.ErrGarbage, err)
	case errors.As(err, &op), errors.Is(err, io.EOF), errors.As(err, &timeout) && timeout.Timeout():
		return fmt.Errorf("%w: %w", rigs.ErrUnreachable, err)
	}
	return fmt.Errorf("%w: %w", rigs.ErrGarbage, err)
}
