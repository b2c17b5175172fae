package emulate

import (
	"bufio"
	"context"
	"encoding/json"
	"io"
	"net/http"
	"reflect"
	"strings"
	"testing"
)

func TestFleet(t *testing.T) {
	o := FleetOptions{Rigs: 12, Seed: 5, Rig: Options{Running: true}}
	fleets := make([]*Fleet, 2)
	for i := range fleets {
		f, err := NewFleet(o)
		if err != nil {
			t.Fatal(err)
		}
		defer f.Close()
		fleets[i] = f
	}
	seen := map[string]bool{}
	kinds := map[string]bool{}
	for i, r := range fleets[0].Rigs() {
		twin := fleets[1].Rigs()[i]
		if r.Name() != twin.Name() || r.MAC() != twin.MAC() || r.Family() != twin.Family() || !reflect.DeepEqual(r.Points(), twin.Points()) {
			t.Errorf("rig %d: %s %s, %s %s: not the same from the same seed", i, r.Name(), r.MAC(), twin.Name(), twin.MAC())
		}
		if seen[r.Name()] || seen[r.MAC()] || seen[r.Addr()] {
			t.Errorf("rig %s %s %s is not alone with its name, MAC and address", r.Name(), r.MAC(), r.Addr())
		}
		seen[r.Name()], seen[r.MAC()], seen[r.Addr()] = true, true, true
		kinds[r.Points()[1].Draw.String()] = true
		if got, ok := fleets[0].Rig(r.Name()); !ok || got != r {
			t.Errorf("rig %s not found by its name", r.Name())
		}
	}
	if len(kinds) < 3 {
		t.Errorf("kinds of rig: %v, want a mixture", kinds)
	}
	total := fleets[0].Total()
	var draw float64
	for _, r := range fleets[0].Rigs() {
		draw += float64(r.Meter().Draw)
	}
	near(t, "total draw", float64(total.Draw), draw, 1e-6)
	if total.Draw > fleets[0].Full() {
		t.Errorf("draws %v of at most %v", total.Draw, fleets[0].Full())
	}
	for _, bad := range []FleetOptions{{Rigs: -1}, {Rigs: 10, BasePort: 65530}, {Rigs: 1, Families: []string{"abacus"}}, {Rigs: 1, Host: "300.1.1.1"}} {
		if f, err := NewFleet(bad); err == nil {
			f.Close()
			t.Errorf("%+v accepted", bad)
		}
	}
}

// A large fleet finds ports where others have some of them already.
func TestLargeFleetSkipsTakenPorts(t *testing.T) {
	p := newPorts(FleetOptions{Rigs: manyRigs + 1, Host: "127.0.0.1"})
	first, err := p.start("luxos", Options{}, 0)
	if err != nil {
		t.Fatal(err)
	}
	defer first.Close()
	again := newPorts(FleetOptions{Rigs: manyRigs + 1, Host: "127.0.0.1"})
	second, err := again.start("bitaxe", Options{}, 0)
	if err != nil {
		t.Fatal(err)
	}
	defer second.Close()
	if first.Addr() == second.Addr() || again.next <= p.next {
		t.Errorf("rigs at %s and %s", first.Addr(), second.Addr())
	}
}

func TestServe(t *testing.T) {
	ctx, cancel := context.WithCancel(t.Context())
	defer cancel()
	pr, pw := io.Pipe()
	ended := make(chan error, 1)
	go func() {
		ended <- Serve(ctx, Config{Fleet: FleetOptions{Rigs: 2, Rig: Options{Running: true}}, Control: "127.0.0.1:0", Out: pw})
		pw.Close()
	}()
	lines := bufio.NewScanner(pr)
	var rigs []Announcement
	for range 2 {
		var a Announcement
		if !lines.Scan() || json.Unmarshal(lines.Bytes(), &a) != nil {
			t.Fatalf("announcement %q", lines.Text())
		}
		rigs = append(rigs, a)
	}
	var control ControlAnnouncement
	if !lines.Scan() || json.Unmarshal(lines.Bytes(), &control) != nil || control.Control == "" {
		t.Fatalf("control announcement %q", lines.Text())
	}
	lux := rigs[0]
	if lux.Name != "luxos-1" || lux.Family != "luxos" || rigs[1].Family != "bitaxe" {
		t.Errorf("announced %+v", rigs)
	}
	want(t, ask(t, lux.Addr, "power", ""), "S", 311)

	base := "http://" + control.Control
	var meters map[string]Meter
	read(t, base+"/meters", &meters)
	if m := meters["luxos-1"]; m.Commands != 1 || m.Joules <= 0 || !m.Running || len(meters) != 2 {
		t.Errorf("meters %+v", meters)
	}
	var total Meter
	read(t, base+"/total", &total)
	if total.Draw <= meters["luxos-1"].Draw {
		t.Errorf("total %+v", total)
	}
	for _, tc := range []struct {
		path, body string
		status     int
	}{
		{"/fault", `{"rig":"luxos-1","fault":"refuse","for":"1h","delay":"1s","count":9}`, 200},
		{"/fault", `{"rig":"luxos-9","fault":"refuse"}`, 404},
		{"/fault", `{"fault":"explode"}`, 400},
		{"/fault", `{"fault":"slow","delay":"long"}`, 400},
		{"/fault", `{"fault":"slow","for":"-1s"}`, 400},
		{"/fault", `{"fault":"slow","count":-1}`, 400},
		{"/fault", `{"fualt":"slow"}`, 400},
		{"/fault", `{`, 400},
		{"/fault", strings.Repeat(" ", 20000) + `{}`, 400},
	} {
		resp, err := http.Post(base+tc.path, typeJSON, strings.NewReader(tc.body))
		if err != nil {
			t.Fatal(err)
		}
		resp.Body.Close()
		if resp.StatusCode != tc.status {
			t.Errorf("POST %s %.60s: %d, want %d", tc.path, tc.body, resp.StatusCode, tc.status)
		}
	}
	if b, _ := raw(t, lux.Addr, "power"); len(b) > 0 {
		t.Errorf("the fault has no effect: %q", b)
	}
	resp, err := http.Post(base+"/clear", typeJSON, strings.NewReader(`{}`))
	if err != nil {
		t.Fatal(err)
	}
	resp.Body.Close()
	want(t, ask(t, lux.Addr, "power", ""), "S", 311)
	http.DefaultClient.CloseIdleConnections()
	cancel()
	if err := <-ended; err != nil {
		t.Error(err)
	}
	if _, err := raw(t, lux.Addr, "power"); err == nil {
		t.Error("a rig outlived its fleet")
	}
}

func read(t *testing.T, url string, v any) {
	t.Helper()
	resp, err := http.Get(url)
	if err != nil {
		t.Fatal(err)
	}
	defer resp.Body.Close()
	if err := json.NewDecoder(resp.Body).Decode(v); err != nil {
		t.Fatal(err)
	}
}
