package simulate

import (
	"encoding/csv"
	"errors"
	"fmt"
	"io"
	"math"
	"slices"
	"strconv"
	"strings"
	"time"
	"unicode/utf8"

	"github.com/curtaild/curtaild/energy"
	"github.com/curtaild/curtaild/policies/strict"
)

// maxFaults is how many faults of a file are told.
const maxFaults = 20

// ReadCSV reads a series: a header, whose first column is time and whose
// others are called after a reading, its topic or its role, and a row for each
// instant. Times are RFC 3339 or seconds of the Unix clock, and rise. A number
// has the unit and the sign that the reading's payloads have; an empty cell is
// a gap, and so is a number outside of the reading's range, with a warning. A
// column that no reading answers to is left out, with a warning too. Errors
// come beside them, at most 20; then the series is nil.
func ReadCSV(name string, src io.Reader, specs []energy.ReadingSpec) (*Series, strict.Faults) {
	rest := &bounded{src: src}
	in := csv.NewReader(rest)
	in.ReuseRecord, in.FieldsPerRecord, in.TrimLeadingSpace = true, -1, true
	t := &table{name: name, in: in, rest: rest, out: &Series{}}
	if t.header(specs) {
		t.outside = make([]outside, len(t.columns))
		for len(t.faults) < maxFaults && t.row() {
		}
		t.warnOutside()
	}
	if len(t.out.At) < 2 && t.faults.Err() == nil {
		t.fault(1, 1, "fewer than two rows: there is nothing to simulate")
	}
	if t.faults.Err() != nil {
		return nil, t.faults
	}
	return t.out, t.faults
}

// table is a file on its way to being a series.
type table struct {
	name    string
	in      *csv.Reader
	rest    *bounded
	out     *Series
	width   int
	columns []int // of the file, for each of the series
	outside []outside
	faults  strict.Faults
}

// maxRow is the size of the longest row, in bytes.
const maxRow = 1 << 20

// bounded reads a source, and fails where a row has no end.
type bounded struct {
	src  io.Reader
	left int // bytes, of the row
}

func (b *bounded) Read(p []byte) (int, error) {
	if b.left <= 0 {
		return 0, errors.New("a row is longer than 1 MB: is this a CSV file?")
	}
	n, err := b.src.Read(p[:min(len(p), b.left)])
	b.left -= n
	return n, err
}

// read reads the next record.
func (t *table) read() ([]string, error) {
	t.rest.left = maxRow
	return t.in.Read()
}

func (t *table) fault(line, column int, format string, args ...any) {
	t.faults = append(t.faults, strict.At(strict.Pos{File: t.name, Line: line, Column: column}, strict.Error, format, args...))
}

// cell is where a field of the present record stands.
func (t *table) cell(field int) (line, column int) { return t.in.FieldPos(field) }

func (t *table) cellFault(field int, format string, args ...any) {
	line, column := t.cell(field)
	t.fault(line, column, format, args...)
}

// header finds a reading for each column; it reports whether rows make sense.
func (t *table) header(specs []energy.ReadingSpec) bool {
	head, err := t.read()
	if err != nil {
		t.fault(1, 1, "no header: the first line names the columns, as in time,grid (%v)", err)
		return false
	}
	t.width = len(head)
	if first := strings.TrimPrefix(head[0], "\ufeff"); strings.TrimSpace(first) != "time" {
		t.cellFault(0, `the first column is %s: call it "time" and put the times there, with commas between the columns and a point in numbers`, brief([]byte(first)))
		return false
	}
	taken := map[string]string{}
	for i, title := range head[1:] {
		title = strings.TrimSpace(title)
		spec := find(specs, title)
		if len(t.faults) == maxFaults {
			break
		}
		if spec == nil {
			line, column := t.cell(i + 1)
			t.faults = append(t.faults, strict.At(strict.Pos{File: t.name, Line: line, Column: column}, strict.Warning,
				"no reading is called %s, nor has that topic or is alone in that role: the column is left out", brief([]byte(title))))
			continue
		}
		if before, twice := taken[spec.Name]; twice {
			t.cellFault(i+1, "%q is reading %s, and so is %q: remove one", title, spec.Name, before)
			continue
		}
		taken[spec.Name] = title
		t.out.Readings = append(t.out.Readings, *spec)
		t.columns = append(t.columns, i+1)
	}
	if len(t.columns) == 0 {
		t.fault(1, 1, "no column belongs to a reading of the config: name them after its readings (%s)", names(specs))
		return false
	}
	return true
}

