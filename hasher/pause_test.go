package hasher

import (
	"fmt"
	"strings"
	"testing"
	"testing/fstest"
	"time"

	"github.com/curtaild/curtaild/energy"
	"github.com/curtaild/curtaild/hasher/power"
	"github.com/curtaild/curtaild/hasher/work"
)

// computer is a machine with a counter, whose workers draw what they truly do.
type computer struct {
	files fstest.MapFS
	now   time.Time
	base  float64 // W
	core  float64 // W of one of our busy cores
	uj    float64
	busy  time.Duration // all programs
	stats statsNotice
}

func newComputer() *computer {
	c := &computer{files: fstest.MapFS{}, now: time.Unix(1.8e9, 0), base: 30, core: 15}
	c.put("sys/class/powercap/intel-rapl:0/name", "package-0")
	c.put("sys/class/powercap/intel-rapl:0/max_energy_range_uj", int64(262143328850))
	c.put("sys/class/power_supply/AC/type", "Mains")
	c.put("sys/class/power_supply/AC/online", 1)
	c.put("sys/class/power_supply/BAT0/type", "Battery")
	c.put("sys/class/power_supply/BAT0/status", "Discharging")
	c.show()
	return c
}

func (c *computer) put(path string, v any) {
	c.files[path] = &fstest.MapFile{Data: fmt.Appendln(nil, v)}
}

func (c *computer) show() {
	c.put("sys/class/powercap/intel-rapl:0/energy_uj", uint64(c.uj))
	c.put("proc/stat", fmt.Sprintf("cpu 0 %d 0 0 0 0 0 0 0 0", c.busy/(10*time.Millisecond)))
}

// pass lets half a second pass in which so many of our cores are busy, and
// makes figures of it.
func (c *computer) pass(p *Pool, cores float64) {
	const d = time.Second / 2
	c.now = c.now.Add(d)
	used := time.Duration(cores * float64(d))
	c.uj += (c.base*d.Seconds() + c.core*used.Seconds()) * 1e6
	c.busy += used
	c.show()
	c.stats.Seq, c.stats.Wall, c.stats.CPU = p.run.dutySeq, c.stats.Wall+int64(d), c.stats.CPU+int64(used)
	c.stats.Hashes += uint64(10e6 * used.Seconds())
	s := c.stats
	p.hear(c.now, notice{Stats: &s})
	p.watch(c.now)
}

// load is a load on c whose process has said hello, and whose orders go
// nowhere.
func (c *computer) load(t *testing.T, change func(*Config)) *Pool {
	t.Helper()
	cfg := Config{Name: "cpu", Workers: 2, Power: Power{Core: 10, Files: c.files}, Command: workerCommand}
	if change != nil {
		change(&cfg)
	}
	p, err := NewPool(cfg)
	if err != nil {
		t.Fatal(err)
	}
	p.begin(c.now)
	p.run.child = &child{wake: make(chan struct{}, 1)}
	p.hear(c.now, notice{Hello: &helloNotice{Kernels: []kernelNotice{{Name: "k", Versions: 1, Rate: 9e6}}}})
	return p
}

func (c *computer) apply(p *Pool, seq uint64, point int) {
	p.Apply(energy.Setpoint{Seq: seq, Point: point})
	p.take()
}

// Where there is a counter, draw, energy and points become what it shows,
// though the config's guess was another; and the figures outlive the load.
func TestMeasuredByTheMachine(t *testing.T) {
	c := newComputer()
	p := c.load(t, nil)
	for range 20 {
		c.pass(p, 0)
	}
	if s := p.status(c.now); s.Source != energy.Estimated || s.Draw != 0 || s.Energy != 0 || s.State != energy.StateIdle {
		t.Fatalf("at rest: %+v", s)
	}
	c.apply(p, 1, 10)
	c.pass(p, 2)
	if s := p.status(c.now); s.Source != energy.Estimated || s.Draw != 20 {
		t.Fatalf("at first, the model: %+v", s)
	}
	for range 40 {
		c.pass(p, 2)
	}
	s := p.status(c.now)
	if s.Source != energy.Measured || !near(float64(s.Draw), 30, 0.03) || !near(float64(s.Points[10].Draw), 30, 0.05) || !s.Stated {
		t.Fatalf("measured: %+v", s)
	}
	if !near(float64(s.Points[10].Rate), 20e6, 0.05) || !near(float64(s.Points[1].Draw), 3, 0.05) {
		t.Errorf("points %+v", s.Points)
	}
	before := s.Energy
	for range 20 {
		c.pass(p, 2)
	}
	if s = p.status(c.now); !near(float64(s.Energy-before), 300, 0.1) {
		t.Errorf("%v J in ten seconds at 30 W", float64(s.Energy-before))
	}
	again := c.load(t, func(cfg *Config) { cfg.Learned = p.Learned() })
	if got := again.status(c.now); got.Points[10] != s.Points[10] || again.cfg.Points()[10] != s.Points[10] {
		t.Errorf("after a restart %+v, before it %+v", got.Points[10], s.Points[10])
	}

	// Another kernel is stated at once, and does not count as measured until
	// it is.
	p.hear(c.now, notice{Hello: &helloNotice{Kernels: []kernelNotice{{Name: "slow", Versions: 1, Rate: 1e6}}}})
	if s = p.status(c.now); s.Points[10].Rate != 2e6 {
		t.Errorf("rates of the kernel before: %+v", s.Points)
	}

	// The counter fails: the model, by what was learned.
	delete(c.files, "sys/class/powercap/intel-rapl:0/energy_uj")
	used := p.status(c.now).Energy
	for range 30 {
		c.uj = 0
		c.stats.CPU += int64(time.Second)
		c.stats.Wall += int64(time.Second / 2)
		c.now = c.now.Add(time.Second / 2)
		n := c.stats
		p.hear(c.now, notice{Stats: &n})
	}
	if s = p.status(c.now); s.Source != energy.Estimated || !near(float64(s.Draw), 30, 0.06) || !near(float64(s.Energy-used), 450, 0.12) {
		t.Errorf("without a counter: %+v, %v J more", s, float64(s.Energy-used))
	}
}

