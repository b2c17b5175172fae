package hasher

import (
	"errors"
	"fmt"
	"io/fs"
	"log/slog"
	"os"
	"runtime"
	"time"

	"github.com/curtaild/curtaild/energy"
	"github.com/curtaild/curtaild/hasher/power"
)

// Power is how the load's draw is found, and when it should draw nothing.
type Power struct {
	// The model, for where nothing is measured. Draw is Idle at every point,
	// off included, plus Core for every busy core. The machine that runs the
	// daemon is on anyway, so Idle is what it draws for hashing's sake alone,
	// and is mostly zero.
	Idle energy.Watts
	Core energy.Watts

	Counter power.Kind // which of the machine's energy counters to go by; Auto if empty
	// Supply is the part of the power from the wall that arrives where the
	// counter measures; 1 if zero.
	Supply float64
	Pause  power.Limits
	Files  fs.FS // with /sys and /proc; the machine's own if nil
}

const (
	// glance is how long the machine is looked at for one figure.
	glance = 2 * time.Second
	// fresh is how long a figure holds for what comes after.
	fresh = 10 * time.Second
	// few busy cores make a figure that is mostly noise.
	few = 0.1
)

// senses are how the load perceives the machine it runs on. A missing counter
// is no fault: then there are no figures.
type senses struct {
	log     *slog.Logger
	supply  float64
	counter power.Counter // nil: none
	busy    *power.Busy   // nil: not known
	share   *power.Share
	guard   *power.Guard
	hidden  error // why a limit on others' share cannot be held

	at     time.Time // when the machine was last looked at, and what it showed:
	drawn  energy.Joules
	all    time.Duration
	ours   time.Duration
	blind  bool // the counter's last reading failed, and was told of
	sureAt time.Time
}

// glimpse is what a look at the machine has shown of the time since the last
// one.
type glimpse struct {
	length time.Duration
	ours   time.Duration // CPU time of the workers
	draw   energy.Watts  // of the workers, beside idle
	sure   bool          // draw is measured
}

// newSenses finds what there is.
func newSenses(cfg *Power, log *slog.Logger, now time.Time) *senses {
	files := cfg.Files
	if files == nil {
		files = os.DirFS("/")
	}
	s := &senses{log: log, supply: cfg.Supply, share: power.NewShare(cfg.Core)}
	if s.supply == 0 {
		s.supply = 1
	}
	cores := power.Cores(files)
	if cores == 0 {
		cores = runtime.NumCPU()
	}
	s.guard = power.NewGuard(files, cfg.Pause, cores, now)
	var err error
	if s.busy, err = power.FindBusy(files); err != nil {
		if cfg.Pause.Busy != 0 {
			s.hidden = fmt.Errorf("pause.busy_above: %w", err)
		}
		log.Debug("how busy the machine is cannot be told", "err", err)
		return s // and then nobody can tell our part of a counter
	}
	kind := cfg.Counter
	if kind == "" {
		kind = power.Auto
	}
	s.counter, err = power.Find(files, kind, now)
	s.blind = err != nil
	switch {
	case err == nil:
		log.Info("power of the local workers is measured", "counter", s.counter.Name())
	case kind == power.None:
	case kind == power.Auto && errors.Is(err, power.ErrNone):
		log.Info("power of the local workers is estimated", "why", err)
	default:
		log.Warn("power of the local workers is estimated", "why", err)
	}
	return s
}

// pause is why the load should stand still; empty if it need not.
func (s *senses) pause(now time.Time) string {
	if s.hidden != nil {
		return s.hidden.Error()
	}
	return s.guard.Look(now)
}

// look takes in the CPU time that the workers have used in all. It is false
// while it is too early for a figure.
func (s *senses) look(now time.Time, ours time.Duration) (g glimpse, ok bool) {
	g = glimpse{length: now.Sub(s.at), ours: ours - s.ours}
	if !s.at.IsZero() && g.length >= 0 && g.length < glance || s.busy == nil {
		return g, false
	}
	all, err := s.busy.Used()
	if err != nil {
		return g, false
	}
	drawn, blind := s.count(now)
	w := power.Window{Length: g.length, Ours: g.ours, All: all - s.all, Energy: energy.Joules(float64(drawn-s.drawn) / s.supply)}
	first := s.at.IsZero()
	usable := !first && !blind && !s.blind && s.counter != nil
	s.at, s.ours, s.all, s.drawn, s.blind = now, ours, all, drawn, blind
	if first {
		return g, false
	}
	s.guard.Note(now, w.Length, max(0, w.All-w.Ours))
	if usable {
		g.draw, g.sure = s.share.Add(w)
	}
	if g.sure {
		s.sureAt = now
	}
	return g, true
}

// count reads the counter, and reports whether that has failed.
func (s *senses) count(now time.Time) (energy.Joules, bool) {
	if s.counter == nil {
		return 0, true
	}
	drawn, err := s.counter.Energy(now)
	if err != nil && !s.blind {
		s.log.Warn("power of the local workers is estimated", "why", err)
	}
	return drawn, err != nil
}

// sure reports whether what was measured last still holds.
func (s *senses) sure(now time.Time) bool {
	return !s.sureAt.IsZero() && now.Sub(s.sureAt) <= fresh
}
