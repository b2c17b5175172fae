package pooltest

import (
	"bufio"
	"bytes"
	"encoding/json"
	"fmt"
	"net"
	"slices"
	"strconv"
	"sync"
	"time"
)

// conn is one miner. The pool's lock guards it.
type conn struct {
	pool        *Pool
	nc          net.Conn
	extranonce1 string
	size2       int
	lastID      uint64
	configured  bool
	subscribed  bool
	ready       bool
	rolling     bool
	extranonces bool
	mask        string
	jobs        map[string]*given
	out         chan line
	quit        chan struct{}
	once        sync.Once
}

// line is something to be sent, not before its time.
type line struct {
	raw []byte
	at  time.Time
}

func newConn(p *Pool, nc net.Conn, extranonce1 string) *conn {
	return &conn{
		pool: p, nc: nc, extranonce1: extranonce1, size2: p.size2, mask: "00000000",
		jobs: map[string]*given{}, out: make(chan line, 1024), quit: make(chan struct{}),
	}
}

func (c *conn) hangup() {
	c.once.Do(func() {
		close(c.quit)
		c.nc.Close()
	})
}

func (c *conn) send(b []byte) {
	select {
	case c.out <- line{b, time.Now().Add(c.pool.Lag)}:
	default:
		c.pool.event("violation", "miner does not read")
	}
}

func (c *conn) write() {
	for {
		select {
		case <-c.quit:
			return
		case l := <-c.out:
			select {
			case <-c.quit:
				return
			case <-time.After(time.Until(l.at)):
			}
			if _, err := c.nc.Write(l.raw); err != nil {
				return
			}
		}
	}
}

// request is a line from a miner: a call, or the answer to ours.
type request struct {
	ID     json.RawMessage `json:"id"`
	Method *string         `json:"method"`
	Params *[]any          `json:"params"`
	Result json.RawMessage `json:"result"`
	Error  json.RawMessage `json:"error"`
}

func (c *conn) read() {
	sc := bufio.NewScanner(c.nc)
	for sc.Scan() {
		dec := json.NewDecoder(bytes.NewReader(sc.Bytes()))
		dec.DisallowUnknownFields()
		var r request
		if err := dec.Decode(&r); err != nil || len(r.ID) == 0 || dec.More() {
			c.pool.event("violation", "no message: %q", sc.Text())
			return
		}
		if !c.heard(r) {
			return
		}
	}
}

// heard acts on one line; false ends the connection.
func (c *conn) heard(r request) bool {
	c.pool.mu.Lock()
	defer c.pool.mu.Unlock()
	if c.pool.mute {
		return true
	}
	if r.Method == nil {
		c.pool.event("answered", "%s: %s, %s", r.ID, r.Result, r.Error)
		return true
	}
	id, err := strconv.ParseUint(string(r.ID), 10, 64)
	if err != nil || id <= c.lastID || r.Params == nil || r.Result != nil || r.Error != nil {
		c.pool.event("violation", "not a call, or not the next: %s %s", r.ID, *r.Method)
		return false
	}
	c.lastID = id
	switch c.pool.Unknown[*r.Method] {
	case "error":
		c.send(fmt.Appendf(nil, `{"id":%d,"result":null,"error":[-3,"Method not found",null]}`+"\n", id))
		return true
	case "silence":
		return true
	case "hangup":
		return false
	}
	result, fault := c.handle(*r.Method, *r.Params)
	if fault == "" {
		fault = "null"
	}
	c.send(fmt.Appendf(nil, `{"id":%d,"result":%s,"error":%s}`+"\n", id, result, fault))
	if *r.Method == "mining.authorize" && c.ready {
		c.send([]byte(`{"id":null,"method":"mining.set_difficulty","params":[` + c.pool.difficulty + "]}\n"))
		if c.pool.job != nil {
			c.give(*c.pool.job)
		}
	}
	return true
}

func (c *conn) handle(method string, params []any) (result, fault string) {
	switch method {
	case "mining.configure":
		return c.configure(params)
	case "mining.subscribe":
		if len(params) != 1 || c.subscribed {
			return c.violation("subscribe %v, again: %t", params, c.subscribed)
		}
		c.subscribed = true
		c.pool.event("subscribed", "%v", params)
		return fmt.Sprintf(`[[["mining.set_difficulty","1"],["mining.notify","1"]],%q,%d]`, c.extranonce1, c.size2), ""
	case "mining.authorize":
		if !c.subscribed || c.ready || len(params) != 2 {
			return c.violation("authorize %d parameters, subscribed: %t", len(params), c.subscribed)
		}
		if params[0] != c.pool.user || c.pool.Deny {
			return "false", `[24,"Unauthorized worker",null]`
		}
		c.ready = true
		c.pool.event("authorized", "%v", params[0])
		return "true", ""
	case "mining.extranonce.subscribe":
		if len(params) != 0 || !c.subscribed {
			return c.violation("extranonce.subscribe %v", params)
		}
		c.extranonces = true
		return "true", ""
	case "mining.ping":
		c.pool.event("pinged", "")
		return `"pong"`, ""
	case "mining.submit":
		return c.submit(params)
	}
	return c.violation("unknown method %q", method)
}

// violation is what no miner may send, whatever it knows.
func (c *conn) violation(format string, args ...any) (result, fault string) {
	c.pool.event("violation", format, args...)
	return "null", `[20,"Not understood",null]`
}

// configure grants what the pool has of the extensions asked for (BIP 310).
func (c *conn) configure(params []any) (result, fault string) {
	if c.configured || c.subscribed || len(params) != 2 {
		return c.violation("configure with %d parameters, again or late", len(params))
	}
	c.configured = true
	names, isList := params[0].([]any)
	values, isMap := params[1].(map[string]any)
	if !isList || !isMap {
		return c.violation("configure %v", params)
	}
	known := []any{"version-rolling", "minimum-difficulty", "subscribe-extranonce"}
	grant := map[string]any{}
	for _, n := range names {
		if !slices.Contains(known, n) {
			return c.violation("configure: extension %v", n)
		}
		grant[n.(string)] = n != "version-rolling"
	}
	if _, ok := grant["version-rolling"]; ok {
		mask, _ := values["version-rolling.mask"].(string)
		bits, isNumber := values["version-rolling.min-bit-count"].(float64)
		if len(mask) != 8 || !isHex(mask) || !isNumber || bits < 1 || bits > 32 {
			return c.violation("configure: version rolling %v", values)
		}
		if c.pool.Mask != "" {
			c.rolling, c.mask = true, fmt.Sprintf("%08x", mustInt(mask)&mustInt(c.pool.Mask))
			grant["version-rolling"], grant["version-rolling.mask"] = true, c.mask
		}
	}
	if _, ok := grant["minimum-difficulty"]; ok {
		if d, isNumber := values["minimum-difficulty.value"].(float64); !isNumber || d <= 0 {
			return c.violation("configure: minimum difficulty %v", values)
		}
	}
	_, c.extranonces = grant["subscribe-extranonce"]
	raw, _ := json.Marshal(grant)
	c.pool.event("configured", "%s", raw)
	return string(raw), ""
}
