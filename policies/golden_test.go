package policies_test

import (
	"flag"
	"os"
	"path/filepath"
	"strings"
	"testing"
	"time"

	"github.com/curtaild/curtaild/energy"
	"github.com/curtaild/curtaild/policies"
	"github.com/curtaild/curtaild/policies/strict"
)

var update = flag.Bool("update", false, "rewrite the .err files")

// site is what the golden files are checked against.
func site(t testing.TB) policies.Site {
	zone, err := time.LoadLocation("Europe/Berlin")
	if err != nil {
		t.Fatal(err)
	}
	points := []energy.OperatingPoint{{Name: "off", Draw: 20}, {Name: "low", Draw: 2420, Rate: 150e12}, {Name: "high", Draw: 3520, Rate: 200e12}}
	return policies.Site{
		Zone: zone, Now: time.Date(2026, 4, 1, 0, 0, 0, 0, time.UTC),
		Loads: []policies.SiteLoad{
			{Name: "a-1", Group: "container-a", Labels: []string{"s19"}, Points: points, Pos: strict.Pos{File: "config.yaml", Line: 7, Column: 9}},
			{Name: "a-2", Group: "container-a", Labels: []string{"s19"}, Points: points, Pos: strict.Pos{File: "config.yaml", Line: 7, Column: 9}},
			{Name: "cpu", Pos: strict.Pos{File: "config.yaml", Line: 9, Column: 9}},
		},
		Names:    []string{"empty-group"},
		Currency: "EUR", ImportPrice: false, ExportPrice: true,
	}
}

// A file under testdata named *.yaml must load without a word, unless a *.err
// stands beside it; then the faults must be exactly that text.
func TestGolden(t *testing.T) {
	files, err := filepath.Glob("testdata/*.yaml")
	if err != nil || len(files) == 0 {
		t.Fatalf("no testdata: %v", err)
	}
	for _, file := range files {
		t.Run(filepath.Base(file), func(t *testing.T) {
			src, err := os.ReadFile(file)
			if err != nil {
				t.Fatal(err)
			}
			ps, faults := policies.Load(filepath.Base(file), src)
			if faults.Err() == nil {
				faults = append(faults, policies.Check(ps, site(t))...)
			}
			golden(t, strings.TrimSuffix(file, ".yaml")+".err", faults)
		})
	}
}

func golden(t *testing.T, file string, faults strict.Faults) {
	t.Helper()
	got := ""
	if len(faults) > 0 {
		got = faults.Error() + "\n"
	}
	if *update && got != "" {
		if err := os.WriteFile(file, []byte(got), 0o644); err != nil {
			t.Fatal(err)
		}
	}
	want, _ := os.ReadFile(file)
	if got != string(want) {
		t.Errorf("got:\n%swant:\n%s", got, want)
	}
}
