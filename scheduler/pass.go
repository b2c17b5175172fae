package scheduler

import (
	"context"
	"log/slog"
	"slices"
	"time"

	"github.com/curtaild/curtaild/energy"
)

// lazily is how often what a decision remembers is put on disk when no
// set-point changes.
const lazily = 10 * time.Second

// seldom is how often beliefs are.
const seldom = 10 * time.Minute

// pass decides once and sends what has changed. It returns when to decide
// again though nothing comes in.
func (s *site) pass(now time.Time) time.Time {
	if s.stale {
		if err := s.compile(); err != nil {
			s.log.Error("take over operating points", "err", err)
			s.stale = false
		}
	}
	s.passed = now
	s.weigh(now)
	var m Measure
	if len(s.kept.Book.Signals) > 0 { // nobody else asks
		m = s.measure(now)
	}
	steps := s.kept.Book.Step(now, m)
	s.answer(now, steps)
	if len(steps) > 0 {
		s.lazy = time.Time{} // else they are taken again after a crash
	}
	for _, st := range s.kept.Book.Expired(now) {
		s.Answer(st, Cleared)
	}
	in := s.input(now)
	if !s.decided && !s.ready(now, in) {
		s.publish(now)
		return earliest(s.started.Add(grace), s.kept.Book.Wake(now))
	}
	s.decided = true
	s.plan = Decide(now, in)
	s.kept.Memory = s.plan.Memory
	s.apply(now)
	if now.Sub(s.lazy) >= lazily {
		s.lazy = now
		s.save(now, s.lessons(), false, nil)
	}
	s.publish(now)
	return s.next(now)
}

// ready reports whether it is time to decide: there is a balance, or a reason
// not to wait for one. Before that a restart would stop what has been running
// well, for want of a reading that is about to come. A limit on import cannot
// be judged without one.
func (s *site) ready(now time.Time, in Input) bool {
	if s.balance.OK || in.Stop != "" || !now.Before(s.started.Add(grace)) {
		return true
	}
	most, _ := s.draw(now)
	most *= 1 + energy.Watts(in.Aux/100)
	return slices.ContainsFunc(in.Ceilings, func(c Ceiling) bool { return c.At == energy.AtFlexible && c.Max < most })
}

// weigh notes what our loads draw and makes the balance of it.
func (s *site) weigh(now time.Time) {
	s.draws.Source = s.source()
	s.note(now)
	s.balance = s.balancer.Balance(now, s.board, &s.draws)
	s.kept.Balance = s.balancer.Memory
	s.foresee(now)
	if s.balance.Grid.OK() {
		s.grid.Add(now, s.balance.Grid.Watts())
	}
}

// input is what there is to decide on.
func (s *site) input(now time.Time) Input {
	today, starting := s.today(now), s.started.Add(grace)
	for i := range s.loads {
		l, st := &s.loads[i], &s.states[i]
		st.State, st.Setpoint, st.Since = l.status.State, l.setpoint.Point, l.since
		st.StartingUntil, st.Policy = starting, l.setpoint.Policy
		if st.Course = l.course; l.awaited {
			st.Course = l.expected(now, s.specs[i].Ramp)
		}
		if st.Starts = l.starts.Count; st.Starts > 0 && l.starts.Day != today.begin {
			st.Starts = l.starts.on(today).Count
		}
	}
	in := Input{
		Balance: s.balance, ImportLimit: s.Setup.ImportLimit, Aux: s.Setup.Balance.Aux,
		Rules: s.rules, Fleet: s.fleet, Loads: s.states, Forecast: s.outlook,
		Ceilings: s.kept.Book.Ceilings(now), Memory: s.kept.Memory,
		Latency: s.Setup.Latency, Period: s.Setup.Period, ClockOK: s.clockOK(now), DayEnd: today.end, Priced: s.priced(), HashValue: s.hashValue(),
	}
	switch {
	case s.kept.Book.Stopped(now):
		in.Stop = energy.SignalStop
	case s.kept.Hold != nil:
		in.Stop = energy.HoldOff
	case !s.drain.IsZero():
		in.Stop = energy.Drain
	}
	return in
}

// clockOK reports whether the wall clock can be trusted: a box that boots in
// the past must not run calendars. After an hour it is the clock that is right,
// and what it once showed that was wrong.
func (s *site) clockOK(now time.Time) bool {
	if now.Sub(s.started) > time.Hour {
		s.kept.Seen = now.UTC()
	}
	return !now.Before(s.kept.Seen.Add(-time.Hour))
}

