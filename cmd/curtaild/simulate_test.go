package main

import (
	"bytes"
	"encoding/json"
	"fmt"
	"math"
	"os"
	"path/filepath"
	"regexp"
	"strings"
	"testing"
	"time"

	"github.com/curtaild/curtaild/internal/days"
)

const exampleDay = "../../docs/examples/day/"

// exampleReadings is the day of docs/examples/day: a plant of 160 kW above a load of
// some kW, in means of a minute.
func exampleReadings() []byte {
	var out bytes.Buffer
	out.WriteString("time,grid,buy,sell\n")
	start := time.Date(2026, 4, 1, 22, 0, 0, 0, time.UTC) // midnight there
	day := days.Cloudy(23, 160e3)
	for m := range len(day) / 60 {
		sum := 0.0
		for _, w := range day[60*m : 60*m+60] {
			sum += w
		}
		hour := float64(m) / 60
		load := 6 + 3*math.Sin(hour/24*2*math.Pi-2)
		price := 95 - 60*math.Exp(-(hour-13)*(hour-13)/8)
		fmt.Fprintf(&out, "%s,%.3f,%.0f,%.0f\n", start.Add(time.Duration(m)*time.Minute).Format(time.RFC3339), load-sum/60/1000, price+80, price)
	}
	return out.Bytes()
}

// TestExampleDay holds the example to its generator.
func TestExampleDay(t *testing.T) {
	want := exampleReadings()
	if *update {
		if err := os.WriteFile(exampleDay+"day.csv", want, 0o644); err != nil {
			t.Fatal(err)
		}
	}
	got, err := os.ReadFile(exampleDay + "day.csv")
	if err != nil || !bytes.Equal(got, want) {
		t.Errorf("day.csv is not what the generator gives (go test ./cmd/curtaild -run ExampleDay -update): %v", err)
	}
}

// simulated runs a command line of curtaild simulate to its end.
func simulated(t *testing.T, args ...string) (status int, out, complaint string) {
	t.Helper()
	var stdout, stderr bytes.Buffer
	root := newRoot()
	root.SetArgs(append([]string{"simulate"}, args...))
	root.SetOut(&stdout)
	root.SetErr(&stderr)
	root.SetIn(strings.NewReader(""))
	return execute(t.Context(), root), stdout.String(), stderr.String()
}

func TestSimulate(t *testing.T) {
	dir := t.TempDir()
	svg, png := filepath.Join(dir, "day.svg"), filepath.Join(dir, "day.PNG")
	status, out, complaint := simulated(t, "-c", exampleDay+"config.yaml", "--readings", exampleDay+"day.csv",
		"--against", exampleDay+"careful", "--plot", svg, "--plot", png)
	if status != 0 || complaint != "" {
		t.Fatalf("status %d: %s", status, complaint)
	}
	for _, want := range []string{
		`2026-04-02 00:00 to 2026-04-02 23:59 \(Europe/Berlin\), 0.9993 days, 40 loads`, `the config's policies +\S*docs/examples/day/careful`,
		`available +[0-9.]+ kWh  100.00 % +[0-9.]+ kWh  100.00 %`, `absorbed +[0-9.]+ kWh`, `imported +`, `net \(absorbed less imported\)`,
		`starts per load and day`, `efficiency +1[67].\d\d J/TH`, `paid for import +[0-9.]+ EUR`, `export forgone +[0-9.]+ EUR`,
	} {
		if !regexp.MustCompile(want).MatchString(out) {
			t.Errorf("no %q in\n%s", want, out)
		}
	}
	for path, magic := range map[string]string{svg: "<?xml", png: "\x89PNG"} {
		if src, err := os.ReadFile(path); err != nil || !strings.HasPrefix(string(src), magic) {
			t.Errorf("%s: %v, begins with %q", path, err, src[:min(8, len(src))])
		}
	}
}

// The names in JSON are documented, and all there.
func TestSimulateJSON(t *testing.T) {
	status, out, complaint := simulated(t, "-c", exampleDay+"config.yaml", "--readings", exampleDay+"day.csv", "--json",
		"--from", "2026-04-02 10:00", "--to", "2026-04-02T12:00:00+02:00")
	if status != 0 || complaint != "" {
		t.Fatalf("status %d: %s", status, complaint)
	}
	var got struct {
		Site string
		Runs []map[string]any
	}
	if err := json.Unmarshal([]byte(out), &got); err != nil {
		t.Fatal(err)
	}
	if got.Site != "example" || len(got.Runs) != 1 || got.Runs[0]["from"] != "2026-04-02T08:00:00Z" || got.Runs[0]["to"] != "2026-04-02T10:00:00Z" {
		t.Fatalf("site %q, %d runs: %v", got.Site, len(got.Runs), got.Runs)
	}
	doc, err := os.ReadFile("../../docs/operating.md")
	if err != nil {
		t.Fatal(err)
	}
	rig := got.Runs[0]["rigs"].([]any)[0].(map[string]any)
	for _, names := range []map[string]any{got.Runs[0], rig} {
		for name := range names {
			if !strings.Contains(string(doc), "`"+name+"`") {
				t.Errorf("docs/operating.md does not name %q", name)
			}
		}
	}
}

