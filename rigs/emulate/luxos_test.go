package emulate

import (
	"strings"
	"testing"
	"time"

	"github.com/curtaild/curtaild/energy"
)

func luxAt(c *clock) Options {
	return Options{Name: "a", Points: testPoints(), StartTime: 100 * time.Second, StopTime: 10 * time.Second, Seed: 3, clock: c.Now}
}

func TestLuxOSCodes(t *testing.T) {
	l := startLux(t, Options{})
	for _, tc := range []struct {
		command string
		status  string
		code    int
		section string
	}{
		{"version", "S", 22, "VERSION"}, {"summary", "S", 11, "SUMMARY"}, {"devs", "S", 9, "DEVS"}, {"config", "S", 33, "CONFIG"},
		{"power", "S", 311, "POWER"}, {"profiles", "S", 323, "PROFILES"}, {"temps", "S", 201, "TEMPS"}, {"fans", "S", 202, "FANS"},
		{"pools", "S", 7, "POOLS"}, {"stats", "S", 70, "STATS"}, {"events", "S", 357, "EVENTS"}, {"limits", "S", 342, "LIMITS"},
		{"atm", "S", 339, "ATM"}, {"session", "S", 319, "SESSION"},
		{"nonsense", "E", 14, ""}, {"", "E", 14, ""}, {"summary+devs", "E", 14, ""}, {"Summary", "E", 14, ""},
		{"curtail", "E", luxSessionMissing, ""}, {"profileset", "E", luxSessionMissing, ""}, {"logoff", "E", luxSessionMissing, ""},
	} {
		m := ask(t, l.Addr(), tc.command, "")
		want(t, m, tc.status, tc.code)
		if _, ok := m[tc.section]; tc.section != "" && !ok {
			t.Errorf("%s: no section %s in %v", tc.command, tc.section, m)
		}
		if m["id"] != 1.0 {
			t.Errorf("%s: id = %v, want 1", tc.command, m["id"])
		}
	}
}

func TestLuxOSRequestForms(t *testing.T) {
	l := startLux(t, Options{Joined: true})
	for _, tc := range []struct{ name, request, want string }{
		{"plain text", "summary", "STATUS=S,When="},
		{"plain text with a newline", "power\n", "|POWER,"},
		{"plain text with several rows", "devs", "|DEVS=2,"},
		{"plain text, unknown", "nonsense", "STATUS=E,When="},
		{"broken JSON", `{"command":}`, `"Code":23`},
		{"JSON without command", `{"cmd":"summary"}`, `"Code":23`},
		{"JSON of the wrong type", `{"command":7}`, `"Code":23`},
		{"JSON with a NUL", "{\"command\":\"power\"}\x00", `"Code":311`},
		{"a number for parameter", `{"command":"power","parameter":3}`, `"Code":311`},
		{"quit", `{"command":"quit"}`, "{\"BYE\",\"id\":1}\x00"},
		{"joined", `{"command":"summary+power"}`, `"power":[{"POWER":`},
		{"joined with an unknown part", `{"command":"summary+huh"}`, `"huh":[{"STATUS":[{"Code":14`},
	} {
		t.Run(tc.name, func(t *testing.T) {
			got, err := raw(t, l.Addr(), tc.request)
			if err != nil || !strings.Contains(string(got), tc.want) || !strings.HasSuffix(string(got), "\x00") {
				t.Errorf("reply %q, %v; want %q in it, and NUL at the end", got, err, tc.want)
			}
		})
	}
}

func TestLuxOSRequestInPieces(t *testing.T) {
	l := startLux(t, Options{})
	conn := dial(t, l.Addr())
	for _, b := range []byte(`{"command": "power"}`) {
		if _, err := conn.Write([]byte{b}); err != nil {
			t.Fatal(err)
		}
	}
	buf := make([]byte, 1024)
	if n, err := conn.Read(buf); err != nil || !strings.Contains(string(buf[:n]), "Watts") {
		t.Errorf("reply %q, %v", buf[:n], err)
	}
}

func TestLuxOSOversizedRequest(t *testing.T) {
	l := startLux(t, Options{})
	got, _ := raw(t, l.Addr(), `{"command":"`+strings.Repeat("x", maxRequest-12)) // just as much as it takes
	if !strings.Contains(string(got), `"Code":23`) {
		t.Errorf("reply %q, want code 23", got)
	}
}

