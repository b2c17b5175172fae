package demo

import (
	"fmt"
	"strings"
	"time"

	"charm.land/lipgloss/v2"

	"github.com/curtaild/curtaild/energy"
)

// From these sizes on there is room for more: decisions beside the loads, bars
// of their own, and every small rig in a row of its own.
const (
	wideFrom  = 112
	tallFrom  = 34
	roomyFrom = 39
)

// draw is the whole screen: at most height lines of at most width cells.
func draw(l look, f Frame, width, height int) string {
	if width < 20 || height < 6 {
		return l.pad("too small", width)
	}
	top := []string{header(l, f, width), ""}
	wide, tall := width >= wideFrom, height >= tallFrom
	if tall {
		top = append(top, bars(l, f, width, 1+2*min(1, height/roomyFrom))...)
	} else {
		top = append(top[:1], pairs(l, f, width)...)
	}
	top = append(top, "")
	bottom := totals(l, f)
	if tall {
		bottom = append(append([]string{""}, bottom...), footer(l, f))
	}
	room := max(0, height-len(top)-len(bottom))
	var middle []string
	if wide {
		const gap = 3
		loads := table(l, f.Loads, tableWidth, room)
		said := decisions(l, f.Events, width-tableWidth-gap, room)
		for i := range max(len(loads), len(said)) {
			middle = append(middle, l.pad(at(loads, i), tableWidth+gap)+at(said, i))
		}
	} else {
		least := min(5, room/2) // lines of decisions
		middle = table(l, f.Loads, min(width, tableWidth), room-least)
		if len(middle) < room {
			middle = append(middle, decisions(l, f.Events, width, room-len(middle))...)
		}
	}
	for len(middle) < room {
		middle = append(middle, "")
	}
	lines := append(append(top, middle[:room]...), bottom...)
	for i := range lines {
		lines[i] = strings.TrimRight(l.box.MaxWidth(width).Render(lines[i]), " ")
	}
	return strings.Join(lines[:min(len(lines), height)], "\n")
}

func at(lines []string, i int) string {
	if i < len(lines) {
		return lines[i]
	}
	return ""
}

func header(l look, f Frame, width int) string {
	m := f.Power.Moment
	left := l.title.Render(" curtaild demo") + l.dim.Render("  day ") + l.plain.Render(fmt.Sprint(m.Day+1)) + "  " + l.title.Render(m.Clock()) +
		"  " + l.sun.Render(weather(f.Power.Sky))
	if width >= wideFrom {
		left += l.dim.Render(fmt.Sprintf("  sun %.0f W/m², clouds %.0f %%", f.Power.Sky.Sun, 100*f.Power.Sky.Cover))
	}
	right := brief(f.Elapsed)
	if f.Intro.For > 0 {
		right += " of " + brief(f.Intro.For)
	}
	if width >= 60 {
		right += "   q ends it"
	}
	if f.Ending {
		right = "ending: the loads stop"
	}
	return l.pad(left, max(0, width-lipgloss.Width(right)-1)) + l.dim.Render(right) + " "
}

func weather(s Sky) string {
	switch {
	case s.Sun < 20:
		return "☾ dusk"
	case s.Cover < 0.35:
		return "☀ clear"
	case s.Cover < 0.7:
		return "☁ some clouds"
	}
	return "☁ clouded over"
}

func brief(d time.Duration) string {
	d = d.Round(time.Second)
	return fmt.Sprintf("%d:%02d", int(d.Minutes()), int(d.Seconds())%60)
}

// flow is one power with its bar.
type flow struct {
	name  string
	style lipgloss.Style
	value energy.Watts
	lost  energy.Watts // what could be and is not, behind it
}

func flows(l look, p Power) []flow {
	grid := flow{"export", l.out, max(0, -p.Grid), 0}
	if p.Grid > 0 {
		grid = flow{"import", l.in, p.Grid, 0}
	}
	return []flow{{"sun", l.sun, p.Made(), p.Curtailed}, {"site", l.site, p.Sky.Load, 0}, {"our loads", l.ours, p.Ours, 0}, grid}
}

const (
	nameWidth  = 11
	valueWidth = 9
)

func (fl flow) render(l look, width int) string {
	room := max(1, width-nameWidth-valueWidth-2)
	full := fl.style.Render(bar(float64(fl.value/panels), room))
	if fl.lost > 0 {
		cells := int(float64(room)*float64(fl.lost/panels) + 0.5)
		full += l.lost.Render(strings.Repeat("▒", cells))
	}
	return " " + l.pad(fl.name, nameWidth-1) + l.pad(full, room) + l.pad(fl.style.Render(watts(fl.value)), -valueWidth) + "  "
}

// bars are the powers, one below the other, and the sun's curve.
func bars(l look, f Frame, width, rows int) []string {
	const note = 21
	var out []string
	for _, fl := range flows(l, f.Power) {
		s := fl.render(l, width-note)
		if fl.lost > 0 {
			s += l.lost.Render("+ " + watts(fl.lost) + " curtailed")
		}
		if fl.name == "our loads" && f.Heard {
			s += l.dim.Render("of " + watts(f.Available) + " free")
		}
		out = append(out, s)
	}
	room := max(1, width-note-nameWidth-valueWidth-2)
	for i, row := range l.curve(f.Day, f.Power.Moment, room, rows) {
		name := ""
		if i == rows-1 {
			name = "the day"
		}
		out = append(out, " "+l.pad(name, nameWidth-1)+row)
	}
	return out
}

// pairs are the powers in two columns.
func pairs(l look, f Frame, width int) []string {
	all := flows(l, f.Power)
	half := width / 2
	return []string{all[0].render(l, half) + all[2].render(l, half), all[1].render(l, half) + all[3].render(l, half)}
}

// totals are what there was so far.
func totals(l look, f Frame) []string {
	t := f.Totals
	made := fmt.Sprintf(" %s hashing now   %s so far", l.title.Render(rate(t.Rate)), hashes(t.Hashes))
	if j := t.JoulesPerTH(); j > 0 {
		made += fmt.Sprintf("   %.1f J/TH", j)
	}
	made += fmt.Sprintf("   %d shares accepted", t.Accepted)
	s := f.Sums
	used := fmt.Sprintf(" %s absorbed   %s imported for it   %s exported   %s curtailed", l.ours.Render(wattHours(s.Ours-s.OursImported)),
		wattHours(s.OursImported), wattHours(s.Exported), l.lost.Render(wattHours(s.Curtailed)))
	return []string{made, used}
}

func footer(l look, f Frame) string {
	return l.dim.Render(" look on: curtaild status --socket " + f.Intro.Socket)
}
