package strict

import (
	"fmt"
	"slices"
	"strings"
)

// Hint says what word was probably meant to be, of the names that would be
// right: the near ones, or all of them if they are few.
func Hint(word string, names []string) string {
	if near := nearest(word, names); len(near) > 0 {
		return "did you mean " + either(near) + "?"
	}
	if len(names) == 0 {
		return "there is none to choose from"
	}
	names = slices.Sorted(slices.Values(names))
	if len(names) > 20 {
		return fmt.Sprintf("there are %d others, among them %s", len(names), either(names[:5]))
	}
	return "want " + either(names)
}

// nearest are up to three names at most a third of word's letters away.
func nearest(word string, names []string) []string {
	if len(word) > 64 {
		return nil
	}
	best := len(word)/3 + 1
	var out []string
	for _, name := range names {
		switch d := distance(strings.ToLower(word), strings.ToLower(name), best+1); {
		case d < best:
			best, out = d, []string{name}
		case d == best && len(out) > 0 && len(out) < 3 && !slices.Contains(out, name):
			out = append(out, name)
		}
	}
	return out
}

// distance counts the letters to add, drop, change or swap with a neighbour
// that turn a into b; at most limit.
func distance(a, b string, limit int) int {
	if len(b) > len(a)+limit || len(a) > len(b)+limit {
		return limit
	}
	above, last := make([]int, len(b)+1), make([]int, len(b)+1)
	for j := range last {
		last[j] = j
	}
	for i := range len(a) {
		row := make([]int, len(b)+1)
		row[0] = i + 1
		for j := range len(b) {
			change := last[j]
			if a[i] != b[j] {
				change++
			}
			row[j+1] = min(change, last[j+1]+1, row[j]+1)
			if i > 0 && j > 0 && a[i] == b[j-1] && a[i-1] == b[j] {
				row[j+1] = min(row[j+1], above[j-1]+1)
			}
		}
		above, last = last, row
	}
	return min(last[len(b)], limit)
}

// either lists names for people: "a", "b" or "c".
func either(names []string) string {
	quoted := make([]string, len(names))
	for i, n := range names {
		quoted[i] = fmt.Sprintf("%q", cut(n))
	}
	if len(quoted) == 1 {
		return quoted[0]
	}
	return strings.Join(quoted[:len(quoted)-1], ", ") + " or " + quoted[len(quoted)-1]
}
