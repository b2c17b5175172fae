package power

import (
	"io/fs"
	"strings"
)

const (
	supplyDir  = "sys/class/power_supply"
	thermalDir = "sys/class/thermal"
)

// supply is one way in which the machine gets its power.
type supply struct {
	dir   string
	mains bool
}

// supplies are those of the machine: not the batteries of its mouse.
func supplies(files fs.FS) []supply {
	entries, _ := fs.ReadDir(files, supplyDir) // none: no supplies
	var list []supply
	for _, e := range entries {
		dir := supplyDir + "/" + e.Name()
		if scope, _ := readText(files, dir+"/scope"); scope == "Device" {
			continue
		}
		switch kind, _ := readText(files, dir+"/type"); kind {
		case "Mains", "USB", "Wireless":
			list = append(list, supply{dir, true})
		case "Battery", "UPS":
			list = append(list, supply{dir, false})
		}
	}
	return list
}

// onBattery reports whether the machine lives on a battery: no mains are there
// where there could be, or where nothing tells of mains, a battery goes down.
func onBattery(files fs.FS, list []supply) bool {
	batteries, falls, unplugged := false, false, false
	for _, s := range list {
		if s.mains {
			online, err := readUint(files, s.dir+"/online")
			if err == nil && online > 0 {
				return false
			}
			unplugged = unplugged || err == nil
			continue
		}
		status, err := readText(files, s.dir+"/status")
		batteries = true
		falls = falls || err == nil && status == "Discharging"
	}
	return falls || unplugged && batteries
}

// thermals are the files with the CPU's temperatures, in thousandths of a
// degree.
func thermals(files fs.FS) []string {
	var list []string
	for _, c := range chips(files) {
		switch c.name {
		case "coretemp", "cpu_thermal", "zenpower":
			list = append(list, c.labelled(files, "temp", "_input")...)
		case "k10temp":
			// Tctl is for fans, and of some models degrees too high.
			of := c.labelled(files, "temp", "_input", "Tdie", "Tccd")
			if len(of) == 0 {
				of = c.labelled(files, "temp", "_input")
			}
			list = append(list, of...)
		}
	}
	if len(list) > 0 {
		return list
	}
	zones, _ := fs.ReadDir(files, thermalDir) // none: no temperature
	for _, z := range zones {
		dir := thermalDir + "/" + z.Name()
		kind, _ := readText(files, dir+"/type")
		kind = strings.ToLower(strings.ReplaceAll(kind, "-", "_"))
		if kind == "x86_pkg_temp" || strings.HasPrefix(kind, "cpu") || strings.HasPrefix(kind, "soc") {
			list = append(list, dir+"/temp")
		}
	}
	return list
}

// temperature is the highest of those that can be read and can be.
func temperature(files fs.FS, paths []string) (highest float64, ok bool) {
	for _, p := range paths {
		t, err := readMilli(files, p)
		if err == nil && t > coldest && t < hottest && (!ok || t > highest) {
			highest, ok = t, true
		}
	}
	return highest, ok
}
