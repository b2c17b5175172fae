// Package rigtest checks that a driver keeps the promises of [rigs.Driver],
// against an emulated machine that speaks its protocol and misbehaves in every
// way that machines in the field do.
package rigtest

import (
	"context"
	"errors"
	"strings"
	"testing"
	"time"

	"github.com/curtaild/curtaild/energy"
	"github.com/curtaild/curtaild/rigs"
	"github.com/curtaild/curtaild/rigs/emulate"
)

// Connect starts an emulated machine with the given options and returns a
// driver joined to it. It closes the machine when the test ends.
type Connect func(t *testing.T, o emulate.Options) (rigs.Driver, emulate.Rig)

// patience bounds a call to a machine that never answers. Nothing depends on
// its length.
const patience = 150 * time.Millisecond

// Run is the contract.
func Run(t *testing.T, connect Connect) {
	for _, c := range []struct {
		name string
		run  func(*testing.T, rigs.Driver, emulate.Rig)
	}{
		{"identifies itself", identifies},
		{"pause and resume show in the status", pauseAndResume},
		{"levels are offered and taken", levels},
		{"a report bears what the meter says", reports},
		{"closing leaves the machine as it is", closing},
		{"an unplugged machine is unreachable", unplugged},
		{"a cancelled context ends every call", cancelled},
		{"a machine that hangs is unreachable", silent(emulate.Fault{Kind: emulate.Hang})},
		{"a machine that dribbles is unreachable", silent(emulate.Fault{Kind: emulate.Dribble})},
		{"a machine that resets is unreachable", resets},
		{"half an answer is garbage", garbled(emulate.Fault{Kind: emulate.Half})},
		{"a web page is garbage", garbled(emulate.Fault{Kind: emulate.Garbage, Variant: "html"})},
		{"plain text is garbage", garbled(emulate.Fault{Kind: emulate.Garbage, Variant: "text"})},
		{"random bytes are garbage", garbled(emulate.Fault{Kind: emulate.Garbage, Variant: "random"})},
		{"an empty answer is garbage", garbled(emulate.Fault{Kind: emulate.Garbage, Variant: "empty"})},
		{"an oversized answer is garbage", garbled(emulate.Fault{Kind: emulate.BigReply})},
		{"another machine's answer shows", other},
		{"it recovers when the machine does", recovers},
	} {
		t.Run(c.name, func(t *testing.T) {
			d, m := connect(t, emulate.Options{Name: "rig", Running: true, StartTime: -1, StopTime: -1})
			c.run(t, d, m)
		})
	}
}

// Status reads the status and fails the test if that fails.
func status(t *testing.T, d rigs.Driver) rigs.Report {
	t.Helper()
	rep, err := d.Status(t.Context())
	if err != nil {
		t.Fatalf("status: %v", err)
	}
	return rep
}

// eventually reads the status until it is as wanted: a driver may put a report
// together over several polls.
func eventually(t *testing.T, d rigs.Driver, what string, ok func(rigs.Report) bool) rigs.Report {
	t.Helper()
	var rep rigs.Report
	for range 10 {
		if rep = status(t, d); ok(rep) {
			return rep
		}
	}
	t.Fatalf("status never shows %s: %+v", what, rep)
	return rep
}

func identifies(t *testing.T, d rigs.Driver, m emulate.Rig) {
	who, err := d.Identify(t.Context())
	if err != nil {
		t.Fatal(err)
	}
	if !strings.EqualFold(who.ID, m.MAC()) || who.Model == "" || who.Firmware == "" {
		t.Errorf("identity %+v, want id %s, a model and a firmware", who, m.MAC())
	}
	rep := eventually(t, d, "its id", func(r rigs.Report) bool { return r.ID != "" })
	if rep.ID != who.ID {
		t.Errorf("status says %q, identify says %q", rep.ID, who.ID)
	}
}

func pauseAndResume(t *testing.T, d rigs.Driver, m emulate.Rig) {
	status(t, d)
	for _, step := range []struct {
		name string
		do   func(context.Context) error
		on   bool
	}{{"pause", d.Pause, false}, {"pause again", d.Pause, false}, {"resume", d.Resume, true}, {"resume again", d.Resume, true}} {
		if err := step.do(t.Context()); err != nil {
			t.Fatalf("%s: %v", step.name, err)
		}
		if m.Meter().Running != step.on {
			t.Fatalf("%s: the machine runs: %v", step.name, m.Meter().Running)
		}
		eventually(t, d, step.name, func(r rigs.Report) bool { return r.On() == step.on && r.Paused() == !step.on })
	}
	if starts := m.Meter().Starts; starts > 2 {
		t.Errorf("%d starts", starts)
	}
}

func levels(t *testing.T, d rigs.Driver, m emulate.Rig) {
	lv, ok := d.(rigs.Leveler)
	if !ok {
		t.Skip("the firmware has no levels")
	}
	status(t, d)
	points, err := lv.Levels(t.Context())
	if err != nil || len(points) == 0 {
		t.Fatalf("levels: %v, %v", points, err)
	}
	for i, p := range points {
		if p.Name == "" || p.Draw <= 0 || p.Rate <= 0 || (i > 0 && p.Draw < points[i-1].Draw) {
			t.Errorf("level %d of %+v", i, points)
		}
	}
	for _, p := range []energy.OperatingPoint{points[0], points[len(points)-1], points[len(points)/2]} {
		if err := lv.SetLevel(t.Context(), p.Name); err != nil {
			t.Fatalf("set level %s: %v", p.Name, err)
		}
		if got := m.Points()[m.Meter().Point].Name; got != p.Name {
			t.Fatalf("the machine is at %q, want %q", got, p.Name)
		}
		eventually(t, d, p.Name, func(r rigs.Report) bool { return r.Level == p.Name && r.On() })
	}
	if err := lv.SetLevel(t.Context(), "no such level"); err == nil {
		t.Error("a level that is none was taken")
	}
}

