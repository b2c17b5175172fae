package main

import (
	"bytes"
	"context"
	"net"
	"strings"
	"testing"
)

// runLine runs a command line in this process. Its context has ended, so that
// what is not refused ends at once.
func runLine(t *testing.T, args ...string) (status int, out, complaint string) {
	t.Helper()
	ctx, cancel := context.WithCancel(t.Context())
	cancel()
	var stdout, stderr bytes.Buffer
	root := newRoot()
	root.SetArgs(args)
	root.SetOut(&stdout)
	root.SetErr(&stderr)
	return execute(ctx, root), stdout.String(), stderr.String()
}

func TestWrongFlagsEndWith2(t *testing.T) {
	for line, say := range map[string]string{
		"emulate --family antminer":                   `--family "antminer"`,
		"emulate --family luxos,none":                 `--family "none"`,
		"emulate --family=":                           "--family",
		"emulate --rigs 0":                            "--rigs 0",
		"emulate --rigs -3":                           "--rigs -3",
		"emulate --rigs 1000000":                      "--rigs 1000000",
		"emulate --rigs many":                         "--rigs",
		"emulate --port -1":                           "--port -1",
		"emulate --port 65536":                        "--port 65536",
		"emulate --port 65535 --rigs 2":               "--port 65535",
		"emulate --rigs 1 --port 9223372036854775807": "--port",
		"emulate --time-scale 0":                      "--time-scale 0",
		"emulate --time-scale -1":                     "--time-scale -1",
		"emulate --time-scale NaN":                    "--time-scale NaN",
		"emulate --time-scale Inf":                    "--time-scale +Inf",
		"emulate --control 8000":                      "--control",
		"emulate --control 127.0.0.1":                 "--control",
		"emulate --control 127.0.0.1:http2":           "--control",
		"emulate --control 127.0.0.1:70000":           "--control",
		"emulate --control :8000":                     "loopback",
		"emulate --control 0.0.0.0:8000":              "loopback",
		"emulate --control [::]:8000":                 "loopback",
		"emulate --control 192.0.2.1:8000":            "loopback",
		"emulate --control rig.example:8000":          "loopback",
		"hash --json":                                 "--json: only with --kernels",
		"hash --worker --kernels":                     "one at a time",
		"hash 3":                                      `"3"`,
		"emulate --speed 2":                           "--speed",
		"emulate luxos":                               "luxos",
		"demo --for 0":                                "--for 0s",
		"demo --for 0s":                               "--for 0s",
		"demo --for -1s":                              "--for -1s",
		"demo --for soon":                             "--for",
	} {
		status, out, complaint := runLine(t, strings.Fields(line)...)
		if status != 2 || out != "" || strings.Count(complaint, "\n") != 1 || !strings.Contains(complaint, say) {
			t.Errorf("%s: status %d, prints %q, complains %q; want 2 and %q", line, status, out, complaint, say)
		}
	}
}

func TestRightFlagsEndWith0(t *testing.T) {
	for _, line := range []string{
		"emulate --rigs 1 --family luxos --control 127.0.0.1:0",
		"emulate --rigs 2 --control localhost:0 --time-scale 0.5",
	} {
		want := 1 + strings.Count(line, "--rigs 1") + 2*strings.Count(line, "--rigs 2")
		if status, out, complaint := runLine(t, strings.Fields(line)...); status != 0 || strings.Count(out, "\n") != want {
			t.Errorf("%s: status %d, prints %q, complains %q", line, status, out, complaint)
		}
	}
}

// A port that is taken is no wrong flag; and no rig is announced before all
// that was asked for is there.
func TestEmulateTakesItsPortsFirst(t *testing.T) {
	taken, err := net.Listen("tcp", "127.0.0.1:0")
	if err != nil {
		t.Fatal(err)
	}
	defer taken.Close()
	status, out, complaint := runLine(t, "emulate", "--rigs", "1", "--control", taken.Addr().String())
	if status != 1 || out != "" || !strings.Contains(complaint, "listen for control") {
		t.Errorf("status %d, prints %q, complains %q", status, out, complaint)
	}
}