func TestSimulateRefuses(t *testing.T) {
	dir := t.TempDir()
	write := func(name, text string) string {
		path := filepath.Join(dir, name)
		if err := os.WriteFile(path, []byte(text), 0o644); err != nil {
			t.Fatal(err)
		}
		return path
	}
	bad := write("bad.csv", "time,grid\n2026-04-01T12:00:00Z,1\n2026-04-01T12:01:00Z,2 kW\n")
	wrong := write("wrong.yaml", "policies:\n  - {name: x, loads: [nobody]}\n")
	noPoints := write("config.yaml", "site: {name: x}\nreadings: [{name: grid, role: grid, topic: a, unit: W, sign: import_positive}]\n"+
		"rigs: [{name: a, family: luxos, hosts: [192.0.2.1]}]\npolicies: p.yaml\n")
	write("p.yaml", "policies:\n  - {name: x, loads: [a]}\n")
	config, day := exampleDay+"config.yaml", exampleDay+"day.csv"
	for say, args := range map[string][]string{
		"bad.csv:3:22: ":                         {"-c", config, "--readings", bad},
		"wrong.yaml:2:23: ":                      {"-c", config, "--readings", day, "--policies", wrong},
		"gives no points for a":                  {"-c", noPoints, "--readings", day},
		"no such file":                           {"-c", config, "--readings", dir + "/none.csv"},
		"holds no *.yaml":                        {"-c", config, "--readings", day, "--against", t.TempDir()},
		"nothing to simulate":                    {"-c", config},
		`--plot "day.gif"`:                       {"-c", config, "--readings", day, "--plot", "day.gif"},
		`--between "often"`:                      {"-c", config, "--readings", day, "--between", "often"},
		"--latency -1s":                          {"-c", config, "--readings", day, "--latency", "-1s"},
		`--from "soon"`:                          {"-c", config, "--readings", day, "--from", "soon"},
		"work.yaml:2:66: policy":                 {"-c", config, "--readings", day, "--against", write("work.yaml", "policies:\n  - {name: x, loads: [container], objective: profit, hash_value: work}\n")},
		"the readings go from 2026-04-01T22:00":  {"-c", config, "--readings", day, "--from", "2027-01-01"},
		"is larger than 1 MB (1048577 bytes)":    {"-c", config, "--readings", day, "--policies", write("large.yaml", strings.Repeat("#", 2<<20))},
		"give one of them":                       {"--exec-protocol", "--readings", day},
		"--against does nothing with --exec":     {"--exec-protocol", "--against", day},
		"line 1: not a message of the protocol":  nil,
		"config.yaml:1:1: cannot be read: no su": {"-c", dir + "/no/config.yaml", "--readings", day},
	} {
		if args == nil {
			var stderr bytes.Buffer
			root := newRoot()
			root.SetArgs([]string{"simulate", "--exec-protocol"})
			root.SetIn(strings.NewReader("hello\n"))
			root.SetErr(&stderr)
			if status := execute(t.Context(), root); status != 2 || !strings.Contains(stderr.String(), say) {
				t.Errorf("garbage: status %d, %s", status, stderr.String())
			}
			continue
		}
		if status, out, complaint := simulated(t, args...); status != 2 || out != "" || !strings.Contains(complaint, say) {
			t.Errorf("%v: status %d, prints %q, complains %q; want 2 and %q", args, status, out, complaint, say)
		}
	}
}

// Policies from elsewhere know of the config's prices, like its own.
func TestSimulatePrices(t *testing.T) {
	path := filepath.Join(t.TempDir(), "p.yaml")
	err := os.WriteFile(path, []byte("policies:\n  - {name: x, loads: [container], objective: profit, hash_value: 45 EUR/PH/s/d,\n     bridge: {for: 3m, energy: 2 kWh, max_price: 400}}\n"), 0o644)
	if err != nil {
		t.Fatal(err)
	}
	status, _, complaint := simulated(t, "-c", exampleDay+"config.yaml", "--readings", exampleDay+"day.csv", "--policies", path)
	if status != 0 || complaint != "" {
		t.Errorf("status %d: %s", status, complaint)
	}
}

// An analyst has the config, and none of its secrets.
func TestSimulateOffline(t *testing.T) {
	src, err := os.ReadFile(exampleDay + "config.yaml")
	if err != nil {
		t.Fatal(err)
	}
	path := filepath.Join(t.TempDir(), "config.yaml")
	folder, err := filepath.Abs(exampleDay)
	if err != nil {
		t.Fatal(err)
	}
	text := strings.Replace(string(src), "policies/*.yaml", folder+"/policies/*.yaml", 1) +
		"mqtt: {broker: \"mqtts://broker.lan:8883\", username: x, password_file: secrets/mqtt, ca_file: ca.pem}\n"
	if err := os.WriteFile(path, []byte(text), 0o644); err != nil {
		t.Fatal(err)
	}
	if status, out, complaint := simulated(t, "-c", path, "--readings", exampleDay+"day.csv"); status != 0 || complaint != "" {
		t.Errorf("status %d: %s%s", status, complaint, out)
	}
	if _, faults := loadConfig(path); len(faults) != 2 {
		t.Errorf("the daemon is told %v", faults)
	}
}
