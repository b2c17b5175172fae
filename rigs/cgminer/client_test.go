package cgminer

import (
	"context"
	"errors"
	"io"
	"net"
	"strings"
	"testing"
	"time"

	"github.com/curtaild/curtaild/rigs"
)

const good = `{"STATUS":[{"STATUS":"S","Code":22,"Msg":"versions"}],"VERSION":[{"API":"3.7"}],"id":1}`

// serve answers every connection with one function, which owns it.
func serve(t *testing.T, answer func(net.Conn)) *Client {
	t.Helper()
	ln, err := net.Listen("tcp", "127.0.0.1:0")
	if err != nil {
		t.Fatal(err)
	}
	t.Cleanup(func() { ln.Close() })
	go func() {
		for {
			conn, err := ln.Accept()
			if err != nil {
				return
			}
			go func() {
				defer conn.Close()
				buf := make([]byte, 1024)
				if _, err := conn.Read(buf); err == nil {
					answer(conn)
				}
			}()
		}
	}()
	return New(ln.Addr().String(), Options{MaxReply: 64 << 10})
}

// untilGone keeps a connection open until the client lets go.
func untilGone(conn net.Conn) { io.Copy(io.Discard, conn) }

func TestWhereAReplyEnds(t *testing.T) {
	for name, answer := range map[string]func(net.Conn){
		"at the NUL, connection kept": func(c net.Conn) { io.WriteString(c, good+"\x00"); untilGone(c) },
		"balanced, connection kept":   func(c net.Conn) { io.WriteString(c, good); untilGone(c) },
		"in pieces": func(c net.Conn) {
			for _, b := range []byte(good) {
				c.Write([]byte{b})
			}
			untilGone(c)
		},
		"at the end of the connection": func(c net.Conn) { io.WriteString(c, good) },
		"brackets in strings":          func(c net.Conn) { io.WriteString(c, `{"x":"}{\"]","STATUS":"S"}`); untilGone(c) },
	} {
		t.Run(name, func(t *testing.T) {
			if _, err := serve(t, answer).Call(t.Context(), "version", ""); err != nil {
				t.Error(err)
			}
		})
	}
}

func TestBadReplies(t *testing.T) {
	for _, c := range []struct {
		name   string
		answer func(net.Conn)
		err    error
	}{
		{"nothing", func(net.Conn) {}, ErrEmpty},
		{"half", func(c net.Conn) { io.WriteString(c, good[:40]) }, ErrTruncated},
		{"too large", func(c net.Conn) { io.WriteString(c, `{"a":"`+strings.Repeat("x", 1<<20)); untilGone(c) }, ErrTooLarge},
		{"glued", func(c net.Conn) { io.WriteString(c, good+good) }, ErrTwoDocuments},
		{"an error", func(c net.Conn) { io.WriteString(c, `{"STATUS":[{"STATUS":"E","Code":14,"Msg":"Invalid command"}]}`) }, rigs.ErrRefused},
	} {
		t.Run(c.name, func(t *testing.T) {
			if _, err := serve(t, c.answer).Call(t.Context(), "version", ""); !errors.Is(err, c.err) {
				t.Errorf("%v, want %v", err, c.err)
			}
		})
	}
}

func TestDeadline(t *testing.T) {
	c := serve(t, func(c net.Conn) {
		io.WriteString(c, good[:10])
		untilGone(c)
	})
	ctx, cancel := context.WithTimeout(t.Context(), 20*time.Millisecond)
	defer cancel()
	if _, err := c.Call(ctx, "version", ""); !errors.Is(err, rigs.ErrUnreachable) {
		t.Error(err)
	}
}

func TestCancellation(t *testing.T) {
	ctx, cancel := context.WithCancel(t.Context())
	c := serve(t, func(c net.Conn) {
		io.WriteString(c, good[:10])
		cancel()
		untilGone(c)
	})
	if _, err := c.Call(ctx, "version", ""); !errors.Is(err, rigs.ErrUnreachable) || !errors.Is(err, context.Canceled) {
		t.Error(err)
	}
}

func TestRepairsAreCounted(t *testing.T) {
	c := serve(t, func(c net.Conn) { io.WriteString(c, `{"STATUS":[{"STATUS":"S",}],}`+"\x00") })
	for range 3 {
		if _, err := c.Call(t.Context(), "version", ""); err != nil {
			t.Fatal(err)
		}
	}
	if c.Repaired(TrailingComma) != 3 || c.Repaired(TrailingBytes) != 3 || c.Repaired(MissingComma) != 0 {
		t.Errorf("counted %d, %d, %d", c.Repaired(TrailingComma), c.Repaired(TrailingBytes), c.Repaired(MissingComma))
	}
}

func TestDefaultPort(t *testing.T) {
	for addr, want := range map[string]string{"10.0.0.1": "10.0.0.1:4028", "10.0.0.1:99": "10.0.0.1:99", "::1": "[::1]:4028"} {
		if got := New(addr, Options{}).Addr(); got != want {
			t.Errorf("%s: %s, want %s", addr, got, want)
		}
	}
}
