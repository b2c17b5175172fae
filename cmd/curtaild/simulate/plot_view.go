package simulate

import "time"

// mostDays is how many points a curve has that is drawn by days.
const mostDays = 1000

// view is what is drawn of a run: bins, and where they begin and end.
type view struct {
	bins  []bin
	edges []time.Duration // one more than bins
	days  int             // that each bin is the mean of; 0: it is as it was
}

// newView thins a run to what can be seen. Of one that is longer than some
// weeks that is the means of the site's days, or of as many as it takes.
func newView(r *Result, zone *time.Location) view {
	t, length := r.trace, r.To.Sub(r.From)
	var v view
	if !t.days {
		v.bins = t.bins
		for i := range len(t.bins) + 1 {
			v.edges = append(v.edges, min(t.edge(i), length))
		}
		return v
	}
	v.days = 1 + int(length/(24*time.Hour))/mostDays
	first, last := day(t.start.In(zone)), -1
	for i := range t.bins {
		if t.edge(i) >= length {
			break
		}
		if n := (day(t.start.Add(t.edge(i)).In(zone)) - first) / v.days; n != last {
			v.bins, v.edges, last = append(v.bins, bin{}), append(v.edges, t.edge(i)), n
		}
		v.bins[len(v.bins)-1].take(&t.bins[i])
	}
	v.edges = append(v.edges, length)
	return v
}

// day counts days of the calendar.
func day(t time.Time) int {
	return int(time.Date(t.Year(), t.Month(), t.Day(), 0, 0, 0, 0, time.UTC).Unix() / 86400)
}

// top is the most that is drawn, W.
func (v *view) top() (w float64) {
	for i := range v.bins {
		for _, b := range []*band{&v.bins[i].free, &v.bins[i].granted, &v.bins[i].drawn} {
			switch {
			case b.seconds == 0:
			case v.days > 0:
				w = max(w, b.mean())
			default:
				w = max(w, b.high)
			}
		}
	}
	return w
}
