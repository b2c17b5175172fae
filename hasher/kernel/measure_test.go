package kernel

import (
	"slices"
	"testing"

	"github.com/curtaild/curtaild/hasher/work"
)

func TestMeasure(t *testing.T) {
	if testing.Short() {
		t.Skip("times kernels for half a second each")
	}
	for _, a := range work.Algorithms() {
		kind, _ := Pick(a, false)
		var parts []float64
		speed, err := Measure(kind, func(part float64) { parts = append(parts, part) })
		if err != nil {
			t.Fatal(err)
		}
		t.Logf("%s: %+v", kind.Name, speed)
		if !(speed.HashesPerSecond > 0) || speed.CyclesPerHash < 0 {
			t.Errorf("%s: %+v", kind.Name, speed)
		}
		if len(parts) == 0 || !slices.IsSorted(parts) || parts[len(parts)-1] != 1 {
			t.Errorf("%s: progress %v", kind.Name, parts)
		}
	}
	if _, err := Measure(Kind{Name: "alien"}, func(float64) {}); err == nil {
		t.Error("a kernel that the CPU does not support was measured")
	}
}
