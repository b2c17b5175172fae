package main

import (
	"bytes"
	"context"
	"encoding/json"
	"errors"
	"io"
	"math"
	"os/exec"
	"path/filepath"
	"strings"
	"testing"
	"testing/synctest"
	"time"

	"github.com/curtaild/curtaild/energy"
	"github.com/curtaild/curtaild/hasher/work"
)

// fakeBench is workers of a machine that draws 40 W, and 12.5 W for each of
// their busy cores, of which they get a part.
type fakeBench struct {
	quarter int
	part    float64
	fail    error
}

func (b *fakeBench) set(_ context.Context, quarter int) error {
	b.quarter = quarter
	return b.fail
}

func (b *fakeBench) busy() (float64, energy.HashRate) {
	cores := b.part * 2 * float64(b.quarter) / quarters
	return cores, energy.HashRate(5e7 * cores)
}

func (b *fakeBench) width() int { return 2 }

func (b *fakeBench) draw() energy.Watts {
	cores, _ := b.busy()
	return energy.Watts(40 + 12.5*cores)
}

// typist reads the bench's meter, and types nonsense before each answer.
type typist struct {
	b     *fakeBench
	words []string
	at    int
	off   energy.Watts
}

func (p *typist) Read(to []byte) (int, error) {
	text := ""
	if p.at < len(p.words) {
		text = p.words[p.at]
		p.at++
	} else {
		p.off = -p.off
		text, p.at = (p.b.draw() + p.off).String(), 0
	}
	return copy(to, text+"\n"), nil
}

// fakeCounter shows what arrives at the processors.
type fakeCounter struct {
	b     *fakeBench
	at    time.Time
	total energy.Joules
	fail  error
}

func (c *fakeCounter) Name() string { return "fake" }

func (c *fakeCounter) Energy(now time.Time) (energy.Joules, error) {
	cores, _ := c.b.busy()
	c.total += energy.Watts(15 + 10*cores).Over(now.Sub(c.at).Seconds())
	c.at = now
	return c.total, c.fail
}

func TestCalibrateByAsking(t *testing.T) {
	synctest.Test(t, func(t *testing.T) {
		b := &fakeBench{part: 1}
		ctx, cancel := context.WithCancel(t.Context())
		defer cancel()
		var out bytes.Buffer
		hand := &typist{b: b, off: 0.4, words: []string{"", "forty", "40", "-3 W", "0 W", "80 kW", "NaN W"}}
		m := &asked{lines: readAnswers(ctx, hand), out: &out}
		steps, err := climb(ctx, b, m, nil, &out)
		if err != nil {
			t.Fatal(err)
		}
		f, err := fitPower(steps, 2)
		if err != nil {
			t.Fatal(err)
		}
		if math.Abs(float64(f.Core)-12.5) > 0.5 || math.Abs(float64(f.Idle)-40) > 0.5 || f.RMS > 0.5 || f.SupplyPct != nil {
			t.Errorf("fitted %+v", f)
		}
		for _, want := range []string{"Step 3 of 4: workers at 50 % of 2 cores\n", "settling", `"40" has no unit`, "want more than 0 W, and at most 20 kW", "want a number with a unit"} {
			if !strings.Contains(out.String(), want) {
				t.Errorf("no %q in %s", want, &out)
			}
		}
		if n := strings.Count(out.String(), "What does the meter show"); n != 4*8 {
			t.Errorf("asked %d times, want 32", n)
		}
	})
}

// Beside a meter, a counter tells what part of the power arrives at it.
func TestCalibrateBesideACounter(t *testing.T) {
	synctest.Test(t, func(t *testing.T) {
		b := &fakeBench{part: 1}
		wall := meterFunc(func(ctx context.Context) (energy.Watts, error) {
			time.Sleep(5 * time.Second) // to read it
			return b.draw(), ctx.Err()
		})
		steps, err := climb(t.Context(), b, wall, &fakeCounter{b: b, at: time.Now()}, io.Discard)
		if err != nil {
			t.Fatal(err)
		}
		f, err := fitPower(steps, 2)
		if err != nil || f.SupplyPct == nil || math.Abs(*f.SupplyPct-80) > 1e-6 {
			t.Fatalf("%+v, %v", f, err)
		}
		f.Kernel = "k"
		var text, data bytes.Buffer
		if err := errors.Join(f.write(&text), f.writeJSON(&data)); err != nil {
			t.Fatal(err)
		}
		for _, want := range []string{"100 %  2.00", "65.0 W", "+0.0 W", "supply: 80.0 %", "core: 12.50 W", "or 40.0 W"} {
			if !strings.Contains(text.String(), want) {
				t.Errorf("no %q in %s", want, &text)
			}
		}
		var back map[string]any
		if err := json.Unmarshal(data.Bytes(), &back); err != nil || back["core_w"] != 12.5 || back["algorithm"] != "sha256d" || len(back["steps"].([]any)) != 4 {
			t.Errorf("%v, %v", back, err)
		}
	})
}

type meterFunc func(context.Context) (energy.Watts, error)

func (m meterFunc) watts(ctx context.Context) (energy.Watts, error) { return m(ctx) }

