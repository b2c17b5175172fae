package hasher

import (
	"errors"
	"fmt"
	"os"
	"strconv"
	"syscall"
	"time"

	"golang.org/x/sys/unix"
)

// processCPU is the CPU time that all threads of this process have used, to
// the nanosecond.
func processCPU() time.Duration {
	var ts unix.Timespec
	if err := unix.ClockGettime(unix.CLOCK_PROCESS_CPUTIME_ID, &ts); err != nil {
		return 0
	}
	return time.Duration(ts.Nano())
}

const niceLowest = 19

// lowestPriority puts every thread of this process, and with them all that
// they will start, into the class that runs only when nothing else wants to.
// Linux keeps niceness and class by thread.
func lowestPriority() error {
	seen := map[int]bool{}
	for {
		entries, err := os.ReadDir("/proc/self/task")
		if err != nil {
			return fmt.Errorf("lower priority: list threads: %w", err)
		}
		fresh := false
		for _, e := range entries {
			tid, err := strconv.Atoi(e.Name())
			if err != nil || seen[tid] {
				continue
			}
			seen[tid], fresh = true, true
			if err := lowerThread(tid); err != nil && !errors.Is(err, unix.ESRCH) {
				return fmt.Errorf("lower priority: %w", err)
			}
		}
		if !fresh { // a thread may have started another one before its turn came
			return nil
		}
	}
}

func lowerThread(tid int) error {
	if err := unix.Setpriority(unix.PRIO_PROCESS, tid, niceLowest); err != nil {
		return fmt.Errorf("niceness: %w", err)
	}
	attr := unix.SchedAttr{Size: unix.SizeofSchedAttr, Policy: unix.SCHED_IDLE, Nice: niceLowest}
	if err := unix.SchedSetAttr(tid, &attr, 0); err != nil {
		return fmt.Errorf("scheduling class: %w", err)
	}
	return nil
}

// childAttr makes the kernel kill the child when the thread that started it
// dies, and keeps the terminal's signals from it: the parent stops it.
func childAttr() *syscall.SysProcAttr {
	return &syscall.SysProcAttr{Pdeathsig: syscall.SIGKILL, Setpgid: true}
}
