package emulate

import (
	"slices"
	"strconv"
	"strings"

	"github.com/curtaild/curtaild/energy"
)

// luxATM is the setting of the firmware's own profile switching.
type luxATM struct {
	enabled, noOC             bool
	startup, postRamp, window int // min, min, °C
	lowest, highest           string
}

func (l *LuxOS) atmSet(args []string) answer {
	l.mu.Lock()
	defer l.mu.Unlock()
	atm := l.atm
	for _, arg := range args {
		key, value, _ := strings.Cut(arg, "=")
		if !atm.set(key, value, l.opts.Points) {
			return l.refuse(luxBadParameter, "Invalid atm option")
		}
	}
	l.atm = atm
	return l.say("S", 340, "ATM configuration set", section{"ATM", []row{l.atm.row()}})
}

func (a *luxATM) set(key, value string, points []energy.OperatingPoint) bool {
	n, numErr := strconv.Atoi(value)
	flag, flagErr := strconv.ParseBool(value)
	known := slices.ContainsFunc(points[1:], func(p energy.OperatingPoint) bool { return p.Name == value })
	switch key {
	case "enabled":
		a.enabled = flag
		return flagErr == nil
	case "prevent_oc":
		a.noOC = flag
		return flagErr == nil
	case "startup_minutes":
		a.startup = n
	case "post_ramp_minutes":
		a.postRamp = n
	case "temp_window":
		a.window = n
	case "min_profile":
		a.lowest = value
		return known
	case "max_profile":
		a.highest = value
		return known
	default:
		return false
	}
	return numErr == nil && n >= 0
}

func (a luxATM) row() row {
	return row{
		"Enabled": a.enabled, "StartupMinutes": a.startup, "PostRampMinutes": a.postRamp, "TempWindow": a.window,
		"MinProfile": a.lowest, "MaxProfile": a.highest, "PreventOC": a.noOC,
	}
}
