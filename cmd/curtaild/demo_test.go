package main_test

import (
	"bufio"
	"bytes"
	"context"
	"fmt"
	"os"
	"os/exec"
	"path/filepath"
	"regexp"
	"strings"
	"syscall"
	"testing"
	"time"
)

// demoRun is a demo that runs in a process group of its own, as under a shell,
// and marks all that it starts by an environment variable.
type demoRun struct {
	cmd    *exec.Cmd
	dir    string
	mark   string
	lines  chan string // closed at the end of its output
	errors bytes.Buffer
}

func startDemo(t *testing.T, args ...string) *demoRun {
	t.Helper()
	bin := filepath.Join(t.TempDir(), "curtaild")
	if out, err := exec.Command("go", "build", "-o", bin, ".").CombinedOutput(); err != nil {
		t.Fatalf("build curtaild: %v\n%s", err, out)
	}
	dir, err := os.MkdirTemp("", "demo") // short enough for a socket
	if err != nil {
		t.Fatal(err)
	}
	t.Cleanup(func() { os.RemoveAll(dir) })
	ctx, cancel := context.WithTimeout(t.Context(), time.Minute)
	t.Cleanup(cancel)
	d := &demoRun{dir: dir, lines: make(chan string, 10_000), mark: fmt.Sprintf("CURTAILD_DEMO_TEST=%d-%s", os.Getpid(), filepath.Base(dir))}
	d.cmd = exec.CommandContext(ctx, bin, append([]string{"demo", "--dir", dir}, args...)...)
	d.cmd.Env = append(os.Environ(), d.mark)
	d.cmd.SysProcAttr = &syscall.SysProcAttr{Setpgid: true}
	d.cmd.Cancel = func() error { return syscall.Kill(-d.cmd.Process.Pid, syscall.SIGKILL) }
	d.cmd.Stderr = &d.errors
	out, err := d.cmd.StdoutPipe()
	if err != nil {
		t.Fatal(err)
	}
	if err := d.cmd.Start(); err != nil {
		t.Fatal(err)
	}
	go func() {
		defer close(d.lines)
		for in := bufio.NewScanner(out); in.Scan(); {
			d.lines <- in.Text()
		}
	}()
	return d
}

// until reads lines until one matches, and returns them all.
func (d *demoRun) until(t *testing.T, pattern string) []string {
	t.Helper()
	want := regexp.MustCompile(pattern)
	var got []string
	for line := range d.lines {
		got = append(got, line)
		if want.MatchString(line) {
			return got
		}
	}
	t.Fatalf("the demo never says %q; it says\n%s\n%s", pattern, strings.Join(got, "\n"), d.errors.String())
	return nil
}

// end waits for the demo, which must succeed and leave nothing behind.
func (d *demoRun) end(t *testing.T) string {
	t.Helper()
	var rest []string
	for line := range d.lines {
		rest = append(rest, line)
	}
	if err := d.cmd.Wait(); err != nil {
		t.Errorf("the demo ends with %v\n%s", err, d.errors.String())
	}
	if left := marked(t, d.mark); len(left) > 0 {
		t.Errorf("processes are left: %v", left)
	}
	return strings.Join(rest, "\n")
}

// marked are the processes that have inherited a mark.
func marked(t *testing.T, mark string) (left []string) {
	t.Helper()
	all, err := filepath.Glob("/proc/[0-9]*/environ")
	if err != nil {
		t.Fatal(err)
	}
	for _, path := range all {
		if env, err := os.ReadFile(path); err == nil && bytes.Contains(env, []byte(mark)) {
			left = append(left, path)
		}
	}
	return left
}

var summary = regexp.MustCompile(`(?s)The demo has ended\..*decisions +[1-9][0-9]* set-points.*energy +[0-9.]+ k?Wh of surplus absorbed.*hashing +[0-9.]+ .?H, .*records +[1-9][0-9]*, [1-9][0-9]* kB, in `)

func TestDemoEndsByItself(t *testing.T) {
	t.Parallel()
	d := startDemo(t, "--for", "7s")
	if first := <-d.lines; !strings.Contains(first, "20 emulated rigs") {
		t.Errorf("the first line is %q", first)
	}
	d.until(t, `^0[67]:\d\d  bitaxe-\d+ starts at \d+ W: \d.* of surplus, for 2 s$`)
	d.until(t, `^0[67]:\d\d  luxos-\d+ starts at .*: \d.*$`)
	d.until(t, `== sun .* [1-9][0-9]* of 21 on`)
	d.until(t, `stops: the demo ends`)
	if got := d.end(t); !summary.MatchString(got) {
		t.Errorf("the summary is\n%s", got)
	}
}

// Who has closed the terminal, or the pipe, does not leave a demo behind.
func TestDemoEndsWhenNobodyLooks(t *testing.T) {
	t.Parallel()
	d := startDemo(t)
	d.until(t, `cpu starts at`)
	if err := syscall.Kill(-d.cmd.Process.Pid, syscall.SIGHUP); err != nil {
		t.Fatal(err)
	}
	if got := d.end(t); !summary.MatchString(got) {
		t.Errorf("the summary is\n%s", got)
	}
}

// Ctrl-C in a shell reaches the whole process group, the worker process too.
func TestDemoEndsAtInterrupt(t *testing.T) {
	t.Parallel()
	d := startDemo(t)
	d.until(t, `cpu starts at`)
	if len(marked(t, d.mark)) < 2 {
		t.Error("no worker process: the local hasher is not the real one")
	}
	status := exec.Command(d.cmd.Path, "status", "--socket", filepath.Join(d.dir, "api.sock"))
	if out, err := status.CombinedOutput(); err != nil || !strings.Contains(string(out), "luxos-01") {
		t.Errorf("status says %v\n%s", err, out)
	}
	if out, err := exec.Command(d.cmd.Path, "check", "-c", filepath.Join(d.dir, "config.yaml")).CombinedOutput(); err != nil || strings.Count(string(out), "\n") != 1 {
		t.Errorf("the demo's config has faults: %v\n%s", err, out)
	}
	if err := syscall.Kill(-d.cmd.Process.Pid, syscall.SIGINT); err != nil {
		t.Fatal(err)
	}
	if got := d.end(t); !summary.MatchString(got) {
		t.Errorf("the summary is\n%s", got)
	}
	if log, err := os.ReadFile(filepath.Join(d.dir, "curtaild.log")); err != nil || !bytes.Contains(log, []byte("set-point")) {
		t.Errorf("the log has no set-points: %v", err)
	}
}
