package main_test

import (
	"fmt"
	"os"
	"os/exec"
	"path/filepath"
	"testing"
)

// TestEndToEnd runs the real binary. Its parts run side by side: what they
// take is mostly waiting.
func TestEndToEnd(t *testing.T) {
	if testing.Short() {
		fmt.Fprintln(os.Stderr, "SKIPPED TestEndToEnd: it takes minutes, and -short was given")
		t.Skip("takes minutes")
	}
	bin := filepath.Join(t.TempDir(), "curtaild")
	if out, err := exec.Command("go", "build", "-o", bin, ".").CombinedOutput(); err != nil {
		t.Fatalf("build curtaild: %v\n%s", err, out)
	}
	for _, part := range []struct {
		name string
		run  func(*testing.T, *world)
	}{
		{"day", playDay},
		{"kills", playKills},
		{"hold and reload", holdAndReload},
		{"second daemon", secondDaemon},
		{"observe", observe},
		{"live check", liveCheck},
		{"bad readings", badReadings},
		{"bad rigs", badRigs},
		{"pools", workForPools},
	} {
		t.Run(part.name, func(t *testing.T) {
			t.Parallel()
			part.run(t, newWorld(t, bin))
		})
	}
}
