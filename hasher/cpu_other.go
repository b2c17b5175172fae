//go:build unix && !linux

package hasher

import (
	"fmt"
	"syscall"
	"time"

	"golang.org/x/sys/unix"
)

// processCPU is the CPU time that all threads of this process have used.
func processCPU() time.Duration {
	var u syscall.Rusage
	if err := syscall.Getrusage(syscall.RUSAGE_SELF, &u); err != nil {
		return 0
	}
	return time.Duration(u.Utime.Nano() + u.Stime.Nano())
}

// lowestPriority makes the process as nice as can be.
func lowestPriority() error {
	if err := unix.Setpriority(unix.PRIO_PROCESS, 0, 19); err != nil {
		return fmt.Errorf("lower priority: %w", err)
	}
	return nil
}

// childAttr keeps the terminal's signals from the child: the parent stops it.
func childAttr() *syscall.SysProcAttr { return &syscall.SysProcAttr{Setpgid: true} }
