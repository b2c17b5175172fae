package main

import (
	"bytes"
	"encoding/json"
	"fmt"
	"os"
	"path/filepath"
	"regexp"
	"slices"
	"strings"
	"testing"
)

// command runs a command line to its end.
func command(t *testing.T, args ...string) (status int, stdout, stderr string) {
	t.Helper()
	var out, errs bytes.Buffer
	root := newRoot()
	root.SetOut(&out)
	root.SetErr(&errs)
	root.SetArgs(args)
	status = execute(t.Context(), root)
	return status, out.String(), errs.String()
}

const (
	goodConfig = `site: {name: w, time_zone: UTC, balance: grid}
readings: [{name: grid, role: grid, topic: plant/grid, unit: kW, sign: import_positive, max_age: 30s}]
policies: p.yaml
rigs: [{name: a, family: luxos, hosts: [127.0.0.1:9]}]
`
	goodPolicy = "policies: [{name: soak, loads: [a], use: available, start: {above: 1 kW, for: 1m}, stop: {below: 0 kW, for: 1m}}]\n"
	openConfig = goodConfig + "http: {listen: 0.0.0.0:8080}\n"
)

// writeSite writes a config with one policy, and returns where it is.
func writeSite(t *testing.T, config, policy string) (path string) {
	t.Helper()
	dir := t.TempDir()
	path = filepath.Join(dir, "c.yaml")
	for name, text := range map[string]string{path: config, filepath.Join(dir, "p.yaml"): policy} {
		if err := os.WriteFile(name, []byte(text), 0o600); err != nil {
			t.Fatal(err)
		}
	}
	return path
}

func TestCheck(t *testing.T) {
	badConfig := strings.NewReplacer("unit: kW", "unit: kV", "family: luxos", "family: luxus").Replace(goodConfig) + "colour: red\n"
	badPolicy := strings.Replace(goodPolicy, "loads: [a]", "loads: [nobody]", 1)
	for _, tc := range []struct {
		name, config, policy string
		missing              bool
		status               int
		faults               []string // the beginnings of the lines on standard error
		mention              []string // what each of them names
	}{
		{name: "good", config: goodConfig, policy: goodPolicy},
		{name: "warnings only", config: openConfig, policy: goodPolicy, faults: []string{"c.yaml:5:16: warning: "}, mention: []string{"0.0.0.0:8080"}},
		{
			name: "faulty", config: badConfig, policy: badPolicy, status: 2,
			faults:  []string{"c.yaml:2:", "c.yaml:4:", "c.yaml:5:1: ", "p.yaml:1:"},
			mention: []string{"kV", "luxus", "colour", "nobody"},
		},
		{name: "syntax", config: "site: {\n", policy: goodPolicy, status: 2, faults: []string{"c.yaml:1:"}, mention: []string{""}},
		{name: "missing", missing: true, status: 2, faults: []string{"c.yaml:1:1: "}, mention: []string{"cannot be read"}},
	} {
		t.Run(tc.name, func(t *testing.T) {
			path := filepath.Join(t.TempDir(), "c.yaml")
			if !tc.missing {
				path = writeSite(t, tc.config, tc.policy)
			}
			status, out, errs := command(t, "check", "-c", path)
			if status != tc.status {
				t.Errorf("exit status %d, want %d", status, tc.status)
			}
			okLine := ""
			if tc.status == 0 {
				okLine = path + ": ok: 1 readings, 1 loads, 1 policies\n"
			}
			if out != okLine {
				t.Errorf("standard output is %q, want %q", out, okLine)
			}
			lines := slices.Collect(strings.Lines(errs))
			if len(lines) != len(tc.faults) {
				t.Fatalf("%d lines on standard error, want %d:\n%s", len(lines), len(tc.faults), errs)
			}
			place := regexp.MustCompile(`^[^:]+:[1-9][0-9]*:[1-9][0-9]*: .+\n$`)
			for i, line := range lines {
				short := strings.TrimPrefix(line, filepath.Dir(path)+"/")
				if !place.MatchString(line) || !strings.HasPrefix(short, tc.faults[i]) || !strings.Contains(line, tc.mention[i]) {
					t.Errorf("%q, want %q about %q", line, tc.faults[i], tc.mention[i])
				}
			}
			for _, flags := range [][]string{{"--json"}, {"--json", "--live"}} {
				if tc.status != 0 || len(flags) == 1 { // else it would connect
					checkPrintsJSON(t, path, tc.status, lines, flags)
				}
			}
		})
	}
}

// checkPrintsJSON holds the object on standard output against the lines of
// text.
func checkPrintsJSON(t *testing.T, path string, want int, lines, flags []string) {
	t.Helper()
	status, out, errs := command(t, append([]string{"check", "-c", path}, flags...)...)
	if status != want || errs != "" {
		t.Errorf("%v: exit status %d, and on standard error %q", flags, status, errs)
	}
	got := oneObject(t, out)
	if got.OK != (want == 0) || got.Faults == nil {
		t.Errorf("%v: %s", flags, out)
	}
	var text []string
	for _, f := range got.Faults {
		text = append(text, f.String()+"\n")
	}
	if !slices.Equal(text, lines) {
		t.Errorf("%v: the faults are\n%q, and as text\n%q", flags, text, lines)
	}
	if live := slices.Contains(flags, "--live"); live != (got.Findings != nil) {
		t.Errorf("%v: findings %v", flags, got.Findings)
	}
}

// oneObject reads standard output, which must hold one object and no more.
func oneObject(t *testing.T, out string) (c checked) {
	t.Helper()
	dec := json.NewDecoder(strings.NewReader(out))
	dec.DisallowUnknownFields()
	if err := dec.Decode(&c); err != nil {
		t.Fatalf("%v in %s", err, out)
	}
	if dec.More() {
		t.Errorf("more than one value on standard output:\n%s", out)
	}
	return c
}

func TestCommandLine(t *testing.T) {
	good := writeSite(t, goodConfig, goodPolicy)
	for _, tc := range []struct {
		args        []string
		status      int
		out, stderr string // parts of them; empty: nothing is printed
	}{
		{[]string{"version"}, 0, "curtaild ", ""},
		{[]string{"check", "--nonsense"}, 2, "", "--nonsense"},
		{[]string{"--nonsense"}, 2, "", "--nonsense"},
		{[]string{"nonsense"}, 2, "", `"nonsense"`},
		{[]string{"check", "-c", good, "nonsense"}, 2, "", `"nonsense"`},
		{[]string{"check", "--help"}, 0, "--live", ""},
	} {
		t.Run(fmt.Sprint(tc.args), func(t *testing.T) {
			status, out, errs := command(t, tc.args...)
			if status != tc.status {
				t.Errorf("exit status %d, want %d", status, tc.status)
			}
			for _, s := range []struct{ got, want string }{{out, tc.out}, {errs, tc.stderr}} {
				if !strings.Contains(s.got, s.want) || (s.want == "") != (s.got == "") {
					t.Errorf("%q, want %q", s.got, s.want)
				}
			}
		})
	}
}

// What a device says of itself reaches the terminal, its control codes do not.
func TestFindingsArePlain(t *testing.T) {
	var b bytes.Buffer
	if err := printFindings(&b, []finding{{"rig", "a", true, "S19\x1b[2J\nok    rig      b: fine, 45 °C"}}); err != nil {
		t.Fatal(err)
	}
	if got, want := b.String(), "ok    rig      a: S19?[2J?ok    rig      b: fine, 45 °C\n"; got != want {
		t.Errorf("%q, want %q", got, want)
	}
}
