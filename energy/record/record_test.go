package record

import (
	"math"
	"testing"
	"time"

	"github.com/curtaild/curtaild/energy"
)

var noon = time.Date(2026, 4, 1, 12, 0, 0, 0, time.UTC)

func at(s float64) time.Time { return noon.Add(time.Duration(s * float64(time.Second))) }

func good(v float64) energy.Sample {
	return energy.Sample{Value: v, At: noon, Quality: energy.Good}
}

// spec of the only load of most tests.
var spec = &energy.LoadSpec{Name: "a-1", Group: "a", Family: "luxos"}

func runs(w energy.Watts) energy.LoadView {
	return energy.LoadView{
		Spec: spec, Draw: w,
		Status:   energy.Status{Load: "a-1", At: noon, State: energy.StateRunning, Draw: w, Source: energy.Measured, Rate: 1e12},
		Setpoint: energy.Setpoint{Load: "a-1", Seq: 1, Point: 1, Draw: w, Policy: "soak", Reason: energy.Surplus},
		Decision: energy.Decision{Load: "a-1", Policy: "soak", Reason: energy.Surplus, To: 1, ToW: w},
	}
}

// quiet is a site that draws and exports 3.6 kW each: 1 Wh a second.
func quiet(s float64) energy.Snapshot {
	return energy.Snapshot{
		At: at(s), Plan: 1, Granted: 3600,
		Balance: energy.Balance{OK: true, Available: 7200, Net: 7200, Draw: 3600, DrawBy: energy.DrawByRigs, Grid: good(-3600)},
		Loads:   []energy.LoadView{runs(3600)},
	}
}

func newRecorder(change ...func(*Config)) *Recorder {
	c := Config{Site: "westfield", Zone: "Europe/Berlin", Currency: "EUR"}
	for _, f := range change {
		f(&c)
	}
	return New(c)
}

// find gives the fields of the last point of a measurement with the tag value,
// if any.
func find(points []energy.Point, name, tag string) map[string]float64 {
	var out map[string]float64
	for _, p := range points {
		if p.Measurement != name || tag != "" && !hasTag(p, tag) {
			continue
		}
		out = map[string]float64{}
		for _, f := range p.Fields {
			switch f.Kind {
			case energy.KindFloat:
				out[f.Key] = f.F
			case energy.KindInt:
				out[f.Key] = float64(f.I)
			case energy.KindBool:
				out[f.Key] = 0
				if f.B {
					out[f.Key] = 1
				}
			}
		}
	}
	return out
}

func hasTag(p energy.Point, value string) bool {
	for _, t := range p.Tags {
		if t.Value == value {
			return true
		}
	}
	return false
}

func count(points []energy.Point, name string) int {
	n := 0
	for _, p := range points {
		if p.Measurement == name {
			n++
		}
	}
	return n
}

// drive shows the recorder the same site once a second and gives all points.
func drive(r *Recorder, from, to int, s func(float64) energy.Snapshot) []energy.Point {
	var out []energy.Point
	for i := from; i <= to; i++ {
		out = append(out, r.Observe(s(float64(i)))...)
	}
	return out
}

func TestFormulas(t *testing.T) {
	limit := energy.Watts(600)
	for _, c := range []struct {
		name   string
		change func(*energy.Snapshot)
		cfg    func(*Config)
		want   map[string]float64
	}{
		{"surplus", nil, nil, map[string]float64{"absorbed_wh": 900, "displaced_export_wh": 900, "imported_wh": 0}},
		{"a third imported", func(s *energy.Snapshot) { s.Balance.Grid = good(1200) }, nil,
			map[string]float64{"absorbed_wh": 600, "imported_wh": 300, "import_tracking_wh": 300}},
		{"the site imports more than we draw", func(s *energy.Snapshot) { s.Balance.Grid = good(9000) }, nil,
			map[string]float64{"absorbed_wh": 0, "imported_wh": 900}},
		{"a third from the battery", func(s *energy.Snapshot) { s.Balance.Grid, s.Balance.Battery = good(0), good(-1200) }, nil,
			map[string]float64{"absorbed_wh": 600, "battery_wh": 300}},
		{"charging battery", func(s *energy.Snapshot) { s.Balance.Battery = good(1200) }, nil,
			map[string]float64{"absorbed_wh": 900, "battery_wh": 0}},
		{"export limit", func(s *energy.Snapshot) { s.Balance.Available = 1800 }, func(c *Config) { c.ExportLimit = &limit },
			map[string]float64{"absorbed_wh": 900, "avoided_curtailment_wh": 300, "displaced_export_wh": 600}},
		{"export limit far off", func(s *energy.Snapshot) { s.Balance.Available = 500 }, func(c *Config) { c.ExportLimit = &limit },
			map[string]float64{"avoided_curtailment_wh": 0, "displaced_export_wh": 900}},
		{"export limit by a reading", func(s *energy.Snapshot) { s.Balance.Available, s.Balance.ExportLimit = 1800, good(1300) },
			func(c *Config) { c.ExportLimit = &limit }, map[string]float64{"avoided_curtailment_wh": 125, "displaced_export_wh": 775}},
		{"fans and pumps", nil, func(c *Config) { c.Aux = 10 }, map[string]float64{"absorbed_wh": 990}},
		{"sub-meter", func(s *energy.Snapshot) {
			s.Balance.DrawBy, s.Balance.Draw, s.Balance.Flexible = energy.DrawByMeter, 4000, good(4000)
		}, func(c *Config) { c.Aux = 10 }, map[string]float64{"absorbed_wh": 1000}},
		{"min-on", func(s *energy.Snapshot) { s.Balance.Grid = good(1200); s.Loads[0].Decision.Reason = energy.MinOn }, nil,
			map[string]float64{"import_min_on_wh": 300, "import_tracking_wh": 0, "imported_wh": 300}},
		{"stale keep", func(s *energy.Snapshot) { s.Balance.Grid = good(1200); s.Loads[0].Decision.Reason = energy.StaleKeep }, nil,
			map[string]float64{"import_stale_wh": 300}},
		{"fixed", func(s *energy.Snapshot) { s.Balance.Grid = good(1200); s.Loads[0].Setpoint.Reason = energy.Fixed }, nil,
			map[string]float64{"import_grid_wh": 300}},
		{"balance not known", func(s *energy.Snapshot) { s.Balance.OK = false }, nil,
			map[string]float64{"absorbed_wh": 0, "imported_wh": 0, "unattributed_wh": 900}},
		{"stale battery", func(s *energy.Snapshot) { s.Balance.Battery.Quality = energy.Stale }, nil,
			map[string]float64{"absorbed_wh": 0, "unattributed_wh": 900}},
		{"surplus kind, drawing a third too much", func(s *energy.Snapshot) {
			s.Balance.Grid, s.Balance.Surplus, s.Balance.Net = energy.Sample{}, good(2400), 2400
		}, func(c *Config) { c.Balance = energy.BalanceSurplus }, map[string]float64{"absorbed_wh": 600, "imported_wh": 300}},
	} {
		t.Run(c.name, func(t *testing.T) {
			r := newRecorder()
			if c.cfg != nil {
				r = newRecorder(c.cfg)
			}
			points := drive(r, 0, 900, func(s float64) energy.Snapshot {
				x := quiet(s)
				if c.change != nil {
					c.change(&x)
				}
				return x
			})
			got := find(points, "use_interval", "soak")
			for k, want := range c.want {
				if v, ok := got[k]; !ok || math.Abs(v-want) > 1e-6 {
					t.Errorf("%s %v (%t), want %v", k, v, ok, want)
				}
			}
		})
	}
}

