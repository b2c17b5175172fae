//go:build !linux

package kernel

import "time"

var started = time.Now()

// threadCPU is the time that has passed, where threads have no clock of their
// own that we read: right as long as nothing else runs.
func threadCPU() time.Duration { return time.Since(started) }
