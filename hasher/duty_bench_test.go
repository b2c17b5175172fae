package hasher

import (
	"context"
	"fmt"
	"math"
	"sync"
	"testing"
	"time"
)

// BenchmarkDuty runs real workers at a duty and measures, over windows of
// 100 ms, how far this process's CPU time was from it: mean and rms in points
// of the workers' cores. One iteration is one window. A busy machine shows up
// as an error at high duties.
func BenchmarkDuty(b *testing.B) {
	for _, workers := range []int{1, 2} {
		for _, pct := range []float64{2, 10, 37, 80} {
			b.Run(fmt.Sprintf("workers=%d/duty=%g", workers, pct), func(b *testing.B) { benchDuty(b, workers, pct/100) })
		}
	}
}

func benchDuty(b *testing.B, workers int, duty float64) {
	tools, err := newToolbox()
	if err != nil {
		b.Fatal(err)
	}
	c := newCrew(workers)
	job := easyJob()
	clear(job.Target[:])
	c.board.post(job, 0)
	ctx, cancel := context.WithCancel(b.Context())
	var wg sync.WaitGroup
	for i := range workers {
		if tools, err = tools.again(); err != nil {
			b.Fatal(err)
		}
		wg.Go(func() { c.search(ctx, i, tools) })
	}
	defer wg.Wait()
	defer cancel()
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
