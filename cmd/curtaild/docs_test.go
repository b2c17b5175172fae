package main

import (
	"os"
	"path/filepath"
	"regexp"
	"slices"
	"strings"
	"testing"
)

// block is a fenced block of a Markdown file.
type block struct{ heading, language, text string }

func blocks(t *testing.T, path string) []block {
	t.Helper()
	src, err := os.ReadFile(path)
	if err != nil {
		t.Fatal(err)
	}
	var out []block
	var heading string
	var open *block
	for line := range strings.Lines(string(src)) {
		language, fence := strings.CutPrefix(line, "```")
		switch {
		case fence && open == nil:
			open = &block{heading: heading, language: strings.TrimSpace(language)}
		case fence:
			out = append(out, *open)
			open = nil
		case open != nil:
			open.text += line
		case strings.HasPrefix(line, "#"):
			heading = strings.TrimSpace(strings.TrimLeft(line, "#"))
		}
	}
	if open != nil {
		t.Errorf("%s: a block under %q is never closed", path, heading)
	}
	return out
}

// TestReadmeFirstCommands holds the two commands that newcomers run.
func TestReadmeFirstCommands(t *testing.T) {
	list := blocks(t, "../../README.md")
	for heading, want := range map[string]string{"Try it": "go run ./cmd/curtaild demo\n", "Test it": "make check\n"} {
		i := slices.IndexFunc(list, func(b block) bool { return b.heading == heading })
		if i < 0 || list[i].text != want {
			t.Errorf("the first block under %q is not %q alone", heading, want)
		}
	}
}

// TestReadmeConfigLoads loads the config and the policy that the README has
// newcomers write.
func TestReadmeConfigLoads(t *testing.T) {
	list := slices.DeleteFunc(blocks(t, "../../README.md"), func(b block) bool { return b.language != "yaml" })
	if len(list) != 2 {
		t.Fatalf("%d blocks of YAML, want the config and a policy", len(list))
	}
	dir := t.TempDir()
	for _, sub := range []string{"secrets", "policies"} {
		if err := os.Mkdir(filepath.Join(dir, sub), 0o700); err != nil {
			t.Fatal(err)
		}
	}
	for name, text := range map[string]string{"config.yaml": list[0].text, "policies/10.yaml": list[1].text, "secrets/mqtt": "secret\n"} {
		if err := os.WriteFile(filepath.Join(dir, name), []byte(text), 0o600); err != nil {
			t.Fatal(err)
		}
	}
	cfg, faults := loadConfig(filepath.Join(dir, "config.yaml"))
	if cfg == nil || len(faults) > 0 {
		t.Errorf("the README's config: %v", faults)
	}
}

// TestDocsListEveryMetric holds the table of docs/operating.md to the code.
func TestDocsListEveryMetric(t *testing.T) {
	code, err := os.ReadFile("../../api/metrics.go")
	if err != nil {
		t.Fatal(err)
	}
	doc, err := os.ReadFile("../../docs/operating.md")
	if err != nil {
		t.Fatal(err)
	}
	var has, told []string
	for _, m := range regexp.MustCompile(`(?m)^\t+\{"(\w+)", "`).FindAllStringSubmatch(string(code), -1) {
		has = append(has, "curtaild_"+m[1])
	}
	for _, m := range regexp.MustCompile("(?m)^\\| `(curtaild_\\w+)` \\|").FindAllStringSubmatch(string(doc), -1) {
		told = append(told, m[1])
	}
	slices.Sort(has)
	slices.Sort(told)
	if len(has) == 0 || !slices.Equal(has, told) {
		t.Errorf("docs/operating.md lists\n%q\nand there are\n%q", told, has)
	}
}

// TestDocsLinksResolve follows every relative link of the documents.
func TestDocsLinksResolve(t *testing.T) {
	files, err := filepath.Glob("../../docs/*.md")
	if err != nil {
		t.Fatal(err)
	}
	link := regexp.MustCompile(`\]\(([^)#:]+)(#[^)]*)?\)`)
	for _, file := range append(files, "../../README.md", "../../CONTRIBUTING.md") {
		src, err := os.ReadFile(file)
		if err != nil {
			t.Fatal(err)
		}
		for _, m := range link.FindAllStringSubmatch(string(src), -1) {
			if _, err := os.Stat(filepath.Join(filepath.Dir(file), m[1])); err != nil {
				t.Errorf("%s links to %s: %v", filepath.Base(file), m[1], err)
			}
		}
	}
}

// TestReadmeCommandsExist runs every command of the README's table for its
// help.
func TestReadmeCommandsExist(t *testing.T) {
	src, err := os.ReadFile("../../README.md")
	if err != nil {
		t.Fatal(err)
	}
	rows := regexp.MustCompile("(?m)^\\| `curtaild (\\w+)").FindAllStringSubmatch(string(src), -1)
	if len(rows) < 5 {
		t.Fatalf("only %d commands found", len(rows))
	}
	for _, row := range rows {
		if cmd, _, err := newRoot().Find([]string{row[1]}); err != nil || cmd.Name() != row[1] {
			t.Errorf("there is no command %s", row[1])
		}
	}
}
