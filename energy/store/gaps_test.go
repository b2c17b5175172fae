package store

import (
	"fmt"
	"os"
	"strings"
	"testing"

	"github.com/curtaild/curtaild/energy"
)

// The marker that stands for lost records is what docs/records.md says.
func TestGapMarkerIsDocumented(t *testing.T) {
	raw, err := os.ReadFile("../../docs/records.md")
	if err != nil {
		t.Fatal(err)
	}
	_, section, ok := strings.Cut(string(raw), "### `spool_gap`")
	if !ok {
		t.Fatal("docs/records.md does not speak of spool_gap")
	}
	kinds := map[energy.FieldKind]string{energy.KindInt: "int", energy.KindText: "text", energy.KindFloat: "float", energy.KindBool: "bool"}
	l := &Log{opt: LogOptions{Tags: []energy.Tag{{Key: "site", Value: "x"}}}}
	p := l.marker("telemetry", causeBuffer, gap{})
	rows := 0
	for _, tag := range p.Tags {
		rows++
		if !strings.Contains(section, fmt.Sprintf("| `%s` | tag |", tag.Key)) {
			t.Errorf("the tag %q is not documented", tag.Key)
		}
	}
	for _, f := range p.Fields {
		rows++
		if !strings.Contains(section, fmt.Sprintf("| `%s` | %s |", f.Key, kinds[f.Kind])) {
			t.Errorf("the field %q is not documented as %s", f.Key, kinds[f.Kind])
		}
	}
	if got := strings.Count(section, "| `"); got != rows {
		t.Errorf("%d rows for %d columns", got, rows)
	}
}
