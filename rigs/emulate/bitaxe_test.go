package emulate

import (
	"encoding/json"
	"io"
	"net/http"
	"net/http/httptrace"
	"reflect"
	"strings"
	"testing"
	"time"

	"github.com/curtaild/curtaild/energy"
)

type reply struct {
	status int
	body   string
}

func (r reply) json(t *testing.T) map[string]any {
	t.Helper()
	var m map[string]any
	if err := json.Unmarshal([]byte(r.body), &m); err != nil {
		t.Fatalf("%v in %q", err, r.body)
	}
	return m
}

// do makes a request on a connection of its own.
func do(t *testing.T, x *Bitaxe, method, path, body string, header ...string) reply {
	t.Helper()
	req, err := http.NewRequestWithContext(t.Context(), method, "http://"+x.Addr()+path, strings.NewReader(body))
	if err != nil {
		t.Fatal(err)
	}
	req.Close = true
	for i := 0; i+1 < len(header); i += 2 {
		req.Header.Set(header[i], header[i+1])
	}
	resp, err := http.DefaultTransport.RoundTrip(req)
	if err != nil {
		t.Fatal(err)
	}
	defer resp.Body.Close()
	b, err := io.ReadAll(resp.Body)
	if err != nil {
		t.Fatal(err)
	}
	return reply{resp.StatusCode, string(b)}
}

func getJSON(t *testing.T, x *Bitaxe, path string) map[string]any {
	t.Helper()
	r := do(t, x, http.MethodGet, path, "")
	if r.status != http.StatusOK {
		t.Fatalf("GET %s: %d %q", path, r.status, r.body)
	}
	return r.json(t)
}

func axeAt(c *clock) Options {
	return Options{Name: "axe 1", StartTime: 20 * time.Second, StopTime: 2 * time.Second, Running: true, clock: c.Now}
}

func TestBitaxePauseAndResume(t *testing.T) {
	c := newClock()
	x := startAxe(t, axeAt(c))
	if m := getJSON(t, x, "/api/system/info"); m["miningPaused"] != false || m["power"].(float64) < 10 || m["hashRate"] != 1071.0 {
		t.Errorf("running: %v", m)
	}
	if r := do(t, x, "POST", "/api/system/pause", ""); r != (reply{200, `{"message":"Mining paused"}`}) {
		t.Errorf("pause: %+v", r)
	}
	c.add(3 * time.Second)
	if m := getJSON(t, x, "/api/system/info"); m["miningPaused"] != true || m["power"] != 2.0 || m["hashRate"] != 0.0 {
		t.Errorf("paused: %v", m)
	}
	if r := do(t, x, "POST", "/api/system/resume", ""); r != (reply{200, `{"message":"Mining resumed"}`}) {
		t.Errorf("resume: %+v", r)
	}
	c.add(time.Minute)
	if m := x.Meter(); !m.Running || m.Point != 3 || m.Starts != 1 || m.Stops != 1 {
		t.Errorf("meter %+v", m)
	}
}

func TestBitaxeFrequency(t *testing.T) {
	c := newClock()
	x := startAxe(t, axeAt(c))
	points := x.Points()
	for _, tc := range []struct {
		body   string
		status int
		point  int
		draw   energy.Watts
	}{
		{`{"frequency":400,"coreVoltage":1060}`, 200, 1, points[1].Draw},
		{`{"frequency":575}`, 200, 4, (points[4].Draw + points[5].Draw) / 2}, // no option of the list
		{`{"frequency":100}`, 200, 1, points[1].Draw},
		{`{"frequency":625,"anything":[1]}`, 200, 6, points[6].Draw},
		{`{"frequency":0}`, 400, 6, points[6].Draw},
		{`{"frequency":1e300}`, 400, 6, points[6].Draw},
		{`{"frequency":"525"}`, 400, 6, points[6].Draw},
		{`{"frequency":`, 400, 6, points[6].Draw},
	} {
		r := do(t, x, "PATCH", "/api/system", tc.body)
		c.add(time.Minute)
		m := x.Meter()
		if r.status != tc.status || m.Point != tc.point || m.Draw != tc.draw {
			t.Errorf("%s: status %d, point %d, %v; want %d, %d, %v", tc.body, r.status, m.Point, m.Draw, tc.status, tc.point, tc.draw)
		}
	}
	if m := getJSON(t, x, "/api/system/info"); m["frequency"] != 625.0 || m["coreVoltage"] != 1060.0 {
		t.Errorf("frequency %v, core voltage %v", m["frequency"], m["coreVoltage"])
	}
	// paused, it is kept for later
	do(t, x, "POST", "/api/system/pause", "")
	do(t, x, "PATCH", "/api/system", `{"frequency":490}`)
	if m := x.Meter(); m.Running {
		t.Errorf("a frequency woke it: %+v", m)
	}
	do(t, x, "POST", "/api/system/resume", "")
	if m := x.Meter(); m.Point != 2 {
		t.Errorf("resumed at point %d, want 2", m.Point)
	}
	asic := getJSON(t, x, "/api/system/asic")
	if got := asic["frequencyOptions"]; !reflect.DeepEqual(got, []any{400.0, 490.0, 525.0, 550.0, 600.0, 625.0}) {
		t.Errorf("frequency options %v", got)
	}
	if v, ok := asic["voltageOptions"].([]any); !ok || len(v) == 0 {
		t.Errorf("voltage options %v", asic["voltageOptions"])
	}
}

