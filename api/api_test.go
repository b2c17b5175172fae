package api_test

import (
	"context"
	"errors"
	"io"
	"log/slog"
	"net"
	"net/http"
	"os"
	"os/user"
	"path/filepath"
	"strings"
	"sync"
	"testing"

	"github.com/curtaild/curtaild/api"
	"github.com/curtaild/curtaild/energy"
)

// daemon remembers what it was asked.
type daemon struct {
	mu    sync.Mutex
	asked []string
	err   error
}

func (d *daemon) Status() api.Status {
	grid := -1234.5
	return api.Status{
		Site: "westfield", Mode: "control", Version: "1",
		Power:  api.Power{OK: true, AvailableW: 5000, GridW: &grid},
		Inputs: []api.Input{{Name: "grid", Role: energy.RoleGrid, AgeS: 2, Quality: energy.Good, Taken: 7, Refused: map[string]uint64{"not-json": 3}}},
		Loads: []api.Load{
			{Name: "a", Group: "g", State: energy.StateRunning, DrawW: 3000, EnergyWh: 2, Starts: 4},
			{Name: "b", State: energy.StateUnreachable},
			{Name: "cpu", State: energy.StateRunning, YieldTH: 0.5, YieldKWh: 170, YieldTotal: 12, ValueMWh: 99, Pools: []api.Pool{
				{
					Name: "pool:3333", State: api.PoolInUse, Accepted: 70, Rejected: map[string]uint64{"stale": 2}, Unsent: map[string]uint64{"duplicate": 1},
					Unanswered: 5, Faults: map[string]uint64{"hung-up": 3}, AnswerP50S: 0.045, AnswerP95S: 2,
				},
				{Name: "spare:3333", State: api.PoolSpare},
			}},
		},
		Spool: api.Spool{Dropped: map[string]uint64{"telemetry": 9}},
	}
}

func (d *daemon) note(what string) error {
	d.mu.Lock()
	defer d.mu.Unlock()
	d.asked = append(d.asked, what)
	return d.err
}

func (d *daemon) Hold(_ context.Context, off bool, who string) error {
	if off {
		return d.note("hold by " + who)
	}
	return d.note("release by " + who)
}
func (d *daemon) Drain(_ context.Context, who string) error { return d.note("drain by " + who) }
func (d *daemon) Alive(context.Context) error               { return d.err }

func serve(t *testing.T, d api.Daemon) (socket, tcp string) {
	t.Helper()
	l, err := net.Listen("tcp", "127.0.0.1:0")
	if err != nil {
		t.Fatal(err)
	}
	tcp = l.Addr().String()
	l.Close()
	socket = filepath.Join(t.TempDir(), "api.sock")
	s, err := api.Listen(d, socket, tcp, slog.New(slog.DiscardHandler))
	if err != nil {
		t.Fatal(err)
	}
	t.Cleanup(func() { s.Close(context.Background()) })
	return socket, tcp
}

func TestClientAndServer(t *testing.T) {
	d := &daemon{}
	socket, _ := serve(t, d)
	c := api.Dial(socket)
	s, err := c.Status(t.Context())
	if err != nil || s.Site != "westfield" || *s.Power.GridW != -1234.5 || s.Inputs[0].Refused["not-json"] != 3 || len(s.Loads) != 3 {
		t.Errorf("status %+v, %v", s, err)
	}
	for _, do := range []func(context.Context) error{c.Hold, c.Release, c.Drain} {
		if err := do(t.Context()); err != nil {
			t.Fatal(err)
		}
	}
	me, err := user.Current()
	if err != nil {
		t.Fatal(err)
	}
	want := strings.ReplaceAll("hold by ME, release by ME, drain by ME", "ME", me.Username)
	if got := strings.Join(d.asked, ", "); got != want {
		t.Errorf("asked %q, want %q", got, want)
	}
	d.err = errors.New("no")
	if err := c.Hold(t.Context()); err == nil || err.Error() != "no" {
		t.Errorf("the daemon's error: %v", err)
	}
}

// A load that has not said what it has drawn and done has no counters: as
// zeros they would be resets.
func TestUnknownTotalsAreAbsent(t *testing.T) {
	_, tcp := serve(t, &daemon{})
	r, err := http.NewRequestWithContext(t.Context(), "GET", "http://"+tcp+"/metrics", nil)
	if err != nil {
		t.Fatal(err)
	}
	resp, err := http.DefaultClient.Do(r)
	if err != nil {
		t.Fatal(err)
	}
	defer resp.Body.Close()
	body, err := io.ReadAll(resp.Body)
	if err != nil {
		t.Fatal(err)
	}
	for _, name := range []string{"energy_joules", "hashes", "starts"} {
		for load, want := range map[string]bool{`{group="g",load="a"}`: true, `{group="",load="b"}`: false} {
			if series := "\ncurtaild_load_" + name + "_total" + load; strings.Contains(string(body), series) != want {
				t.Errorf("%s: want it: %v", series, want)
			}
		}
	}
}

