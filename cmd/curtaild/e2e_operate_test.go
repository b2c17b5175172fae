package main_test

import (
	"strings"
	"syscall"
	"testing"
	"time"

	"github.com/curtaild/curtaild/api"
	"github.com/curtaild/curtaild/energy"
	"github.com/curtaild/curtaild/internal/testbed"
)

// holdAndReload is an operator's day: configs that are good and bad, a hold
// that outlives a restart, and the end.
func holdAndReload(t *testing.T, w *world) {
	f := w.farm(4)
	url := w.configure(f, settings{})
	d := w.daemon()
	w.play(f, w.connect(url, nil), steady(30e3), 1)
	full := func() bool { return running(f) == 4 }
	w.until("all rigs run", time.Minute, full)
	was := f.total()

	w.write("policies/soak.yaml", strings.Replace(soakPolicy, "reserve: 1 kW", "reserve: 1\n    rezerve: 2 kW", 1))
	d.signal(syscall.SIGHUP)
	w.until("the bad config is refused", 10*time.Second, func() bool { return d.said("reload refused", "old configuration stays") })
	for _, want := range []string{"soak.yaml:7:14", "soak.yaml:8:5", "rezerve"} {
		if !d.said("msg=reload", want) {
			t.Errorf("the log does not name %s", want)
		}
	}
	if is := f.total(); is.Stops != was.Stops || is.Starts != was.Starts {
		t.Errorf("a refused config stopped or started rigs: %d starts, %d stops, before %d and %d", is.Starts, is.Stops, was.Starts, was.Stops)
	}
	w.write("policies/soak.yaml", strings.Replace(soakPolicy, "reserve: 1 kW", "reserve: 28 kW", 1))
	d.signal(syscall.SIGHUP)
	w.until("the good config is taken", 10*time.Second, func() bool { return d.said("msg=reloaded") })
	w.until("the new reserve is left", 30*time.Second, func() bool {
		s := w.status()
		return s.Power.OK && answered(w) == 4 && s.Power.DrawW > 100 && s.Power.GrantedW < 2500
	})
	if is := f.total(); is.Starts != was.Starts {
		t.Errorf("a reload started rigs that ran: %d starts, before %d", is.Starts, was.Starts)
	}
	w.write("policies/soak.yaml", soakPolicy)
	d.signal(syscall.SIGHUP)
	w.until("the old config is taken again", 10*time.Second, func() bool { return len(d.grep("msg=reloaded")) == 2 })
	w.until("all rigs run", time.Minute, full)
	was = f.total()
	w.write("policies/soak.yaml", "# the same, said again\n"+soakPolicy)
	d.signal(syscall.SIGHUP)
	w.until("a config that changes nothing is taken", 10*time.Second, func() bool { return len(d.grep("msg=reloaded")) == 3 })
	w.until("it decides", 20*time.Second, func() bool { s := w.status(); return s.Power.OK && answered(w) == 4 && s.Power.GrantedW > 5000 })
	w.pass(3 * time.Second) // longer than the policy's delays
	if is := f.total(); is.Stops != was.Stops || is.Starts != was.Starts {
		t.Errorf("a reload stopped or started rigs: %d starts, %d stops, before %d and %d", is.Starts, is.Stops, was.Starts, was.Stops)
	}

	w.command("hold", "--all", "off")
	w.until("all rigs are off", 20*time.Second, func() bool { return running(f) == 0 })
	w.until("held loads say why", 5*time.Second, func() bool { return w.load(f.rigs[0].Name).Reason == energy.HoldOff })
	asked := time.Now()
	d.signal(syscall.SIGTERM)
	if status := d.ends(30 * time.Second); status != 0 {
		t.Fatalf("exit status %d after SIGTERM", status)
	}
	held := f.total().Starts
	d = w.daemon()
	w.until("the hold is in force again", 10*time.Second, func() bool { s := w.status(); return s.Hold != nil && s.Power.OK })
	w.pass(3 * time.Second) // longer than the policy's delay
	if n := f.total().Starts; n != held {
		t.Errorf("%d rigs were started under a hold", n-held)
	}
	w.command("hold", "--release")
	w.until("all rigs run", time.Minute, full)
	ran := time.Now()
	w.pass(3 * time.Second) // until that is on disk
	w.explained(asked, f.rigs[0].Name, "All loads were held off by", "[hold-off]", "It was stopped at")
	w.explained(ran, f.rigs[0].Name, "soak was open and ran 4 loads", "under soak", "when the grid was measured", "good.")
	w.command("drain")
	if status := d.ends(10 * time.Second); status != 0 {
		t.Errorf("exit status %d after a drain", status)
	}
	if n := running(f); n != 0 {
		t.Errorf("%d rigs run after a drain", n)
	}
	w.explained(asked, f.rigs[0].Name, "[hold-off]")
	if status, _, stderr := w.run("explain", "-c", w.path("config.yaml")); status != 1 || !strings.Contains(stderr, "the daemon had ended at") {
		t.Errorf("explain after the end: exit status %d, %s", status, stderr)
	}
}

