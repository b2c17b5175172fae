package main

import (
	"strings"
	"testing"
	"testing/fstest"

	"github.com/curtaild/curtaild/cmd/curtaild/config"
	"github.com/curtaild/curtaild/energy"
)

func TestCheckLocal(t *testing.T) {
	file := func(text string) *fstest.MapFile { return &fstest.MapFile{Data: []byte(text + "\n")} }
	stat := fstest.MapFS{"proc/stat": file("cpu 1 2 3 4 5 6 7 8 9 0")}
	laptop := fstest.MapFS{
		"proc/stat":                                           file("cpu 1 2 3 4 5 6 7 8 9 0"),
		"sys/class/powercap/intel-rapl:0/name":                file("package-0"),
		"sys/class/powercap/intel-rapl:0/energy_uj":           file("5"),
		"sys/class/powercap/intel-rapl:0/max_energy_range_uj": file("1000"),
		"sys/class/power_supply/BAT0/type":                    file("Battery"),
		"sys/class/power_supply/BAT0/status":                  file("Discharging"),
	}
	for name, tc := range map[string]struct {
		files   fstest.MapFS
		power   config.HasherPower
		counter string // with + before it: is well
		pause   string
	}{
		"nothing":        {stat, config.HasherPower{Counter: "auto"}, "+draw is estimated: the machine has no energy counter", "+may hash now"},
		"none is wanted": {laptop, config.HasherPower{Counter: "none"}, "+draw is estimated", "+may hash"},
		"wanted":         {stat, config.HasherPower{Counter: "rapl"}, "-draw is estimated: the machine has no", "+may hash"},
		"laptop":         {laptop, config.HasherPower{Counter: "auto", OnBattery: true}, "+draw is measured: RAPL", "+would stand still now: on battery"},
		"no sensor":      {laptop, config.HasherPower{Counter: "auto", CPUAbove: 80}, "+draw", "-pause.cpu_above"},
		"nothing at all": {fstest.MapFS{}, config.HasherPower{Counter: "auto", BusyAbove: 50}, "+draw is estimated", "-pause.busy_above"},
	} {
		got := tryLocal(tc.files, &config.Hasher{Spec: energy.LoadSpec{Name: "cpu"}, Power: tc.power})
		for i, want := range []string{tc.counter, tc.pause} {
			if f := got[i]; f.OK != (want[0] == '+') || !strings.HasPrefix(f.Says, want[1:]) || f.Name != "cpu" {
				t.Errorf("%s: %+v, want %s", name, f, want)
			}
		}
	}
	if tryLocal(stat, nil) != nil {
		t.Error("found something of no workers")
	}
}
