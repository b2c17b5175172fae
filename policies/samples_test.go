package policies

import (
	"os"
	"path/filepath"
	"slices"
	"testing"

	"github.com/curtaild/curtaild/policies/strict"
)

// The samples load without a word, and between them hold every key.
func TestSamples(t *testing.T) {
	files, err := filepath.Glob("samples/*.yaml")
	if err != nil || len(files) == 0 {
		t.Fatalf("no samples: %v", err)
	}
	var lacking []string
	for i, file := range files {
		src, err := os.ReadFile(file)
		if err != nil {
			t.Fatal(err)
		}
		doc := strict.Parse(file, src)
		read(doc)
		if faults := doc.Faults(); len(faults) > 0 {
			t.Error(faults)
		}
		unused := doc.Unused()
		if i == 0 {
			lacking = unused
		}
		lacking = slices.DeleteFunc(lacking, func(key string) bool { return !slices.Contains(unused, key) })
	}
	if len(lacking) > 0 {
		t.Errorf("no sample holds %q", lacking)
	}
}
