package simulate

import (
	"bytes"
	"strings"
	"testing"
	"time"

	"github.com/curtaild/curtaild/energy"
)

// A year is drawn by the site's days: what was there, what was drawn, and what
// of that was imported, are seen on each of them.
func TestViewByDays(t *testing.T) {
	zone, err := time.LoadLocation("Europe/Berlin")
	if err != nil {
		t.Fatal(err)
	}
	start := time.Date(2026, 1, 1, 10, 7, 0, 0, time.UTC)
	const length = 365 * 24 * time.Hour
	tr := newTrace(start, length)
	for x := time.Duration(0); x < length; x += 12 * time.Hour {
		p := piece{from: x, to: x + 12*time.Hour, ours: line{3000, 3000}, granted: 2000, known: true}
		p.free = line{5000, 5000}
		if start.Add(x).In(zone).Hour() >= 20 { // to 11 on the next day, in winter
			p.free = line{1000, 1000}
		}
		tr.add(p)
		tr.mark(x)
	}
	v := newView(&Result{From: start, To: start.Add(length), trace: tr}, zone)
	if v.days != 1 || len(v.bins) != 366 || len(v.edges) != 367 || v.edges[0] != 0 || v.edges[366] != length {
		t.Fatalf("by %d days, %d bins, %d edges from %v to %v", v.days, len(v.bins), len(v.edges), v.edges[0], v.edges[len(v.edges)-1])
	}
	hours := 0.0
	for i := 1; i < len(v.bins); i++ {
		if from := start.Add(v.edges[i]).In(zone); from.Hour() != 0 || from.Minute() != 0 {
			t.Errorf("bin %d begins at %v", i, from)
		}
		hours += v.bins[i].drawn.seconds / 3600
	}
	if day := &v.bins[50]; day.drawn.mean() != 3000 || day.free.mean() != 3000 || day.granted.mean() != 2000 || day.over != 2000*12*3600 || day.starts != 2 {
		t.Errorf("a day: drawn %v, free %v, granted %v, over %v J, %d starts", day.drawn.mean(), day.free.mean(), day.granted.mean(), day.over, day.starts)
	}
	if first := v.bins[0].drawn.seconds / 3600; first+hours != 365*24 || v.top() > 5000 {
		t.Errorf("%v and %v hours, up to %v W", first, hours, v.top())
	}
}

// However long a run is, a curve has no more points than can be seen.
func TestViewOfAges(t *testing.T) {
	for _, years := range []int{1, 9, 280} {
		length := time.Duration(years) * 365 * 24 * time.Hour
		tr := newTrace(noon, length)
		v := newView(&Result{From: noon, To: noon.Add(length), trace: tr}, time.UTC)
		if len(tr.bins) > most+1 || len(v.bins) > mostDays+1 || len(v.bins) < 300 {
			t.Errorf("%d years: %d bins, of which %d are drawn", years, len(tr.bins), len(v.bins))
		}
	}
}

// A day without any surplus has a scale too.
func TestPlotOfNothing(t *testing.T) {
	c := siteOf(energy.BalanceSurplus, fleet(1))
	r := Named{"p", mustRun(t, c, seriesOf(c.Setup.Readings[0], time.Minute, make([]float64, 200)...))}
	var out bytes.Buffer
	if err := WritePlot(&out, "svg", "x", time.UTC, r); err != nil {
		t.Fatal(err)
	}
	for _, want := range []string{">0<", ">0.2<", ">0.4<", ">0.6<", ">0.8<", ">1<"} {
		if !strings.Contains(out.String(), want) {
			t.Errorf("no %s on the scale", want)
		}
	}
}
