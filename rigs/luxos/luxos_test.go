package luxos_test

import (
	"context"
	"errors"
	"slices"
	"strings"
	"sync"
	"testing"
	"time"

	"github.com/curtaild/curtaild/rigs"
	"github.com/curtaild/curtaild/rigs/emulate"
	"github.com/curtaild/curtaild/rigs/luxos"
	"github.com/curtaild/curtaild/rigs/rigtest"
)

func connect(t *testing.T, o emulate.Options) (*luxos.Driver, *emulate.LuxOS) {
	t.Helper()
	m, err := emulate.NewLuxOS(o)
	if err != nil {
		t.Fatal(err)
	}
	t.Cleanup(func() { m.Close() })
	return luxos.New(m.Addr(), luxos.Options{}), m
}

func TestContract(t *testing.T) {
	for name, joined := range map[string]bool{"single": false, "joined": true} {
		t.Run(name, func(t *testing.T) {
			rigtest.Run(t, func(t *testing.T, o emulate.Options) (rigs.Driver, emulate.Rig) {
				o.Joined = joined
				return connect(t, o)
			})
		})
	}
}

// commands notes what a machine is asked.
func commands(m emulate.Rig) func() []string {
	var mu sync.Mutex
	var list []string
	m.OnCommand(func(cmd string, _ time.Time) {
		mu.Lock()
		defer mu.Unlock()
		list = append(list, cmd)
	})
	return func() []string {
		mu.Lock()
		defer mu.Unlock()
		taken := list
		list = nil
		return taken
	}
}

func expect(t *testing.T, what string, got []string, want ...string) {
	t.Helper()
	if !slices.Equal(got, want) {
		t.Errorf("%s: asked %q, want %q", what, got, want)
	}
}

func TestSessionIsUsedAgainAndGivenBack(t *testing.T) {
	d, m := connect(t, emulate.Options{Running: true, StartTime: -1, StopTime: -1})
	asked := commands(m)
	must(t, d.Ready(t.Context()))
	expect(t, "ready", asked(), "logon")
	must(t, d.Ready(t.Context()))
	must(t, d.Pause(t.Context()))
	expect(t, "pause with a session", asked(), "curtail sleep")
	must(t, d.Close(t.Context()))
	must(t, d.Close(t.Context()))
	expect(t, "close", asked(), "logoff")
}

func TestExpiredSessionIsOpenedAnew(t *testing.T) {
	d, m := connect(t, emulate.Options{Running: true, StartTime: -1, StopTime: -1})
	must(t, d.Ready(t.Context()))
	m.Inject(emulate.Fault{Kind: emulate.ExpireSession})
	must(t, d.Pause(t.Context()))
	if m.Meter().Running {
		t.Error("still runs")
	}
}

func TestSessionWhoseLogonGotNoAnswerIsFound(t *testing.T) {
	d, m := connect(t, emulate.Options{Running: true, StartTime: -1, StopTime: -1})
	m.Inject(emulate.Fault{Kind: emulate.Half, Count: 1})
	if err := d.Ready(t.Context()); err == nil {
		t.Fatal("half an answer was taken")
	}
	asked := commands(m)
	must(t, d.Pause(t.Context()))
	expect(t, "pause", asked(), "logon", "session", "logoff", "logon", "curtail sleep")
}

func TestSessionOfAKilledProcessIsTakenOver(t *testing.T) {
	before, m := connect(t, emulate.Options{Running: true, StartTime: -1, StopTime: -1})
	if err := before.Pause(t.Context()); err != nil {
		t.Fatal(err)
	}
	after := luxos.New(m.Addr(), luxos.Options{})
	after.Carry(before.Carried())
	if err := after.Resume(t.Context()); err != nil {
		t.Errorf("locked out by our own session: %v", err)
	}
}

// The session was renewed, and the process killed before it had written the
// new id down.
func TestSessionThatWasNotWrittenDownIsTakenOver(t *testing.T) {
	before, m := connect(t, emulate.Options{Running: true, StartTime: -1, StopTime: -1})
	must(t, before.Pause(t.Context()))
	written := before.Carried()
	must(t, before.Close(t.Context()))
	must(t, before.Resume(t.Context()))
	after := luxos.New(m.Addr(), luxos.Options{})
	after.Carry(written)
	if err := after.Pause(t.Context()); err != nil {
		t.Errorf("locked out by our own session: %v", err)
	}
}

func TestForeignSessionIsBusy(t *testing.T) {
	d, m := connect(t, emulate.Options{Running: true})
	other := luxos.New(m.Addr(), luxos.Options{})
	must(t, other.Ready(t.Context()))
	if err := d.Pause(t.Context()); !errors.Is(err, rigs.ErrBusy) {
		t.Fatalf("pause: %v, want ErrBusy", err)
	}
	must(t, other.Close(t.Context()))
	must(t, d.Pause(t.Context()))
}

