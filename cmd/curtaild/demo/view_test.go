package demo

import (
	"bytes"
	"flag"
	"fmt"
	"os"
	"path/filepath"
	"strings"
	"testing"
	"time"

	tea "charm.land/bubbletea/v2"
	"charm.land/lipgloss/v2"

	"github.com/curtaild/curtaild/energy"
)

var update = flag.Bool("update", false, "write golden files anew")

func golden(t *testing.T, name, got string) {
	t.Helper()
	path := filepath.Join("testdata", name)
	if *update {
		if err := os.WriteFile(path, []byte(got), 0o644); err != nil {
			t.Fatal(err)
		}
	}
	want, err := os.ReadFile(path)
	if err != nil {
		t.Fatal(err)
	}
	if got != string(want) {
		t.Errorf("%s is not as it was; got\n%s", name, got)
	}
}

// testLook has neither colours nor other attributes.
func testLook() look { return look{} }

// testFrame is a site in the middle of a morning.
func testFrame() Frame {
	day := Day{Seed: 1}
	m := day.Moment(100 * time.Second)
	f := Frame{
		Intro:   Intro{Dir: "/tmp/demo", Socket: "/tmp/demo/api.sock", Rigs: 20, For: 2 * time.Minute},
		Day:     day,
		Elapsed: 100 * time.Second,
		Power:   balance(m, Sky{Cover: 0.42, Sun: 640, Generation: 30e3, Load: 4e3}, 15e3),
		Sums:    Sums{Ours: 3600 * 450, OursImported: 3600 * 2, Exported: 3600 * 120, Curtailed: 3600 * 33},
		Heard:   true, Available: 17.3e3,
		Totals: Totals{On: 14, Rate: 601e12, Energy: 3600 * 450, Hashes: 81e15, Accepted: 912, Changes: 77},
	}
	states := []energy.State{energy.StateRunning, energy.StateStarting, energy.StateIdle, energy.StateUnreachable}
	for i := range 10 {
		r := Row{Name: fmt.Sprintf("luxos-%02d", i+1), Family: "luxos", State: states[i%4], On: i%4 < 2, Top: 3500, Draw: 22, Reason: energy.NoBudget}
		if r.On {
			r.Set, r.Draw, r.Rate, r.Reason = 2800, 2790, 121e12, energy.Surplus
		}
		f.Loads = append(f.Loads, r)
	}
	for i := range 10 {
		f.Loads = append(f.Loads, Row{
			Name: fmt.Sprintf("bitaxe-%02d", i+1), Family: "bitaxe", State: energy.StateRunning, On: i < 8, Set: 22, Top: 22, Draw: 21, Rate: 1.27e12, Reason: energy.Surplus,
		})
	}
	f.Loads = append(f.Loads, Row{Name: "cpu", Family: "local", State: energy.StateRunning, On: true, Set: 10, Top: 10, Draw: 10, Rate: 8.1e6, Reason: energy.Surplus})
	for i := range 40 {
		e := Event{Moment: day.Moment(time.Duration(50+i) * time.Second), Kind: Kind(i % 5), Why: "900 W too little"}
		e.Loads = []Change{{"luxos-04", 1800}, {"luxos-05", 900}, {"luxos-06", 900}}[:1+i%3]
		if e.Kind == FromGrid {
			e.Loads, e.Text = nil, "grid: limit of 5.0 kW achieved in 0.4 s, at 4.8 kW"
		}
		f.Events = append(f.Events, e)
	}
	return f
}

func TestScreen(t *testing.T) {
	for _, size := range [][2]int{{80, 24}, {120, 40}} {
		t.Run(fmt.Sprintf("%dx%d", size[0], size[1]), func(t *testing.T) {
			golden(t, fmt.Sprintf("screen-%dx%d.txt", size[0], size[1]), draw(testLook(), testFrame(), size[0], size[1])+"\n")
		})
	}
}

// Whatever the size of the terminal, and before anything is known, nothing
// goes over its edge.
func TestScreenFits(t *testing.T) {
	for name, f := range map[string]Frame{"empty": {}, "full": testFrame()} {
		for width := 1; width < 200; width += 7 {
			for height := 1; height < 70; height += 3 {
				lines := strings.Split(draw(testLook(), f, width, height), "\n")
				if len(lines) > height {
					t.Errorf("%s at %dx%d: %d lines", name, width, height, len(lines))
				}
				for _, line := range lines {
					if lipgloss.Width(line) > width {
						t.Fatalf("%s at %dx%d: a line of %d cells: %q", name, width, height, lipgloss.Width(line), line)
					}
				}
			}
		}
	}
}

func TestScreenSaysItWithoutColours(t *testing.T) {
	if s := draw(testLook(), testFrame(), 120, 40); strings.Contains(s, "\x1b") {
		t.Errorf("there are escapes in %q", s)
	}
}

func TestKeysEndTheDemo(t *testing.T) {
	for _, k := range []tea.KeyPressMsg{{Code: 'c', Mod: tea.ModCtrl}, {Code: 'q', Text: "q"}, {Code: tea.KeyEscape}} {
		ended := false
		m := model{stop: func() { ended = true }}
		m.Update(k)
		if !ended {
			t.Errorf("%s does not end the demo", k)
		}
	}
	m := model{stop: func() { t.Error("any key ends the demo") }}
	m.Update(tea.KeyPressMsg{Code: 'x', Text: "x"})
}

func TestScreenFollowsTheTerminal(t *testing.T) {
	var m tea.Model = model{look: testLook(), width: 80, height: 24}
	m, _ = m.Update(testFrame())
	m, _ = m.Update(tea.WindowSizeMsg{Width: 120, Height: 40})
	if got := m.View().Content; got != draw(testLook(), testFrame(), 120, 40) {
		t.Errorf("after a resize:\n%s", got)
	}
}

func TestPlainLines(t *testing.T) {
	var out bytes.Buffer
	p := &Plain{Out: &out}
	f := testFrame()
	p.Begin(f.Intro)
	p.Show(Frame{}) // nothing is known yet
	p.Tell(f.Events[:8])
	for _, at := range []float64{0.2, 0.4, 5, 7, 9.9, 10.1} {
		f.Elapsed = time.Duration(at * float64(time.Second))
		p.Show(f)
	}
	f.Elapsed = 100 * time.Second
	out.WriteString(Summary(f, Records{Count: 1234, Bytes: 56789, Dir: "/tmp/demo/state"}))
	golden(t, "plain.txt", out.String())
}

func TestSummaryOfNothing(t *testing.T) {
	if s := Summary(Frame{}, Records{}); !strings.Contains(s, "no hashes yet") || strings.Contains(s, "NaN") {
		t.Errorf("summary is %s", s)
	}
}
