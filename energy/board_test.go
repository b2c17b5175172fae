package energy

import (
	"fmt"
	"math"
	"testing"
	"time"
)

var noon = time.Date(2026, 4, 1, 12, 0, 0, 0, time.UTC)

func at(s float64) time.Time { return noon.Add(time.Duration(s * float64(time.Second))) }

func reading(name string, v, s float64) Reading {
	return Reading{Name: name, Value: v, At: at(s), Arrived: at(s)}
}

func gridSpec() ReadingSpec {
	return ReadingSpec{Name: "grid", Role: RoleGrid, MaxAge: 30 * time.Second}
}

func TestBoardAge(t *testing.T) {
	for _, c := range []struct {
		name    string
		r       Reading
		now     float64
		quality Quality
		until   float64
	}{
		{"fresh", reading("grid", 1, 0), 29.999, Good, 30},
		{"at its max age", reading("grid", 1, 0), 30, Stale, 30},
		{"measured long before it came", Reading{Name: "grid", Value: 1, At: at(0), Arrived: at(20)}, 30, Stale, 30},
		{"source clock ahead", Reading{Name: "grid", Value: 1, At: at(4), Arrived: at(0)}, 29.999, Good, 30},
		{"source clock ahead, by arrival", Reading{Name: "grid", Value: 1, At: at(4), Arrived: at(0)}, 30, Stale, 30},
	} {
		t.Run(c.name, func(t *testing.T) {
			b := NewBoard([]ReadingSpec{gridSpec()})
			if why := b.Take(c.r); why != "" {
				t.Fatalf("refused: %s", why)
			}
			s := b.Role(RoleGrid, at(c.now))
			if s.Quality != c.quality || !s.Until.Equal(at(c.until)) {
				t.Errorf("%s until %v, want %s until %v", s.Quality, s.Until.Sub(noon), c.quality, c.until)
			}
		})
	}
}

func TestBoardNeverHeard(t *testing.T) {
	b := NewBoard([]ReadingSpec{gridSpec()})
	if s := b.Role(RoleGrid, noon); s != (Sample{}) {
		t.Errorf("never heard: %+v", s)
	}
	if s := b.Sample("nonesuch", noon); s != (Sample{}) {
		t.Errorf("unknown: %+v", s)
	}
	if b.Has(RoleSurplus) || !b.Has(RoleGrid) {
		t.Error("roles")
	}
}

func TestBoardRefuses(t *testing.T) {
	spec := gridSpec()
	spec.Min, spec.Max = -10, 10
	b := NewBoard([]ReadingSpec{spec})
	b.Take(reading("grid", 5, 10))
	for _, c := range []struct {
		r    Reading
		want Refusal
	}{
		{reading("grid", 1, 9.999), RefusedOlder},
		{reading("grid", 10.001, 11), RefusedRange},
		{reading("grid", -10.001, 11), RefusedRange},
		{reading("grid", math.NaN(), 11), RefusedValue},
		{reading("grid", math.Inf(1), 11), RefusedValue},
		{reading("other", 1, 11), RefusedUnknown},
	} {
		if got := b.Take(c.r); got != c.want {
			t.Errorf("%v: %q, want %q", c.r, got, c.want)
		}
	}
	if s := b.Role(RoleGrid, at(12)); s.Value != 5 || !s.OK() {
		t.Errorf("the last good value is gone: %+v", s)
	}
	if got := b.Refused("grid"); fmt.Sprint(got) != "map[older:1 range:2 value:2]" {
		t.Errorf("counts %v", got)
	}
	if got := b.Refused("other")[RefusedUnknown]; got != 1 {
		t.Errorf("unknown %d", got)
	}
	for _, v := range []float64{10, -10} {
		if why := b.Take(reading("grid", v, 12)); why != "" {
			t.Errorf("%v at the edge of the range: %s", v, why)
		}
	}
}

// A box that booted in the future takes readings again once its clock is right.
func TestBoardClockSetBack(t *testing.T) {
	b := NewBoard([]ReadingSpec{gridSpec()})
	b.Take(reading("grid", 1, 3600))
	if why := b.Take(reading("grid", 2, 0)); why != "" {
		t.Fatalf("refused: %s", why)
	}
	if s := b.Role(RoleGrid, at(1)); s.Value != 2 || !s.OK() {
		t.Errorf("%+v", s)
	}
}

func TestBoardSum(t *testing.T) {
	spec := gridSpec()
	spec.Combine = CombineSum
	b := NewBoard([]ReadingSpec{spec})
	part := func(p string, v, s float64) {
		r := reading("grid", v, s)
		r.Part = p
		if why := b.Take(r); why != "" {
			t.Fatal(why)
		}
	}
	part("a", 1, 0)
	part("b", 10, 5)
	part("b", 20, 10)
	s := b.Role(RoleGrid, at(11))
	if s.Value != 21 || !s.At.Equal(at(0)) || !s.Until.Equal(at(30)) || !s.OK() {
		t.Errorf("sum %+v", s)
	}
	part("b", 20, 25)
	if s := b.Role(RoleGrid, at(30)); s.Quality != Stale {
		t.Errorf("part a fell silent: %+v", s)
	}
	part("a", 2, 31)
	if s := b.Role(RoleGrid, at(32)); s.Value != 22 || !s.OK() {
		t.Errorf("back: %+v", s)
	}
	for i := range maxParts - 2 {
		part(fmt.Sprint(i), 0, 32)
	}
	if why := b.Take(Reading{Name: "grid", Part: "one too many", At: at(33), Arrived: at(33)}); why != RefusedParts {
		t.Errorf("parts are not bounded: %q", why)
	}
}

