package strict

import (
	"cmp"
	"fmt"
	"slices"
	"strings"
)

// Pos is a place in a file. Lines and columns count from 1, columns in
// characters.
type Pos struct {
	File   string
	Line   int
	Column int
}

// Severity says whether a fault keeps the program from running.
type Severity string

// The severities.
const (
	Error   Severity = "error"
	Warning Severity = "warning" // is legal, and hardly what was meant
)

// Fault is one thing that is wrong, where it is, and what would be right.
type Fault struct {
	File     string   `json:"file"`
	Line     int      `json:"line"`
	Column   int      `json:"column"`
	Severity Severity `json:"severity"`
	Message  string   `json:"message"`
}

// At makes a fault at p.
func At(p Pos, s Severity, format string, args ...any) Fault {
	return Fault{File: p.File, Line: p.Line, Column: p.Column, Severity: s, Message: fmt.Sprintf(format, args...)}
}

func (f Fault) String() string {
	msg := f.Message
	if f.Severity == Warning {
		msg = "warning: " + msg
	}
	return fmt.Sprintf("%s:%d:%d: %s", printable(f.File), f.Line, f.Column, msg)
}

// Faults is everything that is wrong. As an error it prints one fault a line.
type Faults []Fault

func (fs Faults) Error() string {
	lines := make([]string, len(fs))
	for i, f := range fs {
		lines[i] = f.String()
	}
	return strings.Join(lines, "\n")
}

// Err is fs as an error if any fault is one, else nil: warnings alone stop
// nothing.
func (fs Faults) Err() error {
	if slices.ContainsFunc(fs, func(f Fault) bool { return f.Severity != Warning }) {
		return fs
	}
	return nil
}

// Sorted is fs by file and position, each fault once.
func (fs Faults) Sorted() Faults {
	seen := make(map[Fault]bool, len(fs))
	out := make(Faults, 0, len(fs))
	for _, f := range fs {
		if !seen[f] {
			seen[f] = true
			out = append(out, f)
		}
	}
	slices.SortStableFunc(out, func(a, b Fault) int {
		return cmp.Or(strings.Compare(a.File, b.File), cmp.Compare(a.Line, b.Line), cmp.Compare(a.Column, b.Column))
	})
	return out
}

// printable is s, escaped if anything in it could move a cursor.
func printable(s string) string {
	if q := fmt.Sprintf("%q", s); len(q) != len(s)+2 {
		return q
	}
	return s
}
