package scheduler

import (
	"cmp"
	"slices"
	"time"

	"github.com/curtaild/curtaild/energy"
	"github.com/curtaild/curtaild/policies"
)

// Explanation is how things stood at one instant and why, as JSON for scripts
// and as the ground of sentences for people. Power is in watts, times are UTC.
type Explanation struct {
	At      time.Time         `json:"at"`      // what was asked for
	Decided time.Time         `json:"decided"` // the decision in force at that time
	Known   time.Time         `json:"known"`   // the last thing on record before it
	Zone    string            `json:"zone"`    // of the site
	Version string            `json:"version"` // of the program that decided
	Config  string            `json:"config_sha"`
	Differs time.Time         `json:"differs,omitzero"` // from when on this program does not decide as that one did
	Observe bool              `json:"observe,omitempty"`
	Stop    energy.Reason     `json:"stop,omitempty"` // why everything is off
	Hold    *energy.Hold      `json:"hold,omitempty"`
	Balance ExplainedBalance  `json:"balance"`
	Inputs  []ExplainedInput  `json:"inputs"`
	Limits  []ExplainedLimit  `json:"limits,omitempty"`
	Policy  []ExplainedPolicy `json:"policies"`
	Loads   []ExplainedLoad   `json:"loads"`
	Granted energy.Watts      `json:"granted_w"`
	Wake    time.Time         `json:"wake,omitzero"` // nothing changes before, if nothing comes in
}

// ExplainedBalance is the balance, and what it was made of.
type ExplainedBalance struct {
	Kind      energy.BalanceKind `json:"kind"`
	OK        bool               `json:"ok"`
	Reason    energy.Reason      `json:"reason,omitempty"`
	Available energy.Watts       `json:"available_w"`
	Net       energy.Watts       `json:"net_w"`  // before held-back power and the battery
	Draw      energy.Watts       `json:"draw_w"` // ours, now
	DrawBy    string             `json:"draw_by"`
	// What Net was made of, in watts; absent where it was not good.
	Grid       *energy.Watts `json:"grid_w,omitempty"`
	Surplus    *energy.Watts `json:"surplus_w,omitempty"`
	Generation *energy.Watts `json:"generation_w,omitempty"`
	Load       *energy.Watts `json:"load_w,omitempty"`
}

func explainBalance(kind energy.BalanceKind, b *energy.Balance) ExplainedBalance {
	watts := func(x energy.Sample) *energy.Watts {
		if !x.OK() {
			return nil
		}
		w := x.Watts()
		return &w
	}
	return ExplainedBalance{
		Kind: kind, OK: b.OK, Reason: b.Reason, Available: b.Available, Net: b.Net, Draw: b.Draw, DrawBy: b.DrawBy,
		Grid: watts(b.Grid), Surplus: watts(b.Surplus), Generation: watts(b.Generation), Load: watts(b.Load),
	}
}

// ExplainedInput is one reading as it stood.
type ExplainedInput struct {
	Name    string         `json:"name"`
	Role    energy.Role    `json:"role"`
	Value   float64        `json:"value"`
	Quality energy.Quality `json:"quality,omitempty"` // empty: never heard
	At      time.Time      `json:"at,omitzero"`
	MaxAgeS float64        `json:"max_age_s"`
	By      string         `json:"by,omitempty"` // the backup that stood in
}

// ExplainedLimit is a ceiling on all loads.
type ExplainedLimit struct {
	Reason energy.Reason `json:"reason"`
	Source string        `json:"source,omitempty"` // of a signal
	ID     string        `json:"id,omitempty"`
	At     energy.Bind   `json:"at"`
	Max    energy.Watts  `json:"max_w"`
	Until  time.Time     `json:"until,omitzero"`
	Binds  bool          `json:"binds"` // it is why something was not granted
}

// Timer is a delay that ran.
type Timer struct {
	Reason energy.Reason `json:"reason"`
	Since  time.Time     `json:"since,omitzero"`
	Until  time.Time     `json:"until"`
}

// ExplainedThreshold is a power, and for how long it must hold.
type ExplainedThreshold struct {
	Power energy.Watts `json:"power_w"`
	ForS  float64      `json:"for_s"`
}

