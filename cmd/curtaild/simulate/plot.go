package simulate

import (
	"fmt"
	"image/color"
	"io"
	"math"
	"strings"
	"time"
)

// The sheet, in points.
const (
	sheetWidth  = 900.0
	panelHeight = 330.0
	marginLeft  = 54.0
	marginRight = 16.0
	marginTop   = 62.0 // title, figures, legend
	marginLow   = 46.0 // starts, times
	stripHeight = 10.0 // of the starts
)

// WritePlot draws runs below each other: what was available, granted and drawn
// over time, and the starts. Kind is svg or png.
func WritePlot(w io.Writer, kind, site string, zone *time.Location, runs ...Named) error {
	top := 0.0
	views := make([]view, len(runs))
	for i, r := range runs {
		views[i] = newView(r.Result, zone)
		top = max(top, views[i].top())
	}
	if top < 1 {
		top = 1000 // there was nothing all the time
	}
	height := panelHeight * float64(len(runs))
	return sheet(w, kind, sheetWidth, height, func(p *pen) {
		for i, r := range runs {
			f := &frame{
				pen: p, run: r, view: views[i], site: site, zone: zone,
				x: marginLeft, y: height - panelHeight*float64(i+1) + marginLow,
				w: sheetWidth - marginLeft - marginRight, h: panelHeight - marginTop - marginLow,
			}
			f.scale(top)
			f.draw()
		}
	})
}

// frame is the place of one run's plot.
type frame struct {
	*pen
	view
	run        Named
	site       string
	zone       *time.Location
	x, y, w, h float64
	top, tick  float64 // W
}

// scale chooses ticks of 1, 2 or 5 times a power of ten.
func (f *frame) scale(top float64) {
	f.tick = math.Pow(10, math.Floor(math.Log10(top)))
	for _, k := range []float64{0.2, 0.5, 1} {
		if top/(f.tick*k) <= 7 {
			f.tick *= k
			break
		}
	}
	f.top = f.tick * math.Ceil(top/f.tick)
}

func (f *frame) up(watts float64) float64 { return f.y + f.h*watts/f.top }

// across is where a bin begins.
func (f *frame) across(bin int) float64 { return f.x + f.w*float64(f.edges[bin])/float64(f.length()) }

func (f *frame) length() time.Duration { return f.run.To.Sub(f.run.From) }

func (f *frame) draw() {
	f.head()
	f.axes()
	f.area(f.yellow, func(b *bin) (low, high float64, ok bool) { return 0, b.free.mean(), b.free.seconds > 0 })
	f.area(f.pale, func(b *bin) (low, high float64, ok bool) { return 0, b.drawn.mean(), b.drawn.seconds > 0 })
	if f.days == 0 && f.run.trace.span > time.Second {
		f.area(f.band, func(b *bin) (low, high float64, ok bool) { return b.drawn.low, b.drawn.high, b.drawn.seconds > 0 })
	}
	f.curve(func(pts []point) { f.line(0.6, f.amber, pts...) }, func(b *bin) *band { return &b.free })
	f.area(f.red, func(b *bin) (low, high float64, ok bool) {
		drawn, over := b.drawn.mean(), b.over/b.drawn.seconds
		return drawn - over, drawn, b.drawn.seconds > 0 && over > f.top/1000
	})
	f.curve(func(pts []point) { f.dashed(0.6, f.black, pts...) }, func(b *bin) *band { return &b.granted })
	f.curve(func(pts []point) { f.line(0.9, f.blue, pts...) }, func(b *bin) *band { return &b.drawn })
	most := 1
	for i := range f.bins {
		most = max(most, f.bins[i].starts)
	}
	for i := range f.bins {
		if n := f.bins[i].starts; n > 0 {
			x := f.across(i)
			if f.days > 0 {
				x = (x + f.across(i+1)) / 2
			}
			f.line(0.7, f.black, point{x, f.y - 3}, point{x, f.y - 3 - stripHeight*max(0.35, float64(n)/float64(most))})
		}
	}
	f.text(f.x-6, f.y-3-stripHeight+2, 8, 1, f.grey, f.plain, "starts")
}

// area fills what lies between two bounds, wherever they are known.
func (f *frame) area(c color.Color, of func(*bin) (low, high float64, ok bool)) {
	var lower, upper []point
	flush := func() {
		for i := len(lower) - 1; i >= 0; i-- {
			upper = append(upper, lower[i])
		}
		f.fill(c, upper...)
		lower, upper = nil, nil
	}
	for i := range f.bins {
		low, high, ok := of(&f.bins[i])
		if !ok {
			flush()
			continue
		}
		for _, x := range []float64{f.across(i), f.across(i + 1)} {
			lower, upper = append(lower, point{x, f.up(low)}), append(upper, point{x, f.up(high)})
		}
	}
	flush()
}

// curve joins the means, wherever they are known; of days, it is steps.
func (f *frame) curve(stroke func([]point), of func(*bin) *band) {
	var pts []point
	for i := range f.bins {
		b := of(&f.bins[i])
		if b.seconds == 0 {
			stroke(pts)
			pts = nil
			continue
		}
		from, to, y := f.across(i), f.across(i+1), f.up(b.mean())
		if f.days > 0 {
			pts = append(pts, point{from, y}, point{to, y})
			continue
		}
		pts = append(pts, point{(from + to) / 2, y})
	}
	stroke(pts)
}

// head writes what the plot is of, how it came out, and what its colours mean.
func (f *frame) head() {
	r := f.run
	days := r.From.In(f.zone).Format("Mon 2 Jan 2006")
	if last := r.To.Add(-time.Second).In(f.zone).Format("Mon 2 Jan 2006"); last != days {
		days += " to " + last
	}
	y := f.y + f.h
	f.text(f.x, y+44, 13, 0, f.black, f.bold, strings.Join([]string{f.site, r.Name, days}, "  ·  "))
	f.text(f.x, y+28, 9.5, 0, f.grey, f.plain, fmt.Sprintf("%s available: absorbed %.1f %%, imported %.2f %%, net %.1f %%  ·  %.2f starts per load and day  ·  %s, %s",
		amount(r.AvailableKWh, r.AvailableKWh), r.AbsorbedPct, r.ImportedPct, r.NetPct, r.Starts, hashes(r.Hashes), efficiency(r.JTH)))
	x := f.x
	for _, k := range []struct {
		name string
		mark func(x, y float64)
	}{
		{"available", func(x, y float64) {
			f.box(f.yellow, x, y, 18, 7)
			f.line(0.8, f.amber, point{x, y + 7}, point{x + 18, y + 7})
		}},
		{"granted", func(x, y float64) { f.dashed(0.8, f.black, point{x, y + 3.5}, point{x + 18, y + 3.5}) }},
		{"drawn", func(x, y float64) {
			f.box(f.pale, x, y, 18, 7)
			f.line(1.4, f.blue, point{x, y + 3.5}, point{x + 18, y + 3.5})
		}},
		{"imported: drawn above what is available", func(x, y float64) { f.box(f.red, x, y, 18, 7) }},
		{"starts", func(x, y float64) {
			for i := range 4 {
				f.line(0.7, f.black, point{x + 3 + 4*float64(i), y}, point{x + 3 + 4*float64(i), y + 7})
			}
		}},
	} {
		k.mark(x, y+10)
		x += 24
		x += f.text(x, y+10.5, 9, 0, f.black, f.plain, k.name) + 18
	}
}
