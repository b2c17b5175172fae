package hasher

import (
	"bytes"
	"context"
	"encoding/json"
	"errors"
	"fmt"
	"math"
	"sync"
	"testing"
	"time"

	"github.com/curtaild/curtaild/hasher/work"
)

// BenchmarkDuty runs real workers at a duty and measures, over windows of
// 100 ms, how far this process's CPU time was from it: mean and rms in points
// of the workers' cores. One iteration is one window. A busy machine shows up
// as an error at high duties.
func BenchmarkDuty(b *testing.B) {
	box, err := newToolbox()
	if err != nil {
		b.Fatal(err)
	}
	for _, tl := range box {
		for _, workers := range []int{1, 2} {
			for _, pct := range []float64{2, 10, 37, 80} {
				b.Run(fmt.Sprintf("%s/workers=%d/duty=%g", tl.kind.Name, workers, pct), func(b *testing.B) {
					benchDuty(b, box, tl, workers, pct/100)
				})
			}
		}
	}
}

// jobFor is a job that no hash meets, and that the given tool is the first to
// fit.
func jobFor(tl *tool) *work.Job {
	job := easyJob()
	clear(job.Target[:])
	if job.Algorithm = tl.kind.Algorithm; tl.kind.Versions == 1 {
		job.Mask = 0
	}
	return job
}

// crewAtWork are so many workers at a job; stop ends them.
func crewAtWork(b *testing.B, box toolbox, job *work.Job, workers int) (c *crew, stop func()) {
	b.Helper()
	c = newCrew(workers)
	c.board.post(job, 0)
	ctx, cancel := context.WithCancel(b.Context())
	var wg sync.WaitGroup
	for i := range workers {
		tools, err := box.again()
		if err != nil {
			b.Fatal(err)
		}
		wg.Go(func() { c.search(ctx, i, tools) })
	}
	return c, func() {
		cancel()
		wg.Wait()
	}
}

func benchDuty(b *testing.B, box toolbox, tl *tool, workers int, duty float64) {
	c, stop := crewAtWork(b, box, jobFor(tl), workers)
	defer stop()
	c.throttle.set(time.Now(), duty)
	const window = 100 * time.Millisecond
	tick := time.NewTicker(window)
	defer tick.Stop()
	for range 3 { // settle
		<-tick.C
	}
	var sum, squares float64
	at, cpu := time.Now(), processCPU()
	b.ResetTimer()
	for range b.N {
		<-tick.C
		now, used := time.Now(), processCPU()
		off := 100 * ((used-cpu).Seconds()/now.Sub(at).Seconds()/float64(workers) - duty)
		at, cpu = now, used
		sum += off
		squares += off * off
	}
	b.ReportMetric(sum/float64(b.N), "mean-points")
	b.ReportMetric(math.Sqrt(squares/float64(b.N)), "rms-points")
	b.ReportMetric(0, "ns/op")
}

// BenchmarkJobChanges is what a change of jobs costs: hashes for a second of
// this process's CPU time while jobs change a thousand times a second, beside
// those while none does, in turns. Lost is the share of a core that changes
// every second would take.
func BenchmarkJobChanges(b *testing.B) {
	box, err := newToolbox()
	if err != nil {
		b.Fatal(err)
	}
	for _, tl := range box {
		b.Run(tl.kind.Name, func(b *testing.B) { benchJobChanges(b, box, jobFor(tl)) })
	}
}

func benchJobChanges(b *testing.B, box toolbox, job *work.Job) {
	const rate, part = 1000, 500 * time.Millisecond
	c, stop := crewAtWork(b, box, job, 1)
	defer stop()
	c.throttle.set(time.Now(), 1)
	line, err := json.Marshal(order{Job: &jobOrder{Job: job}})
	if err != nil {
		b.Fatal(err)
	}
	change := func() {
		err = errors.Join(err, readLines(bytes.NewReader(line), func(o order) error {
			c.board.post(o.Job.Job, 0)
			return o.Job.Job.Check()
		}))
	}
	// made is hashes a second of CPU time.
	made := func(each func()) float64 {
		tick := time.NewTicker(time.Second / rate)
		defer tick.Stop()
		began, cpu, hashes := time.Now(), processCPU(), c.hashes.Load()
		for time.Since(began) < part {
			<-tick.C
			each()
		}
		return float64(c.hashes.Load()-hashes) / (processCPU() - cpu).Seconds()
	}
	var with, without float64
	for range b.N {
		without += made(func() {})
		with += made(change)
	}
	if err != nil {
		b.Fatal(err)
	}
	b.ReportMetric(100*with/without, "%-of-hashes-at-1000/s")
	b.ReportMetric(1e6*(1-with/without)/rate, "ppm-lost-at-1/s")
	b.ReportMetric(0, "ns/op")
}
