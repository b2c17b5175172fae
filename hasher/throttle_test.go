package hasher

import (
	"math"
	"math/rand/v2"
	"testing"
	"time"
)

// machine is a virtual computer: so many workers, each on a core of its own,
// take quanta and burn them. It has its own clocks.
type machine struct {
	now   time.Time
	cpu   time.Duration
	t     *throttle
	extra float64       // CPU used beyond the quanta, as a fraction
	least time.Duration // a call of the kernel takes at least so long
}

func newMachine(workers int) *machine {
	m := &machine{now: time.Unix(1e9, 0)}
	m.t = newThrottle(workers, func() time.Duration { return m.cpu })
	m.t.end = m.now
	return m
}

// run lets the workers loose for d, and returns the CPU used. Time goes from
// one change to the next.
func (m *machine) run(d time.Duration) time.Duration {
	type worker struct {
		until time.Time // busy or asleep
		busy  bool
	}
	workers := make([]worker, m.t.workers)
	for i := range workers {
		workers[i].until = m.now
	}
	began, end := m.cpu, m.now.Add(d)
	for m.now.Before(end) {
		next := end
		for i := range workers {
			w := &workers[i]
			if !m.now.Before(w.until) {
				if w.busy {
					m.t.done()
				}
				w.busy, w.until = m.turn(end)
			}
			if w.until.Before(next) {
				next = w.until
			}
		}
		// A worker that is told to wait until now asks again.
		step := max(next.Sub(m.now), time.Microsecond)
		m.now = m.now.Add(step)
		for _, w := range workers {
			if w.busy {
				m.cpu += time.Duration(float64(step) * (1 + m.extra))
			}
		}
	}
	for _, w := range workers {
		if w.busy {
			m.t.done()
		}
	}
	return m.cpu - began
}

// turn is what one worker does next, and until when.
func (m *machine) turn(end time.Time) (busy bool, until time.Time) {
	switch g := m.t.take(m.now); {
	case g.quantum > 0:
		return true, m.now.Add(max(g.quantum, m.least))
	case g.until.IsZero():
		return false, end
	default:
		return false, g.until
	}
}

func TestThrottleHoldsDuty(t *testing.T) {
	for _, workers := range []int{1, 2, 8} {
		for _, duty := range []float64{0.01, 0.1, 0.37, 0.8, 0.95, 1} {
			m := newMachine(workers)
			m.extra = 0.02 // the runtime's own work counts too
			m.t.set(m.now, duty)
			m.run(200 * time.Millisecond)
			const d = 2 * time.Second
			got := m.run(d).Seconds() / d.Seconds() / float64(workers)
			if most := duty * 1.01; duty < 1 && (got > most+0.0005 || got < duty*0.98-0.0005) {
				t.Errorf("%d workers at %.2f used %.4f", workers, duty, got)
			}
			if duty == 1 && got < 1 {
				t.Errorf("%d workers at full duty used %.4f", workers, got)
			}
		}
	}
}

// A call that takes longer than its quantum, as the smallest one of scrypt may,
// is paid back: the duty holds.
func TestThrottleWithLongCalls(t *testing.T) {
	for _, least := range []time.Duration{400 * time.Microsecond, time.Millisecond, 4 * time.Millisecond} {
		for _, workers := range []int{1, 2, 8} {
			for _, duty := range []float64{0.01, 0.02, 0.1, 0.37, 0.8} {
				m := newMachine(workers)
				m.least = least
				m.t.set(m.now, duty)
				m.run(time.Second)
				const d = 10 * time.Second
				got := m.run(d).Seconds() / d.Seconds() / float64(workers)
				if math.Abs(got-duty) > 0.005 {
					t.Errorf("%d workers with calls of %v at %.2f used %.4f", workers, least, duty, got)
				}
			}
		}
	}
}

func TestThrottleFollowsAtOnce(t *testing.T) {
	m := newMachine(2)
	rng := rand.New(rand.NewPCG(1, 2))
	for range 100 {
		duty := math.Round(rng.Float64()*100) / 100
		m.t.set(m.now, duty)
		d := period * time.Duration(1+rng.IntN(20))
		used := m.run(d)
		most := time.Duration(duty*2*float64(d)) + time.Duration(1.5*duty*2*float64(period)) + 2*maxQuantum
		if used > most {
			t.Fatalf("duty %.2f for %v used %v, at most %v", duty, d, used, most)
		}
		if duty == 0 && used != 0 {
			t.Fatalf("off used %v", used)
		}
	}
}

// A machine that gave us nothing for a while owes us no more than one and a
// half periods.
func TestThrottleForgetsCredit(t *testing.T) {
	m := newMachine(1)
	m.t.set(m.now, 0.5)
	m.now = m.now.Add(time.Minute)
	const d = time.Second
	used := m.run(d)
	if most := d/2 + 3*period/4 + maxQuantum; used > most {
		t.Errorf("after a pause used %v of %v, at most %v", used, d, most)
	}
	if m.t.end.Before(m.now.Add(-period)) || m.t.end.After(m.now.Add(period)) {
		t.Errorf("period ends %v from now", m.t.end.Sub(m.now))
	}
}

func TestThrottleCarriesErrorOver(t *testing.T) {
	m := newMachine(1)
	m.t.set(m.now, 0.25)
	m.run(period)
	m.cpu += 4 * time.Millisecond // somebody else in the process
	if used := m.run(period * 5); used > 5*period/4-4*time.Millisecond+maxQuantum {
		t.Errorf("overdraft is not paid back: used %v", used)
	}
}
