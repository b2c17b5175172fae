package kernel

import (
	"time"

	"golang.org/x/sys/unix"
)

// threadCPU is the CPU time that this thread has used, to the nanosecond:
// what others do on a busy machine is not in it.
func threadCPU() time.Duration {
	var ts unix.Timespec
	if err := unix.ClockGettime(unix.CLOCK_THREAD_CPUTIME_ID, &ts); err != nil {
		return 0
	}
	return time.Duration(ts.Nano())
}