func TestBitaxeRestartForgetsThePause(t *testing.T) {
	c := newClock()
	x := startAxe(t, axeAt(c))
	c.add(time.Hour)
	do(t, x, "POST", "/api/system/pause", "")
	c.add(time.Minute)
	if r := do(t, x, "POST", "/api/system/restart", ""); r.status != 200 {
		t.Errorf("restart: %+v", r)
	}
	if _, err := http.Get("http://" + x.Addr() + "/api/system/info"); err == nil {
		t.Error("answered while it restarts")
	}
	c.add(time.Minute)
	m := getJSON(t, x, "/api/system/info")
	if m["miningPaused"] != false || m["uptimeSeconds"].(float64) > 60 {
		t.Errorf("after the restart: paused %v, up %v s", m["miningPaused"], m["uptimeSeconds"])
	}
	before := x.Meter()
	x.Inject(Fault{Kind: Reboot, For: time.Second})
	x.Inject(Fault{Kind: Reboot, For: time.Second}) // again, while it is down
	c.add(time.Minute)
	if after := x.Meter(); !after.Running || after.Starts != before.Starts+1 || after.Point != 3 {
		t.Errorf("after two reboots: %+v", after)
	}
}

func TestBitaxeOldFirmware(t *testing.T) {
	x := startAxe(t, Options{OldFirmware: true, Running: true})
	if r := do(t, x, "POST", "/api/system/pause", ""); r.status != 404 {
		t.Errorf("pause: %+v, want 404", r)
	}
	m := getJSON(t, x, "/api/system/info")
	if _, ok := m["miningPaused"]; ok {
		t.Error("old firmware shows miningPaused")
	}
	if _, ok := m["bestDiff"].(string); !ok {
		t.Errorf("bestDiff is a %T, want text", m["bestDiff"])
	}
	if !x.Meter().Running {
		t.Error("a refused pause stopped it")
	}
	for d, s := range map[uint64]string{0: "0", 999: "999", 483000: "483k", 1_734_219_654: "1.73G"} {
		if got := shortDiff(d); got != s {
			t.Errorf("shortDiff(%d) = %q, want %q", d, got, s)
		}
	}
}

func TestBitaxeHTTP(t *testing.T) {
	x := startAxe(t, Options{Running: true})
	for _, tc := range []struct {
		method, path, body, origin string
		status                     int
	}{
		{"GET", "/", "", "", 200},
		{"GET", "/api/system/info", "", "http://192.168.1.4", 200},
		{"GET", "/api/system/info", "", "http://bitaxe.local", 200},
		{"GET", "/api/system/info", "", "https://evil.example", 401},
		{"POST", "/api/system/pause", "", "http://203.0.113.9", 401},
		{"POST", "/api/system/pause", "", "http://10.0.0.1.evil.example", 401},
		{"OPTIONS", "/api/system", "", "", 200},
		{"POST", "/api/system/identify", "", "", 200},
		{"GET", "/api/system/pause", "", "", 404},
		{"GET", "/nowhere", "", "", 404},
		{"PATCH", "/api/system", strings.Repeat("x", maxBody+1), "", 400},
	} {
		if r := do(t, x, tc.method, tc.path, tc.body, "Origin", tc.origin); r.status != tc.status {
			t.Errorf("%s %s from %q: %d, want %d", tc.method, tc.path, tc.origin, r.status, tc.status)
		}
	}
	if !x.Meter().Running {
		t.Error("a foreign origin paused it")
	}
	for _, bad := range []string{"\r\n\r\n\r\n", "GET / HTTP/9.9\r\n\r\n", "huh\r\n\r\n", "GET / HTTP/1.1\r\nX: " + strings.Repeat("y", maxHeader+maxBody)} {
		if got, _ := raw(t, x.Addr(), bad); strings.HasPrefix(string(got), "HTTP/1.1 200") {
			t.Errorf("%.20q was answered with %.60q", bad, got)
		}
	}
}

func TestBitaxeKeepsConnections(t *testing.T) {
	x := startAxe(t, Options{})
	tr := &http.Transport{}
	defer tr.CloseIdleConnections()
	reused := 0
	for range 5 {
		trace := &httptrace.ClientTrace{GotConn: func(i httptrace.GotConnInfo) {
			if i.Reused {
				reused++
			}
		}}
		req, err := http.NewRequestWithContext(httptrace.WithClientTrace(t.Context(), trace), "GET", "http://"+x.Addr()+"/api/system/info", nil)
		if err != nil {
			t.Fatal(err)
		}
		resp, err := tr.RoundTrip(req)
		if err != nil {
			t.Fatal(err)
		}
		if _, err := io.Copy(io.Discard, resp.Body); err != nil {
			t.Fatal(err)
		}
		resp.Body.Close()
	}
	if m := x.Meter(); reused != 4 || m.Connections != 1 || m.Commands != 5 {
		t.Errorf("%d requests on old connections, meter %+v; want 4, on 1 connection", reused, m)
	}
}