// find is the reading that a column's title means.
func find(specs []energy.ReadingSpec, title string) *energy.ReadingSpec {
	for _, is := range []func(energy.ReadingSpec) bool{
		func(s energy.ReadingSpec) bool { return s.Name == title },
		func(s energy.ReadingSpec) bool { return s.Topic == title },
		func(s energy.ReadingSpec) bool { return string(s.Role) == title },
	} {
		if i := slices.IndexFunc(specs, is); i >= 0 && !slices.ContainsFunc(specs[i+1:], is) {
			return &specs[i]
		}
	}
	return nil
}

func names(specs []energy.ReadingSpec) string {
	out := make([]string, len(specs))
	for i, s := range specs {
		out[i] = s.Name
	}
	return strings.Join(out, ", ")
}

// row reads one row; false at the end.
func (t *table) row() bool {
	rec, err := t.read()
	var broken *csv.ParseError
	switch {
	case errors.Is(err, io.EOF):
		return false
	case errors.As(err, &broken):
		t.fault(broken.Line, broken.Column, "%v: write a comma between two cells, and quotes around a cell that holds one", broken.Err)
		return true
	case err != nil:
		t.fault(len(t.out.At)+2, 1, "cannot be read: %v", err)
		return false
	case len(rec) != t.width:
		t.cellFault(0, "%d cells, and the header has %d: leave a cell empty where nothing was read", len(rec), t.width)
		return true
	}
	at, ok := moment(rec[0])
	if !ok {
		t.cellFault(0, "%s is no time: write it as in 2026-04-01T12:00:00Z, or as seconds of the Unix clock", brief([]byte(rec[0])))
		return true
	}
	if n := len(t.out.At); n > 0 && !at.After(t.out.At[n-1]) {
		t.cellFault(0, "%s does not come after the row before, %s: sort the rows and keep one for each instant",
			at.Format(time.RFC3339Nano), t.out.At[n-1].Format(time.RFC3339Nano))
		return true
	}
	t.out.At = append(t.out.At, at)
	for i, c := range t.columns {
		t.out.Values = append(t.out.Values, t.number(c, rec[c], i))
	}
	return true
}

// largest is far beyond what any site has, in W or in money for a MWh; energies
// and costs are still numbers.
const largest = 1e15

// number is the value of a cell of a reading; NaN for a gap.
func (t *table) number(field int, text string, reading int) float64 {
	text = strings.TrimSpace(text)
	if text == "" {
		return math.NaN()
	}
	v, err := strconv.ParseFloat(text, 64)
	if err != nil || math.IsInf(v, 0) || math.IsNaN(v) || strings.ContainsAny(text, "xX_pP") {
		t.cellFault(field, "%s is no number: write one with a point, without a unit, or nothing for a gap", brief([]byte(text)))
		return math.NaN()
	}
	spec := &t.out.Readings[reading]
	if spec.Factor != 0 {
		v *= spec.Factor
	}
	switch {
	case spec.Min < spec.Max && (v < spec.Min || v > spec.Max):
		o := &t.outside[reading]
		if o.count++; o.count == 1 {
			o.line, o.column = t.cell(field)
		}
		return math.NaN()
	case math.Abs(v) > largest:
		t.cellFault(field, "%s is more than any site has: look at the unit of the reading", brief([]byte(text)))
		return math.NaN()
	}
	return v
}

// outside counts the values of a reading that lie outside of its range, and
// says where the first one stands.
type outside struct{ count, line, column int }

func (t *table) warnOutside() {
	for i, o := range t.outside {
		if o.count > 0 {
			t.faults = append(t.faults, strict.At(strict.Pos{File: t.name, Line: o.line, Column: o.column}, strict.Warning,
				"%d values of %s lie outside of its range, this one first: they count as gaps, as the daemon would drop them", o.count, t.out.Readings[i].Name))
		}
	}
}

// moment reads a time.
func moment(text string) (time.Time, bool) {
	text = strings.TrimSpace(text)
	if at, err := time.Parse(time.RFC3339Nano, text); err == nil {
		return at.UTC(), true
	}
	s, err := strconv.ParseFloat(text, 64)
	if err != nil || !(s >= 0) || s > 253402300799 || !utf8.ValidString(text) || strings.ContainsAny(text, "xX_pP") {
		return time.Time{}, false
	}
	whole := math.Floor(s)
	return time.Unix(int64(whole), int64(math.Round((s-whole)*1e6))*1000).UTC(), true
}

// Missing says of which readings of the config a series holds nothing.
func (s *Series) Missing(specs []energy.ReadingSpec) (names []string) {
	for _, r := range specs {
		if r.Role != energy.RoleFlexible && !slices.ContainsFunc(s.Readings, func(c energy.ReadingSpec) bool { return c.Name == r.Name }) {
			names = append(names, fmt.Sprintf("%s (%s)", r.Name, r.Role))
		}
	}
	return names
}