func TestBoardLatest(t *testing.T) {
	spec := gridSpec()
	spec.Combine = CombineLatest
	b := NewBoard([]ReadingSpec{spec})
	b.Take(Reading{Name: "grid", Part: "a", Value: 1, At: at(5), Arrived: at(5)})
	if why := b.Take(Reading{Name: "grid", Part: "b", Value: 2, At: at(4), Arrived: at(6)}); why != RefusedOlder {
		t.Errorf("an older one from another topic: %q", why)
	}
	b.Take(Reading{Name: "grid", Part: "b", Value: 3, At: at(6), Arrived: at(6)})
	if s := b.Role(RoleGrid, at(7)); s.Value != 3 {
		t.Errorf("%+v", s)
	}
}

func TestBoardBackup(t *testing.T) {
	grid, second, third := gridSpec(), gridSpec(), gridSpec()
	grid.Backup, second.Name, third.Name, second.Backup = "b", "b", "c", "c"
	b := NewBoard([]ReadingSpec{third, second, grid})
	b.Take(reading("grid", 1, 0))
	b.Take(reading("b", 2, 10))
	b.Take(reading("c", 3, 20))
	for _, c := range []struct {
		now   float64
		value float64
		by    string
		q     Quality
	}{
		{29, 1, "", Good}, {30, 2, "b", Good}, {40, 3, "c", Good}, {50, 1, "", Stale},
	} {
		s := b.Role(RoleGrid, at(c.now))
		if s.Value != c.value || s.By != c.by || s.Quality != c.q {
			t.Errorf("at %v: %+v, want %+v", c.now, s, c)
		}
	}
}

func TestBoardBackupsInARing(t *testing.T) {
	a, z := gridSpec(), gridSpec()
	a.Backup, z.Name, z.Backup = "z", "z", "grid"
	if s := NewBoard([]ReadingSpec{a, z}).Role(RoleGrid, noon); s.OK() {
		t.Errorf("%+v", s)
	}
}

func TestBoardAvailability(t *testing.T) {
	spec := gridSpec()
	spec.Availability = &Availability{Topic: "x", Online: "yes"}
	b := NewBoard([]ReadingSpec{spec})
	b.Take(reading("grid", 1, 0))
	expect := func(what string, s float64, want Quality) {
		t.Helper()
		if got := b.Role(RoleGrid, at(s)).Quality; got != want {
			t.Errorf("%s: %s, want %s", what, got, want)
		}
	}
	expect("nothing heard of the source", 1, Good)
	b.Presence(Presence{Name: "grid", Online: true})
	expect("online", 1, Good)
	b.Presence(Presence{Name: "grid"})
	expect("offline", 1, Stale)
	b.Presence(Presence{Name: "grid", Online: true})
	expect("online again, with the value from before", 2, Stale)
	b.Take(reading("grid", 1, 3))
	expect("online again, with a new value", 3, Good)
	expect("and it ages", 33, Stale)
}

func TestBoardLiveness(t *testing.T) {
	spec := gridSpec()
	spec.Availability = &Availability{Topic: "x", Online: "yes", Liveness: true}
	b := NewBoard([]ReadingSpec{spec})
	b.Take(reading("grid", 1, 0))
	if s := b.Role(RoleGrid, at(1)); s.OK() {
		t.Errorf("its source was never said to be there: %+v", s)
	}
	b.Presence(Presence{Name: "grid", Online: true})
	if s := b.Role(RoleGrid, at(86400)); !s.OK() || !s.Until.IsZero() || !s.OKAt(at(1e6)) {
		t.Errorf("a day later, still there: %+v", s)
	}
	b.Presence(Presence{Name: "grid"})
	if s := b.Role(RoleGrid, at(2)); s.OK() {
		t.Errorf("gone: %+v", s)
	}
}

// The forecast is that of the reading that may be relied on, or of its backup;
// a stale one is none.
func TestBoardForecast(t *testing.T) {
	specs := []ReadingSpec{
		{Name: "a", Role: RoleForecast, MaxAge: time.Hour, Backup: "b"},
		{Name: "b", Role: RoleForecast, MaxAge: 3 * time.Hour},
	}
	b := NewBoard(specs)
	if b.Forecast(dawn) != nil {
		t.Error("a forecast before any was heard")
	}
	a1, b1 := steps(dawn, 1, 2, 3, 4, 5), steps(dawn, 9, 9, 9, 9, 9)
	b.Take(Reading{Name: "a", At: dawn, Forecast: a1})
	b.Take(Reading{Name: "b", At: dawn, Forecast: b1})
	again := NewBoard(specs)
	again.Restore(b.State())
	for _, b := range []*Board{b, again} {
		for after, want := range map[time.Duration]*Forecast{0: a1, 59 * time.Minute: a1, 2 * time.Hour: b1, 4 * time.Hour: nil} {
			if got := b.Forecast(dawn.Add(after)); got != want {
				t.Errorf("after %v: %+v, want %+v", after, got, want)
			}
		}
	}
}
