package scheduler

import (
	"fmt"
	"time"

	"github.com/curtaild/curtaild/energy"
)

// Step takes every signal as far as the time and what is measured allow, and
// returns the statuses that have changed.
func (b *Book) Step(now time.Time, m Measure) []energy.SignalStatus {
	var out []energy.SignalStatus
	for i := range b.Signals {
		e := &b.Signals[i]
		if !e.live() || !e.begun(now) {
			continue
		}
		if e.Status.State == energy.SignalAccepted {
			e.Began = now
			out = append(out, e.enter(now, energy.SignalStarted, ""))
		}
		if e.Signal.Test {
			if over(now, e.Signal.End) {
				out = append(out, e.end(now, energy.SignalCompleted, "test")...)
			}
			continue
		}
		out = append(out, e.judge(now, m)...)
		if over(now, e.Signal.End) {
			out = append(out, e.finish(now)...)
		}
	}
	return out
}

// judge compares what is measured with what was asked.
func (e *Entry) judge(now time.Time, m Measure) []energy.SignalStatus {
	measured, by, ok := e.measured(m)
	last := e.Stepped
	e.Stepped = now
	if !ok {
		e.Status.MeasuredKW, e.Status.MeasuredBy = nil, ""
		return nil
	}
	asked := *e.Status.AskedKW
	if e.Signal.Kind == energy.KindStop {
		asked = kw(m.OffDraw)
		e.Status.AskedKW = &asked
	}
	delivered := *e.Status.BaselineKW - measured
	e.Status.MeasuredKW, e.Status.MeasuredBy, e.Status.Delivered = &measured, by, &delivered
	if measured <= asked+leeway(asked) {
		e.Over = time.Time{}
		return e.comply(now)
	}
	if e.Over.IsZero() {
		e.Over = now
	}
	return e.exceed(now, last, measured-asked)
}

// measured is the value that the signal limits, in kW.
func (e *Entry) measured(m Measure) (value float64, by string, ok bool) {
	if e.Signal.At == energy.AtPCCImport && e.Signal.Kind == energy.KindLimit {
		return kw(m.Grid.Watts()), "meter", m.Grid.OK()
	}
	return kw(m.Flexible), m.By, true
}

func (e *Entry) comply(now time.Time) []energy.SignalStatus {
	if e.Status.State == energy.SignalAchieved {
		return nil
	}
	if !e.Reached {
		e.Reached = true
		s := now.Sub(e.Began).Seconds()
		e.Status.AchievedS = &s
	}
	return []energy.SignalStatus{e.enter(now, energy.SignalAchieved, "")}
}

// exceed is called while the measured value is too high by the given kW.
func (e *Entry) exceed(now, last time.Time, by float64) []energy.SignalStatus {
	due := e.Began.Add(e.Deadline)
	if e.Reached {
		due = e.Over.Add(settle)
	}
	if now.Before(due) {
		return nil
	}
	if last.After(due) {
		e.Status.ViolationS += now.Sub(last).Seconds()
	} else {
		e.Status.ViolationS += now.Sub(due).Seconds()
	}
	e.Status.MaxOverKW = max(e.Status.MaxOverKW, by)
	state, why := energy.SignalViolated, fmt.Sprintf("%.1f kW above what was asked", by)
	if !e.Reached && *e.Status.Delivered > 0 {
		state = energy.SignalPartial
	}
	if e.Status.State == state {
		return nil
	}
	return []energy.SignalStatus{e.enter(now, state, why)}
}

// finish ends a signal whose interval is over.
func (e *Entry) finish(now time.Time) []energy.SignalStatus {
	if e.Reached || e.Stepped.IsZero() {
		return e.end(now, energy.SignalCompleted, "")
	}
	return e.end(now, energy.SignalFailed, "never achieved")
}

func (e *Entry) enter(now time.Time, s energy.SignalState, why string) energy.SignalStatus {
	e.Status.State, e.Status.Reason, e.Status.At, e.Since = s, why, now, now
	return e.status()
}

func (e *Entry) end(now time.Time, s energy.SignalState, why string) []energy.SignalStatus {
	if !e.live() {
		return nil
	}
	e.Ended, e.Status.End = now, now.Add(keepEnded)
	return []energy.SignalStatus{e.enter(now, s, why)}
}

// status is the entry's status with what its JSON leaves out.
func (e *Entry) status() energy.SignalStatus {
	s := e.Status
	s.Source, s.Kind, s.At = e.Signal.Source, e.Kind, e.Since
	if !e.Ended.IsZero() {
		s.End = e.Ended.Add(keepEnded)
	}
	return s
}

// Wake is when the book would change though nothing is measured: a signal
// starts, ends, is due or is judged again. It is zero if nothing is pending.
func (b *Book) Wake(now time.Time) time.Time {
	var wake time.Time
	at := func(t time.Time) {
		if t.After(now) && (wake.IsZero() || t.Before(wake)) {
			wake = t
		}
	}
	for i := range b.Signals {
		e := &b.Signals[i]
		if !e.live() {
			at(e.Ended.Add(keepEnded))
			continue
		}
		at(e.Signal.Start)
		at(e.Signal.End)
		if !e.active(now) {
			continue
		}
		if !e.Over.IsZero() {
			at(e.Over.Add(settle))
			at(e.Stepped.Add(time.Second)) // violation seconds are counted as they pass
		}
		at(e.Began.Add(e.Deadline))
	}
	return wake
}

// leeway is how far above what was asked still counts as complying, in kW:
// 2 %, and no less than the noise of a meter.
func leeway(asked float64) float64 { return max(0.02*asked, 0.1) }

func over(now, end time.Time) bool { return !end.IsZero() && !now.Before(end) }
