package simulate

import (
	"fmt"
	"math"
	"time"
)

// axes draws the frame, its grid and its scales.
func (f *frame) axes() {
	for i := range int(math.Round(f.top/f.tick)) + 1 {
		w := f.tick * float64(i)
		y := f.up(w)
		f.line(0.5, f.faint, point{f.x, y}, point{f.x + f.w, y})
		f.text(f.x-6, y-3, 9, 1, f.black, f.plain, fmt.Sprintf("%.6g", w/1000))
	}
	f.text(f.x-6, f.y+f.h+8, 9, 1, f.grey, f.plain, "kW")
	every, label, day := f.times()
	last := ""
	for _, t := range every {
		x := f.x + f.w*float64(t.Sub(f.run.From))/float64(f.length())
		f.line(0.5, f.faint, point{x, f.y}, point{x, f.y + f.h})
		f.text(x, f.y-stripHeight-14, 9, 0.5, f.black, f.plain, t.Format(label))
		if d := t.Format(day); day != "" && d != last {
			f.text(x, f.y-stripHeight-26, 9, 0.5, f.grey, f.plain, d)
			last = d
		}
	}
	f.line(0.8, f.black, point{f.x, f.y + f.h}, point{f.x, f.y}, point{f.x + f.w, f.y})
	zone, _ := f.run.From.In(f.zone).Zone()
	said := "local time, " + zone
	switch {
	case f.days == 1:
		said = "mean of each day, " + said
	case f.days > 1:
		said = fmt.Sprintf("means of %d days, %s", f.days, said)
	}
	f.text(f.x+f.w, f.y+f.h+10.5, 9, 1, f.grey, f.plain, said)
}

// times are the ticks of the time axis, and how they are written: at round
// times of the site's zone, ten or so.
func (f *frame) times() (ticks []time.Time, label, day string) {
	const most = 13
	from := f.run.From.In(f.zone)
	midnight := time.Date(from.Year(), from.Month(), from.Day(), 0, 0, 0, 0, f.zone)
	for _, step := range []time.Duration{time.Second, 5 * time.Second, 15 * time.Second, time.Minute, 5 * time.Minute, 10 * time.Minute, 15 * time.Minute, 30 * time.Minute, time.Hour, 2 * time.Hour, 3 * time.Hour, 6 * time.Hour, 12 * time.Hour} {
		if f.length() > most*step {
			continue
		}
		label, day = "15:04", "Mon 2 Jan"
		if step < time.Minute {
			label = "15:04:05"
		}
		for t := midnight; !t.After(f.run.To); t = t.Add(step) {
			if !t.Before(f.run.From) {
				ticks = append(ticks, t)
			}
		}
		return ticks, label, day
	}
	for _, step := range []struct{ months, days int }{{0, 1}, {0, 2}, {0, 7}, {0, 14}, {1, 0}, {3, 0}, {12, 0}} {
		if f.length() > most*24*time.Hour*time.Duration(30*step.months+step.days) {
			continue
		}
		label, day = "2 Jan", "2006"
		t := midnight
		if step.months > 0 {
			label = "Jan"
			t = time.Date(from.Year(), from.Month(), 1, 0, 0, 0, 0, f.zone)
		}
		for ; !t.After(f.run.To); t = t.AddDate(0, step.months, step.days) {
			if !t.Before(f.run.From) {
				ticks = append(ticks, t)
			}
		}
		return ticks, label, day
	}
	return nil, "", ""
}
