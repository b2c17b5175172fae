package config

import (
	"fmt"
	"strconv"
	"strings"

	"github.com/curtaild/curtaild/energy"
	"github.com/curtaild/curtaild/policies/strict"
)

// HasherPower is how the draw of the local workers is found, and when they
// stand still.
type HasherPower struct {
	Levels  int          // operating points above off
	Counter string       // the kind of the machine's energy counter: auto, rapl, hwmon, none
	Supply  energy.Pct   // of the power from the wall, what arrives where that measures
	Idle    energy.Watts // draw with no worker at work
	Core    energy.Watts // draw that one worker adds, until it is measured

	OnBattery bool       // whether to stand still on battery power
	CPUAbove  float64    // °C above which to stand still; 0: any
	BusyAbove energy.Pct // of all cores, used by other programs, above which to stand still; 0: any
}

const (
	maxLevels  = 100
	leastBound = 20.0 // °C; below it a limit would never let anything run
	mostBound  = 120.0
)

func readHasherPower(m *strict.Map) HasherPower {
	h := HasherPower{Levels: m.Int("levels", defaultLevels)}
	if h.Levels < 1 || h.Levels > maxLevels {
		m.At("levels").Fault("%d is out of range: want 1 to %d", h.Levels, maxLevels)
	}
	pw := m.Map("power")
	h.Counter = strict.Enum(pw, "counter", "auto", "auto", "rapl", "hwmon", "none")
	if h.Supply = pw.Pct("supply", 100); h.Supply < 10 || h.Supply > 100 {
		pw.At("supply").Fault("%v is out of range: want 10 %% to 100 %%", h.Supply)
	}
	model := pw.Map("model")
	h.Idle, h.Core = model.Watts("idle", defaultIdle), model.Watts("core", defaultCore)
	if h.Idle < 0 {
		model.At("idle").Fault("%v is negative: want 0 W or more", h.Idle)
	}
	if h.Core <= 0 {
		model.At("core").Fault("%v is no draw of a worker: want more than 0 W", h.Core)
	}
	model.Done()
	pw.Done()
	h.readPause(m.Map("pause"))
	return h
}

func (h *HasherPower) readPause(m *strict.Map) {
	h.OnBattery = m.Bool("on_battery", false)
	if m.Has("cpu_above") {
		h.CPUAbove = celsius(m.At("cpu_above"))
	}
	if m.Has("busy_above") {
		if h.BusyAbove = m.Pct("busy_above", 50); h.BusyAbove <= 0 || h.BusyAbove >= 100 {
			m.At("busy_above").Fault("%v is no limit: want more than 0 %% and less than 100 %%, of all cores", h.BusyAbove)
		}
	}
	m.Done()
}

// celsius is a temperature of a CPU with its unit.
func celsius(n strict.Node) float64 {
	s := n.String("")
	if s == "" {
		return 0
	}
	v, err := parseCelsius(s)
	switch {
	case err != nil:
		n.Fault("%v", err)
	case v < leastBound || v > mostBound:
		n.Fault("%g °C is out of range: want %g °C to %g °C", v, leastBound, mostBound)
	}
	return v
}

func parseCelsius(s string) (float64, error) {
	const like = "85 °C"
	num, ok := strings.CutSuffix(s, "C")
	num = strings.TrimSpace(strings.TrimSuffix(num, "°"))
	v, err := strconv.ParseFloat(num, 64)
	switch {
	case err == nil && !ok:
		return 0, fmt.Errorf("temperature %q has no unit: write it as in %q", clip(s), like)
	case err != nil || v != v || strings.ContainsAny(num, "xX_"):
		return 0, fmt.Errorf("temperature %q: want a number with its unit, as in %q", clip(s), like)
	}
	return v, nil
}
