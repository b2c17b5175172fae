package record

import (
	"math"
	"testing"

	"github.com/curtaild/curtaild/energy"
)

func TestStartsAndPolicies(t *testing.T) {
	r := newRecorder()
	points := drive(r, 0, 900, func(s float64) energy.Snapshot {
		x := quiet(s)
		v := &x.Loads[0]
		v.Status.Starts = 7
		switch {
		case s < 300: // off, and off is not 0 W
			v.Setpoint.Point, v.Setpoint.Policy, v.Draw = energy.Off, "soak", 36
		case s < 600:
			v.Status.Starts = 8
		default:
			v.Status.Starts = 8
			v.Setpoint.Policy = "night"
		}
		return x
	})
	none, soak, night := find(points, "use_interval", "none"), find(points, "use_interval", "soak"), find(points, "use_interval", "night")
	if math.Abs(none["absorbed_wh"]-3) > 1e-9 || math.Abs(soak["absorbed_wh"]-300) > 1e-9 || math.Abs(night["absorbed_wh"]-300) > 1e-9 {
		t.Errorf("none %v, soak %v, night %v", none["absorbed_wh"], soak["absorbed_wh"], night["absorbed_wh"])
	}
	if none["starts"] != 0 || soak["starts"] != 1 || night["starts"] != 0 {
		t.Errorf("starts %v, %v, %v", none["starts"], soak["starts"], night["starts"])
	}
}

// With constant power, import laid to uses is what the grid meter counted, as
// far as we could have caused it.
func TestImportGoesToFixedFirst(t *testing.T) {
	other := *spec
	other.Name = "b-1"
	r := newRecorder()
	points := drive(r, 0, 900, func(s float64) energy.Snapshot {
		x := quiet(s)
		v := runs(3600)
		v.Spec = &other
		v.Setpoint.Policy, v.Decision.Reason = "always", energy.Fixed
		x.Loads = append(x.Loads, v)
		x.Balance.Grid = good(4800)
		return x
	})
	always, soak := find(points, "use_interval", "always"), find(points, "use_interval", "soak")
	if math.Abs(always["import_grid_wh"]-900) > 1e-6 || always["absorbed_wh"] > 1e-6 {
		t.Errorf("fixed: %v", always)
	}
	if math.Abs(soak["import_tracking_wh"]-300) > 1e-6 || math.Abs(soak["absorbed_wh"]-600) > 1e-6 {
		t.Errorf("tracking: %v", soak)
	}
	if site := find(points, "site_interval", ""); math.Abs(site["import_wh"]-always["imported_wh"]-soak["imported_wh"]) > 1e-6 {
		t.Errorf("imported %v", site["import_wh"])
	}
}
