package simulate

import (
	"context"
	"fmt"
	"log/slog"
	"slices"
	"time"

	"github.com/curtaild/curtaild/energy"
	"github.com/curtaild/curtaild/policies"
	"github.com/curtaild/curtaild/scheduler"
)

// Config is what a run is made with.
type Config struct {
	Setup    scheduler.Setup // what of its readings is not in the series is left out
	Loads    []Load
	Latency  time.Duration // from a set-point to its effect
	Between  Between
	Included bool          // the series was read while loads ran, which drew what its flexible column says
	Every    time.Duration // how often meters speak between rows; 0: so that nothing goes stale
	From, To time.Time     // zero: all of the series
	Progress func(done float64)
	Told     func(at time.Time, load string, point int) // if not nil: every set-point, in order

	restless bool // decides at night too; for tests
}

// run is one simulation on its way.
type run struct {
	cfg     Config
	site    *site
	plant   *plant
	account account
	trace   *trace
	virtual *scheduler.Virtual
	said    energy.Status // by the rig that spoke last

	now     time.Duration
	row     int           // the last that is not after now
	emitted time.Duration // when the meters last spoke
	every   time.Duration
	due     time.Duration // of the next pass, if no reading comes before
	waiting bool          // a load waits for draw that is on its way down
	asleep  bool          // at the last pass, nothing could come of another one
	passed  time.Duration // the last pass
	granted float64
	gross   float64 // what a watt of the loads costs the site
	passes  int
}

// Run plays a series against the fleet. It ends early with the context's
// error.
func Run(ctx context.Context, cfg Config, s *Series) (*Result, error) {
	s, err := s.cut(cfg.From, cfg.To)
	if err != nil {
		return nil, err
	}
	t, err := newSite(s, &cfg)
	if err != nil {
		return nil, err
	}
	cfg.Setup.Readings = heard(cfg.Setup.Readings, s)
	r := &run{
		cfg: cfg, site: t, plant: newPlant(cfg.Loads, cfg.Latency), gross: 1 + float64(cfg.Setup.Balance.Aux)/100,
		every: cfg.Every, due: forever,
	}
	if r.every <= 0 {
		r.every = often(cfg.Setup.Readings, s)
	}
	cfg.Setup.Latency, cfg.Setup.Period = cfg.Latency, min(r.every, s.step())
	r.cfg.Setup = cfg.Setup
	end := t.row(len(s.At) - 1)
	if cfg.Between == Held {
		end += s.step()
	}
	r.account.most = r.plant.most() * r.gross
	r.trace = newTrace(t.start, end)
	if err := r.open(); err != nil {
		return nil, err
	}
	r.speak()
	r.pass()
	for n := 0; r.now < end; n++ {
		if n%1000 == 0 {
			if err := ctx.Err(); err != nil {
				return nil, err
			}
			if cfg.Progress != nil {
				cfg.Progress(float64(r.now) / float64(end))
			}
		}
		r.step(end)
	}
	return r.result(), nil
}

// heard is the readings of the config that the run gives: those that the
// series has, and the sub-meter of our loads.
func heard(all []energy.ReadingSpec, s *Series) []energy.ReadingSpec {
	return slices.DeleteFunc(slices.Clone(all), func(r energy.ReadingSpec) bool {
		return r.Role != energy.RoleFlexible && !slices.ContainsFunc(s.Readings, func(c energy.ReadingSpec) bool { return c.Name == r.Name })
	})
}

// often is how often meters have to speak so that nothing goes stale between
// rows; forever if the rows are close enough.
func often(list []energy.ReadingSpec, s *Series) time.Duration {
	every, step := forever, s.step()
	for _, r := range list {
		if r.MaxAge > 0 && r.MaxAge < step {
			every = min(every, max(time.Second, r.MaxAge/2))
		}
	}
	return every
}

// open starts the loop, with every load off.
func (r *run) open() error {
	l := scheduler.Loop{Setup: r.cfg.Setup, Log: slog.New(slog.DiscardHandler)}
	for i := range r.plant.rigs {
		spec := r.plant.rigs[i].Spec
		l.Specs = append(l.Specs, spec)
		l.Loads = append(l.Loads, &mailbox{spec.Name, i, r})
	}
	var err error
	if r.virtual, err = scheduler.NewVirtual(l, r.site.start); err != nil {
		return fmt.Errorf("open the site: %w", err)
	}
	for i := range r.plant.rigs {
		r.hear(i, r.site.start)
	}
	for _, s := range r.cfg.Setup.Readings {
		if s.Availability != nil {
			r.virtual.Presence(energy.Presence{Name: s.Name, Online: true, At: r.site.start})
		}
	}
	return nil
}

// mailbox is a load as the loop sees it.
type mailbox struct {
	name string
	rig  int
	run  *run
}

