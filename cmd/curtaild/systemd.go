package main

import (
	"context"
	"fmt"
	"time"

	sd "github.com/coreos/go-systemd/v22/daemon"
	"golang.org/x/sys/unix"
)

// notify tells the service manager how we are, if there is one.
func notify(state string) { _, _ = sd.SdNotify(false, state) }

// notifyReloading begins a reload, as Type=notify-reload wants it told.
func notifyReloading() {
	var ts unix.Timespec
	if err := unix.ClockGettime(unix.CLOCK_MONOTONIC, &ts); err != nil {
		return
	}
	notify(fmt.Sprintf("RELOADING=1\nMONOTONIC_USEC=%d", ts.Nano()/1000))
}

// watchdog pats the service manager's watchdog for as long as alive answers
// in time. A loop that hangs is restarted that way.
func watchdog(ctx context.Context, alive func(context.Context) error) {
	every, err := sd.SdWatchdogEnabled(false)
	if err != nil || every == 0 {
		return
	}
	tick := time.NewTicker(every / 3)
	defer tick.Stop()
	for {
		ask, cancel := context.WithTimeout(ctx, every/3)
		if alive(ask) == nil {
			notify("WATCHDOG=1")
		}
		cancel()
		select {
		case <-tick.C:
		case <-ctx.Done():
			return
		}
	}
}
