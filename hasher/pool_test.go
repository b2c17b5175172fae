package hasher

import (
	"context"
	"net"
	"os/exec"
	"testing"
	"testing/fstest"
	"time"

	"github.com/curtaild/curtaild/energy"
	"github.com/curtaild/curtaild/hasher/stratum"
	"github.com/curtaild/curtaild/hasher/stratum/pooltest"
	"github.com/curtaild/curtaild/hasher/work"
)

// running is a pool that runs until the test ends.
type running struct {
	*Pool
	t        *testing.T
	statuses chan energy.Status
	last     energy.Status
	stop     func()
}

func run(t *testing.T, change func(*Config)) *running {
	t.Helper()
	r := &running{t: t, statuses: make(chan energy.Status)}
	cfg := Config{Name: "cpu", Workers: 1, Power: Power{Core: 10, Files: fstest.MapFS{}}, Command: workerCommand, Statuses: r.statuses}
	if change != nil {
		change(&cfg)
	}
	p, err := NewPool(cfg)
	if err != nil {
		t.Fatal(err)
	}
	if own, ok := p.src.(*ownWork); ok {
		own.effort = 20 * time.Millisecond
	}
	r.Pool = p
	ctx, cancel := context.WithCancel(t.Context())
	done := make(chan error)
	go func() { done <- p.Run(ctx) }()
	stopped := false
	r.stop = func() {
		if stopped {
			return
		}
		stopped = true
		cancel()
		if err := <-done; err != nil {
			t.Errorf("run: %v", err)
		}
	}
	t.Cleanup(r.stop)
	return r
}

// until reads statuses up to one that is wanted. Counters never fall.
func (r *running) until(what string, want func(energy.Status) bool) energy.Status {
	r.t.Helper()
	for {
		s, l := <-r.statuses, r.last
		if s.Energy < l.Energy || s.Hashes < l.Hashes || s.Accepted < l.Accepted || s.Rejected < l.Rejected || s.Starts < l.Starts {
			r.t.Fatalf("%s: counters fall from %+v to %+v", what, l, s)
		}
		r.last = s
		if want(s) {
			return s
		}
	}
}

func (r *running) apply(seq uint64, point int) {
	r.Apply(energy.Setpoint{Load: "cpu", Seq: seq, Point: point})
}

func TestPoolHashesItsOwnWork(t *testing.T) {
	t.Parallel()
	before := Counters{Energy: 1000, Hashes: 5e9, Accepted: 10, Rejected: 3, Starts: 4}
	r := run(t, func(c *Config) { c.Counters = before })
	s := r.until("idle", func(s energy.Status) bool { return s.State == energy.StateIdle })
	if len(s.Points) != 11 || s.Points[10].Draw != 10 || s.Points[3].Draw != 3 || s.Points[0].Draw != 0 || s.Points[5].Name != "50 %" {
		t.Errorf("points %+v", s.Points)
	}
	if s.Source != energy.Estimated || s.Load != "cpu" || s.Point != energy.Off {
		t.Errorf("status %+v", s)
	}
	r.apply(8, 5)
	s = r.until("running with shares", func(s energy.Status) bool {
		return s.State == energy.StateRunning && s.Seq == 8 && s.Point == 5 && s.Accepted > before.Accepted+3 && s.Rate > 0
	})
	if s.Starts != before.Starts+1 || s.Rejected != before.Rejected || s.Energy <= before.Energy || s.Hashes <= before.Hashes {
		t.Errorf("status %+v", s)
	}
	r.apply(9, energy.Off)
	s = r.until("off", func(s energy.Status) bool { return s.State == energy.StateIdle && s.Seq == 9 })
	if s.Draw != 0 || s.Rate != 0 || s.Point != energy.Off {
		t.Errorf("off: %+v", s)
	}
	r.stop()
	got := r.Counters()
	if got.Starts != before.Starts+1 || got.Hashes < s.Hashes || got.Energy < s.Energy || r.Shares().Accepted == 0 {
		t.Errorf("counters %+v after %+v", got, s)
	}
}

func TestNewPoolRefuses(t *testing.T) {
	for name, change := range map[string]func(*Config){
		"no name":     func(c *Config) { c.Name = "" },
		"no workers":  func(c *Config) { c.Workers = 0 },
		"too many":    func(c *Config) { c.Workers = MaxWorkers + 1 },
		"levels":      func(c *Config) { c.Levels = 101 },
		"supply":      func(c *Config) { c.Power.Supply = -1 },
		"no power":    func(c *Config) { c.Power.Core = 0 },
		"less than 0": func(c *Config) { c.Power.Idle = -1 },
		"no command":  func(c *Config) { c.Command = nil },
		"no kind":     func(c *Config) { c.Upstreams = []Upstream{{}} },
		"bad pool":    func(c *Config) { c.Upstreams = []Upstream{{Stratum: &stratum.Config{URL: "http://x"}}} },
	} {
		cfg := Config{Name: "cpu", Workers: 1, Power: Power{Core: 10, Files: fstest.MapFS{}}, Command: workerCommand}
		change(&cfg)
		if _, err := NewPool(cfg); err == nil {
			t.Errorf("%s: taken", name)
		}
	}
}