func TestRefusalUnderAGoodSessionIsMeant(t *testing.T) {
	d, m := connect(t, emulate.Options{Running: true})
	must(t, d.Ready(t.Context()))
	asked := commands(m)
	if err := d.SetLevel(t.Context(), "9999MHz"); !errors.Is(err, rigs.ErrRefused) {
		t.Errorf("set level: %v, want ErrRefused", err)
	}
	expect(t, "refused", asked(), "atm", "profileset 9999MHz", "logon", "session")
}

func TestATMIsPutAsideAndBack(t *testing.T) {
	d, m := connect(t, emulate.Options{Running: true, ATM: true})
	must(t, d.SetLevel(t.Context(), "290MHz"))
	asked := commands(m)
	must(t, d.SetLevel(t.Context(), "315MHz"))
	expect(t, "second level", asked(), "profileset 315MHz")
	must(t, d.Close(t.Context()))
	expect(t, "close", asked(), "atmset enabled=true", "logoff")
	must(t, d.Close(t.Context()))
	expect(t, "close again", asked())
}

func TestOnePollIsOneConnection(t *testing.T) {
	for name, joined := range map[string]bool{"single": false, "joined": true} {
		t.Run(name, func(t *testing.T) {
			d, m := connect(t, emulate.Options{Running: true, StartTime: -1, Joined: joined})
			if _, err := d.Status(t.Context()); err != nil {
				t.Fatal(err)
			}
			before := m.Meter().Connections
			for range 40 {
				if _, err := d.Status(t.Context()); err != nil {
					t.Fatal(err)
				}
			}
			if n := m.Meter().Connections - before; n != 40 {
				t.Errorf("%d connections for 40 polls", n)
			}
		})
	}
}

func TestAfterACommandTheConfigurationIsReadFirst(t *testing.T) {
	d, m := connect(t, emulate.Options{Running: true, StopTime: -1})
	if _, err := d.Status(t.Context()); err != nil {
		t.Fatal(err)
	}
	must(t, d.Pause(t.Context()))
	asked := commands(m)
	for range 2 {
		if _, err := d.Status(t.Context()); err != nil {
			t.Fatal(err)
		}
	}
	expect(t, "two polls after a command", asked(), "config", "power")
}

func TestOverclockedProfilesAreNotOffered(t *testing.T) {
	d, m := connect(t, emulate.Options{Running: true})
	if _, err := d.Status(t.Context()); err != nil {
		t.Fatal(err)
	}
	points, err := d.Levels(t.Context())
	must(t, err)
	if top := points[len(points)-1].Name; len(points) != 17 || top != "590MHz" {
		t.Errorf("%d levels up to %s, want 17 up to the nominal 590MHz", len(points), top)
	}
	over := luxos.New(m.Addr(), luxos.Options{Overclock: true})
	if points, err = over.Levels(t.Context()); err != nil || len(points) != 25 {
		t.Errorf("%d levels with overclocking, %v", len(points), err)
	}
}

func TestLevelNamesCannotSmuggleParameters(t *testing.T) {
	d, m := connect(t, emulate.Options{Running: true})
	for _, name := range []string{"290MHz,2", "+1", "-2", "a b"} {
		if err := d.SetLevel(t.Context(), name); !errors.Is(err, rigs.ErrUnsupported) {
			t.Errorf("%q: %v", name, err)
		}
	}
	if n := m.Meter().Writes; n != 0 {
		t.Errorf("%d writes", n)
	}
}

func TestMalformedRepliesAreMendedOrRefused(t *testing.T) {
	for _, variant := range emulate.Malformations() {
		t.Run(variant, func(t *testing.T) {
			d, m := connect(t, emulate.Options{Running: true, StartTime: -1})
			m.Inject(emulate.Fault{Kind: emulate.Malformed, Variant: variant})
			ctx, cancel := context.WithTimeout(t.Context(), 2*time.Second)
			defer cancel()
			who, err := d.Identify(ctx)
			if err != nil && !errors.Is(err, rigs.ErrGarbage) && !errors.Is(err, rigs.ErrUnreachable) && !errors.Is(err, rigs.ErrRefused) {
				t.Errorf("%v: an error without a class", err)
			}
			if err == nil && !strings.EqualFold(who.ID, m.MAC()) {
				t.Errorf("identity %+v", who)
			}
			t.Logf("%v", err)
		})
	}
}

func must(t *testing.T, err error) {
	t.Helper()
	if err != nil {
		t.Fatal(err)
	}
}
