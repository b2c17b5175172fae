package days

import (
	"bufio"
	"flag"
	"fmt"
	"math"
	"os"
	"path/filepath"
	"slices"
	"testing"
)

const peak = 150e3

var kinds = map[string]func(uint64, float64) []float64{"cloudy": Cloudy, "limited": Limited, "orders": Orders}

var (
	dir   = flag.String("days.dir", "", "write twenty days of each kind here, one value a line")
	first = flag.Uint64("days.seed", 1, "seed of the first of them")
)

// TestWrite writes days for tools that read them from a file:
//
//	go test ./internal/days -run TestWrite -days.dir /tmp/d -days.seed 7
func TestWrite(t *testing.T) {
	if *dir == "" {
		t.Skip("no -days.dir")
	}
	for kind, make := range kinds {
		for seed := *first; seed < *first+20; seed++ {
			if err := write(filepath.Join(*dir, fmt.Sprintf("%s-%d.txt", kind, seed)), seed, make(seed, peak)); err != nil {
				t.Fatal(err)
			}
		}
	}
}

func write(path string, seed uint64, day []float64) error {
	f, err := os.Create(path)
	if err != nil {
		return err
	}
	defer f.Close()
	w := bufio.NewWriter(f)
	fmt.Fprintf(w, "# seed %d\n", seed)
	for _, x := range day {
		fmt.Fprintf(w, "%.1f\n", x)
	}
	if err := w.Flush(); err != nil {
		return err
	}
	return f.Close()
}

func TestDays(t *testing.T) {
	for kind, make := range kinds {
		for seed := range uint64(40) {
			day := make(seed, peak)
			if len(day) != Seconds {
				t.Fatalf("%s %d has %d s", kind, seed, len(day))
			}
			if low, high := slices.Min(day), slices.Max(day); low < 0 || math.Abs(high-peak) > 1 {
				t.Errorf("%s %d runs from %.0f to %.0f W", kind, seed, low, high)
			}
			if slices.ContainsFunc(day, math.IsNaN) {
				t.Errorf("%s %d has a NaN", kind, seed)
			}
			if !slices.Equal(day, make(seed, peak)) {
				t.Errorf("%s %d differs when made again", kind, seed)
			}
			if slices.Equal(day, make(seed+1, peak)) {
				t.Errorf("%s %d is the same as the next", kind, seed)
			}
		}
	}
}

// A chord's mean, which sets the gaps and so the cover, is that of the draws.
func TestChord(t *testing.T) {
	r := source(1)
	for _, longest := range []float64{800, 5000, 30_000} {
		sum, n := 0.0, 200_000
		for range n {
			x := chord(r, longest)
			if x < shortest-1e-6 || x > longest+1e-6 {
				t.Fatalf("%.1f m is outside %.0f to %.0f", x, shortest, longest)
			}
			sum += x
		}
		if got, want := sum/float64(n), meanChord(longest); math.Abs(got/want-1) > 0.05 {
			t.Errorf("longest %.0f m: mean %.1f m, want %.1f m", longest, got, want)
		}
	}
}

func TestCover(t *testing.T) {
	s := &sky{r: source(2), left: math.Inf(1), spell: weather{wind: 10, cover: 0.4, light: 0.3, longest: 3000}, index: 1}
	under, n := 0, 500_000
	for range n {
		if s.second(); s.overcast {
			under++
		}
	}
	if got := float64(under) / float64(n); math.Abs(got-0.4) > 0.05 {
		t.Errorf("under clouds for %.2f of the time, want 0.40", got)
	}
}

func TestClearSky(t *testing.T) {
	for _, c := range []struct {
		t         int
		lat, decl float64
		want      float64
	}{
		{43200, 0, 0, 1098 * math.Exp(-0.059)}, // overhead
		{0, 0, 0, 0},
		{43200, math.Pi / 3, 0, 549 * math.Exp(-0.118)},
	} {
		if got := clearSky(c.t, c.lat, c.decl); math.Abs(got-c.want) > 0.01 {
			t.Errorf("at %d s: %.2f W/m², want %.2f", c.t, got, c.want)
		}
	}
}

// An order's power stays between its limits, and most days have gaps.
func TestOrders(t *testing.T) {
	gaps := 0
	for seed := range uint64(40) {
		if slices.Min(Orders(seed, peak)[Seconds/4:]) == 0 {
			gaps++
		}
	}
	if gaps < 30 {
		t.Errorf("%d of 40 days have a gap", gaps)
	}
}
