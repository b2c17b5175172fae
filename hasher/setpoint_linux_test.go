package hasher

import (
	"context"
	"os/exec"
	"slices"
	"testing"
	"testing/fstest"
	"time"

	"golang.org/x/sys/unix"

	"github.com/curtaild/curtaild/energy"
)

// cpuOf is the CPU time that another process has used.
func cpuOf(pid int) time.Duration {
	var ts unix.Timespec
	if err := unix.ClockGettime(int32(^pid<<3|2), &ts); err != nil {
		return 0
	}
	return time.Duration(ts.Nano())
}

// BenchmarkSetpoint is how long a set-point takes to hold, through the whole
// load and a real worker process, from Apply on: until the status says that it
// is in force, and until the process's share of its core has come within 15
// points of the new duty, over 20 ms and then over 60. One iteration is a
// change up and one down.
func BenchmarkSetpoint(b *testing.B) {
	cmds := make(chan *exec.Cmd, 1)
	statuses := make(chan energy.Status)
	p, err := NewPool(Config{
		Name: "cpu", Workers: 1, Power: Power{Core: 10, Files: fstest.MapFS{}}, Statuses: statuses,
		Command: func() *exec.Cmd {
			cmd := workerCommand()
			cmds <- cmd
			return cmd
		},
	})
	if err != nil {
		b.Fatal(err)
	}
	ctx, cancel := context.WithCancel(b.Context())
	done := make(chan error, 1)
	go func() { done <- p.Run(ctx) }()
	defer func() {
		cancel()
		if err := <-done; err != nil {
			b.Error(err)
		}
	}()
	var pid int
	for pid == 0 {
		if s := <-statuses; s.State == energy.StateIdle {
			pid = (<-cmds).Process.Pid
		}
	}
	var told []float64 // ms
	held := map[int][]float64{}
	seq := uint64(0)
	for range b.N {
		for _, point := range []int{8, 1} {
			seq++
			told = append(told, 0)
			began := time.Now()
			p.Apply(energy.Setpoint{Seq: seq, Point: point})
			held[point] = append(held[point], watchDuty(pid, began, float64(point)/10, statuses, func(s energy.Status) {
				if s.Seq == seq && told[len(told)-1] == 0 {
					told[len(told)-1] = time.Since(began).Seconds() * 1e3
				}
			}))
		}
	}
	for name, list := range map[string][]float64{"told": told, "held-up": held[8], "held-down": held[1]} {
		slices.Sort(list)
		b.ReportMetric(list[len(list)/2], name+"-p50-ms")
		b.ReportMetric(list[len(list)-1], name+"-max-ms")
	}
	b.ReportMetric(0, "ns/op")
}

// watchDuty follows a process for 300 ms, and returns from when on, in ms since
// began, it kept to the duty; 300 if it never did.
func watchDuty(pid int, began time.Time, duty float64, statuses <-chan energy.Status, hear func(energy.Status)) float64 {
	const length = 300
	tick := time.NewTicker(time.Millisecond)
	defer tick.Stop()
	var at, cpu []float64 // ms
	for time.Since(began) < length*time.Millisecond {
		select {
		case s := <-statuses:
			hear(s)
		case <-tick.C:
			at = append(at, time.Since(began).Seconds()*1e3)
			cpu = append(cpu, cpuOf(pid).Seconds()*1e3)
		}
	}
	keeps := func(i int, over float64) bool {
		j := i
		for j < len(at)-1 && at[j] < at[i]+over {
			j++
		}
		share := (cpu[j] - cpu[i]) / (at[j] - at[i])
		return at[j] >= at[i]+over && share > duty-0.15 && share < duty+0.15
	}
	for i := range at {
		if keeps(i, 20) && keeps(i, 60) {
			return at[i]
		}
	}
	return length
}