func reports(t *testing.T, d rigs.Driver, m emulate.Rig) {
	rep := eventually(t, d, "running", func(r rigs.Report) bool { return r.State == energy.StateRunning })
	meter := m.Meter()
	if rep.Source == "" || !near(float64(rep.Draw), float64(meter.Draw)) {
		t.Errorf("draw %v (%s), meter %v", rep.Draw, rep.Source, meter.Draw)
	}
	if !near(float64(rep.Rate), float64(meter.Rate)) {
		t.Errorf("rate %v, meter %v", rep.Rate, meter.Rate)
	}
}

// near allows for rounding on the wire.
func near(a, b float64) bool { return a > 0.97*b && a < 1.03*b }

func closing(t *testing.T, d rigs.Driver, m emulate.Rig) {
	c, ok := d.(rigs.Closer)
	if !ok {
		t.Skip("nothing to close")
	}
	status(t, d)
	if err := d.Pause(t.Context()); err != nil {
		t.Fatal(err)
	}
	for range 2 {
		if err := c.Close(t.Context()); err != nil {
			t.Fatal(err)
		}
	}
	if m.Meter().Running {
		t.Error("closing started the machine")
	}
	if err := d.Resume(t.Context()); err != nil {
		t.Errorf("resume after close: %v", err)
	}
}

// calls are all calls of a driver.
func calls(d rigs.Driver) map[string]func(context.Context) error {
	m := map[string]func(context.Context) error{
		"identify": func(ctx context.Context) error { _, err := d.Identify(ctx); return err },
		"status":   func(ctx context.Context) error { _, err := d.Status(ctx); return err },
		"pause":    d.Pause,
		"resume":   d.Resume,
	}
	if lv, ok := d.(rigs.Leveler); ok {
		m["levels"] = func(ctx context.Context) error { _, err := lv.Levels(ctx); return err }
	}
	return m
}

func unplugged(t *testing.T, d rigs.Driver, m emulate.Rig) {
	m.Close()
	for name, call := range calls(d) {
		if err := call(t.Context()); !errors.Is(err, rigs.ErrUnreachable) {
			t.Errorf("%s: %v, want ErrUnreachable", name, err)
		}
	}
}

func cancelled(t *testing.T, d rigs.Driver, _ emulate.Rig) {
	ctx, cancel := context.WithCancel(t.Context())
	cancel()
	for name, call := range calls(d) {
		if err := call(ctx); !errors.Is(err, context.Canceled) {
			t.Errorf("%s: %v, want context.Canceled", name, err)
		}
	}
}

func silent(f emulate.Fault) func(*testing.T, rigs.Driver, emulate.Rig) {
	return func(t *testing.T, d rigs.Driver, m emulate.Rig) {
		m.Inject(f)
		for name, call := range calls(d) {
			ctx, cancel := context.WithTimeout(t.Context(), patience)
			err := call(ctx)
			cancel()
			if !errors.Is(err, rigs.ErrUnreachable) {
				t.Errorf("%s: %v, want ErrUnreachable", name, err)
			}
		}
	}
}

func resets(t *testing.T, d rigs.Driver, m emulate.Rig) {
	m.Inject(emulate.Fault{Kind: emulate.Refuse})
	for name, call := range calls(d) {
		if err := call(t.Context()); !errors.Is(err, rigs.ErrUnreachable) {
			t.Errorf("%s: %v, want ErrUnreachable", name, err)
		}
	}
}

func garbled(f emulate.Fault) func(*testing.T, rigs.Driver, emulate.Rig) {
	return func(t *testing.T, d rigs.Driver, m emulate.Rig) {
		m.Inject(f)
		for name, call := range calls(d) {
			if name == "pause" || name == "resume" {
				continue // a driver need not read the body of a plain "done"
			}
			ctx, cancel := context.WithTimeout(t.Context(), 20*patience)
			err := call(ctx)
			cancel()
			// No byte at all is no answer where the protocol frames its answers.
			silence := f.Variant == "empty" && errors.Is(err, rigs.ErrUnreachable)
			if !errors.Is(err, rigs.ErrGarbage) && !silence {
				t.Errorf("%s: %v, want ErrGarbage", name, err)
			}
		}
	}
}

func other(t *testing.T, d rigs.Driver, m emulate.Rig) {
	before, err := d.Identify(t.Context())
	if err != nil {
		t.Fatal(err)
	}
	m.Inject(emulate.Fault{Kind: emulate.OtherRig})
	after, err := d.Identify(t.Context())
	if err != nil || after.ID == before.ID {
		t.Errorf("identity %+v, %v; before %+v", after, err, before)
	}
	eventually(t, d, "another id", func(r rigs.Report) bool { return r.ID == after.ID })
}

func recovers(t *testing.T, d rigs.Driver, m emulate.Rig) {
	m.Inject(emulate.Fault{Kind: emulate.Half, Count: 2})
	for range 2 {
		if _, err := d.Status(t.Context()); err == nil {
			t.Error("half an answer was taken")
		}
	}
	status(t, d)
	if err := d.Pause(t.Context()); err != nil {
		t.Errorf("pause: %v", err)
	}
}