// next is when to pass again though nothing comes in.
func (s *site) next(now time.Time) time.Time {
	next := now.Add(longest)
	for _, t := range []time.Time{s.plan.Wake, s.kept.Book.Wake(now), s.drain} {
		if t.After(now) && t.Before(next) {
			next = t
		}
	}
	return next
}

// apply sends what the plan changes: reductions at once, the rest when it has
// been written down, so that after a crash nobody wonders who started a rig.
func (s *site) apply(now time.Time) {
	var room [2][64]int // for as many as mostly move
	moved, rises := room[0][:0], room[1][:0]
	var today day
	for i := range s.plan.Decisions {
		l, d := &s.loads[i], &s.plan.Decisions[i]
		l.decision = *d
		if d.To == l.setpoint.Point || len(l.points) == 0 || s.Setup.Observe {
			l.setpoint.Policy, l.setpoint.Reason = d.Policy, d.Reason
			continue
		}
		if len(moved) == 0 {
			s.kept.Plan++
			today = s.today(now)
		}
		s.move(now, today, i, d)
		moved = append(moved, i)
		if d.To > d.From {
			rises = append(rises, i)
		} else {
			s.Loads[i].Apply(l.setpoint)
		}
	}
	if len(moved) > 0 {
		s.note(now) // the far end of a step
		s.commit(now, moved, rises)
	}
	if !s.log.Enabled(context.Background(), slog.LevelInfo) {
		return
	}
	for _, i := range moved { // once they are sent: a log may be slow
		d := &s.plan.Decisions[i]
		s.log.Info("set-point", "load", d.Load, "from", d.FromW.String(), "to", d.ToW.String(),
			"policy", d.Policy, "reason", string(d.Reason), "plan", s.kept.Plan)
	}
}

// move makes decision d the set-point of load i.
func (s *site) move(now time.Time, today day, i int, d *energy.Decision) {
	s.kept.Seq++
	l := &s.loads[i]
	p := l.points[d.To]
	if l.setpoint.Point == energy.Off && d.To != energy.Off {
		l.starts = l.starts.told(today)
	}
	l.send(now, energy.Setpoint{
		Load: s.specs[i].Name, Seq: s.kept.Seq, Point: d.To, Name: p.Name, Draw: p.Draw,
		Policy: d.Policy, Reason: d.Reason, At: now,
	}, s.specs[i].Ramp)
}

// commit writes down what the loads that moved were told, and then sends the
// rises. A disk that does not answer for a second is not waited for.
func (s *site) commit(now time.Time, moved, rises []int) {
	s.lazy = now
	if s.keep == nil {
		s.raise(rises)
		return
	}
	changed := make(map[string]KeptLoad, len(moved))
	for _, i := range moved {
		changed[s.specs[i].Name] = s.loads[i].kept()
	}
	if len(rises) == 0 {
		s.save(now, changed, false, nil)
		return
	}
	kept := make(chan struct{})
	s.save(now, changed, false, func(error) { close(kept) })
	slow := time.NewTimer(time.Second)
	defer slow.Stop()
	select {
	case <-kept:
	case <-slow.C:
		s.log.Warn("state is slow to be kept, going on", "loads", len(moved))
	}
	s.raise(rises)
}

func (s *site) raise(rises []int) {
	for _, i := range rises {
		s.Loads[i].Apply(s.loads[i].setpoint)
	}
}

// publish hands out what the loop sees now.
func (s *site) publish(now time.Time) {
	if s.Publish == nil {
		return
	}
	snap := &energy.Snapshot{
		At: now, Balance: s.balance, Plan: s.kept.Plan, Granted: s.plan.Granted, Budget: s.plan.Budget, Outlook: s.outlook,
		Observe: s.Setup.Observe, Held: s.kept.Hold, Wake: s.plan.Wake,
		Loads:  make([]energy.LoadView, len(s.loads)),
		Inputs: make([]energy.InputView, len(s.Setup.Readings)),
	}
	for i := range s.loads {
		l := &s.loads[i]
		snap.Loads[i] = energy.LoadView{
			Spec: s.specs[i], Status: l.status, Setpoint: l.setpoint, Decision: l.decision, Draw: l.course.At(now),
		}
	}
	for i, r := range s.Setup.Readings {
		snap.Inputs[i] = energy.InputView{Name: r.Name, Role: r.Role, Sample: s.board.Sample(r.Name, now)}
	}
	for i := range s.kept.Book.Signals {
		snap.Signals = append(snap.Signals, s.kept.Book.Signals[i].status())
	}
	s.Publish(snap)
}
