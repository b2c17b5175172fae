package record

import (
	"bytes"
	"flag"
	"fmt"
	"math"
	"os"
	"regexp"
	"slices"
	"strings"
	"testing"
	"time"

	"github.com/curtaild/curtaild/energy"
)

var update = flag.Bool("update", false, "rewrite the tables of docs/records.md")

const docPath = "../../docs/records.md"

var kinds = map[energy.FieldKind]string{
	energy.KindFloat: "float", energy.KindInt: "int", energy.KindText: "text", energy.KindBool: "bool",
}

// fullRun makes every measurement with every tag and field there is.
func fullRun(t *testing.T) []energy.Point {
	t.Helper()
	limit := energy.Watts(1000)
	r := newRecorder(func(c *Config) { c.ExportLimit = &limit })
	points := []energy.Point{r.Meta(noon, "v1.2.3", "abc")}
	points = append(points, drive(r, 0, 900, func(s float64) energy.Snapshot {
		x := counted(s)
		v := &x.Loads[0]
		v.Status.Model, v.Status.TempC, v.Status.Accepted = "S21", 61, 5
		v.Status.PerHash, v.Status.Earned = 1e-12, 7
		b := &x.Balance
		b.Generation, b.Load, b.Curtailed, b.Battery, b.SoC = good(9000), good(100), good(5), good(-5), good(80)
		b.ImportPrice, b.ExportPrice, b.Carbon = good(80), good(40), good(300)
		return x
	})...)
	points = append(points, r.Pool(noon, PoolStatus{Rig: "cpu", Pool: "pool.example:3333", AnswerP50: time.Second, AnswerP95: time.Second}))
	f := func(v float64) *float64 { return &v }
	return append(points, r.Signal(energy.SignalStatus{
		Source: "dso", Kind: energy.KindLimit, ID: "ev-1", Revision: 2, State: energy.SignalAchieved, Reason: "none", At: noon,
		AskedKW: f(120), MeasuredKW: f(118), BaselineKW: f(900), Delivered: f(782), AchievedS: f(38),
	})...)
}

// What is written is what the schema says, and the schema says nothing that is
// never written.
func TestSchemaIsWhatIsWritten(t *testing.T) {
	seen := map[string]bool{}
	schema := map[string]Measurement{}
	columns := map[string]string{} // measurement.column to type
	for _, m := range Schema() {
		schema[m.Name] = m
		for _, c := range slices.Concat(m.Tags, m.Fields) {
			columns[m.Name+"."+c.Name] = c.Type
		}
	}
	for _, p := range fullRun(t) {
		m, ok := schema[p.Measurement]
		if !ok || m.Class != p.Class {
			t.Fatalf("measurement %q of class %d is not in the schema", p.Measurement, p.Class)
		}
		checkForm(t, p)
		for _, tag := range p.Tags {
			column(t, columns, seen, p.Measurement+"."+tag.Key, "tag")
		}
		for _, f := range p.Fields {
			column(t, columns, seen, p.Measurement+"."+f.Key, kinds[f.Kind])
		}
	}
	for c := range columns {
		if !seen[c] {
			t.Errorf("%s is in the schema, and never written", c)
		}
	}
}

func column(t *testing.T, columns map[string]string, seen map[string]bool, name, kind string) {
	t.Helper()
	seen[name] = true
	if columns[name] != kind {
		t.Errorf("%s is written as %s, the schema says %q", name, kind, columns[name])
	}
}

// checkForm holds what every point must be: tags in order and not empty, a
// field at least, each once and finite, times in UTC.
func checkForm(t *testing.T, p energy.Point) {
	t.Helper()
	for i, tag := range p.Tags {
		if tag.Value == "" || i > 0 && p.Tags[i-1].Key >= tag.Key {
			t.Errorf("%s: tags %v", p.Measurement, p.Tags)
		}
	}
	seen := map[string]bool{}
	for _, f := range p.Fields {
		if seen[f.Key] || math.IsNaN(f.F) || math.IsInf(f.F, 0) {
			t.Errorf("%s: field %+v", p.Measurement, f)
		}
		seen[f.Key] = true
	}
	if len(p.Fields) == 0 || p.Time.Location() != time.UTC {
		t.Errorf("%s: %d fields, time %v", p.Measurement, len(p.Fields), p.Time)
	}
}

