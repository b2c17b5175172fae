package demo

import (
	"fmt"
	"math"

	"github.com/curtaild/curtaild/energy"
)

// watts, rate, energyOf and count are values as one reads them in passing.

func watts(w energy.Watts) string {
	if math.Abs(float64(w)) < 999.5 {
		return fmt.Sprintf("%.0f W", w+0)
	}
	return fmt.Sprintf("%.1f kW", w/1000)
}

func wattHours(e energy.Joules) string {
	if wh := e.WattHours(); math.Abs(wh) < 999.5 {
		return fmt.Sprintf("%.0f Wh", wh)
	}
	return fmt.Sprintf("%.2f kWh", e.WattHours()/1000)
}

func rate(r energy.HashRate) string { return scaled(float64(r), "H/s") }

func hashes(n float64) string { return scaled(n, "H") }

// scaled has three digits, and a prefix.
func scaled(v float64, unit string) string {
	if v < 0.5 {
		return "0 " + unit
	}
	prefixes := []string{"", "k", "M", "G", "T", "P", "E", "Z"}
	i := 0
	for v >= 999.5 && i < len(prefixes)-1 {
		v /= 1000
		i++
	}
	digits := max(0, 2-int(math.Floor(math.Log10(max(1, v)))))
	return fmt.Sprintf("%.*f %s%s", digits, v, prefixes[i], unit)
}
