package main

import (
	"bytes"
	"os"
	"os/exec"
	"path/filepath"
	"regexp"
	"slices"
	"strconv"
	"strings"
	"testing"
	"time"

	"github.com/curtaild/curtaild/cmd/curtaild/config"
	"github.com/curtaild/curtaild/internal/testbed"
)

const (
	unitFile = "../../deploy/systemd/curtaild.service"
	// exposure is the most that systemd-analyze security may find, of 100.
	exposure = 15
)

// analyze runs systemd-analyze on a copy of our unit whose binary exists.
func analyze(t *testing.T, args ...string) (output string, err error) {
	t.Helper()
	tool, err := exec.LookPath("systemd-analyze")
	testbed.Need(t, "systemd-analyze", err)
	self, err := os.Executable()
	if err != nil {
		t.Fatal(err)
	}
	unit := bytes.ReplaceAll(readUnit(t), []byte("/usr/bin/curtaild"), []byte(self))
	path := filepath.Join(t.TempDir(), "curtaild.service")
	if err := os.WriteFile(path, unit, 0o644); err != nil {
		t.Fatal(err)
	}
	out, err := exec.CommandContext(t.Context(), tool, append(args, path)...).CombinedOutput()
	return string(out), err
}

func readUnit(t *testing.T) []byte {
	t.Helper()
	unit, err := os.ReadFile(unitFile)
	if err != nil {
		t.Fatal(err)
	}
	return unit
}

// settings are the unit's values by key, in their order.
func settings(t *testing.T) map[string][]string {
	t.Helper()
	out := map[string][]string{}
	for line := range strings.Lines(string(readUnit(t))) {
		key, value, ok := strings.Cut(strings.TrimSpace(line), "=")
		if ok && !strings.HasPrefix(key, "#") {
			out[key] = append(out[key], value)
		}
	}
	return out
}

// TestUnitVerifies fails on any output: the tool ends with 0 also where it has
// ignored a key that it does not know.
func TestUnitVerifies(t *testing.T) {
	out, err := analyze(t, "verify", "--man=no")
	if err != nil || strings.TrimSpace(out) != "" {
		t.Errorf("systemd-analyze verify: %v\n%s", err, out)
	}
}

func TestUnitSandbox(t *testing.T) {
	out, err := analyze(t, "security", "--offline=true", "--no-pager", "--threshold="+strconv.Itoa(exposure))
	if err != nil {
		t.Errorf("the sandbox is looser than %d of 100: %v\n%s", exposure, err, out)
	}
}

// TestUnitKeepsSystemdsPromises holds the unit to what the program does.
func TestUnitKeepsSystemdsPromises(t *testing.T) {
	unit := settings(t)
	for key, want := range map[string]string{
		"Type": "notify", "KillMode": "mixed", "Restart": "on-failure", "StartLimitIntervalSec": "0",
		"StateDirectory": "curtaild", "RuntimeDirectory": "curtaild", "ExecReload": "kill -HUP $MAINPID",
		"BindReadOnlyPaths": "%d:/etc/curtaild/secrets",
	} {
		if got := unit[key]; len(got) != 1 || got[0] != want {
			t.Errorf("%s is %q, want %q", key, got, want)
		}
	}
	if _, given := unit["RestartPreventExitStatus"]; given {
		t.Error("RestartPreventExitStatus: a crash of the Go runtime has status 2 too, and would be the end")
	}
	exit := defaultConfig(t).ExitWithin
	if stop := unitTime(t, unit, "TimeoutStopSec"); stop < exit+10*time.Second {
		t.Errorf("TimeoutStopSec %v leaves no time after exit_within %v", stop, exit)
	}
	if dog := unitTime(t, unit, "WatchdogSec"); dog < 10*time.Second {
		t.Errorf("WatchdogSec %v: a box under load must not be taken for a hang", dog)
	}
	if len(unit["LoadCredential"]) != len(unit["SetCredential"]) {
		t.Errorf("a credential without its SetCredential keeps the daemon from starting where the file is missing: %q and %q",
			unit["LoadCredential"], unit["SetCredential"])
	}
}

// TestUnitFindsWhatTheConfigNames holds the example's paths to the unit's.
func TestUnitFindsWhatTheConfigNames(t *testing.T) {
	cfg := defaultConfig(t)
	if want := "/var/lib/" + settings(t)["StateDirectory"][0]; cfg.Store.Path != want {
		t.Errorf("store.path is %s by default, and the unit has %s", cfg.Store.Path, want)
	}
	if want := "/run/" + settings(t)["RuntimeDirectory"][0]; filepath.Dir(cfg.HTTP.Socket) != want {
		t.Errorf("http.socket is %s by default, and the unit has %s", cfg.HTTP.Socket, want)
	}
}

func unitTime(t *testing.T, unit map[string][]string, key string) time.Duration {
	t.Helper()
	if len(unit[key]) != 1 || !regexp.MustCompile(`^\d+s$`).MatchString(unit[key][0]) {
		t.Fatalf("%s is %q, want one number of seconds", key, unit[key])
	}
	d, err := time.ParseDuration(unit[key][0])
	if err != nil {
		t.Fatal(err)
	}
	return d
}

// defaultConfig is a config in which all that may be left out is.
func defaultConfig(t *testing.T) *config.Config {
	t.Helper()
	path := filepath.Join(t.TempDir(), "config.yaml")
	writeConfig(t, path, "")
	cfg, faults := loadConfig(path)
	if cfg == nil {
		t.Fatal(faults)
	}
	return cfg
}

// writeConfig writes the least that can run, with more lines after it.
func writeConfig(t *testing.T, path, more string) {
	t.Helper()
	const least = `
site: {name: unit}
readings: [{name: grid, role: grid, topic: unit/grid, unit: W, sign: import_positive}]
policies: unit-policies.yaml
hasher: {workers: 1, power: {model: {core: 10 W}}}
`
	const policy = `policies: [{name: surplus, loads: [cpu], use: available}]`
	for file, text := range map[string]string{path: least + more, filepath.Join(filepath.Dir(path), "unit-policies.yaml"): policy} {
		if err := os.WriteFile(file, []byte(text), 0o644); err != nil {
			t.Fatal(err)
		}
	}
}

// TestUnitHandsOverTheSecretsOfTheExample: whoever copies from the example
// finds every secret it names.
func TestUnitHandsOverTheSecretsOfTheExample(t *testing.T) {
	example, err := os.ReadFile("../../config.example.yaml")
	if err != nil {
		t.Fatal(err)
	}
	named := regexp.MustCompile(`(?m)^ *(?:password|token)_file: (\S+)`).FindAllStringSubmatch(string(example), -1)
	if len(named) == 0 {
		t.Fatal("the example names no secret")
	}
	given := settings(t)["LoadCredential"]
	for _, m := range named {
		if want := filepath.Base(m[1]) + ":" + m[1]; !slices.Contains(given, want) {
			t.Errorf("the example names %s, and the unit has no LoadCredential=%s", m[1], want)
		}
	}
}