func TestLuxOSSession(t *testing.T) {
	c := newClock()
	l := startLux(t, luxAt(c))
	if id := field(t, ask(t, l.Addr(), "session", ""), "SESSION", "SessionID"); id != "" {
		t.Errorf("session %q before any logon", id)
	}
	sid := logon(t, l.Addr())
	if len(sid) != 8 {
		t.Errorf("session id %q, want 8 characters", sid)
	}
	want(t, ask(t, l.Addr(), "logon", ""), "E", luxSessionBusy)
	want(t, ask(t, l.Addr(), "curtail", "wrong,wakeup"), "E", luxSessionInvalid)
	for range 5 { // use keeps it alive
		c.add(59 * time.Second)
		want(t, ask(t, l.Addr(), "atmset", sid+",enabled=false"), "S", 340)
	}
	c.add(59 * time.Second)
	want(t, ask(t, l.Addr(), "summary", ""), "S", 11) // reading does not
	c.add(2 * time.Second)
	want(t, ask(t, l.Addr(), "curtail", sid+",wakeup"), "E", luxSessionInvalid)
	second := logon(t, l.Addr())
	if second == sid {
		t.Errorf("the same session id %q twice", sid)
	}
	want(t, ask(t, l.Addr(), "logoff", second), "S", 317)
	want(t, ask(t, l.Addr(), "logoff", second), "E", luxSessionInvalid)
	l.Inject(Fault{Kind: Busy, Count: 1})
	want(t, ask(t, l.Addr(), "logon", ""), "E", luxSessionBusy)
	third := logon(t, l.Addr())
	l.Inject(Fault{Kind: ExpireSession})
	want(t, ask(t, l.Addr(), "curtail", third+",sleep"), "E", luxSessionInvalid)
	if m := l.Meter(); m.Starts != 0 {
		t.Errorf("refused commands started the rig: %+v", m)
	}
}

func TestLuxOSCurtail(t *testing.T) {
	c := newClock()
	l := startLux(t, luxAt(c))
	var seen []string
	l.OnCommand(func(cmd string, _ time.Time) { seen = append(seen, cmd) })
	sid := logon(t, l.Addr())
	config := func() map[string]any { return ask(t, l.Addr(), "config", "") }
	expect := func(when, mode string, powered, ramping bool) {
		t.Helper()
		m := config()
		if got := field(t, m, "CONFIG", "CurtailMode"); got != mode {
			t.Errorf("%s: CurtailMode %v, want %s", when, got, mode)
		}
		if got := field(t, m, "CONFIG", "IsPowerSupplyOn"); got != powered {
			t.Errorf("%s: IsPowerSupplyOn %v, want %v", when, got, powered)
		}
		if got := field(t, ask(t, l.Addr(), "devs", ""), "DEVS", "IsRamping"); got != ramping {
			t.Errorf("%s: IsRamping %v, want %v", when, got, ramping)
		}
	}
	watts := func() float64 { return field(t, ask(t, l.Addr(), "power", ""), "POWER", "Watts").(float64) }

	expect("at first", "Sleep", false, false)
	near(t, "watts asleep", watts(), 20, 0)
	m := ask(t, l.Addr(), "curtail", sid+",wakeup")
	want(t, m, "S", 335)
	if got := field(t, m, "CURTAIL", "Action"); got != "wake up" {
		t.Errorf("action %q", got)
	}
	c.add(10 * time.Second)
	expect("starting", "None", true, true)
	near(t, "watts after a tenth of the ramp", watts(), 20+298, 1)
	near(t, "GHS 5s before hashing", field(t, ask(t, l.Addr(), "summary", ""), "SUMMARY", "GHS 5s").(float64), 0, 0)
	c.add(200 * time.Second)
	expect("running", "None", true, false)
	near(t, "watts at the nominal profile", watts(), 3000, 0)
	near(t, "GHS 5s", field(t, ask(t, l.Addr(), "summary", ""), "SUMMARY", "GHS 5s").(float64), 110e3, 0.1)
	want(t, ask(t, l.Addr(), "curtail", sid+",wakeup"), "E", luxSessionInvalid) // a minute and more since
	sid = logon(t, l.Addr())
	want(t, ask(t, l.Addr(), "curtail", sid+", sleep , mode=unsafe"), "S", 335)
	c.add(5 * time.Second)
	expect("stopping", "Sleep", true, false)
	c.add(6 * time.Second)
	expect("stopped", "Sleep", false, false)
	near(t, "watts stopped", watts(), 20, 0)
	for _, bad := range []string{sid, sid + ",snooze", sid + ",sleep,fast=yes"} {
		want(t, ask(t, l.Addr(), "curtail", bad), "E", luxBadParameter)
	}
	meter := l.Meter()
	if meter.Starts != 1 || meter.Stops != 1 || meter.Running || meter.Writes != 6 {
		t.Errorf("meter %+v, want one start, one stop, six writes", meter)
	}
	near(t, "joules", float64(meter.Joules), 1510*100+3000*110+1510*10+20, 1)
	if len(seen) < 2 || seen[0] != "logon" || seen[1] != "config" {
		t.Errorf("commands seen: %q", seen)
	}
	if meter.LastWrite != "curtail sleep fast=yes" || meter.LastWriteAt.IsZero() {
		t.Errorf("last write %q", meter.LastWrite)
	}
}

