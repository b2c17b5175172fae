package policies

import (
	"errors"
	"fmt"
	"strings"
	"time"

	"github.com/curtaild/curtaild/policies/strict"
	"github.com/robfig/cron/v3"
)

// ParseCron reads a cron expression of five fields (minute, hour, day of
// month, month, day of week). Its schedule takes the time zone of the time
// that it is asked about.
func ParseCron(spec string) (cron.Schedule, error) {
	fields := strings.Fields(spec)
	switch {
	case len(spec) > 256:
		return nil, errors.New("is longer than 256 bytes")
	case strings.Contains(spec, "TZ="):
		return nil, fmt.Errorf("%q names a time zone: leave it out, windows follow site.time_zone", brief(spec))
	case strings.HasPrefix(strings.TrimSpace(spec), "@"):
		return nil, fmt.Errorf(`%q is no time of day: write five fields, as in "0 7 * * *" for 07:00`, brief(spec))
	case len(fields) != 5:
		return nil, fmt.Errorf(`%q has %d fields: want minute, hour, day of month, month and day of week, as in "0 7 * * 1-5"`, brief(spec), len(fields))
	case strings.Contains(strings.ReplaceAll(fields[4], "/7", ""), "7"):
		return nil, fmt.Errorf("%q: day of week 7 does not exist: Sunday is 0, or SUN", brief(spec))
	}
	s, err := cron.ParseStandard(spec)
	if err != nil {
		why, _, _ := strings.Cut(err.Error(), ": strconv")
		return nil, fmt.Errorf("%q is no cron expression: %q", brief(spec), brief(why))
	}
	return s, nil
}

// anyTime is where the search for a window's first event begins, and the leap
// years that follow are found from it as from any other.
func anyTime() time.Time { return time.Date(2024, 1, 1, 0, 0, 0, 0, time.UTC) }

func (p *Policy) windows(m *strict.Map) {
	list := m.At("schedule")
	nodes := list.List()
	if list.Valid() && len(nodes) == 0 {
		list.Fault("is empty: a policy without schedule is always open, so leave the key out")
	}
	for _, n := range nodes {
		wm := n.Map()
		wm.Require("open", "close")
		w := Window{Open: cronText(wm.At("open"), "opens"), Close: cronText(wm.At("close"), "closes")}
		if w.Open != "" && strings.Join(strings.Fields(w.Open), " ") == strings.Join(strings.Fields(w.Close), " ") {
			wm.At("close").Fault("the window closes when it opens: give another time")
		}
		wm.Done()
		if w.Open != "" && w.Close != "" {
			p.at[fmt.Sprintf("schedule[%d].open", len(p.Schedule))] = wm.At("open").Pos()
			p.Schedule = append(p.Schedule, w)
		}
	}
}

func cronText(n strict.Node, does string) string {
	s := n.String("")
	if s == "" {
		return ""
	}
	sched, err := ParseCron(s)
	if err != nil {
		n.Fault("%v", err)
		return ""
	}
	if sched.Next(anyTime()).IsZero() {
		n.Fault("%q never comes, so the window never %s: give a date that exists", brief(s), does)
		return ""
	}
	return s
}
