package rigs

import (
	"slices"
	"strings"

	"github.com/curtaild/curtaild/energy"
)

// offName is the name of the operating point "off".
const offName = "off"

// withOff returns the points by rising draw with off first. No points: none.
func withOff(points []energy.OperatingPoint, idle energy.Watts) []energy.OperatingPoint {
	if len(points) == 0 {
		return nil
	}
	off := energy.OperatingPoint{Name: offName, Draw: idle}
	list := make([]energy.OperatingPoint, 1, len(points)+1)
	for _, p := range points {
		if sameName(p.Name, offName) {
			off.Draw = p.Draw
			continue
		}
		list = append(list, p)
	}
	slices.SortStableFunc(list[1:], func(a, b energy.OperatingPoint) int {
		switch {
		case a.Draw < b.Draw:
			return -1
		case a.Draw > b.Draw:
			return 1
		}
		return 0
	})
	if len(list) > 1 {
		off.Draw = min(off.Draw, list[1].Draw)
	}
	list[0] = off
	return list
}

// find is the index of the named point; -1 if there is none.
func find(points []energy.OperatingPoint, name string) int {
	return slices.IndexFunc(points, func(p energy.OperatingPoint) bool { return sameName(p.Name, name) })
}

// sameName compares names of levels as people write them: "525 MHz" is
// "525MHz".
func sameName(a, b string) bool {
	strip := func(s string) string { return strings.ReplaceAll(s, " ", "") }
	return strings.EqualFold(strip(a), strip(b))
}

// pointOf is the point at which a device says it is; -1 if it does not say, or
// names a level that is none of its points.
func pointOf(points []energy.OperatingPoint, rep Report) int {
	switch {
	case rep.Paused():
		return energy.Off
	case !rep.On():
		return -1
	case rep.Level != "":
		return find(points, rep.Level)
	case len(points) == 2:
		return 1
	}
	return -1
}