func TestLuxOSProfiles(t *testing.T) {
	c := newClock()
	o := luxAt(c)
	o.Running, o.Point = true, 1
	l := startLux(t, o)
	sid := logon(t, l.Addr())
	for _, tc := range []struct {
		selector string
		point    int // 0: refused
	}{
		{"mid", 2}, {"+1", 3}, {"+1", 3}, {"-2", 1}, {"1.6kW", 2}, {"1200W", 1}, {"100THs", 2}, {"-99999999999999999999", 0},
		{"500W", 0}, {"huge", 0}, {"off", 0}, {"", 0}, {"top,1", 0}, {"NaNW", 0}, {"+Infinity", 0}, {"top", 3},
	} {
		m := ask(t, l.Addr(), "profileset", sid+","+tc.selector)
		if s, _ := code(t, m); (s == "S") != (tc.point > 0) {
			t.Errorf("profileset %q: %v", tc.selector, m)
		}
		if got := l.Meter().Point; tc.point > 0 && got != tc.point {
			t.Errorf("profileset %q led to point %d, want %d", tc.selector, got, tc.point)
		}
	}
	if got := field(t, ask(t, l.Addr(), "config", ""), "CONFIG", "Profile"); got != "top" {
		t.Errorf("profile %v, want top", got)
	}
	// asleep, it is kept for the wake-up
	ask(t, l.Addr(), "curtail", sid+",sleep")
	want(t, ask(t, l.Addr(), "profileset", sid+",low"), "S", 325)
	if m := l.Meter(); m.Running || m.Point != energy.Off {
		t.Errorf("a profile woke the rig: %+v", m)
	}
	ask(t, l.Addr(), "curtail", sid+",wakeup")
	if m := l.Meter(); m.Point != 1 || m.Starts != 1 {
		t.Errorf("woke to %+v, want point 1", m)
	}
}

func TestLuxOSReboot(t *testing.T) {
	for _, running := range []bool{true, false} {
		c := newClock()
		o := luxAt(c)
		o.Running, o.TimeScale = running, 10
		l := startLux(t, o)
		c.add(time.Hour)
		sid := logon(t, l.Addr())
		want(t, ask(t, l.Addr(), "rebootdevice", sid), "S", 305)
		if b, _ := raw(t, l.Addr(), "summary"); len(b) > 0 {
			t.Errorf("answered %q while rebooting", b)
		}
		if l.Meter().Running {
			t.Error("running while rebooting")
		}
		c.add(5 * time.Second)
		m := ask(t, l.Addr(), "summary", "")
		if got := field(t, m, "SUMMARY", "Elapsed").(float64); got > 2 {
			t.Errorf("elapsed %v after a reboot", got)
		}
		if got := field(t, m, "SUMMARY", "Accepted").(float64); got != 0 {
			t.Errorf("%v shares after a reboot", got)
		}
		if l.Meter().Running != running {
			t.Errorf("running = %v after a reboot, want %v as before", !running, running)
		}
		want(t, ask(t, l.Addr(), "curtail", sid+",sleep"), "E", luxSessionInvalid)
		if running && l.Meter().Accepted == 0 {
			t.Error("the meter forgot its shares")
		}
	}
}
