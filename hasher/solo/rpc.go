package solo

import (
	"bytes"
	"context"
	"crypto/tls"
	"encoding/json"
	"errors"
	"fmt"
	"io"
	"net"
	"net/http"
	"net/url"
	"os"
	"strings"
	"time"
)

const (
	maxAnswer   = 16 << 20 // a full block's transactions as hex, twice over
	maxHeaders  = 16 << 10
	maxCookie   = 4 << 10
	callTimeout = 30 * time.Second // of all calls but the long poll
	dialTimeout = 10 * time.Second
)

// rpcError is the node's refusal of a call.
type rpcError struct {
	Code    int    `json:"code"`
	Message string `json:"message"`
}

func (e *rpcError) Error() string {
	return fmt.Sprintf("the node refuses: %.200q (code %d)", e.Message, e.Code)
}

// The codes that a miner meets; they are the same in all descendants of
// Bitcoin's node.
const (
	codeNoPeers  = -9
	codeSyncing  = -10
	codeStarting = -28
	codeNoMethod = -32601
)

// node is the far end of the calls.
type node struct {
	cfg  *Config
	at   *url.URL
	http *http.Client
}

func newNode(cfg *Config) (*node, error) {
	u, err := url.Parse(cfg.URL)
	switch {
	case err != nil:
		return nil, fmt.Errorf("node url: %w", err)
	case u.Scheme != "http" && u.Scheme != "https":
		return nil, fmt.Errorf("node url %q: want http:// or https://", u.Redacted())
	case u.Hostname() == "" || u.Port() == "":
		return nil, fmt.Errorf("node url %q: want a host and a port, as in http://127.0.0.1:8332", u.Redacted())
	case u.User != nil:
		return nil, fmt.Errorf("node url %q: user and password have keys of their own", u.Redacted())
	case u.RawQuery != "" || u.Fragment != "":
		return nil, fmt.Errorf("node url %q: nothing may follow the path", u.Redacted())
	}
	dialer := &net.Dialer{Timeout: dialTimeout, KeepAliveConfig: net.KeepAliveConfig{
		Enable: true, Idle: 10 * time.Second, Interval: 5 * time.Second, Count: 3, // a host that is gone ends a long poll
	}}
	dial := cfg.Dial
	if dial == nil {
		dial = dialer.DialContext
	}
	return &node{cfg: cfg, at: u, http: &http.Client{
		// The password must not follow a redirection.
		CheckRedirect: func(*http.Request, []*http.Request) error { return http.ErrUseLastResponse },
		Transport: &http.Transport{
			DialContext: dial, DisableCompression: true, MaxResponseHeaderBytes: maxHeaders,
			TLSClientConfig: &tls.Config{RootCAs: cfg.CAs, MinVersion: tls.VersionTLS12}, TLSHandshakeTimeout: dialTimeout,
			MaxIdleConns: 2, IdleConnTimeout: time.Minute,
		},
	}}, nil
}

// call makes one call, and gives its result: null if there is none.
func (n *node) call(ctx context.Context, method string, params ...any) (json.RawMessage, error) {
	if params == nil {
		params = []any{}
	}
	body, err := json.Marshal(map[string]any{"jsonrpc": "1.0", "id": method, "method": method, "params": params})
	if err != nil {
		return nil, err
	}
	req, err := http.NewRequestWithContext(ctx, http.MethodPost, n.at.String(), bytes.NewReader(body))
	if err != nil {
		return nil, err
	}
	req.Header.Set("Content-Type", "application/json")
	user, password, err := n.credentials()
	if err != nil {
		return nil, err
	}
	if user != "" || password != "" {
		req.SetBasicAuth(user, password)
	}
	resp, err := n.http.Do(req)
	if err != nil {
		if e, ok := errors.AsType[*url.Error](err); ok {
			err = e.Err // without the address, which is named already
		}
		return nil, err
	}
	defer resp.Body.Close()
	raw, err := readAnswer(resp)
	if err != nil {
		return nil, err
	}
	return result(resp.StatusCode, raw, method)
}

// credentials are read anew for each call: a node writes another cookie
// whenever it starts.
func (n *node) credentials() (user, password string, err error) {
	if n.cfg.CookieFile == "" {
		return n.cfg.User, n.cfg.Password, nil
	}
	f, err := os.Open(n.cfg.CookieFile)
	if err != nil {
		return "", "", fmt.Errorf("cookie_file: %w: is the node running, and may curtaild read its folder?", err)
	}
	defer f.Close()
	raw, err := io.ReadAll(io.LimitReader(f, maxCookie))
	if err != nil {
		return "", "", fmt.Errorf("cookie_file: %w", err)
	}
	user, password, ok := strings.Cut(strings.TrimRight(string(raw), "\r\n"), ":")
	if !ok {
		return "", "", fmt.Errorf("cookie_file %s does not hold user:password: name the node's .cookie", n.cfg.CookieFile)
	}
	return user, password, nil
}

func readAnswer(resp *http.Response) ([]byte, error) {
	tooLarge := fmt.Errorf("%w: more than %d bytes", errLarge, maxAnswer)
	var b bytes.Buffer
	switch {
	case resp.ContentLength > maxAnswer: // nothing of it is of use
		return nil, tooLarge
	case resp.ContentLength > 0:
		b.Grow(int(resp.ContentLength) + bytes.MinRead)
	}
	if _, err := b.ReadFrom(io.LimitReader(resp.Body, maxAnswer+1)); err != nil {
		return nil, fmt.Errorf("read the node's answer: %w", err)
	}
	if b.Len() > maxAnswer {
		return nil, tooLarge
	}
	return b.Bytes(), nil
}

// result reads an answer. Nodes put refusals under status 500 or 404, with a
// body that says more; others of them under 200.
func result(status int, raw []byte, method string) (json.RawMessage, error) {
	switch status {
	case http.StatusUnauthorized:
		return nil, errAuth
	case http.StatusForbidden:
		return nil, errForbidden
	}
	var answer struct {
		ID     json.RawMessage `json:"id"`
		Result json.RawMessage `json:"result"`
		Error  *rpcError       `json:"error"`
	}
	err := json.Unmarshal(raw, &answer)
	switch {
	case err == nil && answer.Error != nil:
		return nil, refusal(answer.Error)
	case status != http.StatusOK:
		return nil, fmt.Errorf("%w with status %d", errStatus, status)
	case err != nil:
		return nil, fmt.Errorf("%w: answer of %d bytes: %w", errProtocol, len(raw), err)
	case string(answer.ID) != `"`+method+`"`:
		return nil, fmt.Errorf("%w: answer to another call, %.40q", errProtocol, answer.ID)
	case len(answer.Result) == 0:
		return json.RawMessage("null"), nil
	}
	return answer.Result, nil
}

func refusal(e *rpcError) error {
	switch e.Code {
	case codeNoPeers:
		return errPeers
	case codeSyncing:
		return errSyncing
	case codeStarting:
		return errStarting
	default:
		if strings.Contains(strings.ToLower(e.Message), "mweb rule") { // Litecoin's node, before it says anything else
			return fmt.Errorf("%w: %w: %w", errUnsupported, errMWEB, e)
		}
		return e
	}
}