func TestCalibrateByTheCounter(t *testing.T) {
	synctest.Test(t, func(t *testing.T) {
		b := &fakeBench{part: 1}
		m := &counted{counter: &fakeCounter{b: b, at: time.Now()}, over: settling}
		steps, err := climb(t.Context(), b, m, nil, io.Discard)
		if err != nil {
			t.Fatal(err)
		}
		if f, err := fitPower(steps, 2); err != nil || math.Abs(float64(f.Core)-10) > 1e-6 || math.Abs(float64(f.Idle)-15) > 1e-6 {
			t.Errorf("%+v, %v", f, err)
		}
		m.counter.(*fakeCounter).fail = errors.New("stalled")
		if _, err := climb(t.Context(), b, m, nil, io.Discard); err == nil || !strings.Contains(err.Error(), "stalled") {
			t.Errorf("a counter that fails: %v", err)
		}
	})
}

// The workers are real ones: they are busy for as long as they are set to be,
// say by which kernel, and end when told.
func TestBench(t *testing.T) {
	if testing.Short() {
		t.Skip("builds the program")
	}
	bin := filepath.Join(t.TempDir(), "curtaild")
	if out, err := exec.Command("go", "build", "-o", bin, ".").CombinedOutput(); err != nil {
		t.Fatalf("build curtaild: %v\n%s", err, out)
	}
	b, err := startBench(t.Context(), bin, 1, work.SHA256d)
	if err != nil {
		t.Fatal(err)
	}
	defer b.stop()
	if err := b.set(t.Context(), quarters); err != nil {
		t.Fatal(err)
	}
	tick := time.NewTicker(50 * time.Millisecond)
	defer tick.Stop()
	late := time.After(time.Minute)
	for {
		select {
		case <-tick.C:
		case <-late:
			t.Fatal("no figures within a minute")
		}
		if cores, rate := b.busy(); cores > 0 && rate > 0 {
			break
		}
	}
	if b.kernel() == "" || b.width() != 1 {
		t.Errorf("kernel %q, %d cores", b.kernel(), b.width())
	}
	if err := b.set(t.Context(), 0); err != nil {
		t.Error(err)
	}
}

func TestCalibrateEndsWell(t *testing.T) {
	synctest.Test(t, func(t *testing.T) {
		answers := func(s string) *asked {
			return &asked{lines: readAnswers(t.Context(), strings.NewReader(s)), out: io.Discard}
		}
		if _, err := climb(t.Context(), &fakeBench{}, answers("40 W\n41 W\n"), nil, io.Discard); err == nil || !strings.Contains(err.Error(), "no answer") {
			t.Errorf("nobody answers: %v", err)
		}
		if _, err := climb(t.Context(), &fakeBench{fail: errors.New("no workers")}, answers(""), nil, io.Discard); err == nil || err.Error() != "no workers" {
			t.Errorf("workers that do not run: %v", err)
		}
		ctx, cancel := context.WithCancelCause(t.Context())
		time.AfterFunc(settling/2, func() { cancel(errors.New("interrupted")) })
		if _, err := climb(ctx, &fakeBench{}, answers(""), nil, io.Discard); err == nil || err.Error() != "interrupted" {
			t.Errorf("interrupted: %v", err)
		}
	})
}

func TestFitPower(t *testing.T) {
	at := func(cores, watts float64) step { return step{Cores: cores, Meter: energy.Watts(watts)} }
	if _, err := fitPower([]step{at(0, 40), at(0, 41), at(0, 40), at(0, 42)}, 2); err == nil || !strings.Contains(err.Error(), "got 0.00 of 2 cores") {
		t.Errorf("workers that did nothing: %v", err)
	}
	if _, err := fitPower([]step{at(0, 40), at(0.5, 40), at(1, 40), at(2, 40)}, 2); err != errFlat {
		t.Errorf("a meter of something else: %v", err)
	}
	f, err := fitPower([]step{at(0, 40), at(0.5, 60), at(1, 40), at(2, 65)}, 2)
	if err != nil || !strings.Contains(f.doubt(), "do not lie on a line") {
		t.Errorf("scattered: %+v, %v", f, err)
	}
	if f, err = fitPower([]step{at(0, 40), at(0.4, 44), at(0.8, 48), at(1.6, 56)}, 2); err != nil {
		t.Fatal(err)
	}
	if !strings.Contains(f.doubt(), "1.6 of 2 cores") || math.Abs(float64(f.Core)-10) > 1e-9 {
		t.Errorf("a busy machine: %+v, %q", f, f.doubt())
	}
}

// Wrong flags are refused before anything runs.
func TestCalibrateFlags(t *testing.T) {
	for _, args := range [][]string{
		{"--calibrate", "--kernels"}, {"--calibrate", "--worker"}, {"--calibrate", "--algorithm", "md5"}, {"--calibrate", "--workers", "0"}, {"--json"},
	} {
		root := newRoot()
		root.SetArgs(append([]string{"hash"}, args...))
		root.SetOut(io.Discard)
		root.SetErr(io.Discard)
		if status := execute(t.Context(), root); status == 0 {
			t.Errorf("%v: taken", args)
		}
	}
}
