package power

import (
	"strings"
	"testing"
	"testing/fstest"
	"time"
)

var laptop = files{
	"sys/class/power_supply/AC/type": "Mains", "sys/class/power_supply/AC/online": "1",
	"sys/class/power_supply/BAT0/type": "Battery", "sys/class/power_supply/BAT0/status": "Full",
	"sys/class/power_supply/mouse/type": "Battery", "sys/class/power_supply/mouse/scope": "Device", "sys/class/power_supply/mouse/status": "Discharging",
	"sys/class/hwmon/hwmon0/name": "nvme", "sys/class/hwmon/hwmon0/temp1_input": "99000",
	"sys/class/hwmon/hwmon1/name": "coretemp", "sys/class/hwmon/hwmon1/temp1_input": "50000", "sys/class/hwmon/hwmon1/temp2_input": "55000",
	"sys/class/thermal/thermal_zone0/type": "acpitz", "sys/class/thermal/thermal_zone0/temp": "98000",
}

func guard(t *testing.T, limits Limits) (*Guard, fstest.MapFS) {
	t.Helper()
	m := laptop.fs()
	return NewGuard(m, limits, 4, t0), m
}

// row is one step of a series: what happens, and why there is a pause then.
type row struct {
	after time.Duration
	do    func()
	want  string
}

func series(t *testing.T, g *Guard, rows []row) {
	t.Helper()
	now := t0
	for i, r := range rows {
		now = now.Add(r.after)
		if r.do != nil {
			r.do()
		}
		if got := g.Look(now); (got == "") != (r.want == "") || !strings.Contains(got, r.want) {
			t.Errorf("row %d, %v: %q, want %q", i, now.Sub(t0), got, r.want)
		}
	}
}

func TestGuardOnBattery(t *testing.T) {
	g, m := guard(t, Limits{OnBattery: true})
	put := func(name, v string) func() {
		return func() { set(m, "sys/class/power_supply/"+name, v) }
	}
	series(t, g, []row{
		{0, nil, ""},
		{time.Second, put("BAT0/status", "Discharging"), ""}, // a weak charger
		{time.Second, put("AC/online", "0"), "on battery"},
		{time.Second, put("BAT0/status", "Not charging"), "on battery"},
		{time.Second, put("AC/online", "1"), "on battery"},
		{calm - 1, nil, "on battery"},
		{1, nil, ""},
		{time.Second, put("AC/online", "garbage"), ""}, // and nothing goes down
		{time.Second, put("BAT0/status", "Discharging"), "on battery"},
		{time.Second, put("AC/online", "1"), "on battery"},
		{calm / 2, put("AC/online", "0"), "on battery"},
		{calm, put("AC/online", "1"), "on battery"},
		{calm, nil, ""},
	})
}

func TestGuardOnHeat(t *testing.T) {
	g, m := guard(t, Limits{HotC: 85})
	warm := func(v any) func() {
		return func() { set(m, "sys/class/hwmon/hwmon1/temp2_input", v) }
	}
	series(t, g, []row{
		{0, nil, ""},
		{time.Second, warm(85000), ""},
		{time.Second, warm(85001), "CPU at 85 °C, limit 85 °C"},
		{time.Hour, warm(80001), "CPU at 80 °C"},
		{time.Second, warm(80000), "CPU at 80"},
		{calm - 1, nil, "CPU"},
		{1, nil, ""},
		// A sensor that has gone is no reason at first. The other one stays.
		{time.Second, warm("?"), ""},
		{time.Second, func() { set(m, "sys/class/hwmon/hwmon1/temp1_input", 999_000) }, ""},
		{unread, nil, "can no longer be read"},
		{time.Second, warm(60000), "CPU at 60"},
		{calm, nil, ""},
	})
	if g.TempC(t0.Add(3*time.Hour)) != 0 {
		t.Error("a temperature of an hour ago is told")
	}
}

func TestGuardOnBusyMachine(t *testing.T) {
	g, _ := guard(t, Limits{Busy: 50})
	now := t0
	used := func(cores float64) func() { // over the last 10 s, of four
		return func() {
			for range 10 {
				now = now.Add(time.Second)
				g.Note(now, time.Second, time.Duration(cores*float64(time.Second)))
			}
		}
	}
	ten := 10 * time.Second
	series(t, g, []row{
		{0, nil, ""},
		{ten, used(2), ""},
		{ten, used(2.1), "more than 50 %"},
		{ten, used(1.7), "more than 50 %"},
		{ten, used(1.6), "more than 50 %"},
		{ten, used(1.7), "more than 50 %"},
		{ten, used(1), "more than 50 %"},
		{ten, used(1), "more than 50 %"},
		{ten, used(1), "more than 50 %"},
		{ten, used(1), ""},
		{ten, used(4), "more"},
		{time.Hour, nil, "more"}, // nobody tells any more: that is no reason for ever
		{calm, nil, ""},
	})
}

// A limit that nobody can watch is a reason to stand still, until its sensor's
// driver is loaded.
func TestGuardNeedsSensors(t *testing.T) {
	for name, l := range map[string]Limits{"on_battery": {OnBattery: true}, "cpu_above": {HotC: 80}} {
		m := files{}.fs()
		g := NewGuard(m, l, 1, t0)
		if err := g.Missing(); err == nil || !strings.Contains(err.Error(), name) {
			t.Errorf("%s: %v", name, err)
		}
		if got := g.Look(t0.Add(time.Hour)); !strings.Contains(got, name) {
			t.Errorf("%s: %q", name, got)
		}
		for path, f := range laptop.fs() {
			m[path] = f
		}
		if got := g.Look(t0.Add(2 * time.Hour)); got != "" || g.Missing() != nil {
			t.Errorf("%s, with its sensor: %q", name, got)
		}
	}
	if err := NewGuard(files{}.fs(), Limits{Busy: 10}, 1, t0).Missing(); err != nil {
		t.Error(err)
	}
}

func TestTemperatures(t *testing.T) {
	zone := files{
		"sys/class/thermal/thermal_zone0/type": "acpitz", "sys/class/thermal/thermal_zone0/temp": "20000",
		"sys/class/thermal/thermal_zone1/type": "cpu-thermal", "sys/class/thermal/thermal_zone1/temp": "47123",
	}
	amd := files{
		"sys/class/hwmon/hwmon0/name":        "k10temp",
		"sys/class/hwmon/hwmon0/temp1_input": "77000", "sys/class/hwmon/hwmon0/temp1_label": "Tctl",
	}
	for name, tc := range map[string]struct {
		files files
		want  float64
	}{
		"none":               {files{}, 0},
		"hottest core":       {laptop, 55},
		"thermal zone":       {zone, 47.123},
		"Tctl":               {amd.with(zone), 77},
		"Tdie where told":    {amd.with(files{"sys/class/hwmon/hwmon0/temp2_input": "57000", "sys/class/hwmon/hwmon0/temp2_label": "Tdie"}), 57},
		"cannot be":          {files{"sys/class/hwmon/hwmon0/name": "coretemp", "sys/class/hwmon/hwmon0/temp1_input": "-273000"}, 0},
		"cannot be a number": {files{"sys/class/hwmon/hwmon0/name": "coretemp", "sys/class/hwmon/hwmon0/temp1_input": "hot"}, 0},
	} {
		g := NewGuard(tc.files.fs(), Limits{}, 1, t0)
		g.Look(t0)
		if got := g.TempC(t0); got != tc.want {
			t.Errorf("%s: %v, want %v", name, got, tc.want)
		}
	}
}
