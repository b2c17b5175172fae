package strict_test

import (
	"encoding/json"
	"errors"
	"fmt"
	"strings"
	"testing"
	"time"

	"github.com/curtaild/curtaild/energy"
	"github.com/curtaild/curtaild/policies/strict"
)

func Example() {
	doc := strict.Parse("site.yaml", []byte("name: westfield\nlimit: 8\nlimt: 8 kW\n"))
	m := doc.Map()
	m.Require("name", "zone")
	fmt.Println(m.String("name", ""), m.Watts("limit", 600))
	m.Done()
	fmt.Println(doc.Faults().Err())
	// Output:
	// westfield 600 W
	// site.yaml:1:1: zone is missing: add it
	// site.yaml:2:8: limit: power "8" has no unit: write it as in "8 kW"
	// site.yaml:3:1: unknown key "limt": did you mean "limit"?
}

// Scalars are taken by their text, never by the type that YAML guesses.
func TestScalars(t *testing.T) {
	for _, tt := range []struct {
		yaml string
		want string // of each getter; "!" for a fault
		get  func(*strict.Map) any
	}{
		{"on", "on", str}, {"0123", "0123", str}, {"1e3", "1e3", str}, {"'~'", "~", str}, {"2026-01-01", "2026-01-01", str},
		{"~", "!", str}, {"", "!", str}, {"''", "!", str}, {"' '", "!", str}, {"[a]", "!", str}, {"{a: b}", "!", str},
		{`"a\nb"`, "!", str}, {`"\e[2J"`, "!", str}, {"!!str a", "!", str}, {"&a b", "!", str}, {"|\n  two\n  lines", "!", str},
		{"true", "true", boolean}, {"false", "false", boolean}, {"yes", "!", boolean}, {"on", "!", boolean}, {"True", "!", boolean}, {"'true'", "!", boolean}, {"1", "!", boolean},
		{"2", "2", integer}, {"-2", "-2", integer}, {"010", "!", integer}, {"0x10", "!", integer}, {"1e3", "!", integer}, {"1_000", "!", integer}, {"2.0", "!", integer}, {"+2", "!", integer}, {"9999999999999999999", "!", integer},
		{"8 kW", "8 kW", watts}, {"-1.5MW", "-1.5 MW", watts}, {"8", "!", watts}, {".inf", "!", watts}, {"0x1p4 W", "!", watts}, {"NaN W", "!", watts}, {"8 kw", "!", watts},
		{"4 %", "4 %", pct}, {"4%", "4 %", pct}, {"4", "!", pct}, {"0x1p4 %", "!", pct}, {"Inf %", "!", pct},
		{"90s", "1m30s", duration}, {"1 h 30 m", "1h30m0s", duration}, {"2d", "48h0m0s", duration}, {"1d12h", "36h0m0s", duration}, {"0s", "0s", duration},
		{"0", "!", duration}, {"90", "!", duration}, {"1e3", "!", duration}, {"-90s", "!", duration}, {"'- 90s'", "!", duration}, {"1.5d", "!", duration}, {"d", "!", duration}, {"1d-2h", "!", duration}, {"99999999h", "!", duration}, {"65535d", "!", duration}, {"1w", "!", duration},
		{"2 GB", "2000000000", bytes}, {"2GiB", "2147483648", bytes}, {"1 kB", "1000", bytes}, {"1 KiB", "1024", bytes}, {"1.5 MB", "1500000", bytes}, {"64 B", "64", bytes}, {"1 TB", "1000000000000", bytes},
		{"2", "!", bytes}, {"2 G", "!", bytes}, {"-2 GB", "!", bytes}, {"2000000 TB", "!", bytes}, {"1e3 GB", "!", bytes},
		{"110 TH/s", "110 TH/s", rate}, {"110", "!", rate},
		{"70 kWh", "70 kWh", joules}, {"70", "!", joules}, {"70 kW", "!", joules},
		{"60 kW/min", "1 kW", slope}, {"7.2 MW / h", "2 kW", slope}, {"5 W/s", "5 W", slope}, {"60 kW", "!", slope}, {"60/min", "!", slope}, {"60 kW/d", "!", slope}, {"kW/min", "!", slope}, {"1 kW/s/s", "!", slope},
		{"120", "120", number}, {"-1.5", "-1.5", number}, {"1e999", "!", number}, {"0x10", "!", number}, {"1_0", "!", number}, {".nan", "!", number}, {"12 EUR", "!", number},
	} {
		doc := strict.Parse("x.yaml", []byte("key: "+tt.yaml+"\n"))
		got := fmt.Sprint(tt.get(doc.Map()))
		if fs := doc.Faults(); len(fs) > 0 {
			if got = "!"; len(fs) > 1 || fs[0].Line != 1 || fs[0].Column != 6 && tt.yaml != "" {
				t.Errorf("%s: want one fault at the value, got %v", tt.yaml, fs)
			}
		}
		if got != tt.want {
			t.Errorf("%q: got %s, want %s (%v)", tt.yaml, got, tt.want, doc.Faults())
		}
	}
}

