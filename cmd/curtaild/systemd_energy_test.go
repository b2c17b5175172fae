package main

import (
	"bytes"
	"os"
	"os/exec"
	"path/filepath"
	"regexp"
	"strings"
	"testing"

	"github.com/curtaild/curtaild/internal/testbed"
)

// The rule for the energy counters and the unit's drop-in are about one group,
// and the unit is as good with the drop-in.
func TestUnitWithEnergyCounters(t *testing.T) {
	dropIn, err := os.ReadFile("../../deploy/systemd/energy.conf")
	if err != nil {
		t.Fatal(err)
	}
	rules, err := os.ReadFile("../../deploy/systemd/60-curtaild-energy.rules")
	if err != nil {
		t.Fatal(err)
	}
	group := regexp.MustCompile(`(?m)^SupplementaryGroups=(\S+)$`).FindSubmatch(dropIn)
	if group == nil {
		t.Fatalf("no group in %s", dropIn)
	}
	for line := range strings.Lines(string(rules)) {
		if strings.HasPrefix(line, "ACTION") && !strings.Contains(line, "chgrp "+string(group[1])+" ") {
			t.Errorf("another group than %s: %s", group[1], line)
		}
	}
	tool, err := exec.LookPath("systemd-analyze")
	testbed.Need(t, "systemd-analyze", err)
	self, err := os.Executable()
	if err != nil {
		t.Fatal(err)
	}
	dir := t.TempDir()
	unit := filepath.Join(dir, "curtaild.service")
	put := func(path string, text []byte) {
		if err := os.MkdirAll(filepath.Dir(path), 0o755); err != nil {
			t.Fatal(err)
		}
		if err := os.WriteFile(path, text, 0o644); err != nil {
			t.Fatal(err)
		}
	}
	put(unit, bytes.ReplaceAll(readUnit(t), []byte("/usr/bin/curtaild"), []byte(self)))
	put(filepath.Join(dir, "curtaild.service.d", "energy.conf"), dropIn)
	out, err := exec.CommandContext(t.Context(), tool, "verify", "--man=no", unit).CombinedOutput()
	if err != nil || strings.TrimSpace(string(out)) != "" {
		t.Errorf("systemd-analyze verify: %v\n%s", err, out)
	}
}
