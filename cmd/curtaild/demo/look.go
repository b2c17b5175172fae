package demo

import (
	"strings"
	"time"

	"charm.land/lipgloss/v2"

	"github.com/curtaild/curtaild/energy"
)

// look is how things look: colours where the terminal has them, and the shapes
// carry the meaning where it has none.
type look struct {
	plain, dim, title, head   lipgloss.Style
	sun, site, ours           lipgloss.Style
	out, in, lost             lipgloss.Style // export, import, curtailed
	good, waiting, bad, quiet lipgloss.Style // states
	box                       lipgloss.Style
}

// newLook is for a background that is dark, or light.
func newLook(dark bool) look {
	pick := lipgloss.LightDark(dark)
	fg := func(light, dark string) lipgloss.Style {
		return lipgloss.NewStyle().Foreground(pick(lipgloss.Color(light), lipgloss.Color(dark)))
	}
	return look{
		plain: lipgloss.NewStyle(), dim: fg("245", "242"), title: lipgloss.NewStyle().Bold(true), head: fg("240", "246"),
		sun: fg("136", "220"), site: fg("30", "74"), ours: fg("28", "78"),
		out: fg("25", "69"), in: fg("160", "203"), lost: fg("130", "208"),
		good: fg("28", "78"), waiting: fg("136", "221"), bad: fg("160", "203"), quiet: fg("245", "242"),
		box: lipgloss.NewStyle(),
	}
}

// state is how a load's state looks.
func (l look) state(s energy.State) lipgloss.Style {
	switch s {
	case energy.StateRunning, energy.StateThrottled:
		return l.good
	case energy.StateStarting, energy.StateStopping, energy.StatePaused:
		return l.waiting
	case energy.StateFault, energy.StateSuspect, energy.StateUnreachable:
		return l.bad
	}
	return l.quiet
}

// event is how an event looks, and the sign before it.
func (l look) event(k Kind) (lipgloss.Style, string) {
	switch k {
	case Starts:
		return l.good, "▲"
	case GoesUp:
		return l.good, "△"
	case GoesDown:
		return l.waiting, "▽"
	case Stops:
		return l.lost, "▼"
	}
	return l.site, "◆"
}

// bar is a share of width, to an eighth of a cell.
func bar(share float64, width int) string {
	share = min(1, max(0, share))
	eighths := int(share*float64(width)*8 + 0.5)
	out := strings.Repeat("█", eighths/8)
	if rest := eighths % 8; rest > 0 {
		out += string([]rune(" ▏▎▍▌▋▊▉")[rest])
	}
	return out
}

// curve is the day's sun as rows of text, the latest hour to the right: what
// was, clouds and all, and what a clear sky would bring.
func (l look) curve(d Day, now Moment, width, rows int) []string {
	out := make([]string, rows)
	passed := min(width, max(0, 1+int(float64(width)*float64(now.Time-dawn)/float64(dusk-dawn))))
	for row := range rows {
		line := make([]rune, width)
		for i := range line {
			t := dawn + time.Duration(float64(dusk-dawn)*(float64(i)+0.5)/float64(width))
			power := d.Sky(Moment{now.Day, t}).Generation
			if i >= passed {
				power = panels * energy.Watts(clear(t)/1000)
			}
			height := float64(power/panels)*float64(8*rows) - float64(8*(rows-1-row))
			line[i] = []rune(" ▁▂▃▄▅▆▇█")[int(min(8, max(0, height+0.5)))]
		}
		out[row] = l.sun.Render(string(line[:passed])) + l.dim.Render(string(line[passed:]))
	}
	return out
}

// pad makes// pad makes s as wide as width, cells counted: cut off, or filled on the right,
// or on the left where width is negative.
func (l look) pad(s string, width int) string {
	n := max(width, -width)
	s = l.box.MaxWidth(n).Render(s)
	fill := strings.Repeat(" ", max(0, n-lipgloss.Width(s)))
	if width < 0 {
		return fill + s
	}
	return s + fill
}