// table is a measurement as docs/records.md shows it.
func table(m Measurement) string {
	var b strings.Builder
	b.WriteString("| name | type | unit | meaning |\n|---|---|---|---|\n")
	for _, c := range slices.Concat(m.Tags, m.Fields) {
		fmt.Fprintf(&b, "| `%s` | %s | %s | %s |\n", c.Name, c.Type, c.Unit, c.Meaning)
	}
	return b.String()
}

func TestDocumentation(t *testing.T) {
	doc, err := os.ReadFile(docPath)
	if err != nil {
		t.Fatal(err)
	}
	sections := regexp.MustCompile("(?m)^## `([a-z_]+)`$").FindAllSubmatchIndex(doc, -1)
	var names []string
	for i, s := range sections {
		end := len(doc)
		if i+1 < len(sections) {
			end = sections[i+1][0]
		}
		name, body := string(doc[s[2]:s[3]]), doc[s[1]:end]
		names = append(names, name)
		checkSection(t, name, string(body))
	}
	var want []string
	for _, m := range Schema() {
		want = append(want, m.Name)
	}
	if !slices.Equal(names, want) {
		t.Errorf("docs/records.md has %v, the code writes %v", names, want)
	}
	if *update {
		rewrite(t, doc)
	}
}

func checkSection(t *testing.T, name, body string) {
	t.Helper()
	i := slices.IndexFunc(Schema(), func(m Measurement) bool { return m.Name == name })
	if i < 0 {
		t.Errorf("docs/records.md has %q, which is never written", name)
		return
	}
	m := Schema()[i]
	if !strings.Contains(body, table(m)) && !*update {
		t.Errorf("the table of %q is not what the code writes; go test ./energy/record -run Documentation -update", name)
	}
	for lang, from := range map[string]string{"sql": `FROM "` + name + `"`, "flux": `r._measurement == "` + name + `"`} {
		q := regexp.MustCompile("(?s)```" + lang + "\n(.*?)```").FindStringSubmatch(body)
		if q == nil || !strings.Contains(q[1], from) {
			t.Errorf("%s: no query with %s", name, from)
			continue
		}
		checkQuery(t, m, q[1])
	}
}

// checkQuery holds the columns that a query names to the schema.
func checkQuery(t *testing.T, m Measurement, query string) {
	t.Helper()
	known := []string{m.Name, "energy", "_value", "_time", "_field"}
	query = regexp.MustCompile(`r\.([a-z]+) == "[a-z0-9]+"`).ReplaceAllString(query, `"$1"`)
	for _, c := range slices.Concat(m.Tags, m.Fields) {
		known = append(known, c.Name)
	}
	for _, w := range regexp.MustCompile(`"([a-z_]+)"`).FindAllStringSubmatch(query, -1) {
		if !slices.Contains(known, w[1]) {
			t.Errorf("%s: the query names %q: %s", m.Name, w[1], query)
		}
	}
}

// rewrite puts the code's tables into the document.
func rewrite(t *testing.T, doc []byte) {
	t.Helper()
	for _, m := range Schema() {
		re := regexp.MustCompile("(?s)(\n## `" + m.Name + "`\n.*?\n\n)\\| name .*?\n(\n)")
		doc = re.ReplaceAllFunc(doc, func(b []byte) []byte {
			head := re.FindSubmatch(b)[1]
			return slices.Concat(head, []byte(table(m)), []byte("\n"))
		})
	}
	if err := os.WriteFile(docPath, append(bytes.TrimSpace(doc), 0x0a), 0o644); err != nil {
		t.Fatal(err)
	}
}
