package main

import (
	"fmt"
	"os"
	"os/exec"
	"path/filepath"
	"slices"
	"strings"
	"testing"

	"github.com/curtaild/curtaild/internal/testbed"
)

// TestWatchdogRestart runs the unit, less the sandbox that only the system's
// manager can make, under a real systemd: it starts, reloads, is replaced
// once it hangs, and ends cleanly.
func TestWatchdogRestart(t *testing.T) {
	if why := noManager(); why != "" {
		testbed.Say(t, "SKIPPED %s: %s", t.Name(), why)
		t.SkipNow()
	}
	dir := t.TempDir()
	conf := filepath.Join(dir, "config.yaml")
	writeConfig(t, conf, fmt.Sprintf("mqtt: {listen: %q}\nstore: {path: state}\nhttp: {socket: api.sock, listen: %q}\n", freePort(t), freePort(t)))
	units := filepath.Join(dir, "systemd", "user")
	if err := os.MkdirAll(units, 0o755); err != nil {
		t.Fatal(err)
	}
	unit := userUnit(t, buildProgram(t, dir)+" run -c "+conf)
	if err := os.WriteFile(filepath.Join(units, "curtaild.service"), []byte(unit), 0o644); err != nil {
		t.Fatal(err)
	}
	script, err := filepath.Abs("testdata/user-manager.sh")
	if err != nil {
		t.Fatal(err)
	}
	out, err := exec.CommandContext(t.Context(), "unshare", "-m", script, dir, "curtaild.service").CombinedOutput()
	const want = "started: active, 1 loads\n" +
		"reloaded: active, same process yes\n" +
		"stopped process replaced: active, restarts 1\n" +
		"ended: inactive, success, status 0\n"
	if err != nil || string(out) != want {
		log, _ := os.ReadFile(filepath.Join(dir, "manager.log")) // there is none if it did not come to that
		t.Errorf("%v, and it went\n%swant\n%s\nthe manager says\n%s\nof the unit\n%s", err, out, want, log, unit)
	}
}

// noManager says why no manager of our own can be run here.
func noManager() string {
	if os.Getuid() != 0 || exec.Command("unshare", "-m", "mount", "--make-rprivate", "/").Run() != nil {
		return "it takes root, and a mount namespace"
	}
	if _, err := os.Stat("/run/systemd/system"); err == nil {
		return "systemd runs this machine, and a second one would move our processes about"
	}
	if _, err := os.Stat("/lib/systemd/systemd"); err != nil {
		return "there is no systemd"
	}
	return ""
}

// userUnit is our unit as far as a user's manager can run it.
func userUnit(t *testing.T, command string) string {
	t.Helper()
	kept := []string{
		"StartLimitIntervalSec", "Type", "NotifyAccess", "ExecReload", "Restart", "RestartSec", "TimeoutStartSec", "TimeoutStopSec", "KillMode",
	}
	var out strings.Builder
	for line := range strings.Lines(string(readUnit(t))) {
		key, _, _ := strings.Cut(line, "=")
		switch {
		case key == "ExecStart":
			fmt.Fprintf(&out, "ExecStart=%s\n", command)
		case key == "WatchdogSec":
			out.WriteString("WatchdogSec=8s\n")
		case strings.HasPrefix(line, "[") || slices.Contains(kept, key):
			out.WriteString(line)
		}
	}
	return out.String()
}
