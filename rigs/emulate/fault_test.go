package emulate

import (
	"encoding/json"
	"io"
	"net/http"
	"strings"
	"testing"
	"time"
)

// power reads the power of either family, as a client would, and returns the
// bytes of the reply.
func power(t *testing.T, r Rig) (string, error) {
	t.Helper()
	request := `{"command":"power"}`
	if r.Family() == "bitaxe" {
		request = "GET /api/system/info HTTP/1.1\r\nHost: rig\r\nConnection: close\r\n\r\n"
	}
	b, err := raw(t, r.Addr(), request)
	return string(b), err
}

// document is the JSON in a reply of either family.
func document(t *testing.T, r Rig, reply string) string {
	t.Helper()
	if r.Family() == "bitaxe" {
		_, reply, _ = strings.Cut(reply, "\r\n\r\n")
	}
	return strings.TrimSuffix(reply, "\x00")
}

func fine(t *testing.T, r Rig, reply string, err error) bool {
	t.Helper()
	return err == nil && json.Valid([]byte(document(t, r, reply))) && len(reply) < 8000
}

func both(t *testing.T, o Options, test func(t *testing.T, r Rig)) {
	for _, family := range Families() {
		t.Run(family, func(t *testing.T) {
			r, err := New(family, o)
			if err != nil {
				t.Fatal(err)
			}
			defer r.Close()
			test(t, r)
		})
	}
}

func TestFaultsOfTheReply(t *testing.T) {
	both(t, Options{Running: true}, func(t *testing.T, r Rig) {
		for _, tc := range []struct {
			fault Fault
			holds func(reply string, err error) bool
		}{
			{Fault{Kind: Refuse}, func(s string, _ error) bool { return s == "" }},
			{Fault{Kind: Half}, func(s string, _ error) bool { return s != "" && !json.Valid([]byte(document(t, r, s))) }},
			{Fault{Kind: Garbage, Variant: "random"}, func(s string, _ error) bool { return len(s) >= 200 && !strings.Contains(s, "STATUS") }},
			{Fault{Kind: Garbage, Variant: "html"}, func(s string, _ error) bool { return strings.Contains(s, "<html>") }},
			{Fault{Kind: Garbage, Variant: "text"}, func(s string, _ error) bool { return strings.Contains(s, "Socket connect failed") }},
			{Fault{Kind: Garbage, Variant: "empty"}, func(s string, _ error) bool { return s == "" }},
			{Fault{Kind: Garbage}, func(s string, _ error) bool { return !json.Valid([]byte(document(t, r, s))) }},
			{Fault{Kind: BigReply}, func(s string, err error) bool {
				return err == nil && len(s) > 1<<20 && json.Valid([]byte(document(t, r, s)))
			}},
			{Fault{Kind: Slow, Delay: time.Millisecond}, func(s string, err error) bool { return fine(t, r, s, err) }},
			{Fault{Kind: Dribble, Delay: time.Microsecond}, func(s string, err error) bool { return fine(t, r, s, err) }},
		} {
			t.Run(string(tc.fault.Kind)+tc.fault.Variant, func(t *testing.T) {
				tc.fault.Count = 2
				r.Inject(tc.fault)
				for range 2 {
					if s, err := power(t, r); !tc.holds(s, err) {
						t.Errorf("reply of %d bytes %.80q, %v", len(s), s, err)
					}
				}
				if s, err := power(t, r); !fine(t, r, s, err) { // and then it is over
					t.Errorf("after the fault: %.80q, %v", s, err)
				}
			})
		}
	})
}