// Statuses that nobody reads hold nothing up, and neither does Apply.
func TestNothingBlocks(t *testing.T) {
	t.Parallel()
	r := run(t, nil)
	for i := range 10_000 {
		r.apply(uint64(i+1), i%11)
	}
	r.apply(20_000, 3)
	s := r.until("the latest set-point", func(s energy.Status) bool { return s.Seq == 20_000 })
	if s.Point != 3 {
		t.Errorf("point %d", s.Point)
	}
}

// No work is a fault only once it has lasted.
func TestStates(t *testing.T) {
	t0 := time.Unix(1e9, 0)
	job := &work.Job{}
	for name, tc := range map[string]struct {
		state poolState
		after time.Duration
		want  energy.State
	}{
		"before hello":        {poolState{}, 0, energy.StateUnknown},
		"no process":          {poolState{childErr: exec.ErrNotFound}, 0, energy.StateFault},
		"off":                 {poolState{ready: true, job: job, inForce: true}, 0, energy.StateIdle},
		"going off":           {poolState{ready: true, job: job}, 0, energy.StateStopping},
		"going on":            {poolState{ready: true, job: job, target: 3}, 0, energy.StateStarting},
		"on":                  {poolState{ready: true, job: job, target: 3, inForce: true}, 0, energy.StateRunning},
		"on, no work yet":     {poolState{ready: true, idleFrom: t0, target: 3, inForce: true}, workGrace, energy.StateStarting},
		"on, no work at all":  {poolState{ready: true, idleFrom: t0, target: 3, inForce: true}, workGrace + 1, energy.StateFault},
		"off, no work at all": {poolState{ready: true, idleFrom: t0, inForce: true}, workGrace + 1, energy.StateFault},
	} {
		p := Pool{run: tc.state}
		if got := p.state(t0.Add(tc.after)); got != tc.want {
			t.Errorf("%s: %s, want %s", name, got, tc.want)
		}
	}
}

// Figures become energy by the CPU time used, not by what was asked for, and
// what a killed process used after its last figures counts too.
func TestEnergyFollowsTheCPU(t *testing.T) {
	p, err := NewPool(Config{Name: "cpu", Workers: 2, Power: Power{Idle: 5, Core: 10, Files: fstest.MapFS{}}, Command: workerCommand})
	if err != nil {
		t.Fatal(err)
	}
	t0 := time.Unix(1e9, 0)
	p.begin(t0)
	p.run.ready = true
	p.Apply(energy.Setpoint{Seq: 1, Point: 10})
	p.take()
	p.run.dutySeq = 1
	p.figures(t0, statsNotice{Seq: 1, Wall: 1e9})
	p.figures(t0, statsNotice{Seq: 1, Wall: 2e9, CPU: 15e8, Hashes: 9e6})
	s := p.status(t0.Add(time.Second))
	if s.Draw != 20 || s.Rate != 9e6 || s.Energy != 20 || s.Hashes != 9e6 || s.State != energy.StateRunning || s.Starts != 1 {
		t.Errorf("status %+v", s)
	}
	p.figures(t0, statsNotice{Seq: 1, Wall: 3e9, CPU: 1, Hashes: 1}) // totals that fall are no figures
	if got := p.status(t0.Add(time.Second)); got.Energy != 20 || got.Hashes != 9e6 {
		t.Errorf("status %+v", got)
	}
	dead := &child{notices: make(chan notice, 1), gone: make(chan struct{}), closing: make(chan struct{}), cpu: 2 * time.Second}
	close(dead.gone)
	p.run.child = dead
	p.buried(t0.Add(time.Second))
	if got := p.Counters().Energy; got != 25 {
		t.Errorf("energy %v after half a second of CPU more, want 25 J", got)
	}
}

// From the pool's job to the pool's verdict, through the real worker process.
func TestPoolMines(t *testing.T) {
	t.Parallel()
	l, err := net.Listen("tcp", "127.0.0.1:0")
	if err != nil {
		t.Fatal(err)
	}
	server := pooltest.New("site.cpu", 4)
	server.Difficulty("0.00005") // a share every 215,000 hashes
	server.Job(pooltest.Example("a", true))
	server.Listen(l)
	defer server.Close()
	r := run(t, func(c *Config) {
		c.Upstreams = []Upstream{{Stratum: &stratum.Config{URL: "stratum+tcp://" + l.Addr().String(), User: "site.cpu", Password: "x"}}}
	})
	r.apply(1, 10)
	s := r.until("accepted", func(s energy.Status) bool { return s.Accepted >= 3 })
	if s.State != energy.StateRunning || s.Rejected != 0 {
		t.Errorf("status %+v", s)
	}
	server.Job(pooltest.Example("b", false))
	for e := range server.Events() {
		if e.Kind == "rejected" || e.Kind == "violation" {
			t.Fatalf("pool saw %+v", e)
		}
		if e.Kind == "accepted" && e.Text == "b" {
			break
		}
	}
	// Gone for good: the workers stop, and say why.
	l.Close()
	server.Hangup()
	s = r.until("without work", func(s energy.Status) bool { return s.Err != "" })
	if s.State != energy.StateStarting || s.Point != energy.Off {
		t.Errorf("status %+v", s)
	}
	r.until("at rest", func(s energy.Status) bool { return s.Rate == 0 && s.Draw < 1 })
}
