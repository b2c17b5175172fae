package emulate

import (
	"strconv"
	"strings"

	"github.com/curtaild/curtaild/energy"
)

func (l *LuxOS) profileSet(args []string) answer {
	if len(args) != 1 { // the legacy form for a single board is not spoken here
		return l.refuse(luxBadParameter, "Invalid profile")
	}
	now := l.opts.clock()
	l.mu.Lock()
	level := l.profile(args[0])
	l.mu.Unlock()
	if level == energy.Off {
		return l.refuse(luxBadParameter, "Unknown profile")
	}
	if !l.ignored() {
		l.mu.Lock()
		l.plant.settle(now)
		l.plant.level = level
		if l.plant.point != energy.Off {
			l.plant.set(now, level)
		}
		l.mu.Unlock()
	}
	return l.say("S", 325, "Profile set", section{"PROFILE", []row{{"Profile": l.opts.Points[level].Name}}})
}

// profile finds the point that a selector means: a name, a step up or down
// ("+1"), or the highest within a power ("2.5kW") or a rate ("90THs").
// Off if there is none.
func (l *LuxOS) profile(selector string) int {
	points := l.opts.Points
	for i, p := range points[1:] {
		if p.Name == selector {
			return i + 1
		}
	}
	if strings.HasPrefix(selector, "+") || strings.HasPrefix(selector, "-") {
		step, err := strconv.Atoi(selector)
		if err != nil {
			return energy.Off
		}
		return min(max(l.plant.level+min(max(step, -100), 100), 1), len(points)-1)
	}
	if num, ok := strings.CutSuffix(selector, "THs"); ok {
		rate, err := strconv.ParseFloat(num, 64)
		return highest(points, err == nil, func(p energy.OperatingPoint) bool { return float64(p.Rate) <= rate*1e12 })
	}
	num, ok := strings.CutSuffix(selector, "W")
	factor := 1.0
	if n, kilo := strings.CutSuffix(num, "k"); kilo {
		num, factor = n, 1000
	}
	draw, err := strconv.ParseFloat(num, 64)
	return highest(points, ok && err == nil, func(p energy.OperatingPoint) bool { return float64(p.Draw) <= draw*factor })
}

func highest(points []energy.OperatingPoint, ok bool, fits func(energy.OperatingPoint) bool) int {
	best := energy.Off
	for i, p := range points[1:] {
		if ok && fits(p) {
			best = i + 1
		}
	}
	return best
}
