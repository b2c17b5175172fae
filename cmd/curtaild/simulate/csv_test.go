package simulate

import (
	"math"
	"slices"
	"strings"
	"testing"
	"time"

	"github.com/curtaild/curtaild/energy"
)

func specs() []energy.ReadingSpec {
	return []energy.ReadingSpec{
		{Name: "pcc", Role: energy.RoleGrid, Topic: "plant/pcc", Factor: -1000},
		{Name: "pv", Role: energy.RoleGeneration, Topic: "plant/pv", Factor: 1},
		{Name: "a", Role: "other", Topic: "plant/a"}, {Name: "b", Role: "other", Topic: "plant/b"},
	}
}

func TestReadCSV(t *testing.T) {
	src := "\ufefftime,plant/pcc,generation\n" +
		"2026-04-01T12:00:00Z,1.5,2000\n" +
		"2026-04-01T14:01:00+02:00,,1e3\n" +
		"1775044920.5, -2 ,\n"
	s, faults := ReadCSV("day.csv", strings.NewReader(src), specs())
	if s == nil || len(faults) > 0 {
		t.Fatalf("faults: %v", faults)
	}
	if got := []string{s.Readings[0].Name, s.Readings[1].Name}; !slices.Equal(got, []string{"pcc", "pv"}) {
		t.Errorf("columns %v", got)
	}
	for i, want := range []time.Duration{0, time.Minute, 2*time.Minute + 500*time.Millisecond} {
		if got := s.At[i].Sub(noon); got != want {
			t.Errorf("row %d is %v after noon, want %v", i, got, want)
		}
	}
	want := []float64{-1500, 2000, math.NaN(), 1000, 2000, math.NaN()}
	for i, v := range s.Values {
		if v != want[i] && !(math.IsNaN(v) && math.IsNaN(want[i])) {
			t.Errorf("value %d is %v, want %v", i, v, want[i])
		}
	}
	if got := s.Missing(specs()); !slices.Equal(got, []string{"a (other)", "b (other)"}) {
		t.Errorf("missing %v", got)
	}
}

func TestReadCSVFaults(t *testing.T) {
	const head, row = "time,pcc\n", "2026-04-01T12:00:00Z,1\n"
	for _, c := range []struct{ name, src, want string }{
		{"empty", "", "f.csv:1:1: no header"},
		{"no time", "pcc,time\n", `f.csv:1:1: the first column is "pcc"`},
		{"nothing known", "time,x\n", "f.csv:1:1: no column belongs to a reading"},
		{"unknown", "time,pcc,x\n" + row, `f.csv:1:10: warning: no reading is called "x"`},
		{"a role that two have", "time,pcc,other\n", `f.csv:1:10: warning: no reading is called "other"`},
		{"twice", "time,pcc,grid\n", `f.csv:1:10: "grid" is reading pcc, and so is "pcc"`},
		{"one row", head + row, "f.csv:1:1: fewer than two rows"},
		{"no number", head + row + "2026-04-01T12:01:00Z,2 kW\n", `f.csv:3:22: "2 kW" is no number`},
		{"nan", head + "2026-04-01T12:01:00Z,NaN\n", `f.csv:2:22: "NaN" is no number`},
		{"hex", head + "2026-04-01T12:01:00Z,0x1p4\n", `f.csv:2:22: "0x1p4" is no number`},
		{"no moment", head + "noon,1\n", `f.csv:2:1: "noon" is no time`},
		{"the same again", head + row + row, "f.csv:3:1: 2026-04-01T12:00:00Z does not come after"},
		{"a cell too many", head + "2026-04-01T12:00:00Z,1,2\n", "f.csv:2:1: 3 cells, and the header has 2"},
		{"semicolons", "time;pcc\n1;2\n", `f.csv:1:1: the first column is "time;pcc": call it "time" and put the times there, with commas between`},
		{"a title without end", "time" + strings.Repeat("e", 1000) + ",pcc\n", `f.csv:1:1: the first column is "timeeeeeeeeeeeeeeeeeeeeeeeeeeeeeeeeeeeee": `},
		{"a row without end", head + row + strings.Repeat("1", 3<<20), "f.csv:3:1: cannot be read: a row is longer than 1 MB"},
		{"a quote without end", head + row + `"` + strings.Repeat("1\n", 2<<20), "f.csv:3:1: cannot be read: a row is longer than 1 MB"},
		{"too much", head + row + "2026-04-01T12:01:00Z,1e300\n", `f.csv:3:22: "1e300" is more than any site has`},
		{"an overflow", head + row + "2026-04-01T12:01:00Z,-1e307\n", `f.csv:3:22: "-1e307" is more than any site has`},
		{"a quote", head + "2026-04-01T12:00:00Z,1\"2\n", "f.csv:2:"},
	} {
		t.Run(c.name, func(t *testing.T) {
			s, faults := ReadCSV("f.csv", strings.NewReader(c.src), specs())
			if s != nil || !strings.Contains(faults.Error(), c.want) {
				t.Errorf("faults %q, want %q", faults.Error(), c.want)
			}
		})
	}
	s, faults := ReadCSV("f.csv", strings.NewReader(head+strings.Repeat("x,y\n", 100)), specs())
	if s != nil || len(faults) != maxFaults {
		t.Errorf("%d faults of a file full of them, want %d", len(faults), maxFaults)
	}
}

// What lies outside of a reading's range is a gap, as it would be to the daemon.
func TestReadCSVRange(t *testing.T) {
	list := specs()
	list[0].Min, list[0].Max = -2000, 3000
	s, faults := ReadCSV("f.csv", strings.NewReader("time,pcc\n1,2\n2,2.1\n3,-3\n4,-1e300\n"), list)
	const want = "f.csv:3:3: warning: 2 values of pcc lie outside of its range"
	if s == nil || len(faults) != 1 || !strings.Contains(faults[0].String(), want) {
		t.Fatalf("faults %v, want %q", faults, want)
	}
	for i, want := range []float64{-2000, math.NaN(), 3000, math.NaN()} {
		if v := s.Values[i]; v != want && !(math.IsNaN(v) && math.IsNaN(want)) {
			t.Errorf("row %d: %v, want %v", i, v, want)
		}
	}
}

// A file of one endless line is not told of without end either.
func TestReadCSVHeader(t *testing.T) {
	_, faults := ReadCSV("f.csv", strings.NewReader("time,pcc"+strings.Repeat(",x", 1000)+"\n"), specs())
	if len(faults) > maxFaults+1 {
		t.Errorf("%d faults, want %d", len(faults), maxFaults)
	}
}

func FuzzReadCSV(f *testing.F) {
	f.Add("time,pcc\n2026-04-01T12:00:00Z,1\n2026-04-01T12:01:00Z,\n")
	f.Add("time,grid,pv\n1,2,3\n4,5e300,6\n")
	f.Fuzz(func(t *testing.T, src string) {
		s, faults := ReadCSV("f.csv", strings.NewReader(src), specs())
		if (s == nil) != (faults.Err() != nil) {
			t.Fatalf("series %v with faults %v", s != nil, faults)
		}
		if s != nil && (len(s.At) < 2 || len(s.Values) != len(s.At)*len(s.Readings)) {
			t.Fatalf("%d rows, %d values, %d columns", len(s.At), len(s.Values), len(s.Readings))
		}
	})
}
