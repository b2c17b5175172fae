package energy

import (
	"go/ast"
	"go/parser"
	"go/token"
	"os"
	"regexp"
	"slices"
	"strconv"
	"testing"
)

// declared are the reasons that reason.go declares.
func declared(t *testing.T) []Reason {
	t.Helper()
	f, err := parser.ParseFile(token.NewFileSet(), "reason.go", nil, 0)
	if err != nil {
		t.Fatal(err)
	}
	var out []Reason
	ast.Inspect(f, func(n ast.Node) bool {
		if v, ok := n.(*ast.ValueSpec); ok {
			if id, ok := v.Type.(*ast.Ident); ok && id.Name == "Reason" {
				s, err := strconv.Unquote(v.Values[0].(*ast.BasicLit).Value)
				if err != nil {
					t.Fatal(err)
				}
				out = append(out, Reason(s))
			}
		}
		return true
	})
	return out
}

func TestReasonsAreAllListed(t *testing.T) {
	listed := Reasons()
	if want := declared(t); !slices.Equal(listed, want) {
		t.Errorf("Reasons lists %v, declared are %v", listed, want)
	}
	for i, r := range listed {
		if slices.Contains(listed[:i], r) {
			t.Errorf("%q stands twice", r)
		}
	}
}

func TestReasonsAreExplained(t *testing.T) {
	doc, err := os.ReadFile("../docs/reasons.md")
	if err != nil {
		t.Fatal(err)
	}
	var explained []Reason
	for _, row := range regexp.MustCompile("(?m)^\\| `([a-z-]+)` \\| (.{10,}) \\|$").FindAllStringSubmatch(string(doc), -1) {
		explained = append(explained, Reason(row[1]))
	}
	if want := Reasons(); !slices.Equal(explained, want) {
		t.Errorf("docs/reasons.md explains %v, the code has %v", explained, want)
	}
}
