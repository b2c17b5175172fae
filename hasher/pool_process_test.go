package hasher

import (
	"os/exec"
	"strings"
	"syscall"
	"testing"
	"testing/fstest"
	"time"

	"github.com/curtaild/curtaild/energy"
)

func TestPoolRestartsItsWorker(t *testing.T) {
	t.Parallel()
	cmds := make(chan *exec.Cmd, 10)
	r := run(t, func(c *Config) {
		c.Command = func() *exec.Cmd {
			cmd := workerCommand()
			cmds <- cmd
			return cmd
		}
	})
	r.apply(1, 10)
	first := r.until("running", func(s energy.Status) bool { return s.State == energy.StateRunning && s.Hashes > 0 })
	// The process has been started, or it would not hash.
	if err := (<-cmds).Process.Signal(syscall.SIGKILL); err != nil {
		t.Fatal(err)
	}
	s := r.until("fault", func(s energy.Status) bool { return s.State == energy.StateFault })
	if s.Draw != 0 || s.Rate != 0 || s.Point != energy.Off || !strings.Contains(s.Err, "killed") {
		t.Errorf("status %+v", s)
	}
	s = r.until("running again", func(s energy.Status) bool { return s.State == energy.StateRunning && s.Hashes > first.Hashes })
	if s.Starts != 2 || s.Err != "" || s.Point != 10 {
		t.Errorf("status %+v", s)
	}
}

// withMute is a pool whose worker process, started at now, says and does
// nothing.
func withMute(t *testing.T, now time.Time) *Pool {
	t.Helper()
	p, err := NewPool(Config{Name: "cpu", Workers: 1, Power: Power{Core: 10, Files: fstest.MapFS{}}, Command: func() *exec.Cmd { return exec.Command("sleep", "600") }})
	if err != nil {
		t.Fatal(err)
	}
	p.begin(now)
	if err := p.launch(now); err != nil {
		t.Fatal(err)
	}
	return p
}

// A worker process that says nothing is put to death and mourned.
func TestPoolKillsAHungWorker(t *testing.T) {
	t.Parallel()
	now := time.Now()
	p := withMute(t, now)
	p.watch(now.Add(hungAfter))
	select {
	case <-p.run.child.gone:
		t.Fatal("killed too early")
	default:
	}
	p.watch(now.Add(hungAfter + time.Second))
	<-p.run.child.gone
	if wait := p.buried(now.Add(hungAfter + time.Second)); wait != minRestart {
		t.Errorf("next one in %v", wait)
	}
	if s := p.status(now); s.State != energy.StateFault || !strings.Contains(s.Err, "killed") {
		t.Errorf("status %+v", s)
	}
}

// A process that is told to stop hashing and does not say that it has is
// ended: dead, it is off for certain.
func TestPoolEndsAWorkerThatDoesNotStop(t *testing.T) {
	t.Parallel()
	p := withMute(t, time.Now())
	p.hear(time.Now(), notice{Hello: &helloNotice{}})
	p.Apply(energy.Setpoint{Seq: 5, Point: energy.Off, Name: "off"})
	p.take()
	now := time.Now()
	p.watch(now)
	p.watch(now.Add(offWithin - time.Second))
	select {
	case <-p.run.child.gone:
		t.Fatal("ended too early")
	default:
	}
	p.watch(now.Add(offWithin + time.Second))
	<-p.run.child.gone
	p.buried(now)
	if s := p.status(now); s.Seq != 5 || s.Point != energy.Off || s.Draw != 0 {
		t.Errorf("status %+v", s)
	}
}

func TestPoolWithoutAProgram(t *testing.T) {
	t.Parallel()
	r := run(t, func(c *Config) { c.Command = func() *exec.Cmd { return exec.Command("/nonexistent/curtaild") } })
	s := r.until("fault", func(s energy.Status) bool { return s.State == energy.StateFault })
	if !strings.Contains(s.Err, "/nonexistent/curtaild") || s.Draw != 0 {
		t.Errorf("status %+v", s)
	}
}
