package solo

import (
	"bytes"
	"context"
	"encoding/hex"
	"encoding/json"
	"fmt"
	"io"
	"net"
	"net/http"
	"slices"
	"sync"
	"testing"
	"testing/synctest"

	"github.com/curtaild/curtaild/hasher/work"
)

// fake is a node that is strict about what it is asked, and can be told to
// misbehave. Its chain is as hard as a regression-test chain.
type fake struct {
	t       *testing.T
	conns   chan net.Conn
	verdict any // on blocks; nil: taken

	mu       sync.Mutex
	tip      work.Hash
	height   int64
	moved    chan struct{} // closed when the tip moves
	noPoll   bool
	later    int  // seconds that its clock has gone on
	void     bool // work on the template before does not count
	user     string
	password string
	calls    map[string]int
	upset    func(method string, w http.ResponseWriter) bool // answers in its place; the method of long polls is "long poll"
}

// inBubble runs a client against a fake node in a bubble of time.
func inBubble(t *testing.T, change func(*Config), test func(t *testing.T, f *fake, c *Client)) {
	synctest.Test(t, func(t *testing.T) {
		f := newFake(t)
		c := f.client(change)
		start(t, c)
		test(t, f, c)
	})
}

// rested is what a client in a bubble says once everything rests.
func rested(c *Client) work.State {
	synctest.Wait()
	return c.State()
}

func newFake(t *testing.T) *fake {
	f := &fake{t: t, conns: make(chan net.Conn), moved: make(chan struct{}), user: "miner", password: "correct-horse", calls: map[string]int{}, height: 99}
	server := &http.Server{Handler: f}
	go func() { _ = server.Serve(f) }()
	t.Cleanup(func() { server.Close() })
	return f
}

// Accept, Close and Addr make it a listener without a network, which can live
// in a bubble of time.
func (f *fake) Accept() (net.Conn, error) {
	c, ok := <-f.conns
	if !ok {
		return nil, net.ErrClosed
	}
	return c, nil
}

func (f *fake) Close() error   { close(f.conns); return nil }
func (f *fake) Addr() net.Addr { return &net.TCPAddr{} }

func (f *fake) dial(ctx context.Context, _, _ string) (net.Conn, error) {
	near, far := net.Pipe()
	select {
	case f.conns <- far:
		return near, nil
	case <-ctx.Done():
		return nil, ctx.Err()
	}
}

func (f *fake) client(change func(*Config)) *Client {
	cfg := Config{URL: "http://node.test:8332", User: f.user, Password: f.password, Payout: anyone, Dial: f.dial}
	if change != nil {
		change(&cfg)
	}
	c, err := New(cfg)
	if err != nil {
		f.t.Fatal(err)
	}
	c.easiest = all()
	return c
}

func (f *fake) behave(upset func(method string, w http.ResponseWriter) bool) {
	f.mu.Lock()
	defer f.mu.Unlock()
	f.upset = upset
}

func (f *fake) count(method string) int {
	f.mu.Lock()
	defer f.mu.Unlock()
	return f.calls[method]
}

// overtake has somebody else find the next block.
func (f *fake) overtake() {
	f.mu.Lock()
	defer f.mu.Unlock()
	f.extend(work.Hash{1})
}

// extend puts a block on the chain; the lock is held.
func (f *fake) extend(tip work.Hash) {
	f.tip, f.height = tip, f.height+1
	close(f.moved)
	f.moved = make(chan struct{})
}

func (f *fake) ServeHTTP(w http.ResponseWriter, r *http.Request) {
	var call struct {
		Version string            `json:"jsonrpc"`
		ID      json.RawMessage   `json:"id"`
		Method  string            `json:"method"`
		Params  []json.RawMessage `json:"params"`
	}
	body, err := io.ReadAll(r.Body)
	d := json.NewDecoder(bytes.NewReader(body))
	d.DisallowUnknownFields()
	if err != nil || d.Decode(&call) != nil || call.Version != "1.0" || r.Method != http.MethodPost || r.Header.Get("Content-Type") != "application/json" {
		f.t.Errorf("a call that is none: %s %.200s", r.Method, body)
	}
	f.mu.Lock()
	f.calls[call.Method]++
	upset := f.upset
	user, password, _ := r.BasicAuth()
	known := user == f.user && password == f.password
	f.mu.Unlock()
	method := call.Method
	if bytes.Contains(body, []byte("longpollid")) {
		method = "long poll"
	}
	if upset != nil && upset(method, w) {
		return
	}
	if !known {
		w.WriteHeader(http.StatusUnauthorized)
		return
	}
	result := f.answer(r.Context(), call.Method, call.Params)
	fmt.Fprintf(w, `{"result":%s,"error":null,"id":%s}`, encodeAny(result), call.ID)
}

func encodeAny(v any) []byte {
	b, _ := json.Marshal(v)
	return b
}

func (f *fake) answer(ctx context.Context, method string, params []json.RawMessage) any {
	switch method {
	case "validateaddress":
		return fields{"isvalid": string(params[0]) == `"`+anyone+`"`}
	case "getblocktemplate":
		return f.template(ctx, params)
	case "submitblock":
		return f.judge(params)
	}
	f.t.Errorf("call of %q", method)
	return nil
}

func (f *fake) template(ctx context.Context, params []json.RawMessage) any {
	var ask struct {
		Rules        []string
		Capabilities []string
		LongPollID   string
	}
	if len(params) != 1 || json.Unmarshal(params[0], &ask) != nil || !slices.Contains(ask.Rules, "segwit") {
		f.t.Errorf("template asked for with %s", params)
	}
	f.mu.Lock()
	moved := f.moved
	wait := ask.LongPollID == fmt.Sprint(f.height)
	f.mu.Unlock()
	if wait {
		select {
		case <-moved:
		case <-ctx.Done():
			return nil
		}
	}
	f.mu.Lock()
	defer f.mu.Unlock()
	tip := f.tip
	slices.Reverse(tip[:])
	a := fields{
		"version": 0x20000000, "rules": []string{"!segwit"}, "previousblockhash": hex.EncodeToString(tip[:]), "transactions": []fields{},
		"coinbasevalue": 50e8, "mintime": 1700000000, "curtime": 1700000600 + f.later, "bits": "207fffff", "height": f.height + 1,
	}
	if f.void {
		a["submitold"] = false
	}
	if !f.noPoll {
		a["longpollid"] = fmt.Sprint(f.height)
	}
	return a
}

func (f *fake) judge(params []json.RawMessage) any {
	var text string
	if len(params) != 1 || json.Unmarshal(params[0], &text) != nil {
		f.t.Errorf("block in %.200s", params)
	}
	raw, err := hex.DecodeString(text)
	if err != nil || len(raw) < 200 {
		f.t.Errorf("block %.200q", text)
		return "rejected"
	}
	f.mu.Lock()
	defer f.mu.Unlock()
	hash := work.Double(raw[:80])
	target, _ := work.CompactTarget(0x207fffff)
	switch {
	case f.verdict != nil:
		return f.verdict
	case hash == f.tip:
		return "duplicate"
	case !bytes.Equal(raw[4:36], f.tip[:]):
		return "inconclusive-not-best-prevblk"
	case !target.Met(hash):
		return "high-hash"
	}
	f.extend(hash)
	return nil
}
