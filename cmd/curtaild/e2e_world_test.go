package main_test

import (
	"bufio"
	"bytes"
	"context"
	"encoding/json"
	"errors"
	"fmt"
	"io"
	"net/http"
	"os"
	"os/exec"
	"path/filepath"
	"strings"
	"sync"
	"syscall"
	"testing"
	"time"

	"github.com/curtaild/curtaild/api"
	"github.com/curtaild/curtaild/rigs/emulate"
)

// world is what one run of the real binary lives in: a folder, and processes
// that end with the test.
type world struct {
	t   *testing.T
	bin string
	dir string
}

func newWorld(t *testing.T, bin string) *world {
	// Not t.TempDir: the path of a socket must be short.
	dir, err := os.MkdirTemp("", "curtaild")
	if err != nil {
		t.Fatal(err)
	}
	w := &world{t: t, bin: bin, dir: dir}
	t.Cleanup(func() { _ = os.RemoveAll(dir) })
	return w
}

func (w *world) path(name string) string { return filepath.Join(w.dir, name) }

func (w *world) write(name, text string) {
	w.t.Helper()
	if err := os.MkdirAll(filepath.Dir(w.path(name)), 0o700); err != nil {
		w.t.Fatal(err)
	}
	if err := os.WriteFile(w.path(name), []byte(text), 0o600); err != nil {
		w.t.Fatal(err)
	}
}

// process is a running program. Its output is kept line by line.
type process struct {
	t    *testing.T
	cmd  *exec.Cmd
	done chan struct{} // closed once it has ended and its output is whole

	mu    sync.Mutex
	lines []string // of standard error
}

// start runs the binary. Standard output goes to out, which may be nil.
func (w *world) start(out io.Writer, args ...string) *process {
	w.t.Helper()
	p := &process{t: w.t, cmd: exec.Command(w.bin, args...), done: make(chan struct{})}
	p.cmd.Stdout = out
	stderr, err := p.cmd.StderrPipe()
	if err != nil {
		w.t.Fatal(err)
	}
	if err := p.cmd.Start(); err != nil {
		w.t.Fatal(err)
	}
	go func() {
		defer close(p.done)
		lines := bufio.NewScanner(stderr)
		lines.Buffer(nil, 1<<20)
		for lines.Scan() {
			p.mu.Lock()
			p.lines = append(p.lines, lines.Text())
			p.mu.Unlock()
		}
		_ = p.cmd.Wait()
	}()
	w.t.Cleanup(func() {
		_ = p.cmd.Process.Kill()
		<-p.done
		if w.t.Failed() {
			log := p.log()
			w.t.Logf("last of %s:\n%s", args[0], strings.Join(log[max(0, len(log)-60):], "\n"))
		}
	})
	return p
}

// log is what it has written on standard error up to now.
func (p *process) log() []string {
	p.mu.Lock()
	defer p.mu.Unlock()
	return append([]string(nil), p.lines...)
}

func (p *process) said(parts ...string) bool {
	for _, line := range p.log() {
		all := true
		for _, part := range parts {
			all = all && strings.Contains(line, part)
		}
		if all {
			return true
		}
	}
	return false
}

func (p *process) signal(s syscall.Signal) {
	p.t.Helper()
	if err := p.cmd.Process.Signal(s); err != nil {
		p.t.Fatalf("signal %v: %v", s, err)
	}
}

// ends waits for the end and returns the exit status.
func (p *process) ends(within time.Duration) int {
	p.t.Helper()
	select {
	case <-p.done:
	case <-time.After(within):
		p.t.Fatalf("%v has not ended within %v", p.cmd.Args, within)
	}
	return p.cmd.ProcessState.ExitCode()
}

// run runs the binary to its end.
func (w *world) run(args ...string) (status int, stdout, stderr string) {
	w.t.Helper()
	ctx, cancel := context.WithTimeout(w.t.Context(), time.Minute)
	defer cancel()
	var out, errs bytes.Buffer
	cmd := exec.CommandContext(ctx, w.bin, args...)
	cmd.Stdout, cmd.Stderr = &out, &errs
	err := cmd.Run()
	var exit *exec.ExitError
	if err != nil && !errors.As(err, &exit) {
		w.t.Fatalf("run %v: %v", args, err)
	}
	return cmd.ProcessState.ExitCode(), out.String(), errs.String()
}

