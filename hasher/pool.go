package hasher

import (
	"context"
	"errors"
	"fmt"
	"log/slog"
	"os/exec"
	"sync"
	"time"

	"github.com/curtaild/curtaild/energy"
	"github.com/curtaild/curtaild/hasher/work"
)

const (
	minRestart   = time.Second
	maxRestart   = 30 * time.Second
	longLife     = time.Minute      // a process that lived so long starts over at minRestart
	hungAfter    = 30 * time.Second // without figures, even on a busy machine
	offWithin    = 10 * time.Second // off is confirmed, or a process is ended that does not obey
	workGrace    = 30 * time.Second // without work before that is a fault
	statusEvery  = time.Second
	defaultSteps = 10
)

// Config is the local load.
type Config struct {
	Name    string
	Workers int // one thread each, 1 to MaxWorkers
	Levels  int // operating points above off, in equal steps of duty; 10 if zero
	Power   Power

	// Command makes the worker process's command, not started; its program
	// must call Worker with its standard input and output.
	Command func() *exec.Cmd
	// Upstreams are where work comes from, the preferred one first; none: it
	// is made here.
	Upstreams []Upstream
	Leave     time.Duration // an upstream without work for so long is left; 5 s if zero
	Return    time.Duration // with work for so long, a preferred one is returned to; 1 min if zero

	Algorithm work.Algorithm // of work that is made here

	Counters Counters // from before a restart of the daemon
	Learned  Learned  // likewise
	// Statuses takes what is learned. Sending never holds the load up: while
	// the receiver is busy, newer statuses replace older ones.
	Statuses chan<- energy.Status
	Log      *slog.Logger
}

// Counters are the totals that outlive the daemon.
type Counters struct {
	Energy   energy.Joules
	Hashes   float64
	Earned   float64 // expected, see energy.Status
	Accepted uint64
	Rejected uint64
	Starts   uint64
}

// Pool is the local workers as a load. Run does all the work; the other
// methods are safe from any goroutine.
type Pool struct {
	cfg    Config
	model  model
	src    source
	senses *senses // Run's alone
	mail   chan struct{}

	mu      sync.Mutex
	want    *energy.Setpoint // not yet taken up
	totals  Counters
	learned Learned

	run poolState // Run's alone
}

// NewPool checks the config and makes a load, which does nothing until Run.
func NewPool(cfg Config) (*Pool, error) {
	if cfg.Log == nil {
		cfg.Log = slog.New(slog.DiscardHandler)
	}
	switch {
	case cfg.Name == "":
		return nil, errors.New("hasher: no name")
	case cfg.Workers < 1 || cfg.Workers > MaxWorkers:
		return nil, fmt.Errorf("hasher %s: %d workers: want 1 to %d", cfg.Name, cfg.Workers, MaxWorkers)
	case cfg.Levels < 0 || cfg.Levels > 100:
		return nil, fmt.Errorf("hasher %s: %d levels: want 1 to 100", cfg.Name, cfg.Levels)
	case !(cfg.Power.Core > 0) || !(cfg.Power.Idle >= 0) || !(cfg.Power.Supply >= 0):
		return nil, fmt.Errorf("hasher %s: power model: want more than 0 W a core, and no less than 0 W idle", cfg.Name)
	case cfg.Command == nil:
		return nil, fmt.Errorf("hasher %s: no command for the worker process", cfg.Name)
	}
	p := &Pool{
		cfg: cfg, mail: make(chan struct{}, 1), totals: cfg.Counters,
		model: cfg.model(),
	}
	p.run.learner = newLearner(cfg.Learned, defaultRate(cfg.Algorithm))
	p.learned = p.run.learner.all
	p.senses = newSenses(&cfg.Power, cfg.Log, time.Now())
	if len(cfg.Upstreams) == 0 {
		p.src = newOwnWork(time.Now(), cfg.Algorithm, p.run.learner.stated.Rate.At(1))
		return p, nil
	}
	var err error
	if p.src, err = openUpstreams(cfg); err != nil {
		return nil, fmt.Errorf("hasher %s: %w", cfg.Name, err)
	}
	return p, nil
}

// Name is the load's name.
func (p *Pool) Name() string { return p.cfg.Name }

// Points are the operating points of such a load by what was kept, else by
// guesses.
func (c Config) Points() []energy.OperatingPoint {
	return c.model().points(newLearner(c.Learned, defaultRate(c.Algorithm)).stated)
}

func (c Config) model() model {
	m := model{workers: c.Workers, levels: c.Levels, idle: c.Power.Idle, core: c.Power.Core}
	if m.levels == 0 {
		m.levels = defaultSteps
	}
	return m
}

// defaultRate is the hashes a second of one worker, until measured.
func defaultRate(a work.Algorithm) float64 {
	if a == work.Scrypt {
		return 5e3
	}
	return 5e6
}

// Apply hands over a set-point and returns at once; the latest wins.
func (p *Pool) Apply(sp energy.Setpoint) {
	p.mu.Lock()
	p.want = &sp
	p.mu.Unlock()
	poke(p.mail)
}

// Counters are the totals now.
func (p *Pool) Counters() Counters {
	p.mu.Lock()
	defer p.mu.Unlock()
	return p.totals
}

// Learned is what has been measured of the operating points so far.
func (p *Pool) Learned() Learned {
	p.mu.Lock()
	defer p.mu.Unlock()
	return p.learned
}

// Shares are the totals of all upstreams, or of our own work.
func (p *Pool) Shares() work.Counts { return p.src.State().Counts }

// Run hashes as it is told until ctx is done, and leaves no process behind.
func (p *Pool) Run(ctx context.Context) error {
	srcCtx, stopSrc := context.WithCancel(ctx)
	var wg sync.WaitGroup
	wg.Go(func() { _ = p.src.Run(srcCtx) }) // ends with nil, once its context is done
	defer wg.Wait()
	defer stopSrc()
	p.begin(time.Now())
	defer p.end()
	tick := time.NewTicker(statusEvery)
	defer tick.Stop()
	restart := time.NewTimer(0)
	defer restart.Stop()
	for {
		r := &p.run
		var notices <-chan notice
		var gone <-chan struct{}
		if r.child != nil {
			notices, gone = r.child.notices, r.child.gone
		}
		var out chan<- energy.Status
		var status energy.Status
		if r.dirty {
			out, status = p.cfg.Statuses, p.status(time.Now())
		}
		select {
		case <-ctx.Done():
			return nil
		case <-restart.C:
			if err := p.launch(time.Now()); err != nil {
				restart.Reset(p.failed(err))
			}
		case <-gone:
			restart.Reset(p.buried(time.Now()))
		case n := <-notices:
			p.hear(time.Now(), n)
		case <-p.mail:
			p.take()
		case <-p.src.Changed():
			p.work(time.Now())
		case now := <-tick.C:
			p.watch(now)
		case out <- status:
			r.dirty = false
		}
	}
}
