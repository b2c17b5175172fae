package api

import (
	"bytes"
	"context"
	"encoding/json"
	"errors"
	"fmt"
	"io"
	"net"
	"net/http"
	"os"
	"syscall"
)

// maxAnswer bounds what a client reads: 10,000 loads are 4 MB.
const maxAnswer = 64 << 20

// Client calls the daemon over its socket.
type Client struct {
	socket string
	http   *http.Client
}

// Dial returns a client of the daemon behind socket. It opens no connection.
func Dial(socket string) *Client {
	dial := func(ctx context.Context, _, _ string) (net.Conn, error) {
		var d net.Dialer
		return d.DialContext(ctx, "unix", socket)
	}
	return &Client{socket, &http.Client{Transport: &http.Transport{DialContext: dial}}}
}

// Status asks how things are.
func (c *Client) Status(ctx context.Context) (Status, error) {
	var s Status
	return s, c.call(ctx, http.MethodGet, "/v1/status", nil, &s)
}

// Hold stops all loads until it is released, also over restarts.
func (c *Client) Hold(ctx context.Context) error {
	return c.call(ctx, http.MethodPut, "/v1/hold", map[string]string{"all": "off"}, nil)
}

// Release ends a hold.
func (c *Client) Release(ctx context.Context) error {
	return c.call(ctx, http.MethodDelete, "/v1/hold", nil, nil)
}

// Drain stops all loads and ends the daemon.
func (c *Client) Drain(ctx context.Context) error {
	return c.call(ctx, http.MethodPost, "/v1/drain", nil, nil)
}

func (c *Client) call(ctx context.Context, method, path string, in, out any) error {
	var body io.Reader
	if in != nil {
		b, err := json.Marshal(in)
		if err != nil {
			return err
		}
		body = bytes.NewReader(b)
	}
	req, err := http.NewRequestWithContext(ctx, method, "http://curtaild"+path, body)
	if err != nil {
		return err
	}
	resp, err := c.http.Do(req)
	switch {
	case errors.Is(err, os.ErrNotExist), errors.Is(err, syscall.ECONNREFUSED):
		return fmt.Errorf("no daemon answers at %s: is curtaild running? (systemctl status curtaild; another socket is given by --socket)", c.socket)
	case errors.Is(err, os.ErrPermission):
		return fmt.Errorf("may not use %s: run this as root or as a member of the daemon's group", c.socket)
	case err != nil:
		return fmt.Errorf("ask the daemon: %w", err)
	}
	defer resp.Body.Close()
	dec := json.NewDecoder(io.LimitReader(resp.Body, maxAnswer))
	if resp.StatusCode != http.StatusOK {
		var fault struct {
			Error string `json:"error"`
		}
		if err := dec.Decode(&fault); err != nil || fault.Error == "" {
			return fmt.Errorf("the daemon answers %s", resp.Status)
		}
		return errors.New(fault.Error)
	}
	if out == nil {
		return nil
	}
	if err := dec.Decode(out); err != nil {
		return fmt.Errorf("read the daemon's answer: %w", err)
	}
	return nil
}
