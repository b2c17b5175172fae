package policies_test

import (
	"bytes"
	"os"
	"path/filepath"
	"strings"
	"testing"

	"github.com/curtaild/curtaild/policies"
	"github.com/curtaild/curtaild/policies/strict"
)

// Whatever loads is valid, and whatever does not says where and why.
func FuzzLoadPolicies(f *testing.F) {
	files, _ := filepath.Glob("testdata/*.yaml")
	for _, file := range files {
		src, err := os.ReadFile(file)
		if err != nil {
			f.Fatal(err)
		}
		f.Add(src)
	}
	f.Fuzz(func(t *testing.T, src []byte) {
		ps, faults := policies.Load("fuzz.yaml", src)
		checkFaults(t, src, faults)
		if faults.Err() != nil {
			return
		}
		policies.Check(ps, site(t))
		for _, p := range ps {
			checkPolicy(t, p)
		}
	})
}

func checkFaults(t *testing.T, src []byte, faults strict.Faults) {
	lines := bytes.Count(src, []byte("\n")) + 1
	for _, f := range faults {
		if f.Line < 1 || f.Line > lines || f.Column < 1 {
			t.Errorf("no such place: %v", f)
		}
		for _, r := range f.String() {
			if r < ' ' || r == 0x7f {
				t.Errorf("not fit for a terminal: %q", f.String())
			}
		}
	}
}

func checkPolicy(t *testing.T, p policies.Policy) {
	switch {
	case p.Name == "", len(p.Loads) == 0, p.Start.For < 0, p.Stop.For < 0, p.OnStale.Keep < 0, p.Reserve < 0:
		t.Errorf("loaded an invalid policy: %+v", p)
	case p.Use.Available == (p.Use.Fixed > 0):
		t.Errorf("draws on both or neither: %+v", p.Use)
	case p.Order != policies.Efficient && p.Order != policies.Listed:
		t.Errorf("order %q", p.Order)
	case p.OnStale.Then == policies.ThenPower != (p.OnStale.Power > 0):
		t.Errorf("on_stale %+v", p.OnStale)
	}
	switch b := p.Bridge; {
	case b.Auto && b != policies.Bridge{Auto: true}, b.For < 0, b.PerDip < 0, b.PerDay < 0, b.PerDay > 0 && b.PerDay < b.PerDip, b.HasMaxPrice && b.For == 0:
		t.Errorf("bridge %+v", b)
	case p.Objective == policies.Profit && p.ByWork == (p.HashValue > 0):
		t.Errorf("profit, and a hash brings %v", p.HashValue)
	case p.Ramp.Up < 0, p.Ramp.Down < 0:
		t.Errorf("ramp %+v", p.Ramp)
	case p.Probe.Step < 0, p.Probe.Every < 0, (p.Probe.Step > 0) != (p.Probe.Every > 0):
		t.Errorf("probe %+v", p.Probe)
	}
	for _, w := range p.Schedule {
		for _, spec := range []string{w.Open, w.Close} {
			if _, err := policies.ParseCron(spec); err != nil {
				t.Errorf("loaded a window that does not parse: %v", err)
			}
		}
	}
}

// What is built to exhaust a parser is refused, and costs little.
func TestHostile(t *testing.T) {
	bomb := "a: &a [x,x,x,x,x,x,x,x,x]\n"
	for c := 'b'; c < 'z'; c++ {
		p := string(c - 1)
		bomb += string(c) + ": &" + string(c) + " [" + strings.TrimSuffix(strings.Repeat("*"+p+",", 9), ",") + "]\n"
	}
	for name, src := range map[string]string{
		"too large":       "policies: [" + strings.Repeat(" ", strict.MaxSize) + "]",
		"alias bomb":      bomb,
		"its own alias":   "policies: &a [*a]\n",
		"deep flow":       "policies: " + strings.Repeat("[", strict.MaxSize/2),
		"deep braces":     "policies: " + strings.Repeat("{a: ", strict.MaxSize/8),
		"deep block":      "policies:\n" + strings.Repeat("- ", strict.MaxSize/4),
		"many keys":       strings.Repeat("a: 1\n", strict.MaxSize/5),
		"many names":      manyKeys(),
		"open quote":      "policies: \"" + strings.Repeat("x\n", strict.MaxSize/4),
		"open bracket":    "policies: [" + strings.Repeat("x,\n", strict.MaxSize/4),
		"many bad":        "policies:\n" + strings.Repeat("- {use: 1, start: {above: 1}}\n", strict.MaxSize/40),
		"many documents":  strings.Repeat("---\n", strict.MaxSize/4),
		"complex keys":    strings.Repeat("? ", strict.MaxSize/4),
		"only tabs":       strings.Repeat("\t", strict.MaxSize/2),
		"huge cron field": "policies: [{name: a, loads: [b], schedule: [{open: \"" + strings.Repeat("1,", 2000) + "1 * * * *\", close: \"0-99999999999999999999 * * * *\"}]}]",
	} {
		t.Run(name, func(t *testing.T) {
			if _, faults := policies.Load("hostile.yaml", []byte(src)); faults.Err() == nil {
				t.Error("loaded")
			}
		})
	}
}

func manyKeys() string {
	var b strings.Builder
	for i := range strict.MaxSize / 16 {
		b.WriteString("k")
		b.WriteString(strings.Repeat("x", i%5))
		b.WriteString(string(rune('a' + i%26)))
		b.WriteString(string(rune('a' + i/26%26)))
		b.WriteString(string(rune('a' + i/676%26)))
		b.WriteString(string(rune('a' + i/17576%26)))
		b.WriteString(": 1\n")
	}
	return b.String()
}