// explained expects an explanation of a load to say all of that, and that it
// is exact.
func (w *world) explained(at time.Time, load string, want ...string) {
	w.t.Helper()
	status, stdout, stderr := w.run("explain", "-c", w.path("config.yaml"), "--at", at.Format(time.RFC3339Nano), "--load", load)
	for _, s := range want {
		if status != 0 || !strings.Contains(strings.ToLower(stdout), strings.ToLower(s)) {
			w.t.Errorf("explain --at %v: exit status %d, no %q:\n%s%s", at, status, s, stdout, stderr)
		}
	}
	if strings.Contains(stdout, "CAREFUL") {
		w.t.Errorf("explain --at %v is not exact:\n%s", at, stdout)
	}
}

// command runs one that asks the daemon for something.
func (w *world) command(args ...string) string {
	w.t.Helper()
	status, stdout, stderr := w.run(append(args, "--socket", w.path("api.sock"))...)
	if status != 0 {
		w.t.Fatalf("%v: exit status %d: %s", args, status, stderr)
	}
	return stdout
}

func (w *world) load(name string) api.Load {
	w.t.Helper()
	for _, l := range w.status().Loads {
		if l.Name == name {
			return l
		}
	}
	w.t.Fatalf("no load %s", name)
	return api.Load{}
}

// secondDaemon must not get at the state of the first.
func secondDaemon(t *testing.T, w *world) {
	f := w.farm(1)
	w.configure(f, settings{})
	d := w.daemon()
	status, _, stderr := w.run("run", "-c", w.path("config.yaml"))
	if status != 1 || !strings.Contains(stderr, "in use by process") || !strings.Contains(stderr, w.path("state")) {
		t.Errorf("the second daemon ended with %d and said %q", status, stderr)
	}
	if _, err := api.Dial(w.path("api.sock")).Status(t.Context()); err != nil {
		t.Errorf("the first daemon does not answer any more: %v", err)
	}
	d.signal(syscall.SIGTERM)
	if status := d.ends(30 * time.Second); status != 0 {
		t.Errorf("exit status %d after SIGTERM", status)
	}
}

// observe decides and records, and touches nothing.
func observe(t *testing.T, w *world) {
	f := w.farm(4)
	url := w.configure(f, settings{mode: "observe"})
	d := w.daemon()
	w.play(f, w.connect(url, nil), steady(30e3), 1)
	w.until("rigs would be started", 30*time.Second, func() bool {
		s := w.status()
		return s.Power.OK && s.Power.GrantedW > 5000 && answered(w) == 4
	})
	w.pass(3 * time.Second)
	d.signal(syscall.SIGTERM)
	if status := d.ends(30 * time.Second); status != 0 {
		t.Errorf("exit status %d after SIGTERM", status)
	}
	if m := f.total(); m.Writes != 0 || m.Starts != 0 || m.Commands == 0 {
		t.Errorf("an observer wrote %d times to rigs (last %q) and read %d times", m.Writes, m.LastWrite, m.Commands)
	}
}

// liveCheck tells what each thing is, and what cannot be reached.
func liveCheck(t *testing.T, w *world) {
	broker := testbed.Mosquitto(t, testbed.BrokerOptions{})
	f := w.farm(2)
	w.configure(f, settings{broker: broker})
	w.play(f, w.connect(broker.URL, broker), steady(30e3), 1)
	status, out, stderr := w.run("check", "--live", "-c", w.path("config.yaml"))
	if status != 0 {
		t.Errorf("exit status %d: %s", status, stderr)
	}
	for _, want := range []string{"reading  grid: exporting 29.976 kW, 0 s old", "broker   " + broker.TLSURL + ": reached", f.rigs[0].Name, f.rigs[1].Name} {
		if !strings.Contains(out, want) {
			t.Errorf("check --live does not say %q:\n%s", want, out)
		}
	}
	f.fault(f.rigs[1].Name, "refuse")
	status, out, _ = w.run("check", "--live", "-c", w.path("config.yaml"))
	if status != 1 || !strings.Contains(out, "FAULT rig      "+f.rigs[1].Name) {
		t.Errorf("exit status %d with a rig that cannot be reached:\n%s", status, out)
	}
	if n := f.total().Writes; n != 0 {
		t.Errorf("check --live wrote %d times to rigs", n)
	}
}