// What arrives at the processor is not all that was taken from the wall.
func TestSupplyLoses(t *testing.T) {
	c := newComputer()
	p := c.load(t, func(cfg *Config) { cfg.Power.Supply = 0.75 })
	for range 20 {
		c.pass(p, 0)
	}
	c.apply(p, 1, 10)
	for range 40 {
		c.pass(p, 2)
	}
	if s := p.status(c.now); !near(float64(s.Draw), 40, 0.03) {
		t.Errorf("draw %v, want 30 W / 0.75", s.Draw)
	}
}

func near(got, want, within float64) bool { return got > want*(1-within) && got < want*(1+within) }

// A pause takes hold by itself, is told, and ends; the set-point stands.
func TestPause(t *testing.T) {
	c := newComputer()
	p := c.load(t, func(cfg *Config) { cfg.Power.Pause = power.Limits{OnBattery: true, Busy: 50} })
	c.apply(p, 1, 5)
	c.pass(p, 1)
	c.pass(p, 1)
	if s := p.status(c.now); s.State != energy.StateRunning || s.Point != 5 {
		t.Fatalf("on mains: %+v", s)
	}
	c.put("sys/class/power_supply/AC/online", 0)
	p.watch(c.now)
	if s := p.status(c.now); s.State != energy.StateStopping || p.run.child.duty.Duty.Duty != 0 {
		t.Fatalf("the mains have gone: %+v", s)
	}
	c.pass(p, 0)
	s := p.status(c.now)
	if s.State != energy.StatePaused || s.Point != energy.Off || s.Draw != 0 || s.Err != "paused: on battery power" || s.Seq != 1 {
		t.Fatalf("paused: %+v", s)
	}
	starts := s.Starts
	c.apply(p, 2, 7) // is taken, for later
	c.pass(p, 0)
	if s = p.status(c.now); s.State != energy.StatePaused || s.Seq != 2 || s.Starts != starts || p.run.child.duty.Duty.Duty != 0 {
		t.Fatalf("told to run: %+v", s)
	}
	c.put("sys/class/power_supply/AC/online", 1)
	for p.status(c.now).State == energy.StatePaused {
		c.pass(p, 0)
	}
	for range 2 {
		c.pass(p, 1.4)
	}
	if s = p.status(c.now); s.State != energy.StateRunning || s.Point != 7 || s.Err != "" || s.Starts != starts+1 {
		t.Errorf("mains again: %+v", s)
	}
	c.apply(p, 3, energy.Off)
	c.pass(p, 0)
	if s = p.status(c.now); s.State != energy.StateIdle {
		t.Errorf("off: %+v", s)
	}
}

// A job that no kernel is for is an error that says so, and none to the next.
func TestJobWithoutAKernel(t *testing.T) {
	c := newComputer()
	p := c.load(t, func(cfg *Config) { cfg.Algorithm = work.Scrypt })
	c.apply(p, 1, 10)
	s := p.status(c.now.Add(workGrace + time.Second))
	if s.State != energy.StateFault || !strings.Contains(s.Err, "no kernel") || !strings.Contains(s.Err, "scrypt") || p.run.child.job.Job.Job != nil {
		t.Errorf("status %+v", s)
	}
	p.hear(c.now, notice{Hello: &helloNotice{Kernels: []kernelNotice{{Name: "s", Algorithm: work.Scrypt, Versions: 1, Rate: 3e4}}}})
	c.pass(p, 2)
	if s := p.status(c.now); s.State != energy.StateRunning || s.Err != "" || s.Points[10].Rate != 6e4 {
		t.Errorf("with one: %+v", s)
	}
}

// A pause that nobody can watch for stops the local workers, and nothing else.
func TestPauseWithoutASensor(t *testing.T) {
	for want, limits := range map[string]power.Limits{
		"pause.on_battery": {OnBattery: true}, "pause.cpu_above": {HotC: 80}, "pause.busy_above": {Busy: 50},
	} {
		c := newComputer()
		clear(c.files)
		p := c.load(t, func(cfg *Config) { cfg.Power.Pause = limits })
		c.apply(p, 1, 5)
		n := c.stats
		n.Seq, n.Wall = p.run.dutySeq, 1
		p.hear(c.now, notice{Stats: &n})
		if s := p.status(c.now); s.State != energy.StatePaused || !strings.Contains(s.Err, want) || s.Starts != 0 {
			t.Errorf("%s: %+v", want, s)
		}
	}
}
