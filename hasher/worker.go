package hasher

import (
	"context"
	"errors"
	"fmt"
	"io"
	"runtime"
	"sync"
	"time"

	"github.com/curtaild/curtaild/hasher/work"
)

const (
	// MaxWorkers is the most workers that one process runs.
	MaxWorkers  = 1024
	statsEvery  = 500 * time.Millisecond
	statsSoon   = 200 * time.Millisecond // after a change of duty
	shareBuffer = 256
	// shareEvery bounds what a pool with far too low a difficulty makes of the
	// daemon, which has to look at every share at its own, higher priority.
	shareEvery = 2 * time.Millisecond
)

var errGone = errors.New("the daemon is gone")

// Worker is the worker process: it takes orders from in and answers on out,
// one JSON value a line, until in ends or ctx is done. It lowers the priority of
// the whole process it runs in. The goroutine that reads in ends when in does.
func Worker(ctx context.Context, in io.Reader, out io.Writer) error {
	priority := lowestPriority()
	ctx, cancel := context.WithCancelCause(ctx)
	defer cancel(nil)
	orders := make(chan order)
	go func() {
		err := readLines(in, func(o order) error {
			select {
			case orders <- o:
				return nil
			case <-ctx.Done():
				return ctx.Err()
			}
		})
		if err == nil {
			err = errGone
		}
		cancel(err)
	}()
	w, err := greet(ctx, orders, out, priority)
	if err == nil {
		err = w.run(ctx, orders)
	}
	if errors.Is(err, errGone) || errors.Is(err, context.Canceled) {
		return nil
	}
	return err
}

// worker is the process's own loop, apart from the crew that hashes.
type worker struct {
	out   io.Writer
	began time.Time
	crew  *crew
	tools []toolbox // by worker
	seq   uint64
	duty  float64
	last  statsNotice
}

// greet waits for the start order, calibrates and says hello.
func greet(ctx context.Context, orders <-chan order, out io.Writer, priority error) (*worker, error) {
	var start *startOrder
	select {
	case <-ctx.Done():
		return nil, context.Cause(ctx)
	case o := <-orders:
		start = o.Start
	}
	if start == nil || start.Workers < 1 || start.Workers > MaxWorkers {
		return nil, fmt.Errorf("worker process: want a start order for 1 to %d workers first", MaxWorkers)
	}
	// One processor more than workers, or orders wait for a worker to be
	// preempted.
	runtime.GOMAXPROCS(start.Workers + 1)
	w := &worker{out: out, began: time.Now()}
	box, err := newToolbox()
	if err != nil {
		return nil, err
	}
	w.tools = append(w.tools, box)
	for len(w.tools) < start.Workers {
		if box, err = box.again(); err != nil {
			return nil, err
		}
		w.tools = append(w.tools, box)
	}
	w.crew = newCrew(start.Workers)
	hello := helloNotice{Kernels: box.notices()}
	if priority != nil {
		hello.Priority = priority.Error()
	}
	return w, writeLine(out, notice{Hello: &hello})
}

func newCrew(size int) *crew {
	return &crew{
		size: size, board: newBoard(), throttle: newThrottle(size, processCPU),
		shares: make(chan work.Share, shareBuffer),
	}
}

func (w *worker) run(ctx context.Context, orders <-chan order) error {
	ctx, stop := context.WithCancel(ctx)
	var crew sync.WaitGroup
	for i, tools := range w.tools {
		crew.Go(func() { w.crew.search(ctx, i, tools) })
	}
	err := w.loop(ctx, orders)
	stop()
	crew.Wait()
	// The last figures: what was hashed has been drawn.
	return errors.Join(err, w.drain(), w.stats())
}

func (w *worker) loop(ctx context.Context, orders <-chan order) error {
	tick := time.NewTicker(statsEvery)
	defer tick.Stop()
	pace := time.NewTimer(0)
	defer pace.Stop()
	var shares <-chan work.Share // nil: the next one's time has not come
	for {
		select {
		case <-ctx.Done():
			return context.Cause(ctx)
		case o := <-orders:
			soon, err := w.obey(o)
			if err != nil {
				return err
			}
			if soon {
				tick.Reset(statsSoon)
			}
		case <-pace.C:
			shares = w.crew.shares
		case s := <-shares:
			if err := writeLine(w.out, notice{Share: &s}); err != nil {
				return err
			}
			shares = nil
			pace.Reset(shareEvery)
		case <-tick.C:
			tick.Reset(statsEvery)
			if err := w.stats(); err != nil {
				return err
			}
		}
	}
}

// obey carries out an order, and tells whether figures are due soon.
func (w *worker) obey(o order) (soon bool, err error) {
	switch {
	case o.Duty != nil:
		if !(o.Duty.Duty >= 0 && o.Duty.Duty <= 1) {
			return false, fmt.Errorf("worker process: duty %v: want 0 to 1", o.Duty.Duty)
		}
		w.duty, w.seq = o.Duty.Duty, o.Duty.Seq
		w.throttleNow()
		// Figures up to here belong to the old duty; they carry the new
		// number, which says that it is in force.
		return true, w.stats()
	case o.Job != nil:
		job := o.Job.Job
		if job != nil {
			if err := job.Check(); err != nil {
				return false, fmt.Errorf("worker process: %w", err)
			}
			if t, _ := w.tools[0].fit(job, nil); t == nil {
				job = nil // the daemon knows the kernels, and says so
			}
		}
		w.crew.board.post(job, o.Job.First)
		w.throttleNow()
	default:
		return false, errors.New("worker process: order of no known kind")
	}
	return false, nil
}

// throttleNow applies the duty; without a job there is none.
func (w *worker) throttleNow() {
	duty := w.duty
	if w.crew.board.now.Load().job == nil {
		duty = 0
	}
	w.crew.throttle.set(time.Now(), duty)
}

func (w *worker) stats() error {
	c := w.crew
	s := statsNotice{
		Seq: w.seq, Hashes: c.hashes.Load(), CPU: int64(processCPU()), Wall: int64(time.Since(w.began)),
		Dropped: c.dropped.Load(), Wrong: c.wrong.Load(), Spent: c.board.now.Load().spent.Load(),
	}
	w.follow(s)
	w.last = s
	return writeLine(w.out, notice{Stats: &s})
}

// follow keeps the rate by which quanta are sized, as the machine's clock and
// its other users change.
func (w *worker) follow(s statsNotice) {
	job := w.crew.board.now.Load().job
	cpu := time.Duration(s.CPU - w.last.CPU)
	if job == nil || cpu < 50*time.Millisecond || s.Hashes <= w.last.Hashes {
		return
	}
	t, _ := w.tools[0].fit(job, nil)
	rate := 0.7*float64(t.rate.Load()) + 0.3*float64(s.Hashes-w.last.Hashes)/cpu.Seconds()
	if rate > 1 && rate <= maxRate {
		t.rate.Store(uint64(rate))
	}
}

// drain sends what the crew found last.
func (w *worker) drain() error {
	for {
		select {
		case s := <-w.crew.shares:
			if err := writeLine(w.out, notice{Share: &s}); err != nil {
				return err
			}
		default:
			return nil
		}
	}
}
