package scheduler

import (
	"context"
	"fmt"
	"time"

	"github.com/curtaild/curtaild/energy"
)

// leave brings every load to its on-exit state: those that are to stop are
// told so, the others keep what they have. It returns when all that were told
// have obeyed, with an error that names those that had not within the time.
func (s *site) leave(ctx context.Context, within time.Duration) error {
	ctx, cancel := context.WithTimeout(ctx, within)
	defer cancel()
	now := s.clock()
	s.Journal.put(&Event{Kind: EventLeave, At: now})
	s.shut(now)
	s.publish(now)
	defer func() { // with the last that the loads have said of themselves
		end := s.clock()
		s.weigh(end)
		s.save(end, nil, true, nil)
		s.publish(end)
	}()
	for {
		left := s.pending()
		if len(left) == 0 {
			return nil
		}
		select {
		case st := <-s.Statuses:
			s.takeStatus(st)
			s.book(s.clock())
		case r := <-s.Readings:
			s.takeReading(r)
			s.book(s.clock())
		case c := <-s.commands:
			c.do(s, s.clock())
			close(c.done)
		case <-ctx.Done():
			return fmt.Errorf("shut down: %d loads have not confirmed to be off: %q", len(left), left[:min(len(left), 10)])
		}
	}
}

// shut tells every load that is to stop so.
func (s *site) shut(now time.Time) {
	s.plan = Plan{At: now, Decisions: make([]energy.Decision, len(s.loads)), Memory: s.kept.Memory}
	for i := range s.loads {
		l := &s.loads[i]
		d := &s.plan.Decisions[i]
		*d = energy.Decision{
			Load: s.specs[i].Name, Policy: l.setpoint.Policy, Reason: energy.Shutdown,
			From: l.setpoint.Point, To: l.setpoint.Point, FromW: l.setpoint.Draw, ToW: l.setpoint.Draw,
		}
		if s.specs[i].OnExit == energy.ExitStop && len(l.points) > 0 {
			d.To, d.ToW = energy.Off, l.points[energy.Off].Draw
		}
	}
	s.apply(now)
	s.stopUnknown(now)
}

// book publishes now and then: what is drawn on the way down goes into
// the books as it falls.
func (s *site) book(now time.Time) {
	if now.Sub(s.passed) < gather {
		return
	}
	s.passed = now
	s.weigh(now)
	s.publish(now)
}

// stopUnknown stops the loads that are to stop and have not said yet where
// they are: off is off, whatever their operating points.
func (s *site) stopUnknown(now time.Time) {
	for i := range s.loads {
		l := &s.loads[i]
		told := l.setpoint.Point == energy.Off && l.setpoint.Seq > 0
		heard := l.status.State != energy.StateUnknown && len(l.points) > 0
		if s.Setup.Observe || s.specs[i].OnExit != energy.ExitStop || told || heard {
			continue
		}
		s.kept.Seq++
		l.send(now, energy.Setpoint{
			Load: s.specs[i].Name, Seq: s.kept.Seq, Point: energy.Off, Name: "off", Reason: energy.Shutdown, At: now,
		}, s.specs[i].Ramp)
		s.Loads[i].Apply(l.setpoint)
	}
}

// pending names the loads that have been told to stop and have not said that
// they did, or say that they still run or are stopping. Those that never
// answered cannot be waited for.
func (s *site) pending() []string {
	var names []string
	for i := range s.loads {
		l := &s.loads[i]
		if s.Setup.Observe || l.setpoint.Point != energy.Off || l.setpoint.Seq == 0 {
			continue
		}
		switch l.status.State {
		case energy.StateUnknown:
			if s.clock().Sub(s.started) > grace {
				continue // it is not there
			}
		case energy.StateStarting, energy.StateRunning, energy.StateThrottled, energy.StateStopping:
			names = append(names, s.specs[i].Name)
			continue
		}
		if l.setpoint.Seq > l.status.Seq {
			names = append(names, s.specs[i].Name)
		}
	}
	return names
}

// drained reports whether a drain is over: all loads are off, or its time is.
func (s *site) drained(now time.Time) bool {
	if s.drain.IsZero() {
		return false
	}
	left := s.pending()
	if len(left) > 0 && now.Before(s.drain) {
		return false
	}
	s.log.Info("drained", "not confirmed", len(left))
	return true
}
