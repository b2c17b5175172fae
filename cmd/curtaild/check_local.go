package main

import (
	"errors"
	"io/fs"
	"runtime"
	"strings"
	"time"

	"github.com/curtaild/curtaild/cmd/curtaild/config"
	"github.com/curtaild/curtaild/hasher/power"
)

// tryLocal looks for what the local workers' draw is measured by, and for the
// sensors that their pauses need. The one it can do without, the other not.
func tryLocal(files fs.FS, h *config.Hasher) []finding {
	if h == nil {
		return nil
	}
	c, now := &h.Power, time.Now()
	counter := finding{"counter", h.Spec.Name, true, ""}
	busy, hidden := power.FindBusy(files)
	meter, err := power.Find(files, power.Kind(c.Counter), now)
	switch {
	case err == nil && hidden == nil:
		counter.Says = "draw is measured: " + meter.Name()
	case err == nil:
		counter.OK, counter.Says = false, "draw is estimated: "+hidden.Error()
	default:
		counter.OK = errors.Is(err, power.ErrNone) && (c.Counter == string(power.Auto) || c.Counter == string(power.None))
		counter.Says = "draw is estimated: " + err.Error()
	}
	pause := finding{"pause", h.Spec.Name, true, "may hash now"}
	guard := power.NewGuard(files, power.Limits{OnBattery: c.OnBattery, HotC: c.CPUAbove}, runtime.NumCPU(), now)
	switch why := guard.Look(now); {
	case guard.Missing() != nil:
		pause.OK, pause.Says = false, why
	case c.BusyAbove != 0 && busy == nil:
		pause.OK, pause.Says = false, "pause.busy_above: "+hidden.Error()
	case why != "":
		pause.Says = "would stand still now: " + strings.TrimSpace(why)
	}
	return []finding{counter, pause}
}
