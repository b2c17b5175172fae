package power

import (
	"fmt"
	"io/fs"
	"slices"
	"strings"
	"time"

	"github.com/curtaild/curtaild/energy"
)

const hwmon = "sys/class/hwmon"

// chip is one device of hardware monitoring.
type chip struct {
	dir  string
	name string // of its driver
}

func chips(files fs.FS) []chip {
	entries, _ := fs.ReadDir(files, hwmon) // none: no chips
	var list []chip
	for _, e := range entries {
		dir := hwmon + "/" + e.Name()
		if name, err := readText(files, dir+"/name"); err == nil {
			list = append(list, chip{dir, name})
		}
	}
	return list
}

// labelled are the chip's files prefix*suffix whose label begins with one of
// the words; without words, all.
func (c chip) labelled(files fs.FS, prefix, suffix string, words ...string) []string {
	found, _ := fs.Glob(files, c.dir+"/"+prefix+"*"+suffix) // the pattern is well-formed
	return slices.DeleteFunc(found, func(path string) bool {
		label, _ := readText(files, strings.TrimSuffix(path, suffix)+"_label") // none: matches no word
		return len(words) > 0 && !slices.ContainsFunc(words, func(w string) bool { return strings.HasPrefix(label, w) })
	})
}

// findHwmon is the counter of a driver that is known to tell the draw of the
// processors, or of the whole machine. There are many others, for graphics
// cards and disks, whose figures would be of something else.
func findHwmon(files fs.FS, now time.Time) (Counter, error) {
	all := chips(files)
	for _, c := range all {
		if c.name != "amd_energy" {
			continue
		}
		out := &counter{files: files, name: "hwmon amd_energy"}
		for _, path := range c.labelled(files, "energy", "_input", "Esocket") {
			out.domains = append(out.domains, domain{path: path})
		}
		if len(out.domains) > 0 {
			return out, out.start(now)
		}
	}
	for _, c := range all {
		var paths []string
		switch c.name {
		case "power_meter", "fam15h_power": // of the board, of the processor
			paths = c.labelled(files, "power1", "_average")
			if len(paths) == 0 {
				paths = c.labelled(files, "power1", "_input")
			}
		case "zenpower":
			paths = c.labelled(files, "power", "_input", "SVI2_P_")
		}
		if len(paths) > 0 {
			g := &gauge{name: "hwmon " + c.name, files: files, paths: paths}
			return g, g.start(now)
		}
	}
	return nil, ErrNone
}

// gauge makes energy of power that is read now and then.
type gauge struct {
	name  string
	files fs.FS
	paths []string // µW; their sum counts
	at    time.Time
	last  energy.Watts
	total energy.Joules
}

func (g *gauge) Name() string { return g.name }

func (g *gauge) read() (energy.Watts, error) {
	sum := energy.Watts(0)
	for _, path := range g.paths {
		v, err := readUint(g.files, path)
		if err != nil {
			return 0, err
		}
		sum += energy.Watts(float64(v) / 1e6)
	}
	if sum > most*energy.Watts(len(g.paths)) {
		return 0, fmt.Errorf("read power figures: %s says %v, which is more than can be", g.name, sum)
	}
	return sum, nil
}

func (g *gauge) start(now time.Time) (err error) {
	g.at = now
	g.last, err = g.read()
	return err
}

func (g *gauge) Energy(now time.Time) (energy.Joules, error) {
	w, err := g.read()
	if err != nil {
		return g.total, err
	}
	passed := now.Sub(g.at)
	mean := (g.last + w) / 2
	g.at, g.last = now, w
	if passed < 0 || passed > longest {
		return g.total, errGap
	}
	g.total += mean.Over(passed.Seconds())
	return g.total, nil
}