func str(m *strict.Map) any      { return m.String("key", "") }
func boolean(m *strict.Map) any  { return m.Bool("key", false) }
func integer(m *strict.Map) any  { return m.Int("key", 0) }
func watts(m *strict.Map) any    { return m.Watts("key", 0) }
func pct(m *strict.Map) any      { return m.Pct("key", 0) }
func duration(m *strict.Map) any { return m.Duration("key", 0) }
func bytes(m *strict.Map) any    { return m.Bytes("key", 0) }
func rate(m *strict.Map) any     { return m.HashRate("key", 0) }
func joules(m *strict.Map) any   { return m.Joules("key", 0) }
func slope(m *strict.Map) any    { return m.Slope("key", 0) }
func number(m *strict.Map) any   { return m.Number("key", 0) }

// What is absent yields the default in silence, however deep.
func TestAbsent(t *testing.T) {
	doc := strict.Parse("x.yaml", []byte("a: {}\n"))
	m := doc.Map().Map("a")
	if got := m.Duration("b", time.Minute); got != time.Minute {
		t.Error(got)
	}
	deep := m.Map("b").Map("c")
	deep.Require("d")
	if got := deep.Watts("d", 5); got != energy.Watts(5) {
		t.Error(got)
	}
	deep.Done()
	m.Done()
	if fs := doc.Faults(); len(fs) > 0 {
		t.Error(fs)
	}
	if got := strings.Join(doc.Unused(), " "); got != "a.b a.b.c a.b.c.d" {
		t.Errorf("unused: %s", got)
	}
}

// A syntax error stands alone: an unreadable document says nothing else.
func TestUnreadable(t *testing.T) {
	for _, src := range []string{"a: [\n", "a: b: c\n", "\xff", "a\x00", strings.Repeat("x", strict.MaxSize+1), "a: 1\n---\nb: 2\n", "%YAML 9.9\n"} {
		doc := strict.Parse("x.yaml", []byte(src))
		m := doc.Map()
		m.Require("z")
		m.Map("y").Require("x")
		m.Done()
		if fs := doc.Faults(); len(fs) != 1 || doc.Readable() {
			t.Errorf("%.20q: %v", src, fs)
		}
	}
}

// The line of a syntax error is where the mistake is, not where the construct
// around it begins.
func TestSyntaxLine(t *testing.T) {
	head := "policies:\n  - name: a\n    loads: [cpu]\n"
	for _, tt := range []struct {
		src  string
		line int
	}{
		{head + "   bad: x\n  - name: b\n", 4},
		{head + "    bad: x: y\n  - name: b\n", 4},
		{head + "\tbad: x\n", 4},
		{head + "    bad: [a, b\n  - name: b\n    use: x\n", 4},
		{head + "    bad: 'open\n  - name: b\n    use: x\n", 4},
		{head + "    bad: a]\n    worse: }\n", 5},
		{head + "    bad: *nowhere\n    good: 1\n", 4},
		{"\n\n\nbad: x: y\n", 4},
		{"bad: @x\n", 1},
		{"a: 1\r\nbad: @x\r\n", 2},
	} {
		fs := strict.Parse("x.yaml", []byte(tt.src)).Faults()
		if len(fs) != 1 || fs[0].Line != tt.line {
			t.Errorf("%q: %v, want line %d", tt.src, fs, tt.line)
		}
	}
}

func TestFaults(t *testing.T) {
	fs := strict.Faults{
		strict.At(strict.Pos{File: "b.yaml", Line: 1, Column: 1}, strict.Warning, "w"),
		strict.At(strict.Pos{File: "a\x1b.yaml", Line: 2, Column: 10}, strict.Warning, "second"),
		strict.At(strict.Pos{File: "a\x1b.yaml", Line: 2, Column: 9}, strict.Warning, "first"),
		strict.At(strict.Pos{File: "b.yaml", Line: 1, Column: 1}, strict.Warning, "w"),
	}
	if fs.Err() != nil {
		t.Error("warnings stop something")
	}
	const want = `"a\x1b.yaml":2:9: warning: first
"a\x1b.yaml":2:10: warning: second
b.yaml:1:1: warning: w`
	if got := fs.Sorted().Error(); got != want {
		t.Errorf("got\n%s\nwant\n%s", got, want)
	}
	fs = append(fs, strict.At(strict.Pos{File: "c", Line: 1, Column: 2}, strict.Error, "e"))
	var all strict.Faults
	if err := fmt.Errorf("load: %w", fs.Err()); !errors.As(err, &all) || len(all) != 5 {
		t.Errorf("%v", err)
	}
	got, err := json.Marshal(fs[4])
	if err != nil || string(got) != `{"file":"c","line":1,"column":2,"severity":"error","message":"e"}` {
		t.Errorf("%s %v", got, err)
	}
}

func TestHint(t *testing.T) {
	names := []string{"start", "stop", "schedule", "reserve"}
	for word, want := range map[string]string{
		"strat":    `did you mean "start"?`,
		"START":    `did you mean "start"?`,
		"shedule":  `did you mean "schedule"?`,
		"stp":      `did you mean "stop"?`,
		"x":        `want "reserve", "schedule", "start" or "stop"`,
		"bandwdth": `want "reserve", "schedule", "start" or "stop"`,
	} {
		if got := strict.Hint(word, names); got != want {
			t.Errorf("%s: %s", word, got)
		}
	}
}
