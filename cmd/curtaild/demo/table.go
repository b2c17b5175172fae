package demo

import (
	"fmt"
	"strings"

	"charm.land/lipgloss/v2"

	"github.com/curtaild/curtaild/energy"
)

// columns of the table of loads; negative: aligned to the right.
func columns() []int { return []int{11, 12, -8, -8, -10} }

const (
	whyWidth   = 12
	tableWidth = 1 + 11 + 12 + 8 + 8 + 10 + 2 + whyWidth
)

// table is the loads: each in a row, or, where there is no room for that, the
// small ones of a family in one.
func table(l look, rows []Row, width, room int) []string {
	if len(rows)+1 > room {
		rows = fold(rows)
	}
	out := []string{l.head.Render(tableLine(l, "load", "state", "set to", "draws", "hashing", "why"))}
	for i := range rows {
		r := &rows[i]
		if len(out) == room-1 && i < len(rows)-1 {
			out = append(out, l.dim.Render(fmt.Sprintf(" and %d more", len(rows)-i)))
			break
		}
		style := l.state(r.State)
		set, text := "off", l.plain
		if r.On {
			set = watts(r.Set)
		} else {
			text = l.quiet
		}
		out = append(out, tableLine(l, text.Render(r.Name), style.Render(string(r.State)), text.Render(set), text.Render(watts(r.Draw)),
			text.Render(rate(r.Rate)), l.dim.Render(string(r.Reason))))
	}
	for i := range out {
		out[i] = l.box.MaxWidth(width).Render(out[i])
	}
	return out[:min(len(out), max(0, room))]
}

func tableLine(l look, cells ...string) string {
	var b strings.Builder
	b.WriteString(" ")
	for i, w := range columns() {
		b.WriteString(l.pad(cells[i], w))
	}
	b.WriteString("  " + l.pad(cells[len(cells)-1], whyWidth))
	return b.String()
}

// fold joins the rows of each family whose loads are small.
func fold(rows []Row) []Row {
	const small = energy.Watts(100)
	var out []Row
	at := map[string]int{}
	count, on := map[string]int{}, map[string]int{}
	for _, r := range rows {
		if r.Top >= small || r.Family == "local" {
			out = append(out, r)
			continue
		}
		count[r.Family]++
		i, ok := at[r.Family]
		if !ok {
			at[r.Family] = len(out)
			out = append(out, Row{Name: r.Family, Family: r.Family, State: r.State, Reason: r.Reason})
			i = len(out) - 1
		}
		sum := &out[i]
		if r.On {
			on[r.Family]++
			sum.Set += r.Set
			sum.On, sum.State, sum.Reason = true, r.State, r.Reason
		}
		sum.Top += r.Top
		sum.Draw += r.Draw
		sum.Rate += r.Rate
	}
	for family, i := range at {
		out[i].Name = fmt.Sprintf("%d %s", count[family], family)
		if n := on[family]; n > 0 && n < count[family] {
			out[i].State = energy.State(fmt.Sprintf("%d on", n))
		}
	}
	return out
}

// decisions are the latest events, the newest first.
func decisions(l look, events []Event, width, room int) []string {
	if room <= 0 {
		return nil
	}
	out := []string{l.head.Render(" what was decided, and why")}
	for i := len(events) - 1; i >= 0 && len(out) < room; i-- {
		e := events[i]
		style, sign := l.event(e.Kind)
		indent := lipgloss.Width(" 00:00 ▲ ")
		lines := wrap(e.Line(), width-indent)
		for j, text := range lines {
			if len(out) == room {
				break
			}
			first := strings.Repeat(" ", indent)
			if j == 0 {
				first = l.dim.Render(" "+e.Moment.Clock()) + " " + style.Render(sign) + " "
			}
			out = append(out, first+text)
		}
	}
	return out
}

// wrap breaks text into lines of at most width cells, between words.
func wrap(text string, width int) []string {
	var out []string
	line := ""
	for word := range strings.FieldsSeq(text) {
		switch {
		case line == "":
			line = word
		case lipgloss.Width(line)+1+lipgloss.Width(word) > width:
			out = append(out, line)
			line = "  " + word
		default:
			line += " " + word
		}
	}
	return append(out, line)
}