// ExplainedPolicy is how one policy fared.
type ExplainedPolicy struct {
	Name    string             `json:"name"`
	Open    bool               `json:"open"`
	Reason  energy.Reason      `json:"reason"`
	Loads   int                `json:"loads"` // that run under it
	Left    energy.Watts       `json:"left_w"`
	Granted energy.Watts       `json:"granted_w"`
	Reserve energy.Watts       `json:"reserve_w"`
	Start   ExplainedThreshold `json:"start"`
	Stop    ExplainedThreshold `json:"stop"`
	Gated   bool               `json:"gated"`
	Timer   *Timer             `json:"timer,omitempty"`
	Next    time.Time          `json:"next,omitzero"` // when its schedule opens or closes next
}

// Explain says how things stand after what has been taken in, at a time that
// is not before that. It is nil while nothing has been decided.
func (r *Replay) Explain(at time.Time) *Explanation {
	if r.s == nil || r.passed.IsZero() {
		return nil
	}
	s, c := r.s, r.stream.begun
	x := &Explanation{
		At: at.UTC(), Decided: r.passed, Known: r.last, Zone: c.Setup.Zone, Version: c.Version, Config: c.Config, Differs: r.differs,
		Observe: s.Setup.Observe, Hold: s.kept.Hold, Granted: s.plan.Granted, Wake: s.plan.Wake,
		Balance: explainBalance(s.Setup.Balance.Kind, &s.balance),
	}
	if x.Stop = s.input(r.passed).Stop; len(s.plan.Decisions) > 0 && s.plan.Decisions[0].Reason == energy.Shutdown {
		x.Stop = energy.Shutdown
	}
	for _, spec := range s.Setup.Readings {
		v := s.board.Sample(spec.Name, at)
		x.Inputs = append(x.Inputs, ExplainedInput{
			Name: spec.Name, Role: spec.Role, Value: v.Value, Quality: v.Quality, At: v.At.UTC(), MaxAgeS: spec.MaxAge.Seconds(), By: v.By,
		})
	}
	x.Limits = s.explainLimits(r.passed)
	x.Policy = s.explainPolicies(r.passed)
	x.Loads = r.explainLoads(at)
	return x
}

// explainLimits lists the ceilings on all loads, and whether one of that kind
// was the reason of anything.
func (s *site) explainLimits(now time.Time) (out []ExplainedLimit) {
	binds := func(why energy.Reason) bool {
		return slices.ContainsFunc(s.plan.Decisions, func(d energy.Decision) bool { return d.Reason == why })
	}
	if limit := s.Setup.ImportLimit; limit != nil {
		out = append(out, ExplainedLimit{Reason: energy.ImportLimit, At: energy.AtPCCImport, Max: *limit, Binds: binds(energy.ImportLimit)})
	}
	for i := range s.kept.Book.Signals {
		e := &s.kept.Book.Signals[i]
		if !e.active(now) {
			continue
		}
		l := ExplainedLimit{
			Reason: energy.SignalLimit, Source: e.Signal.Source, ID: e.Signal.ID, At: e.Signal.At, Max: e.Signal.Max, Until: e.Signal.End,
			Binds: binds(energy.SignalLimit),
		}
		if e.Signal.Kind == energy.KindStop {
			l.Reason, l.At, l.Max, l.Binds = energy.SignalStop, energy.AtFlexible, 0, true
		}
		out = append(out, l)
	}
	lowest := func(l ExplainedLimit) bool { // of those at one place, one binds
		return !slices.ContainsFunc(out, func(o ExplainedLimit) bool { return o.Reason == l.Reason && o.At == l.At && o.Max < l.Max })
	}
	for i := range out {
		out[i].Binds = out[i].Binds && lowest(out[i])
	}
	return out
}

func (s *site) explainPolicies(now time.Time) (out []ExplainedPolicy) {
	for i, g := range s.plan.Policies {
		r := &s.rules[i]
		p := &r.policy
		e := ExplainedPolicy{
			Name: g.Policy, Open: g.Open, Reason: g.Reason, Left: g.Left, Granted: g.Granted, Reserve: p.Reserve,
			Start: ExplainedThreshold{p.Start.Power, p.Start.For.Seconds()}, Stop: ExplainedThreshold{p.Stop.Power, p.Stop.For.Seconds()}, Gated: r.gated(), Timer: s.timer(p),
		}
		for _, d := range s.plan.Decisions {
			if d.Policy == p.Name && d.To != energy.Off {
				e.Loads++
			}
		}
		for _, w := range r.windows {
			_, next := w.state(now)
			e.Next = earliest(e.Next, next)
		}
		out = append(out, e)
	}
	return out
}

