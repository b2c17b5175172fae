package power

import (
	"errors"
	"fmt"
	"io/fs"
	"strings"
	"time"
)

const powercap = "sys/class/powercap"

// findRAPL is the counters of the processor packages, Intel's and AMD's alike
// (the driver for both is intel_rapl). Of the zones only packages count, and of
// a package's dies each: cores, uncore and memory are zones within, psys is
// around them, and intel-rapl-mmio shows the same packages another way.
func findRAPL(files fs.FS, now time.Time) (Counter, error) {
	zones, err := fs.ReadDir(files, powercap)
	if err != nil && !errors.Is(err, fs.ErrNotExist) {
		return nil, fmt.Errorf("look for energy counters: %w", err)
	}
	c := &counter{files: files}
	for _, z := range zones {
		number, is := strings.CutPrefix(z.Name(), "intel-rapl:")
		if !is || strings.Contains(number, ":") {
			continue
		}
		dir := powercap + "/" + z.Name()
		name, err := readText(files, dir+"/name")
		if err != nil || !strings.HasPrefix(name, "package-") {
			continue
		}
		span, err := readUint(files, dir+"/max_energy_range_uj")
		if err != nil {
			return nil, err
		}
		c.domains = append(c.domains, domain{path: dir + "/energy_uj", span: span})
	}
	if len(c.domains) == 0 {
		return nil, ErrNone
	}
	c.name = fmt.Sprintf("RAPL of %d processor package(s)", len(c.domains))
	return c, c.start(now)
}
