package bitaxe_test

import (
	"errors"
	"math"
	"net/http"
	"net/http/httptest"
	"strings"
	"testing"

	"github.com/curtaild/curtaild/energy"
	"github.com/curtaild/curtaild/rigs"
	"github.com/curtaild/curtaild/rigs/bitaxe"
	"github.com/curtaild/curtaild/rigs/emulate"
	"github.com/curtaild/curtaild/rigs/rigtest"
)

func connect(t *testing.T, o emulate.Options) (*bitaxe.Driver, *emulate.Bitaxe) {
	t.Helper()
	m, err := emulate.NewBitaxe(o)
	if err != nil {
		t.Fatal(err)
	}
	t.Cleanup(func() { m.Close() })
	d := bitaxe.New(m.Addr(), bitaxe.Options{})
	t.Cleanup(func() { _ = d.Close(t.Context()) })
	return d, m
}

func TestContract(t *testing.T) {
	rigtest.Run(t, func(t *testing.T, o emulate.Options) (rigs.Driver, emulate.Rig) { return connect(t, o) })
}

func TestOneConnectionIsKept(t *testing.T) {
	d, m := connect(t, emulate.Options{Running: true})
	for range 20 {
		if _, err := d.Status(t.Context()); err != nil {
			t.Fatal(err)
		}
	}
	if err := d.Pause(t.Context()); err != nil {
		t.Fatal(err)
	}
	if n := m.Meter().Connections; n != 1 {
		t.Errorf("%d connections", n)
	}
}

func TestOldFirmwareCannotPause(t *testing.T) {
	d, m := connect(t, emulate.Options{Running: true, StartTime: -1, OldFirmware: true})
	for name, first := range map[string]func() error{
		"unread": func() error { return nil },
		"read":   func() error { _, err := d.Status(t.Context()); return err },
	} {
		if err := first(); err != nil {
			t.Fatal(err)
		}
		if err := d.Pause(t.Context()); !errors.Is(err, rigs.ErrUnsupported) {
			t.Errorf("%s: pause: %v, want ErrUnsupported", name, err)
		}
	}
	if rep, err := d.Status(t.Context()); err != nil || rep.State != energy.StateRunning {
		t.Errorf("%+v, %v", rep, err)
	}
	if !m.Meter().Running {
		t.Error("stopped")
	}
}

// What is estimated must come close to what the machine draws at the level.
func TestLevelsAreEstimated(t *testing.T) {
	for name, running := range map[string]bool{"from what it draws": true, "from the chip": false} {
		t.Run(name, func(t *testing.T) {
			d, m := connect(t, emulate.Options{Running: running, StartTime: -1})
			points, err := d.Levels(t.Context())
			if err != nil {
				t.Fatal(err)
			}
			want := m.Points()[1:5] // up to the default frequency, or the one that is set
			for i, p := range points {
				if i >= len(want) || p.Name != want[i].Name {
					t.Fatalf("level %d is %s", i, p.Name)
				}
				if off := math.Abs(float64(p.Draw/want[i].Draw - 1)); off > 0.25 {
					t.Errorf("%s: %v, draws %v", p.Name, p.Draw, want[i].Draw)
				}
				if off := math.Abs(float64(p.Rate/want[i].Rate - 1)); off > 0.02 {
					t.Errorf("%s: %v, hashes %v", p.Name, p.Rate, want[i].Rate)
				}
			}
		})
	}
}

func TestNamedPointsAreTheLevels(t *testing.T) {
	m, err := emulate.NewBitaxe(emulate.Options{Running: true})
	if err != nil {
		t.Fatal(err)
	}
	defer m.Close()
	d := bitaxe.New(m.Addr(), bitaxe.Options{Points: []energy.OperatingPoint{{Name: "off"}, {Name: "450 MHz", Draw: 14, Rate: 9e11}}})
	points, err := d.Levels(t.Context())
	if err != nil || len(points) != 1 || points[0].Name != "450MHz" || points[0].Draw != 14 {
		t.Errorf("%+v, %v", points, err)
	}
}

func TestOddRepliesOfTheAPI(t *testing.T) {
	const info = `{"macAddr":"AA:BB:CC:00:11:22","version":"v2.14.0",`
	for _, c := range []struct {
		name  string
		reply string
		state energy.State
		draw  energy.Watts
		err   error
	}{
		{name: "numbers as strings", reply: info + `"power":"15.5","hashRate":"1000","miningPaused":false}`, state: energy.StateRunning, draw: 15.5},
		{name: "paused, winding down", reply: info + `"power":9,"hashRate":300,"miningPaused":true}`, state: energy.StateStopping, draw: 9},
		{name: "no hash rate", reply: info + `"power":9,"miningPaused":false}`, state: energy.StateUnknown, draw: 9},
		{name: "old and not hashing", reply: info + `"power":9,"hashRate":0}`, state: energy.StateUnknown, draw: 9},
		{name: "overheated", reply: info + `"power":3,"hashRate":0,"overheat_mode":1,"miningPaused":false}`, state: energy.StateFault, draw: 3},
		{name: "negative power", reply: info + `"power":-3,"hashRate":0,"miningPaused":true}`, state: energy.StateIdle},
		{name: "power is a word", reply: info + `"power":"nan","hashRate":0,"miningPaused":true}`, state: energy.StateIdle},
		{name: "no address", reply: `{"power":3}`, err: rigs.ErrGarbage},
		{name: "two documents", reply: info + `"power":3}{}`, err: rigs.ErrGarbage},
		{name: "an array", reply: `[1]`, err: rigs.ErrGarbage},
	} {
		t.Run(c.name, func(t *testing.T) {
			d := serve(t, func(w http.ResponseWriter, _ *http.Request) { w.Write([]byte(c.reply)) })
			rep, err := d.Status(t.Context())
			if !errors.Is(err, c.err) || rep.State != c.state || rep.Draw != c.draw {
				t.Errorf("%+v, %v", rep, err)
			}
		})
	}
}

func TestRedirectsAreNotFollowed(t *testing.T) {
	elsewhere := httptest.NewServer(http.HandlerFunc(func(http.ResponseWriter, *http.Request) { t.Error("followed") }))
	defer elsewhere.Close()
	d := serve(t, func(w http.ResponseWriter, r *http.Request) { http.Redirect(w, r, elsewhere.URL, http.StatusFound) })
	if _, err := d.Status(t.Context()); !errors.Is(err, rigs.ErrRefused) {
		t.Errorf("%v, want ErrRefused", err)
	}
}

func serve(t *testing.T, h http.HandlerFunc) *bitaxe.Driver {
	t.Helper()
	srv := httptest.NewServer(h)
	t.Cleanup(srv.Close)
	return bitaxe.New(strings.TrimPrefix(srv.URL, "http://"), bitaxe.Options{})
}