func TestMalformations(t *testing.T) {
	both(t, Options{Running: true}, func(t *testing.T, r Rig) {
		for _, v := range Malformations() {
			r.Inject(Fault{Kind: Malformed, Variant: v})
			s, err := power(t, r)
			r.ClearFaults()
			doc := document(t, r, s)
			valid := json.Valid([]byte(doc))
			switch v {
			case "string-numbers", "double-percent", "newline":
				if err != nil || !valid {
					t.Errorf("%s: want odd but valid JSON, got %.200q, %v", v, doc, err)
				}
			case "empty":
				if err != nil || doc != "" {
					t.Errorf("empty: got %.200q, %v", doc, err)
				}
			default:
				if err != nil || valid || doc == "" {
					t.Errorf("%s: want broken JSON, got %.200q, %v", v, doc, err)
				}
			}
		}
	})
	for _, tc := range []struct{ variant, doc, want string }{
		{"trailing-comma", `{"a":[{"b":1}]}`, `{"a":[{"b":1,}],}`},
		{"missing-comma", `{"a":[{"b":1},{"b":2}]}`, `{"a":[{"b":1}{"b":2}]}`},
		{"missing-member-comma", `{"a":1,"b":2}`, `{"a":1"b":2}`},
		{"leading-comma", `{"a":[{"b":1}]}`, `{"a":[,{"b":1}]}`},
		{"starts-with-comma", `{"a":1}`, `,{"a":1}`},
		{"inf-nan", `{"a":1.5,"b":2,"c":-3.5e2}`, `{"a":nan,"b":2,"c":-nan}`},
		{"string-numbers", `{"a":-1.5e3,"b":["x",2],"c":0}`, `{"a":"-1.5e3","b":["x",2],"c":"0"}`},
		{"raw-newline", `{"a":"x"}`, "{\"a\":\"\nx\"}"},
		{"truncated", `{"a":"xyz"}`, `{"a":"x`},
		{"two-documents", `{}`, `{}{}`},
		{"newline", `{}`, "{}\n"},
		{"inf-nan", `{"a":7,"b":"x","c":8}`, `{"a":nan,"b":"x","c":8}`},
		{"double-percent", `{"a%":1}`, `{"a%%":1}`},
	} {
		if got := string(malform([]byte(tc.doc), tc.variant)); got != tc.want {
			t.Errorf("%s: %q, want %q", tc.variant, got, tc.want)
		}
	}
}

// command tells a rig to stop; whether it was told so is all that matters.
func command(t *testing.T, r Rig) (string, error) {
	t.Helper()
	if r.Family() == "bitaxe" {
		b, err := raw(t, r.Addr(), "POST /api/system/pause HTTP/1.1\r\nHost: rig\r\nConnection: close\r\n\r\n")
		return string(b), err
	}
	sid := logon(t, r.Addr())
	b, err := raw(t, r.Addr(), `{"command":"curtail","parameter":"`+sid+`,sleep"}`)
	r.Inject(Fault{Kind: ExpireSession})
	return string(b), err
}

func TestFaultsOfCommands(t *testing.T) {
	both(t, Options{Running: true}, func(t *testing.T, r Rig) {
		for _, kind := range []FaultKind{AckIgnore, OtherRig} {
			r.Inject(Fault{Kind: kind})
			if s, err := command(t, r); err != nil || s == "" || strings.Contains(s, `"E"`) {
				t.Errorf("%s: reply %q, %v; want a yes", kind, s, err)
			}
			if !r.Meter().Running {
				t.Fatalf("%s: it stopped", kind)
			}
			r.ClearFaults()
		}
		r.Inject(Fault{Kind: DropAfterWrite, Count: 1})
		if s, _ := command(t, r); s != "" {
			t.Errorf("drop after write: reply %q, want none", s)
		}
		if r.Meter().Running {
			t.Error("drop after write: it did not stop")
		}
	})
}

func TestOtherRig(t *testing.T) {
	both(t, Options{Name: "me", MAC: "02:00:00:00:00:01"}, func(t *testing.T, r Rig) {
		identity := func() string {
			if x, ok := r.(*Bitaxe); ok {
				return getJSON(t, x, "/api/system/info")["macAddr"].(string)
			}
			return field(t, ask(t, r.Addr(), "config", ""), "CONFIG", "MACAddr").(string)
		}
		if got := identity(); got != r.MAC() {
			t.Errorf("MAC %s, want %s", got, r.MAC())
		}
		r.Inject(Fault{Kind: OtherRig, Count: 1})
		if got := identity(); strings.EqualFold(got, r.MAC()) || len(got) != 17 {
			t.Errorf("other rig's MAC %s", got)
		}
		if got := identity(); got != r.MAC() {
			t.Errorf("MAC %s after the fault, want %s", got, r.MAC())
		}
	})
}