// until looks again and again until ok, for a while.
func (w *world) until(what string, within time.Duration, ok func() bool) {
	w.t.Helper()
	end := time.NewTimer(within)
	defer end.Stop()
	tick := time.NewTicker(50 * time.Millisecond)
	defer tick.Stop()
	for !ok() {
		select {
		case <-tick.C:
		case <-end.C:
			w.t.Fatalf("not within %v: %s", within, what)
		}
	}
}

// daemon starts the daemon and returns when it answers.
func (w *world) daemon() *process {
	w.t.Helper()
	p := w.start(nil, "run", "-c", w.path("config.yaml"))
	w.until("the daemon answers", 20*time.Second, func() bool {
		select {
		case <-p.done:
			w.t.Fatalf("the daemon has ended: %s", strings.Join(p.log(), "\n"))
		default:
		}
		_, err := api.Dial(w.path("api.sock")).Status(w.t.Context())
		return err == nil
	})
	return p
}

func (w *world) status() api.Status {
	w.t.Helper()
	s, err := api.Dial(w.path("api.sock")).Status(w.t.Context())
	if err != nil {
		w.t.Fatalf("status: %v", err)
	}
	return s
}

// farm is a process of emulated rigs.
type farm struct {
	w    *world
	rigs []emulate.Announcement
	url  string // of the control endpoint
}

// farm starts n rigs that ramp twenty times as fast as real ones.
func (w *world) farm(n int, args ...string) *farm {
	w.t.Helper()
	r, out := io.Pipe()
	w.start(out, append([]string{"emulate", "--rigs", fmt.Sprint(n), "--time-scale", "20", "--control", "127.0.0.1:0"}, args...)...)
	f := &farm{w: w}
	lines := json.NewDecoder(r)
	for range n {
		var a emulate.Announcement
		if err := lines.Decode(&a); err != nil {
			w.t.Fatal(err)
		}
		f.rigs = append(f.rigs, a)
	}
	var c emulate.ControlAnnouncement
	if err := lines.Decode(&c); err != nil {
		w.t.Fatal(err)
	}
	f.url = "http://" + c.Control
	return f
}

func (f *farm) get(path string, into any) error {
	ctx, cancel := context.WithTimeout(context.Background(), 10*time.Second)
	defer cancel()
	req, err := http.NewRequestWithContext(ctx, http.MethodGet, f.url+path, nil)
	if err != nil {
		return err
	}
	resp, err := http.DefaultClient.Do(req)
	if err != nil {
		return err
	}
	defer resp.Body.Close()
	return json.NewDecoder(resp.Body).Decode(into)
}

func (f *farm) total() emulate.Meter {
	f.w.t.Helper()
	var m emulate.Meter
	if err := f.get("/total", &m); err != nil {
		f.w.t.Fatal(err)
	}
	return m
}

func (f *farm) meters() map[string]emulate.Meter {
	f.w.t.Helper()
	m := map[string]emulate.Meter{}
	if err := f.get("/meters", &m); err != nil {
		f.w.t.Fatal(err)
	}
	return m
}

// fault has a rig misbehave; clear ends that.
func (f *farm) fault(rig, kind string) { f.order("/fault", rig, kind) }
func (f *farm) clear(rig string)       { f.order("/clear", rig, "") }

func (f *farm) order(path, rig, kind string) {
	f.w.t.Helper()
	body := fmt.Sprintf(`{"rig":%q,"fault":%q}`, rig, kind)
	resp, err := http.Post(f.url+path, "application/json", strings.NewReader(body))
	if err != nil {
		f.w.t.Fatal(err)
	}
	defer resp.Body.Close()
	if resp.StatusCode/100 != 2 {
		answer, _ := io.ReadAll(resp.Body)
		f.w.t.Fatalf("%s %s: %s: %s", path, body, resp.Status, answer)
	}
}

// grep is the lines of the log with part in them.
func (p *process) grep(part string) []string {
	var out []string
	for _, line := range p.log() {
		if strings.Contains(line, part) {
			out = append(out, line)
		}
	}
	return out
}
