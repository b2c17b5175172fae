package rigs

import (
	"slices"
	"testing"
	"time"

	"github.com/curtaild/curtaild/energy"
)

func TestWithOff(t *testing.T) {
	for name, c := range map[string]struct {
		in   []energy.OperatingPoint
		want []energy.OperatingPoint
	}{
		"none":          {},
		"off is added":  {[]energy.OperatingPoint{{Name: "b", Draw: 9}, {Name: "a", Draw: 5}}, []energy.OperatingPoint{{Name: "off", Draw: 3}, {Name: "a", Draw: 5}, {Name: "b", Draw: 9}}},
		"off is kept":   {[]energy.OperatingPoint{{Name: "a", Draw: 5}, {Name: "Off", Draw: 2}}, []energy.OperatingPoint{{Name: "off", Draw: 2}, {Name: "a", Draw: 5}}},
		"off is lowest": {[]energy.OperatingPoint{{Name: "a", Draw: 1}}, []energy.OperatingPoint{{Name: "off", Draw: 1}, {Name: "a", Draw: 1}}},
	} {
		if got := withOff(c.in, 3); !slices.Equal(got, c.want) {
			t.Errorf("%s: %v, want %v", name, got, c.want)
		}
	}
}

func TestRelearnKeepsOrderAndTheOldSlice(t *testing.T) {
	points := levelsOf(3)
	old := slices.Clone(points)
	for _, c := range []struct{ draw, want energy.Watts }{{2010, 2000}, {2500, 2500}, {1500, 1500}, {900, 1001}, {9000, 2999}} {
		if got := relearn(points, 2, c.draw, 90e12)[2].Draw; got != c.want {
			t.Errorf("drawn %v: %v, want %v", c.draw, got, c.want)
		}
	}
	if got := relearnOff(points, 60)[0].Draw; got != 60 {
		t.Errorf("off draws %v", got)
	}
	if !slices.Equal(points, old) {
		t.Error("the shared slice was written to")
	}
}

// What a device draws at a point is learned once it rests there, unless the
// config says what it is.
func TestDrawsAreLearned(t *testing.T) {
	for name, c := range map[string]struct {
		points []energy.OperatingPoint
		want   energy.Watts
	}{"from the device": {nil, 2600}, "from the config": {levelsOf(3), 3000}} {
		t.Run(name, func(t *testing.T) {
			in(t, func(t *testing.T) {
				dev := newDevice(3)
				dev.report = func(r *Report) { r.Draw -= 400 }
				b := start(t, dev, func(k *Config) { k.Points = c.points })
				s := b.wait(5 * time.Minute)
				if got := s.Points[3].Draw; got != c.want {
					t.Errorf("learned %v, want %v", got, c.want)
				}
			})
		})
	}
}
