package simulate

import (
	"bytes"
	"encoding/xml"
	"errors"
	"fmt"
	"image/color"
	"image/png"
	"io"
	"strings"
	"testing"
	"time"

	"github.com/curtaild/curtaild/energy"
	"github.com/curtaild/curtaild/internal/days"
)

// plotted is a run of some hours, of minutes or of seconds.
func plotted(t *testing.T, name string, step time.Duration) Named {
	t.Helper()
	var values []float64
	for i, w := range days.Cloudy(5, 150e3)[30_000:60_000] {
		if i%int(step.Seconds()) == 0 {
			values = append(values, w)
		}
	}
	c := siteOf(energy.BalanceSurplus, fleet(40))
	return Named{name, mustRun(t, c, seriesOf(c.Setup.Readings[0], step, values...))}
}

func TestPlotSVG(t *testing.T) {
	var out bytes.Buffer
	zone, err := time.LoadLocation("Europe/Berlin")
	if err != nil {
		t.Fatal(err)
	}
	if err := WritePlot(&out, "svg", "west & field", zone, plotted(t, "bold/", time.Minute), plotted(t, "careful/", time.Minute)); err != nil {
		t.Fatal(err)
	}
	var texts []string
	for d := xml.NewDecoder(&out); ; {
		token, err := d.Token()
		if errors.Is(err, io.EOF) {
			break
		}
		if err != nil {
			t.Fatal(err)
		}
		if data, ok := token.(xml.CharData); ok && strings.TrimSpace(string(data)) != "" {
			texts = append(texts, string(data))
		}
	}
	all := strings.Join(texts, "|")
	for _, want := range []string{
		"west & field  ·  bold/  ·  Wed 1 Apr 2026", "careful/", "|available|", "|granted|", "|drawn|", "imported", "|starts|",
		"local time, CEST", "|15:00|16:00|", "|100|150|kW|", "starts per load and day",
	} {
		if !strings.Contains(all, want) {
			t.Errorf("the plot does not say %q: %s", want, all)
		}
	}
}

// What is available and what is drawn are seen where they were.
func TestPlotPNG(t *testing.T) {
	var out bytes.Buffer
	if err := WritePlot(&out, "png", "x", time.UTC, plotted(t, "p", time.Second)); err != nil {
		t.Fatal(err)
	}
	img, err := png.Decode(&out)
	if err != nil {
		t.Fatal(err)
	}
	const px = resolution / 72.0
	if b := img.Bounds(); b.Dx() != sheetWidth*px || b.Dy() != panelHeight*px {
		t.Errorf("%v", b)
	}
	count := map[color.NRGBA]int{}
	for y := int(marginTop * px); y < int((panelHeight-marginLow)*px); y++ {
		for x := int(marginLeft*px) + 2; x < int((sheetWidth-marginRight)*px); x++ {
			count[color.NRGBAModel.Convert(img.At(x, y)).(color.NRGBA)]++
		}
	}
	ink := okabeIto()
	for name, c := range map[string]color.NRGBA{"available": ink.yellow, "drawn": ink.pale, "curve": ink.blue} {
		if count[c] < 500 {
			t.Errorf("%s covers %d pixels", name, count[c])
		}
	}
}

func TestPlotKind(t *testing.T) {
	if err := WritePlot(io.Discard, "gif", "x", time.UTC, plotted(t, "p", time.Minute)); err == nil {
		t.Error("a gif was drawn")
	}
}

// Ticks are at round times, and neither crowded nor few, from a minute to
// years.
func TestTimes(t *testing.T) {
	for _, length := range []time.Duration{time.Minute, 48 * time.Minute, 5 * time.Hour, 24 * time.Hour, 5 * 24 * time.Hour, 31 * 24 * time.Hour, 365 * 24 * time.Hour, 5 * 365 * 24 * time.Hour} {
		f := frame{run: Named{Result: &Result{From: noon, To: noon.Add(length)}}, zone: time.UTC}
		ticks, label, _ := f.times()
		if len(ticks) < 3 || len(ticks) > 14 || label == "" {
			t.Errorf("%v: %d ticks", length, len(ticks))
		}
	}
	for top, want := range map[float64]string{1: "0.2 1", 140e3: "20000 140000", 150e3: "50000 150000", 700: "100 700", 5.1e6: "1e+06 6e+06"} {
		var f frame
		f.scale(top)
		if got := fmt.Sprint(f.tick, f.top); got != want {
			t.Errorf("up to %v W: %s, want %s", top, got, want)
		}
	}
}