func TestFaultsEnd(t *testing.T) {
	c := newClock()
	both(t, Options{clock: c.Now}, func(t *testing.T, r Rig) {
		r.Inject(Fault{Kind: Refuse, For: time.Minute})
		r.Inject(Fault{Kind: Garbage, For: 2 * time.Minute, Variant: "html"})
		if s, _ := power(t, r); s != "" {
			t.Errorf("refusing: %q", s)
		}
		c.add(time.Minute)
		if s, _ := power(t, r); !strings.Contains(s, "<html>") {
			t.Errorf("refusal over, garbage not: %q", s)
		}
		r.ClearFaults()
		if s, err := power(t, r); !fine(t, r, s, err) {
			t.Errorf("all cleared: %q, %v", s, err)
		}
	})
}

// A rig that hangs holds its connections; closing it lets them go, and waits
// for all of its goroutines.
func TestCloseEndsWhatHangs(t *testing.T) {
	for _, f := range []Fault{{Kind: Hang}, {Kind: Slow, Delay: time.Hour}, {Kind: Dribble, Delay: time.Hour}} {
		t.Run(string(f.Kind), func(t *testing.T) {
			both(t, Options{}, func(t *testing.T, r Rig) {
				r.Inject(f)
				arrived := make(chan struct{}, 8)
				r.OnCommand(func(string, time.Time) { arrived <- struct{}{} })
				conn := dial(t, r.Addr())
				request := `{"command":"power"}`
				if r.Family() == "bitaxe" {
					request = "GET /api/system/info HTTP/1.1\r\nHost: rig\r\n\r\n"
				}
				if _, err := io.WriteString(conn, request); err != nil {
					t.Fatal(err)
				}
				if f.Kind != Hang {
					<-arrived
				}
				idle := dial(t, r.Addr()) // and one that never says a word
				if err := r.Close(); err != nil {
					t.Error(err)
				}
				if b, _ := io.ReadAll(conn); len(b) > 1 {
					t.Errorf("got %q", b)
				}
				if b, _ := io.ReadAll(idle); len(b) > 0 {
					t.Errorf("got %q on the idle connection", b)
				}
				if err := r.Close(); err != nil {
					t.Errorf("closed twice: %v", err)
				}
			})
		})
	}
}

func TestHangWhileKeptAlive(t *testing.T) {
	x := startAxe(t, Options{})
	tr := &http.Transport{DisableCompression: true}
	defer tr.CloseIdleConnections()
	get := func() error {
		req, err := http.NewRequestWithContext(t.Context(), "GET", "http://"+x.Addr()+"/api/system/info", nil)
		if err != nil {
			t.Fatal(err)
		}
		resp, err := tr.RoundTrip(req)
		if err != nil {
			return err
		}
		defer resp.Body.Close()
		_, err = io.Copy(io.Discard, resp.Body)
		return err
	}
	if err := get(); err != nil {
		t.Fatal(err)
	}
	x.Inject(Fault{Kind: Hang})
	failed := make(chan error, 1)
	go func() { failed <- get() }()
	x.Close()
	if err := <-failed; err == nil {
		t.Error("answered while hanging")
	}
}

func TestOptions(t *testing.T) {
	points := testPoints()
	for name, o := range map[string]Options{
		"one point":        {Points: points[:1]},
		"off hashes":       {Points: points[1:]},
		"points not risen": {Points: append(testPoints(), points[1])},
		"no such point":    {Point: 99},
		"negative scale":   {TimeScale: -1},
		"bad address":      {Listen: "nowhere:at-all"},
	} {
		if l, err := NewLuxOS(o); err == nil {
			l.Close()
			t.Errorf("%s: accepted", name)
		}
	}
	if _, err := New("abacus", Options{}); err == nil {
		t.Error("unknown family accepted")
	}
	l := startLux(t, Options{Points: points, Running: true, StartTime: -1, StopTime: -1})
	if m := l.Meter(); m.Point != 3 || m.Draw != 3000 || m.Rate != 110e12 {
		t.Errorf("meter %+v, want it at the top", m)
	}
	ask(t, l.Addr(), "curtail", logon(t, l.Addr())+",sleep")
	if m := l.Meter(); m.Draw != 20 {
		t.Errorf("draw %v at once after a stop without ramp, want 20 W", m.Draw)
	}
}
