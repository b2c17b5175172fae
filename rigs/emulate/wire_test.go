package emulate

import (
	"bytes"
	"encoding/json"
	"io"
	"net"
	"sync"
	"testing"
	"time"
)

// clock is a clock that a test moves by hand.
type clock struct {
	mu  sync.Mutex
	now time.Time
}

func newClock() *clock { return &clock{now: epoch} }

func (c *clock) Now() time.Time {
	c.mu.Lock()
	defer c.mu.Unlock()
	return c.now
}

func (c *clock) add(d time.Duration) {
	c.mu.Lock()
	defer c.mu.Unlock()
	c.now = c.now.Add(d)
}

func startLux(t *testing.T, o Options) *LuxOS {
	t.Helper()
	l, err := NewLuxOS(o)
	if err != nil {
		t.Fatal(err)
	}
	t.Cleanup(func() { l.Close() })
	return l
}

func startAxe(t *testing.T, o Options) *Bitaxe {
	t.Helper()
	x, err := NewBitaxe(o)
	if err != nil {
		t.Fatal(err)
	}
	t.Cleanup(func() { x.Close() })
	return x
}

func dial(t testing.TB, addr string) net.Conn {
	t.Helper()
	conn, err := net.Dial("tcp", addr)
	if err != nil {
		t.Fatal(err)
	}
	t.Cleanup(func() { conn.Close() })
	return conn
}

// raw sends a request and returns all that comes back, and how it ended.
func raw(t testing.TB, addr, request string) ([]byte, error) {
	t.Helper()
	conn, err := net.Dial("tcp", addr)
	if err != nil {
		return nil, err
	}
	defer conn.Close()
	if _, err := io.WriteString(conn, request); err != nil {
		return nil, err
	}
	return io.ReadAll(conn)
}

// ask sends a LuxOS command as JSON and returns the document.
func ask(t testing.TB, addr, command, parameter string) map[string]any {
	t.Helper()
	q, err := json.Marshal(map[string]string{"command": command, "parameter": parameter})
	if err != nil {
		t.Fatal(err)
	}
	b, err := raw(t, addr, string(q))
	if err != nil {
		t.Fatalf("%s: %v", command, err)
	}
	doc, ok := bytes.CutSuffix(b, []byte{0})
	if !ok {
		t.Fatalf("%s: the reply %q does not end in NUL", command, b)
	}
	var m map[string]any
	if err := json.Unmarshal(doc, &m); err != nil {
		t.Fatalf("%s: %v in %q", command, err, doc)
	}
	return m
}

// field digs a value out of a document's section.
func field(t testing.TB, m map[string]any, section, key string) any {
	t.Helper()
	rows, ok := m[section].([]any)
	if !ok || len(rows) == 0 {
		t.Fatalf("no section %s in %v", section, m)
	}
	v, ok := rows[0].(map[string]any)[key]
	if !ok {
		t.Fatalf("no %s.%s in %v", section, key, m)
	}
	return v
}

func code(t testing.TB, m map[string]any) (string, int) {
	t.Helper()
	return field(t, m, "STATUS", "STATUS").(string), int(field(t, m, "STATUS", "Code").(float64))
}

func want(t *testing.T, m map[string]any, status string, number int) {
	t.Helper()
	if s, n := code(t, m); s != status || n != number {
		t.Errorf("STATUS %s code %d, want %s code %d: %v", s, n, status, number, m)
	}
}

func logon(t testing.TB, addr string) string {
	t.Helper()
	m := ask(t, addr, "logon", "")
	if s, _ := code(t, m); s != "S" {
		t.Fatalf("logon refused: %v", m)
	}
	return field(t, m, "SESSION", "SessionID").(string)
}