func (m *mailbox) Name() string { return m.name }

func (m *mailbox) Apply(sp energy.Setpoint) {
	m.run.plant.send(m.rig, sp)
	if told := m.run.cfg.Told; told != nil {
		told(m.run.wall(m.run.plant.at), m.name, sp.Point)
	}
}

// step goes on to the next instant at which anything happens.
func (r *run) step(end time.Duration) {
	row := end
	if r.row+1 < len(r.site.free) {
		row = r.site.row(r.row + 1)
	}
	t := min(row, r.plant.next(), r.due, end)
	if r.every < forever {
		t = min(t, r.emitted+r.every)
	}
	switch {
	case t != r.due:
	case r.sleeps():
		r.due = r.passed + nap
	case r.waiting && len(r.plant.sent) > 0:
		r.due = r.plant.sent[0].at // it waits for what the rigs have not heard of yet
	}
	t = max(t, r.now)
	r.tally(t)
	heard, at := false, r.wall(t)
	r.plant.advance(t, func(i int) {
		r.hear(i, at)
		heard = true
		if g := &r.plant.rigs[i]; g.marked < g.starts {
			g.marked = g.starts
			r.trace.mark(t)
		}
	})
	r.now = t
	read := r.every < forever && t >= r.emitted+r.every
	if t >= row && r.row+1 < len(r.site.free) {
		r.row++
		read = true
	}
	if read && t < end {
		r.speak()
	}
	if (read || t >= r.due || heard && r.waiting) && !r.sleeps() {
		r.pass()
	}
}

// hear has the loop hear of a rig.
func (r *run) hear(i int, at time.Time) {
	r.plant.rigs[i].status(at, &r.said)
	r.virtual.StatusOf(at, i, &r.said)
}

// tally accounts for the time up to t, in which nothing turns.
func (r *run) tally(t time.Duration) {
	if t <= r.now {
		return
	}
	s := (t - r.now).Seconds()
	ours := line{r.plant.draw * r.gross, (r.plant.draw + r.plant.slope*s) * r.gross}
	p := piece{from: r.now, to: t, ours: ours, granted: r.granted}
	if r.site.known(r.row) {
		var held line
		p.free.a, held.a = r.site.at(r.row, r.now)
		p.free.b, held.b = r.site.at(r.row, t)
		r.account.add(s, p.free, held, ours, r.prices())
		p.free = line{p.free.a + held.a, p.free.b + held.b}
		p.known = true
	}
	r.trace.add(p)
}

// prices are those of the row.
func (r *run) prices() prices {
	var out [2]float64
	for i, list := range r.site.price {
		if list != nil {
			out[i] = list[r.row]
		}
	}
	return prices{out[0], out[1]}
}

// speak has every meter say what it reads now.
func (r *run) speak() {
	r.emitted = r.now
	at, ours := r.wall(r.now), r.plant.draw*r.gross
	flexible := false
	for c, spec := range r.site.series.Readings {
		flexible = flexible || spec.Role == energy.RoleFlexible
		if v, ok := r.site.read(r.row, c, r.now, ours); ok {
			r.virtual.Reading(energy.Reading{Name: spec.Name, Value: v, At: at})
		}
	}
	if flexible {
		return
	}
	for _, spec := range r.cfg.Setup.Readings {
		if spec.Role == energy.RoleFlexible {
			r.virtual.Reading(energy.Reading{Name: spec.Name, Value: ours, At: at})
		}
	}
}

// nap is how often the loop decides at night.
const nap = 15 * time.Minute

// sleeps reports whether a pass can be left out: nothing is available, as at
// the last one, and every load is off and waits for just that. Half of a solar
// year is so.
func (r *run) sleeps() bool { return r.asleep && r.now < r.passed+nap && r.dark() }

func (r *run) dark() bool {
	if r.cfg.restless || r.plant.running > 0 || r.plant.moving > 0 || len(r.plant.sent) > 0 || !r.site.known(r.row) {
		return false
	}
	free, held := r.site.at(r.row, r.now)
	return free+held <= 0 && !slices.ContainsFunc(r.cfg.Setup.Policies, func(p policies.Policy) bool {
		return !p.Use.Available || p.Probe != policies.Probe{}
	})
}

// pass has the loop decide.
func (r *run) pass() {
	r.passed, r.asleep = r.now, r.dark()
	next, plan := r.virtual.Pass(r.wall(r.now))
	r.due = max(r.now+1, next.Sub(r.site.start))
	r.granted = float64(plan.Granted)
	r.waiting = slices.ContainsFunc(plan.Decisions, func(d energy.Decision) bool { return d.Reason == energy.InFlight })
	r.passes++
}

func (r *run) wall(t time.Duration) time.Time { return r.site.start.Add(t) }
