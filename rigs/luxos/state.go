package luxos

import (
	"cmp"
	"math"
	"slices"
	"strings"

	"github.com/curtaild/curtaild/energy"
	"github.com/curtaild/curtaild/rigs"
	"github.com/curtaild/curtaild/rigs/cgminer"
)

// state reads off what the rig is doing. A field that is missing makes it
// unknown, never "running".
func (d *Driver) state(rep rigs.Report) (energy.State, string) {
	mode, power := d.config.rec.Text("CurtailMode"), false
	if mode == "" {
		return energy.StateUnknown, ""
	}
	power, known := d.config.rec.Bool("IsPowerSupplyOn")
	curtailed := !strings.EqualFold(mode, "None")
	status := d.config.rec.Text("SystemStatus")
	switch {
	case curtailed && known && power:
		return energy.StateStopping, ""
	case curtailed:
		return energy.StateIdle, ""
	case ailing(status):
		return energy.StateFault, "system status " + status
	case known && !power:
		return energy.StateStarting, ""
	case d.ramping() || rep.Rate == 0:
		return energy.StateStarting, ""
	}
	return energy.StateRunning, ""
}

// ailing reports whether a system status tells of a fault. The firmware's list
// of them is not published.
func ailing(status string) bool {
	s := strings.ToLower(status)
	return slices.ContainsFunc([]string{"error", "fail", "fault", "overheat", "danger"}, func(w string) bool {
		return strings.Contains(s, w)
	})
}

// ramping reports whether a board said so when the boards were last read, if
// that was together with the rest.
func (d *Driver) ramping() bool {
	return d.devs.fresh && slices.ContainsFunc(d.devs.all, func(r cgminer.Record) bool {
		on, _ := r.Bool("IsRamping")
		return on
	})
}

// levels turns profiles into operating points by rising draw. Those above the
// nominal profile, and above the one that is set, are left out unless over.
func levels(profiles []cgminer.Record, set string, over bool) []energy.OperatingPoint {
	top := 0.0
	for _, p := range profiles {
		if step, ok := p.Float("Step"); ok && p.Text("Profile Name") == set {
			top = max(top, step)
		}
	}
	if over {
		top = math.Inf(1)
	}
	points := make([]energy.OperatingPoint, 0, len(profiles))
	for _, p := range profiles {
		watts, okW := p.Float("Watts")
		ths, okH := p.Float("Hashrate")
		step, okS := p.Float("Step")
		name := p.Text("Profile Name")
		told := okW && okH && watts > 0 && ths > 0 && watts <= float64(rigs.MaxDraw) && ths <= float64(rigs.MaxRate/1e12)
		if told && name != "" && (!okS || step <= top) {
			points = append(points, energy.OperatingPoint{Name: name, Draw: energy.Watts(watts), Rate: energy.HashRate(ths * 1e12)})
		}
	}
	slices.SortStableFunc(points, func(a, b energy.OperatingPoint) int { return cmp.Compare(a.Draw, b.Draw) })
	return points
}
