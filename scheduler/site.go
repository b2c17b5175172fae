package scheduler

import (
	"fmt"
	"log/slog"
	"slices"
	"time"

	"github.com/curtaild/curtaild/energy"
)

// site is the loop's state. Only the goroutine in [Loop.Run] touches it.
type site struct {
	*Loop
	log  *slog.Logger
	keep func(Change, func(error)) // the keeper's put
	kept KeptSite

	board *energy.Board
	draws energy.Draws // the course of our own draw
	grid  energy.Draws // and of grid power: the baseline of signals that bind there

	fleet  *Fleet
	rules  []Rule
	specs  []*energy.LoadSpec
	index  map[string]int
	loads  []loadState
	states []LoadState // of the input: one slice, rewritten each pass
	stale  bool        // points have changed: fleet and rules are to be built anew
	taught []int       // loads that have taught something which is not on disk yet

	started  time.Time
	passed   time.Time // the last pass
	decided  bool      // a plan has been made since the start
	drain    time.Time // the deadline of a drain; zero if there is none
	balancer energy.Balancer
	balance  energy.Balance
	outlook  energy.Outlook
	plan     Plan
	lazy     time.Time // when the state was last put on disk
	believed time.Time // when the beliefs were
}

func openSite(l *Loop, keep func(Change, func(error)), now time.Time) (*site, error) {
	s := &site{
		Loop: l, log: l.Log, keep: keep, kept: l.Kept.KeptSite, started: now,
		balancer: energy.Balancer{Spec: l.Setup.Balance, Memory: l.Kept.Balance},
		board:    energy.NewBoard(l.Setup.Readings), index: make(map[string]int, len(l.Specs)),
		specs: slices.Clone(l.Specs),
		loads: make([]loadState, len(l.Specs)), states: make([]LoadState, len(l.Specs)),
	}
	s.kept.Memory.Gates = resumed(s.kept.Memory.Gates, now.Sub(s.kept.Seen))
	for i, spec := range l.Specs {
		s.index[spec.Name] = i
		s.loads[i].status = energy.Status{Load: spec.Name, State: energy.StateUnknown, Point: -1}
		s.loads[i].lore.Ramp = spec.Ramp
		if kept, ok := l.Kept.Loads[spec.Name]; ok {
			s.loads[i].setpoint, s.loads[i].since = kept.Setpoint, kept.Since
			s.loads[i].starts = kept.Starts
			s.loads[i].lore = lore{Ramp: spec.Ramp, Learned: kept.Learned, From: kept.Setpoint.Point}
			s.loads[i].setpoint.Seq = 0 // nothing has been sent in this life
			// Until it answers, it is taken to draw what it was told to.
			s.loads[i].course = energy.Toward(now, kept.Setpoint.Draw, kept.Setpoint.Draw, spec.Ramp)
		}
	}
	for i := range s.kept.Book.Signals {
		s.Answer(s.kept.Book.Signals[i].status(), Again) // the broker may have forgotten
	}
	return s, s.compile()
}

// resumed is the gates as they are taken up again: while nobody looked for so
// long, no delay has been running.
func resumed(gates map[string]Gate, away time.Duration) map[string]Gate {
	if away <= longest {
		return gates
	}
	out := make(map[string]Gate, len(gates))
	for name, g := range gates {
		out[name] = Gate{Open: g.Open}
	}
	return out
}

// compile builds what follows from the loads' operating points.
func (s *site) compile() error {
	points := make([][]energy.OperatingPoint, len(s.loads))
	for i := range s.loads {
		points[i] = s.loads[i].points
	}
	s.fleet = NewFleet(slices.Clone(s.specs), points)
	rules, err := NewRules(s.Setup.Policies, s.fleet, s.Setup.Location)
	if err != nil {
		return fmt.Errorf("compile policies: %w", err)
	}
	s.rules, s.stale = rules, false
	return nil
}

// status takes in what a load has said of itself.
func (s *site) status(now time.Time, st energy.Status) {
	if i, ok := s.index[st.Load]; ok {
		s.statusOf(now, i, &st)
	}
}

// statusOf takes in what load i has said of itself.
func (s *site) statusOf(now time.Time, i int, st *energy.Status) {
	l := &s.loads[i]
	s.restate(i, st)
	s.count(now, i, st)
	assumed, before := !l.status.State.Heard(), energy.Watts(0)
	if assumed { // what it draws has been, so far
		_, before = l.draw(now)
	}
	l.status = *st
	heard := st.State.Heard()
	if heard && l.setpoint.Seq == 0 {
		s.adopt(now, i)
	}
	s.learn(i, st)
	if !heard {
		l.lose(now, s.specs[i].Ramp)
		return
	}
	l.hear(now, s.specs[i].Ramp, s.Setup.Observe)
	if !assumed {
		return
	}
	if _, after := l.draw(now); after < before {
		// It may have been off for long: a reading from before now must not
		// be combined with a draw that there was not.
		s.draws.Lower(before - after)
	}
}

