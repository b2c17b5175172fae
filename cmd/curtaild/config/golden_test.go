package config

import (
	"flag"
	"os"
	"path/filepath"
	"strings"
	"testing"
)

var update = flag.Bool("update", false, "rewrite the .err files")

// A file under testdata named *.yaml must load without a word, unless a *.err
// stands beside it; then the faults must be exactly that text.
func TestGolden(t *testing.T) {
	names, err := filepath.Glob("testdata/*.yaml")
	if err != nil || len(names) == 0 {
		t.Fatalf("no testdata: %v", err)
	}
	for _, name := range names {
		t.Run(filepath.Base(name), func(t *testing.T) {
			cfg, faults := Load(name, options())
			if (cfg == nil) != (faults.Err() != nil) {
				t.Errorf("config %v beside error %v", cfg, faults.Err())
			}
			got := ""
			if len(faults) > 0 {
				got = faults.Error() + "\n"
			}
			file := strings.TrimSuffix(name, ".yaml") + ".err"
			if *update && got != "" {
				if err := os.WriteFile(file, []byte(got), 0o644); err != nil {
					t.Fatal(err)
				}
			}
			want, _ := os.ReadFile(file)
			if got != string(want) {
				t.Errorf("got:\n%swant:\n%s", got, want)
			}
		})
	}
}
