package main

import (
	"os/exec"
	"slices"
	"strings"
	"testing"
)

// imports is who may import whom of our packages, over tests too: the table of
// the design document. Adding an edge is a design decision; say why in the
// commit. A package's own external tests may always import it.
var imports = map[string][]string{
	"energy":                  {},
	"energy/mqtt":             {"energy"},
	"energy/record":           {"energy"},
	"energy/store":            {"energy"},
	"energy/influx":           {"energy", "energy/store"},
	"policies":                {"energy", "policies/strict"},
	"policies/strict":         {"energy"},
	"scheduler":               {"energy", "policies"},
	"rigs":                    {"energy"},
	"rigs/cgminer":            {"rigs"},
	"rigs/luxos":              {"energy", "rigs", "rigs/cgminer"},
	"rigs/bitaxe":             {"energy", "rigs"},
	"rigs/emulate":            {"energy"},
	"rigs/rigtest":            {"energy", "rigs", "rigs/emulate"},
	"hasher":                  {"energy", "hasher/kernel", "hasher/power", "hasher/solo", "hasher/stratum", "hasher/work"},
	"hasher/kernel":           {"hasher/work"},
	"hasher/power":            {"energy"},
	"hasher/solo":             {"hasher/work"},
	"hasher/stratum":          {"energy", "hasher/work"},
	"hasher/stratum/pooltest": {},
	"hasher/work":             {},
	"api":                     {"energy", "policies", "scheduler"},
	"cmd/curtaild":            {"*"},
	"cmd/curtaild/config":     {"energy", "policies", "policies/strict"},
	"cmd/curtaild/demo":       {"energy", "policies", "rigs/emulate"},
	"cmd/curtaild/simulate":   {"energy", "policies", "policies/strict", "scheduler"},
	"internal/days":           {},
	"internal/testbed":        {},
}

// testOnly are packages that only tests may import. Emulated rigs may also be
// imported by any test of a driver.
var testOnly = []string{"rigs/rigtest", "internal/days", "internal/testbed", "hasher/stratum/pooltest"}

func TestImports(t *testing.T) {
	const module = "github.com/curtaild/curtaild/"
	out, err := exec.Command("go", "list", "-f",
		`{{.ImportPath}} {{join .Imports " "}}|{{join .TestImports " "}} {{join .XTestImports " "}}`, module+"...").Output()
	if err != nil {
		t.Fatal(err)
	}
	for line := range strings.Lines(string(out)) {
		path, rest, _ := strings.Cut(strings.TrimSpace(line), " ")
		pkg := strings.TrimPrefix(path, module)
		may, known := imports[pkg]
		if !known {
			t.Errorf("%s is not in the table", pkg)
		}
		code, test, _ := strings.Cut(rest, "|")
		for i, list := range []string{code, test} {
			for imp := range strings.FieldsSeq(list) {
				ours, is := strings.CutPrefix(imp, module)
				switch only := slices.Contains(testOnly, ours); {
				case !is, i == 1 && (only || ours == pkg || ours == "rigs/emulate"):
				case only:
					t.Errorf("%s imports %s, which is for tests", pkg, ours)
				case !slices.Contains(may, ours) && !slices.Contains(may, "*"):
					t.Errorf("%s imports %s", pkg, ours)
				}
			}
		}
	}
}