func TestSiteInterval(t *testing.T) {
	r := newRecorder()
	points := drive(r, 0, 900, func(s float64) energy.Snapshot {
		x := quiet(s)
		x.Balance.Generation, x.Balance.Curtailed = good(7200), good(360)
		return x
	})
	got := find(points, "site_interval", "15m")
	want := map[string]float64{
		"import_wh": 0, "export_wh": 900, "generation_wh": 1800, "curtailed_wh": 90, "unabsorbed_wh": 900, "flexible_wh": 900,
		"covered_s": 900, "measured_frac": 1, "revision": 0, "final": 1,
	}
	for k, v := range want {
		if g, ok := got[k]; !ok || math.Abs(g-v) > 1e-6 {
			t.Errorf("%s %v (%t), want %v", k, g, ok, v)
		}
	}
	if len(got) != len(want) {
		t.Errorf("what was not measured is there: %v", got)
	}
	if n := count(points, "site"); n != 90 {
		t.Errorf("%d site points in 15 minutes", n)
	}
	if n := count(points, "rig"); n != 16 {
		t.Errorf("%d rig points, want one at once and one a minute", n)
	}
	if n := count(points, "decision"); n != 1 {
		t.Errorf("%d decisions, want 1", n)
	}
}

// A reading counts to its max age, and what is drawn after it has no known
// origin.
func TestStaleReadingsDoNotCount(t *testing.T) {
	r := newRecorder()
	r.Observe(func() energy.Snapshot { s := quiet(0); s.Balance.Grid.Until = at(30.25); return s }())
	var points []energy.Point
	for i := 1; i <= 90; i++ {
		points = append(points, r.Tick(at(float64(i)*10))...)
	}
	site, soak := find(points, "site_interval", ""), find(points, "use_interval", "")
	if site["covered_s"] != 30.25 || math.Abs(site["export_wh"]-30.25) > 1e-9 {
		t.Errorf("covered %v s, exported %v Wh", site["covered_s"], site["export_wh"])
	}
	if math.Abs(soak["absorbed_wh"]-30.25) > 1e-9 || math.Abs(soak["unattributed_wh"]-869.75) > 1e-9 {
		t.Errorf("%v", soak)
	}
	if p := find(points[:1], "site", ""); p["grid_w"] != -3600 {
		t.Errorf("at 10 s %v", p)
	}
	if _, ok := find(points, "site", "")["grid_w"]; ok {
		t.Error("a stale reading in the site points")
	}
}

func TestCountersHaveTheLastWord(t *testing.T) {
	for _, c := range []struct {
		name string
		per  float64 // what the counter counts of what is believed to be drawn
	}{{"more than believed", 1.25}, {"less than believed", 0.5}, {"as believed", 1}} {
		t.Run(c.name, func(t *testing.T) {
			r := newRecorder()
			points := drive(r, 0, 3600, func(s float64) energy.Snapshot {
				x := quiet(s)
				polled := math.Floor(s/7) * 7 // a status comes every 7 s
				st := &x.Loads[0].Status
				st.At = at(polled)
				st.Energy = energy.Joules(1e6 + 3600*polled*c.per)
				st.Hashes = 1e15 + 1e12*polled*c.per
				return x
			})
			points = append(points, r.Flush(at(3600))...)
			var wh, hashes float64
			for _, p := range points {
				if p.Measurement == "use_interval" {
					x := find([]energy.Point{p}, "use_interval", "")
					wh += x["absorbed_wh"]
					hashes += x["hashes"]
				}
			}
			if want := 3600 * c.per; math.Abs(wh-want) > 7 {
				t.Errorf("%v Wh in four intervals, the counter says %v", wh, want)
			}
			if want := 3600e12 * c.per; math.Abs(hashes-want) > 7e12 {
				t.Errorf("%v hashes, the counter says %v", hashes, want)
			}
		})
	}
}
