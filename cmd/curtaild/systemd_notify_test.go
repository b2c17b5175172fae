package main

import (
	"bytes"
	"errors"
	"fmt"
	"net"
	"os"
	"os/exec"
	"path/filepath"
	"slices"
	"strconv"
	"strings"
	"syscall"
	"testing"
	"time"
)

// manager stands in for systemd: it starts the real program and hears what
// that tells of itself.
type manager struct {
	t      *testing.T
	cmd    *exec.Cmd
	said   chan []string // the lines of one message
	ended  chan error
	stderr bytes.Buffer
}

func startUnderManager(t *testing.T, config string) *manager {
	t.Helper()
	dir := t.TempDir()
	bin := buildProgram(t, dir)
	socket := filepath.Join(dir, "notify")
	conn, err := net.ListenUnixgram("unixgram", &net.UnixAddr{Name: socket, Net: "unixgram"})
	if err != nil {
		t.Fatal(err)
	}
	m := &manager{t: t, said: make(chan []string, 256), ended: make(chan error, 1)}
	m.cmd = exec.Command(bin, "run", "-c", config)
	m.cmd.Stderr = &m.stderr
	m.cmd.Env = append(os.Environ(), "NOTIFY_SOCKET="+socket, "WATCHDOG_USEC=300000")
	if err := m.cmd.Start(); err != nil {
		t.Fatal(err)
	}
	go func() {
		buf := make([]byte, 4096)
		for {
			n, err := conn.Read(buf)
			if err != nil {
				return
			}
			m.said <- strings.Split(strings.TrimSpace(string(buf[:n])), "\n")
		}
	}()
	go func() { m.ended <- m.cmd.Wait() }()
	t.Cleanup(func() {
		_ = m.cmd.Process.Kill() // it has ended, if all is well
		conn.Close()
	})
	return m
}

// buildProgram builds the program into dir.
func buildProgram(t *testing.T, dir string) string {
	t.Helper()
	bin := filepath.Join(dir, "curtaild")
	if out, err := exec.CommandContext(t.Context(), "go", "build", "-o", bin, ".").CombinedOutput(); err != nil {
		t.Fatalf("build the program: %v\n%s", err, out)
	}
	return bin
}

// expect waits for a message with the line want, and returns all of its lines.
func (m *manager) expect(want string) []string {
	m.t.Helper()
	deadline := time.NewTimer(30 * time.Second)
	defer deadline.Stop()
	for {
		select {
		case lines := <-m.said:
			if slices.Contains(lines, want) {
				return lines
			}
			if want != "WATCHDOG=1" && !slices.Contains(lines, "WATCHDOG=1") {
				m.t.Fatalf("it said %q, want %s", lines, want)
			}
		case err := <-m.ended:
			m.t.Fatalf("it ended (%v) before it said %s\n%s", err, want, m.stderr.String())
		case <-deadline.C:
			m.t.Fatalf("it never said %s", want)
		}
	}
}

func (m *manager) signal(s os.Signal) {
	m.t.Helper()
	if err := m.cmd.Process.Signal(s); err != nil {
		m.t.Fatal(err)
	}
}

// TestServiceManagerContract is what the unit relies on: Type=notify,
// WatchdogSec, ExecReload and a clean end on SIGTERM.
func TestServiceManagerContract(t *testing.T) {
	dir := t.TempDir()
	path := filepath.Join(dir, "config.yaml")
	rest := fmt.Sprintf("mqtt: {listen: %q}\nstore: {path: state}\nhttp: {socket: api.sock, listen: %q}\n", freePort(t), freePort(t))
	writeConfig(t, path, rest)
	m := startUnderManager(t, path)

	ready := m.expect("READY=1")
	if !slices.ContainsFunc(ready, func(l string) bool { return strings.HasPrefix(l, "STATUS=") }) {
		t.Errorf("ready says %q, want a STATUS too", ready)
	}
	m.expect("WATCHDOG=1")

	m.signal(syscall.SIGHUP)
	m.reloads()

	writeConfig(t, path, rest+"nonsense: true\n")
	m.signal(syscall.SIGHUP)
	m.reloads() // refused, and it goes on with what it had
	m.expect("WATCHDOG=1")

	m.signal(syscall.SIGTERM)
	m.expect("STOPPING=1")
	if err := <-m.ended; err != nil {
		t.Fatalf("it ended with %v\n%s", err, m.stderr.String())
	}
	for _, want := range []string{"msg=reloaded", "nonsense", "the old configuration stays in force"} {
		if !strings.Contains(m.stderr.String(), want) {
			t.Errorf("the log does not say %q:\n%s", want, m.stderr.String())
		}
	}
}

// TestBadConfigIsNeverReady: a faulty config ends with status 2, before the
// manager was told anything.
func TestBadConfigIsNeverReady(t *testing.T) {
	path := filepath.Join(t.TempDir(), "config.yaml")
	writeConfig(t, path, "nonsense: true\n")
	m := startUnderManager(t, path)
	var exit *exec.ExitError
	if err := <-m.ended; !errors.As(err, &exit) || exit.ExitCode() != 2 {
		t.Errorf("it ended with %v, want exit status 2\n%s", err, m.stderr.String())
	}
	if len(m.said) > 0 {
		t.Errorf("it said %q to the manager", <-m.said)
	}
}

// reloads expects a whole reload, told as systemd wants it told.
func (m *manager) reloads() {
	m.t.Helper()
	lines := m.expect("RELOADING=1")
	i := slices.IndexFunc(lines, func(l string) bool { return strings.HasPrefix(l, "MONOTONIC_USEC=") })
	if i < 0 {
		m.t.Fatalf("reloading says %q, want MONOTONIC_USEC too", lines)
	}
	if n, err := strconv.ParseUint(strings.TrimPrefix(lines[i], "MONOTONIC_USEC="), 10, 64); err != nil || n == 0 {
		m.t.Errorf("%s is no time", lines[i])
	}
	m.expect("READY=1")
}

// freePort is an address on loopback that nobody listened on just now.
func freePort(t *testing.T) string {
	t.Helper()
	l, err := net.Listen("tcp", "127.0.0.1:0")
	if err != nil {
		t.Fatal(err)
	}
	defer l.Close()
	return l.Addr().String()
}
