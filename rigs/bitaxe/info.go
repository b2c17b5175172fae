package bitaxe

import (
	"bytes"
	"encoding/json"
	"math"
	"slices"
	"strconv"
	"strings"
	"time"

	"github.com/curtaild/curtaild/energy"
	"github.com/curtaild/curtaild/rigs"
)

// num is a number, written as one or as a string; what is neither is not
// known, and it is 0 then.
type num struct {
	v  float64
	ok bool
}

func (n *num) UnmarshalJSON(b []byte) error {
	v, err := strconv.ParseFloat(string(bytes.Trim(b, `"`)), 64)
	if *n = (num{v, true}); err != nil || math.IsNaN(v) || math.IsInf(v, 0) {
		*n = num{}
	}
	return nil
}

// within is n if it is known and not beyond the bounds.
func (n num) within(low, high float64) (float64, bool) {
	if !n.ok || n.v < low || n.v > high {
		return 0, false
	}
	return n.v, true
}

// The frequencies that we believe, and set.
const minMHz, maxMHz = 50, 2000

func (n num) frequency() (mhz float64, ok bool) { return n.within(minMHz, maxMHz) }

// rate turns GH/s into hashes a second.
func (n num) rate() (energy.HashRate, bool) {
	v, ok := n.within(0, float64(rigs.MaxRate/1e9))
	return energy.HashRate(v * 1e9), ok
}

func (i info) power() (energy.Watts, bool) {
	v, ok := i.Power.within(0, float64(rigs.MaxDraw))
	return energy.Watts(v), ok
}

// info is what we use of /api/system/info.
type info struct {
	Power       num    `json:"power"`    // W
	HashRate    num    `json:"hashRate"` // GH/s
	Expected    num    `json:"expectedHashrate"`
	Temp        num    `json:"temp"` // °C, -1 without power
	VRTemp      num    `json:"vrTemp"`
	Frequency   num    `json:"frequency"`   // MHz, as set
	CoreVoltage num    `json:"coreVoltage"` // mV, as set
	Uptime      num    `json:"uptimeSeconds"`
	Accepted    num    `json:"sharesAccepted"`
	Rejected    num    `json:"sharesRejected"`
	Overheat    num    `json:"overheat_mode"`
	Paused      *bool  `json:"miningPaused"` // nil: firmware that cannot pause
	MAC         string `json:"macAddr"`
	Version     string `json:"version"`
	Chip        string `json:"ASICModel"`
	Board       string `json:"boardVersion"`
}

// asic is what we use of /api/system/asic.
type asic struct {
	Options []num `json:"frequencyOptions"` // MHz
	Default num   `json:"defaultFrequency"`
}

func (i info) id() string { return strings.ToLower(i.MAC) }

func (i info) model() string {
	return strings.TrimSpace("Bitaxe " + strings.TrimSpace(i.Board+" "+i.Chip))
}

func (i info) report() rigs.Report {
	r := rigs.Report{
		ID: i.id(), TempC: max(0, i.Temp.v, i.VRTemp.v),
		Accepted: i.Accepted.count(), Rejected: i.Rejected.count(),
	}
	r.Rate, _ = i.HashRate.rate()
	if i.Uptime.ok && i.Uptime.v > 0 && i.Uptime.v < 1e9 {
		r.Uptime = time.Duration(i.Uptime.v * float64(time.Second))
	}
	if w, ok := i.power(); ok {
		r.Draw, r.Source = w, energy.Measured
	}
	if mhz, ok := i.Frequency.frequency(); ok {
		r.Level = levelName(mhz)
	}
	r.State, r.Fault = i.state()
	return r
}

func (n num) count() uint64 {
	if !n.ok || n.v < 0 || n.v > 1<<53 {
		return 0
	}
	return uint64(n.v)
}

// state reads off what the miner is doing. Without a hash rate, or with one of
// 0 on firmware that cannot say that it is paused, that is not known.
func (i info) state() (energy.State, string) {
	rate, told := i.HashRate.rate()
	hashes := told && rate > 0
	switch {
	case i.Overheat.ok && i.Overheat.v != 0:
		return energy.StateFault, "stopped by overheating"
	case i.Paused != nil && *i.Paused && hashes:
		return energy.StateStopping, ""
	case i.Paused != nil && *i.Paused:
		return energy.StateIdle, ""
	case hashes:
		return energy.StateRunning, ""
	case i.Paused != nil && told:
		return energy.StateStarting, ""
	}
	return energy.StateUnknown, ""
}

// levels estimates the operating points; the package comment tells how. There
// are none where the miner does not say enough.
func levels(i info, a asic) []energy.OperatingPoint {
	set, known := i.Frequency.frequency()
	nominal, bounded := a.Default.frequency()
	if !known {
		set = nominal
	}
	if set <= 0 {
		return []energy.OperatingPoint{}
	}
	hashes, watts := i.perMHz(set)
	if hashes <= 0 || watts <= 0 {
		return []energy.OperatingPoint{}
	}
	top := max(set, nominal)
	if !bounded {
		top = maxMHz
	}
	frequencies := []float64{set}
	for _, f := range a.Options {
		if mhz, ok := f.frequency(); ok && mhz <= top {
			frequencies = append(frequencies, mhz)
		}
	}
	slices.Sort(frequencies)
	points := make([]energy.OperatingPoint, 0, len(frequencies))
	for _, f := range slices.Compact(frequencies) {
		points = append(points, energy.OperatingPoint{
			Name: levelName(f), Draw: Defaults().IdleDraw + energy.Watts(watts*f), Rate: energy.HashRate(hashes * f),
		})
	}
	return points
}

// perMHz is the hash rate, and the draw above idle, for one MHz.
func (i info) perMHz(set float64) (hashes, watts float64) {
	now, _ := i.HashRate.rate()
	all, _ := i.Expected.rate()
	if all <= 0 {
		all = now
	}
	hashes = float64(all) / set
	idle := Defaults().IdleDraw
	if w, ok := i.power(); ok && w > 2*idle && now > 0.8*all {
		return hashes, float64(w-idle) / set
	}
	return hashes, hashes / 1e12 * i.joulesPerTH()
}

// joulesPerTH is what boards with this chip need, rounded up.
func (i info) joulesPerTH() float64 {
	switch i.Chip {
	case "BM1370":
		return 16
	case "BM1368":
		return 18
	case "BM1366":
		return 20
	case "BM1397":
		return 35
	}
	return 20
}

var _ json.Unmarshaler = (*num)(nil)
