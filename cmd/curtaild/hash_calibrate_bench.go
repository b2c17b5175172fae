package main

import (
	"context"
	"fmt"
	"io"
	"log/slog"
	"os/exec"
	"sync"
	"time"

	"github.com/curtaild/curtaild/energy"
	"github.com/curtaild/curtaild/hasher"
	"github.com/curtaild/curtaild/hasher/power"
	"github.com/curtaild/curtaild/hasher/work"
)

// settling is how long workers run before a meter is read: meters average, and
// fans follow.
const settling = 20 * time.Second

// duties are those at which the meter is read, in quarters.
var duties = []int{0, 1, 2, 4}

const quarters = 4

// workbench runs workers at a duty.
type workbench interface {
	// set has them run at so many quarters, and returns once they do.
	set(ctx context.Context, quarter int) error
	// busy is the mean of cores that they kept busy since they were set, and
	// of hashes a second.
	busy() (cores float64, rate energy.HashRate)
	width() int // cores at full duty
}

// step is one reading of the meter.
type step struct {
	DutyPct  float64       `json:"duty_pct"`
	Cores    float64       `json:"busy_cores"`
	Meter    energy.Watts  `json:"meter_w"`
	Counter  *energy.Watts `json:"counter_w,omitempty"` // what the machine's own counter showed meanwhile
	Fitted   energy.Watts  `json:"fitted_w"`
	Residual energy.Watts  `json:"residual_w"` // of the meter, above fitted
	Rate     float64       `json:"hashes_per_second"`
}

// climb reads the meter at one duty after the other.
func climb(ctx context.Context, b workbench, m wattmeter, counter power.Counter, out io.Writer) ([]step, error) {
	var steps []step
	for i, q := range duties {
		pct := 100 * float64(q) / quarters
		if err := b.set(ctx, q); err != nil {
			return nil, err
		}
		fmt.Fprintf(out, "Step %d of %d: workers at %g %% of %d cores\n", i+1, len(duties), pct, b.width())
		if err := settle(ctx, out); err != nil {
			return nil, err
		}
		shown := beside(counter)
		w, err := m.watts(ctx)
		if err != nil {
			return nil, err
		}
		cores, rate := b.busy()
		steps = append(steps, step{DutyPct: pct, Cores: cores, Meter: w, Counter: shown(), Rate: float64(rate)})
	}
	return steps, nil
}

// beside reads the machine's counter, if it has one, while a meter is read.
// Shown ends that, and is what the counter has shown meanwhile; nil if it tells
// nothing.
func beside(counter power.Counter) (shown func() *energy.Watts) {
	if counter == nil {
		return func() *energy.Watts { return nil }
	}
	from, failed := readCounter(counter)
	return func() *energy.Watts {
		to, err := readCounter(counter)
		if failed != nil || err != nil || to.at.Sub(from.at) <= time.Second {
			return nil
		}
		w := from.until(to)
		return &w
	}
}

// settle waits until a meter has followed.
func settle(ctx context.Context, out io.Writer) error {
	show := newProgress(out, "settling")
	defer show.end()
	tick := time.NewTicker(200 * time.Millisecond)
	defer tick.Stop()
	for began := time.Now(); time.Since(began) < settling; {
		select {
		case <-ctx.Done():
			return context.Cause(ctx)
		case <-tick.C:
			show.at(float64(time.Since(began)) / float64(settling))
		}
	}
	return nil
}

// bench is real workers, as the daemon runs them.
type bench struct {
	pool    *hasher.Pool
	workers int
	end     func()

	mu    sync.Mutex
	seq   uint64
	inUse chan struct{} // closed when the last set-point is in force
	cores float64
	rate  energy.HashRate
	n     float64
	last  energy.Status
}

// startBench starts so many workers, whose program is self.
func startBench(ctx context.Context, self string, workers int, a work.Algorithm) (*bench, error) {
	statuses := make(chan energy.Status)
	b := &bench{workers: workers, inUse: make(chan struct{})}
	var err error
	b.pool, err = hasher.NewPool(hasher.Config{
		Name: "calibration", Workers: workers, Levels: quarters, Algorithm: a, Statuses: statuses, Log: slog.New(slog.DiscardHandler),
		Power:   hasher.Power{Core: 1, Counter: power.None}, // 1 W a core: a draw is the number of busy cores
		Command: func() *exec.Cmd { return exec.Command(self, "hash", "--worker") },
	})
	if err != nil {
		return nil, err
	}
	ctx, cancel := context.WithCancel(ctx)
	var wg sync.WaitGroup
	wg.Go(func() {
		defer close(statuses)
		_ = b.pool.Run(ctx) // ends with nil, once its context is done
	})
	wg.Go(func() {
		for s := range statuses {
			b.hear(s)
		}
	})
	b.end = func() {
		cancel()
		wg.Wait()
	}
	return b, nil
}

func (b *bench) stop() { b.end() }

func (b *bench) width() int { return b.workers }

// hear takes in what the load says of itself.
func (b *bench) hear(s energy.Status) {
	b.mu.Lock()
	defer b.mu.Unlock()
	b.last = s
	if s.Seq != b.seq || b.seq == 0 {
		return
	}
	select {
	case <-b.inUse:
		b.cores += float64(s.Draw)
		b.rate += s.Rate
		b.n++
	default:
		close(b.inUse) // from the next one on it is figures
	}
}

func (b *bench) set(ctx context.Context, quarter int) error {
	b.mu.Lock()
	b.seq++
	b.cores, b.rate, b.n, b.inUse = 0, 0, 0, make(chan struct{})
	inUse, sp := b.inUse, energy.Setpoint{Seq: b.seq, Point: quarter}
	b.mu.Unlock()
	b.pool.Apply(sp)
	limit := time.NewTimer(time.Minute)
	defer limit.Stop()
	select {
	case <-ctx.Done():
		return context.Cause(ctx)
	case <-inUse:
		return nil
	case <-limit.C:
		b.mu.Lock()
		defer b.mu.Unlock()
		return fmt.Errorf("the workers do not run: %s %s", b.last.State, b.last.Err)
	}
}

func (b *bench) busy() (float64, energy.HashRate) {
	b.mu.Lock()
	defer b.mu.Unlock()
	if b.n == 0 {
		return 0, 0
	}
	return b.cores / b.n, b.rate / energy.HashRate(b.n)
}

// kernel is the one that was run.
func (b *bench) kernel() string { return b.pool.Learned().Kernel }
