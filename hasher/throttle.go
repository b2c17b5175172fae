package hasher

import (
	"context"
	"sync"
	"time"
)

// The throttle's times, chosen by measurement: shorter periods and the
// thread's own clock run up to three points hot, longer quanta miss low
// duties.
const (
	period     = 20 * time.Millisecond
	maxQuantum = 250 * time.Microsecond
)

// throttle holds the workers of this process to a share of the CPU. In every
// period they may use duty times period times workers of the process's CPU
// clock, in quanta. What they use too much or too little is carried over, up
// to one and a half periods.
//
// The clock is the process's, not the threads': the runtime's own work on
// other threads costs power too. So all workers draw on one budget.
type throttle struct {
	workers int
	clock   func() time.Duration // CPU time of the process so far

	mu      sync.Mutex
	duty    float64
	budget  time.Duration // CPU time left in this period
	charged time.Duration // the clock when budget was last charged
	end     time.Time     // of this period
	running int           // quanta given out and not yet done
	changed chan struct{} // closed when duty changes
}

func newThrottle(workers int, clock func() time.Duration) *throttle {
	return &throttle{workers: workers, clock: clock, changed: make(chan struct{})}
}

// set changes the duty, from 0 to 1, at once.
func (t *throttle) set(now time.Time, duty float64) {
	t.mu.Lock()
	defer t.mu.Unlock()
	duty = min(max(duty, 0), 1)
	if duty == t.duty {
		return
	}
	// Credit saved up at another duty must not be spent at this one: at 2 %
	// it would last for seconds.
	t.duty = duty
	t.charged = t.clock()
	t.end = now.Add(period)
	t.budget = t.perPeriod()
	close(t.changed)
	t.changed = make(chan struct{})
}

func (t *throttle) perPeriod() time.Duration {
	return time.Duration(t.duty * float64(period) * float64(t.workers))
}

func (t *throttle) quantum() time.Duration {
	return min(maxQuantum, time.Duration(t.duty*float64(period)/4))
}

// grant is leave to use the CPU for a quantum, or to wait until a time, or,
// with neither, until the duty changes.
type grant struct {
	quantum time.Duration
	until   time.Time
	changed <-chan struct{}
}

// take asks for a quantum. Whoever gets one calls done after it.
func (t *throttle) take(now time.Time) grant {
	t.mu.Lock()
	defer t.mu.Unlock()
	if t.duty == 0 {
		return grant{changed: t.changed}
	}
	t.charge()
	if late := now.Sub(t.end); late >= 0 {
		periods := 1 + late/period
		t.end = t.end.Add(periods * period) // absolute: lateness does not add up
		most := t.perPeriod() * 3 / 2
		t.budget += time.Duration(min(int64(periods), 4)) * t.perPeriod()
		t.budget = min(t.budget, most)
	}
	q := t.quantum()
	// Quanta under way are, on average, half used and not yet charged.
	if t.duty < 1 && t.budget-time.Duration(t.running)*q/2 < q/2 {
		return grant{until: t.end, changed: t.changed}
	}
	t.running++
	return grant{quantum: q}
}

func (t *throttle) charge() {
	c := t.clock()
	t.budget = max(t.budget-(c-t.charged), -period*3/2*time.Duration(t.workers))
	t.charged = c
}

func (t *throttle) done() {
	t.mu.Lock()
	defer t.mu.Unlock()
	t.running--
}

// wait takes a quantum, waiting for one as long as it must. It is false when
// ctx is done. The timer is the caller's, stopped.
func (t *throttle) wait(ctx context.Context, timer *time.Timer) (time.Duration, bool) {
	for ctx.Err() == nil {
		g := t.take(time.Now())
		if g.quantum > 0 {
			return g.quantum, true
		}
		var due <-chan time.Time
		if !g.until.IsZero() {
			timer.Reset(time.Until(g.until))
			due = timer.C
		}
		select {
		case <-ctx.Done():
		case <-g.changed:
		case <-due:
		}
		timer.Stop()
	}
	return 0, false
}