// What stands on a TCP address reads, and does nothing.
func TestTCPOnlyReads(t *testing.T) {
	d := &daemon{}
	_, tcp := serve(t, d)
	for _, req := range []struct {
		method, path string
		status       int
		holds        string
	}{
		{"GET", "/healthz", 200, "ok"},
		{"GET", "/v1/status", 200, "westfield"},
		{"GET", "/metrics", 200, `curtaild_readings_refused_total{cause="not-json",reading="grid"} 3`},
		{"GET", "/metrics", 200, `curtaild_load_energy_joules_total{group="g",load="a"} 7200`},
		{"GET", "/metrics", 200, `curtaild_load_reachable{group="",load="b"} 0`},
		{"GET", "/metrics", 200, `curtaild_load_yield_sat_per_terahash{group="",load="cpu"} 0.5`},
		{"GET", "/metrics", 200, `curtaild_load_yield_sat_per_kwh{group="",load="cpu"} 170`},
		{"GET", "/metrics", 200, `curtaild_load_yield_sat_total{group="",load="cpu"} 12`},
		{"GET", "/metrics", 200, `curtaild_load_value_per_mwh{group="",load="cpu"} 99`},
		{"GET", "/metrics", 200, `curtaild_pool_in_use{load="cpu",pool="pool:3333"} 1`},
		{"GET", "/metrics", 200, `curtaild_pool_in_use{load="cpu",pool="spare:3333"} 0`},
		{"GET", "/metrics", 200, `curtaild_pool_shares_total{cause="",load="cpu",pool="pool:3333",verdict="accepted"} 70`},
		{"GET", "/metrics", 200, `curtaild_pool_shares_total{cause="stale",load="cpu",pool="pool:3333",verdict="rejected"} 2`},
		{"GET", "/metrics", 200, `curtaild_pool_shares_total{cause="duplicate",load="cpu",pool="pool:3333",verdict="unsent"} 1`},
		{"GET", "/metrics", 200, `curtaild_pool_shares_total{cause="",load="cpu",pool="pool:3333",verdict="unanswered"} 5`},
		{"GET", "/metrics", 200, `curtaild_pool_faults_total{cause="hung-up",load="cpu",pool="pool:3333"} 3`},
		{"GET", "/metrics", 200, `curtaild_pool_answer_seconds{load="cpu",pool="pool:3333",quantile="0.95"} 2`},
		{"PUT", "/v1/hold", 404, ""}, {"DELETE", "/v1/hold", 404, ""}, {"POST", "/v1/drain", 404, ""}, {"POST", "/v1/status", 405, ""},
	} {
		r, err := http.NewRequestWithContext(t.Context(), req.method, "http://"+tcp+req.path, strings.NewReader(`{"all":"off"}`))
		if err != nil {
			t.Fatal(err)
		}
		resp, err := http.DefaultClient.Do(r)
		if err != nil {
			t.Fatal(err)
		}
		body, _ := io.ReadAll(resp.Body)
		resp.Body.Close()
		if resp.StatusCode != req.status || !strings.Contains(string(body), req.holds) {
			t.Errorf("%s %s: %s, body lacks %q:\n%.500s", req.method, req.path, resp.Status, req.holds, body)
		}
	}
	if d.asked != nil {
		t.Errorf("asked over TCP: %q", d.asked)
	}
	d.err = errors.New("hung")
	resp, err := http.Get("http://" + tcp + "/healthz")
	if err != nil {
		t.Fatal(err)
	}
	resp.Body.Close()
	if resp.StatusCode != http.StatusServiceUnavailable {
		t.Errorf("health of a loop that hangs: %s", resp.Status)
	}
}

func TestBadHold(t *testing.T) {
	d := &daemon{}
	socket, _ := serve(t, d)
	dial := func(ctx context.Context, _, _ string) (net.Conn, error) {
		return new(net.Dialer).DialContext(ctx, "unix", socket)
	}
	c := http.Client{Transport: &http.Transport{DialContext: dial}}
	for _, body := range []string{"", "{}", `{"all":"on"}`, `{"all":"off","x":1}`, strings.Repeat(" ", 1<<20) + `{"all":"off"}`} {
		r, err := http.NewRequestWithContext(t.Context(), "PUT", "http://x/v1/hold", strings.NewReader(body))
		if err != nil {
			t.Fatal(err)
		}
		resp, err := c.Do(r)
		if err != nil {
			t.Fatal(err)
		}
		resp.Body.Close()
		if resp.StatusCode != http.StatusBadRequest {
			t.Errorf("%.30q: %s", body, resp.Status)
		}
	}
	if d.asked != nil {
		t.Errorf("held all the same: %q", d.asked)
	}
}

func TestSocket(t *testing.T) {
	socket, _ := serve(t, &daemon{})
	if st, err := os.Stat(socket); err != nil || st.Mode().Perm() != 0o660 {
		t.Errorf("mode %v, %v", st.Mode(), err)
	}
	if _, err := api.Listen(&daemon{}, socket, "", slog.New(slog.DiscardHandler)); err == nil || !strings.Contains(err.Error(), "another program answers") {
		t.Errorf("a second daemon took the socket: %v", err)
	}
	left := filepath.Join(t.TempDir(), "left.sock") // as a killed daemon leaves it
	l, err := net.ListenUnix("unix", &net.UnixAddr{Name: left, Net: "unix"})
	if err != nil {
		t.Fatal(err)
	}
	l.SetUnlinkOnClose(false)
	l.Close()
	s, err := api.Listen(&daemon{}, left, "", slog.New(slog.DiscardHandler))
	if err != nil {
		t.Fatalf("a dead socket is in the way: %v", err)
	}
	s.Close(t.Context())
	err = api.Dial(filepath.Join(t.TempDir(), "none")).Hold(t.Context())
	if err == nil || !strings.Contains(err.Error(), "is curtaild running?") {
		t.Errorf("no daemon: %v", err)
	}
}