// adopt takes the device's own word for where it is, from the start of the
// daemon until it is first told otherwise: a rig that runs is not started
// again, whatever was written down, and one that does not is not taken to run.
// One that starts by itself later is found out, too.
func (s *site) adopt(now time.Time, i int) {
	l := &s.loads[i]
	at := l.status.Point
	if at < 0 || at >= len(l.points) {
		switch l.status.State {
		case energy.StateIdle, energy.StateStopping, energy.StatePaused:
			at = energy.Off
		case energy.StateRunning, energy.StateStarting, energy.StateThrottled:
			at = nearest(l.points, l.setpoint.Name, l.status.Draw)
		default:
			return
		}
	}
	if len(l.points) == 0 {
		return
	}
	was := l.setpoint
	if (was.Point == energy.Off) != (at == energy.Off) || l.since.IsZero() && at != energy.Off {
		l.since = now
	}
	if at != was.Point {
		l.lore.From = at
	}
	l.setpoint.Load, l.setpoint.Point = l.status.Load, at
	l.setpoint.Name, l.setpoint.Draw = l.points[at].Name, l.points[at].Draw
	l.decision.To, l.decision.ToW = at, l.points[at].Draw
}

// signal takes in a signal: it is answered before it is acted on.
func (s *site) signal(now time.Time, d Delivery) {
	i := slices.IndexFunc(s.Setup.Sources, func(src Source) bool { return src.Name == d.Signal.Source })
	var src *Source
	if i >= 0 {
		src = &s.Setup.Sources[i]
	}
	s.answer(now, s.kept.Book.Take(now, d.Signal, src, s.measure(now)))
	// Not to be told of a signal that the disk refuses would hold up those that
	// come after it: it is acknowledged all the same.
	s.save(now, nil, false, func(error) {
		if d.Done != nil {
			d.Done()
		}
	})
}

func (s *site) answer(now time.Time, list []energy.SignalStatus) {
	for _, st := range list {
		if st.At.Before(now) {
			s.Answer(st, Again)
			continue
		}
		s.log.Info("signal", "source", st.Source, "id", st.ID, "revision", st.Revision, "state", string(st.State), "reason", st.Reason)
		s.Answer(st, Entered)
	}
}

// measure is what signals are judged by at now.
func (s *site) measure(now time.Time) Measure {
	m := Measure{
		Flexible: s.balance.Draw, By: s.balance.DrawBy, Grid: s.balance.Grid,
		BaseFlexible: s.draws.Mean(now.Add(-15*time.Minute), now),
		BaseGrid:     s.grid.Mean(now.Add(-15*time.Minute), now),
		StopTime:     time.Second, // for the command to arrive
	}
	for i := range s.loads {
		l := &s.loads[i]
		if len(l.points) == 0 {
			continue
		}
		m.OffDraw += l.points[energy.Off].Draw
		if l.setpoint.Point != energy.Off {
			ramp := s.specs[i].Ramp.Between(l.setpoint.Point, energy.Off)
			off := energy.Toward(now, l.course.At(now), l.points[energy.Off].Draw, ramp)
			m.StopTime = max(m.StopTime, time.Second+off.End().Sub(now))
		}
	}
	aux := 1 + energy.Watts(s.Setup.Balance.Aux/100)
	m.OffDraw *= aux
	if m.By != energy.DrawByMeter {
		most, _ := s.draw(now) // a command that was sent is not yet one that was obeyed
		m.Flexible = most * aux
	}
	return m
}

// draw is what our loads are taken to draw at now: at the most, and at the
// least. They differ while a command is on its way.
func (s *site) draw(now time.Time) (most, least energy.Watts) {
	for i := range s.loads {
		if l := &s.loads[i]; !l.awaited {
			w := l.course.At(now)
			most, least = most+w, least+w
			continue
		}
		m, l := s.loads[i].draw(now)
		most, least = most+m, least+l
	}
	return most, least
}

// note adds the draw of now to the course that the balance is made with. It
// takes the least: a balance that counts on draw which has gone already would
// give it out twice.
func (s *site) note(now time.Time) {
	_, least := s.draw(now)
	s.draws.Add(now, least)
}

// source is the worst that any load that draws goes by.
func (s *site) source() energy.PowerSource {
	for i := range s.loads {
		l := &s.loads[i]
		if l.setpoint.Point != energy.Off && l.status.Source != energy.Measured {
			return energy.Estimated
		}
	}
	return energy.Measured
}

// save has the state put on disk, with the given loads, and calls after, if
// not nil, when it is there. Where nothing is kept it is at once.
func (s *site) save(now time.Time, loads map[string]KeptLoad, all bool, after func(error)) {
	if s.keep != nil {
		s.keep(s.change(now, loads, all), after)
	} else if after != nil {
		after(nil)
	}
}

// change is what is to be put on disk now, with the given loads. Beliefs are
// large and slow to change: they go along now and then, and when all must.
func (s *site) change(now time.Time, loads map[string]KeptLoad, all bool) Change {
	c := Change{Site: s.record(now), Loads: loads}
	beliefs := c.Site.Memory.Beliefs
	c.Site.Memory.Beliefs = nil
	if len(beliefs) > 0 && (all || now.Sub(s.believed) >= seldom) {
		c.Beliefs, s.believed = beliefs, now
	}
	return c
}

// record is the site's state as it is to be kept.
func (s *site) record(now time.Time) *KeptSite {
	k := s.kept
	k.Book.Signals = slices.Clone(k.Book.Signals)
	if now.After(k.Seen) {
		k.Seen = now.UTC()
	}
	return &k
}

func abs(w energy.Watts) energy.Watts { return max(w, -w) }