// timer is the delay of a policy that runs, if one does.
func (s *site) timer(p *policies.Policy) *Timer {
	if since, stale := s.plan.Memory.Stale[p.Name]; stale {
		return &Timer{energy.StaleKeep, since, since.Add(p.OnStale.Keep)}
	}
	switch g := s.plan.Memory.Gates[p.Name]; {
	case g.Since.IsZero():
		return nil
	case g.Open:
		return &Timer{energy.StopDelay, g.Since, g.Since.Add(p.Stop.For)}
	default:
		return &Timer{energy.StartDelay, g.Since, g.Since.Add(p.Start.For)}
	}
}

// ExplainedPoint is an operating point.
type ExplainedPoint struct {
	Name string       `json:"name"`
	Draw energy.Watts `json:"draw_w"`
}

// ExplainedLoad is how one load stood.
type ExplainedLoad struct {
	Name    string             `json:"name"`
	Group   string             `json:"group,omitempty"`
	Policy  string             `json:"policy,omitempty"`
	Reason  energy.Reason      `json:"reason"`
	Before  ExplainedPoint     `json:"before"` // the set-point before the decision in force
	After   ExplainedPoint     `json:"after"`
	Top     ExplainedPoint     `json:"top"` // the highest it could take
	State   energy.State       `json:"state"`
	Error   string             `json:"error,omitempty"`
	Heard   time.Time          `json:"heard,omitzero"` // when it last said anything
	Draw    energy.Watts       `json:"draw_w"`         // expected
	Source  energy.PowerSource `json:"draw_source,omitempty"`
	Timers  []Timer            `json:"timers,omitempty"`
	Changed *ExplainedChange   `json:"changed,omitempty"` // the last change on record; absent: longer ago than this stream
	Told    time.Time          `json:"told,omitzero"`     // when it was last told anything
}

// ExplainedChange is a change of a set-point.
type ExplainedChange struct {
	At     time.Time      `json:"at"`
	From   ExplainedPoint `json:"from"`
	To     ExplainedPoint `json:"to"`
	Policy string         `json:"policy,omitempty"`
	Reason energy.Reason  `json:"reason"`
}

func (r *Replay) explainLoads(at time.Time) []ExplainedLoad {
	s := r.s
	out := make([]ExplainedLoad, len(s.plan.Decisions))
	for i, d := range s.plan.Decisions {
		l, spec := &s.loads[i], s.specs[i]
		x := ExplainedLoad{
			Name: spec.Name, Group: spec.Group, Policy: d.Policy, Reason: d.Reason, Before: l.point(d.From, d.FromW), After: l.point(d.To, d.ToW),
			State: l.status.State, Error: l.status.Err, Heard: l.status.At.UTC(), Draw: l.course.At(at), Source: l.status.Source, Told: l.setpoint.At.UTC(),
		}
		if n := len(l.points); n > 0 {
			x.Top = l.point(n-1, l.points[n-1].Draw)
		}
		if m, ok := r.moves[i]; ok {
			x.Changed = &ExplainedChange{m.at, l.point(m.what.From, m.what.FromW), l.point(m.what.To, m.what.ToW), m.what.Policy, m.what.Reason}
		}
		x.Timers = s.timers(at, i)
		out[i] = x
	}
	return out
}

// point names an operating point that a decision was about.
func (l *loadState) point(i int, w energy.Watts) ExplainedPoint {
	if i < 0 || i >= len(l.points) {
		return ExplainedPoint{Name: cmp.Or(l.setpoint.Name, "unknown"), Draw: w}
	}
	return ExplainedPoint{Name: l.points[i].Name, Draw: w}
}

// timers are the delays of load i that hold at now.
func (s *site) timers(now time.Time, i int) (out []Timer) {
	l, spec := &s.loads[i], s.specs[i]
	end, yes := within(now, l.since, spec.MinOff)
	why := energy.MinOff
	if l.setpoint.Point != energy.Off {
		end, yes = within(now, l.since, spec.MinOn)
		why = energy.MinOn
	}
	if yes {
		out = append(out, Timer{why, l.since, end})
	}
	if until := s.started.Add(grace); l.status.State == energy.StateUnknown && now.Before(until) {
		out = append(out, Timer{energy.Starting, s.started, until})
	}
	return out
}
