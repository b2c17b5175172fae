package stratum

import (
	"bytes"
	"context"
	"encoding/json"
	"errors"
	"io"
	"net"
	"testing"
	"time"

	"github.com/curtaild/curtaild/hasher/stratum/pooltest"
	"github.com/curtaild/curtaild/hasher/work"
)

// Whatever a pool sends, a session ends with an error or goes on: it does not
// panic, and it never takes up a job that breaks the bounds.
func FuzzSession(f *testing.F) {
	open := `{"id":1,"result":{"version-rolling":true,"version-rolling.mask":"1fffe000"},"error":null}` + "\n" +
		`{"id":2,"result":[[],"08000002",4],"error":null}` + "\n" + `{"id":3,"result":true,"error":null}` + "\n"
	params, _ := json.Marshal(notifyParams(f, pooltest.Example("j", true)))
	notify := `{"method":"mining.notify","params":` + string(params) + "}\n"
	f.Add([]byte(open + `{"id":null,"method":"mining.set_difficulty","params":[0.5]}` + "\n" + notify))
	f.Add([]byte(open + notify + `{"id":null,"method":"mining.set_extranonce","params":["00",2]}` + "\n" + notify))
	f.Add([]byte(open + notify + `{"id":null,"method":"mining.set_version_mask","params":["ffffffff"]}` + "\n" + notify))
	f.Add([]byte(`{"id":1,"result":null,"error":[-3,"no",null]}` + "\n" + `{"id":2,"result":[[],"",0],"error":null}` + "\n" + notify + `{"id":3,"result":true,"error":null}` + "\n"))
	f.Add([]byte(open + `{"id":null,"method":"client.reconnect","params":["",3334,1]}` + "\n"))
	f.Add([]byte(open + `{"id":4,"result":null,"error":[21,"x",null]}` + "\n" + `{"id":9,"method":"mining.ping"}` + "\n" + `{"id":9,"method":"client.show_message","params":["x"]}` + "\n"))
	f.Add([]byte("\n{}\n[]\n"))
	f.Fuzz(func(t *testing.T, data []byte) {
		c, err := New(Config{URL: "stratum+tcp://p:1", Dial: func(context.Context, string, string) (net.Conn, error) {
			return &script{Reader: bytes.NewReader(data)}, nil
		}})
		if err != nil {
			t.Fatal(err)
		}
		err = c.session(t.Context(), c.at)
		if err == nil {
			t.Fatal("a session ended without an error")
		}
		if j := c.State().Job; j != nil && (j.Check() != nil || j.Mask&^work.Rollable != 0 || j.Algorithm != work.SHA256d) {
			t.Errorf("job %+v", j)
		}
		c.lost(err)
		for seq := range uint64(len(data)) { // no more jobs than bytes
			if c.desk.Alive(seq) {
				t.Fatal("a job outlives its session")
			}
		}
	})
}

// script is a connection that says its lines and hangs up.
type script struct {
	io.Reader
	net.Conn
}

func (s *script) Read(b []byte) (int, error)       { return s.Reader.Read(b) }
func (s *script) Write(b []byte) (int, error)      { return len(b), nil }
func (s *script) Close() error                     { return nil }
func (s *script) SetReadDeadline(time.Time) error  { return nil }
func (s *script) SetWriteDeadline(time.Time) error { return nil }

// A job that is taken can be worked on, and hashes as the test's own pool
// says.
func FuzzNotify(f *testing.F) {
	params, _ := json.Marshal(notifyParams(f, pooltest.Example("j", true)))
	f.Add(params, []byte{1, 2, 3, 4}, uint8(4), uint64(7))
	f.Fuzz(func(t *testing.T, data, x1 []byte, size2 uint8, variant uint64) {
		var p []json.RawMessage
		if json.Unmarshal(data, &p) != nil {
			return
		}
		j, _, err := parseNotify(p, subscription{extranonce1: x1, size2: int(size2)}, work.Target{})
		if err != nil {
			if !errors.Is(err, errProtocol) {
				t.Errorf("error of no class: %v", err)
			}
			return
		}
		if err := j.Check(); err != nil {
			t.Fatalf("taken, but %v", err)
		}
		s, ok := j.Variant(variant)
		if !ok {
			return
		}
		s.Nonce = 0xdeadbeef
		h := j.Header(s)
		if !bytes.Equal(h[76:], []byte{0xef, 0xbe, 0xad, 0xde}) || !bytes.Equal(h[4:36], j.Prev[:]) {
			t.Errorf("header %x of %+v", h, j)
		}
		// What goes to the worker process comes out the same.
		wire, err := json.Marshal(j)
		if err != nil {
			t.Fatal(err)
		}
		var back work.Job
		if err := json.Unmarshal(wire, &back); err != nil {
			t.Fatal(err)
		}
		if back.Header(s) != h {
			t.Error("the job changes on its way to the worker")
		}
	})
}
