package demo

import (
	"math"
	"testing"
	"time"

	"github.com/curtaild/curtaild/energy"
)

const (
	seeds  = 50
	length = (dusk - dawn) / Speed // of a day, in real time
)

func TestMomentsFollowTheClockAndLeaveOutNights(t *testing.T) {
	for _, c := range []struct {
		elapsed time.Duration
		day     int
		clock   string
	}{
		{0, 0, "06:30"},
		{20 * time.Second, 0, "07:30"},
		{length - 30*time.Second, 1, "05:00"},
		{length, 1, "06:30"},
		{10 * length, 10, "06:30"},
	} {
		m := Day{}.Moment(c.elapsed)
		if m.Day != c.day || m.Clock() != c.clock {
			t.Errorf("after %v it is day %d, %s; want day %d, %s", c.elapsed, m.Day, m.Clock(), c.day, c.clock)
		}
		if want := firstSeen - dawn + c.elapsed*Speed; m.since() != want {
			t.Errorf("after %v %v have been played, want %v", c.elapsed, m.since(), want)
		}
	}
}

func TestClearSkyIsThatOfTheFormula(t *testing.T) {
	for _, c := range []struct {
		at   time.Duration
		want float64
	}{
		{12 * time.Hour, 804.9}, // 52° above the horizon
		{9 * time.Hour, 593.6},
		{15 * time.Hour, 593.6},
		{4 * time.Hour, 0},
		{22 * time.Hour, 0},
	} {
		if got := clear(c.at); math.Abs(got-c.want) > 1 {
			t.Errorf("at %v the clear sky gives %.1f W/m², want %.1f", c.at, got, c.want)
		}
	}
}

// Every sky is possible, nothing jumps within a second, and the meters' range
// is never left.
func TestSkiesAreSane(t *testing.T) {
	for seed := range uint64(seeds) {
		d := Day{seed}
		last := d.Sky(d.Moment(0))
		for s := time.Duration(0); s < 3*length; s += time.Second {
			m := d.Moment(s)
			sky := d.Sky(m)
			if sky.Cover < 0 || sky.Cover > 1 || sky.Sun < 0 || sky.Sun > clear(m.Time)+1e-9 {
				t.Fatalf("seed %d, %v: %+v under a clear sky of %.0f W/m²", seed, m, sky, clear(m.Time))
			}
			if sky.Generation != panels*energy.Watts(sky.Sun/1000) || sky.Load < baseLoad || sky.Load > 3*baseLoad {
				t.Fatalf("seed %d, %v: %+v", seed, m, sky)
			}
			if jump := math.Abs(float64(sky.Generation - last.Generation)); jump > 0.25*float64(panels) && m.Time > dawn+time.Hour {
				t.Fatalf("seed %d, %v: the sun jumps by %.0f W", seed, m, jump)
			}
			last = sky
		}
	}
}

func TestSeedsMakeWeather(t *testing.T) {
	at := Moment{Day: 1, Time: 11 * time.Hour}
	seen := map[float64]bool{}
	mixed := 0
	for seed := range uint64(seeds) {
		d := Day{seed}
		if d.Sky(at) != d.Sky(at) {
			t.Fatalf("seed %d: the same moment, another sky", seed)
		}
		seen[float64(d.load(at))] = true
		low, high := 1.0, 0.0
		for h := dawn; h < dusk; h += 5 * time.Minute {
			n := d.cover(Moment{1, h})
			low, high = min(low, n), max(high, n)
		}
		if low < 0.4 && high > 0.7 {
			mixed++
		}
	}
	if len(seen) < seeds-1 {
		t.Errorf("%d seeds make %d days", seeds, len(seen))
	}
	if mixed < seeds*3/4 {
		t.Errorf("only %d of %d days have both sun and clouds", mixed, seeds)
	}
}

// Who starts the demo sees loads start at once: the sun of the first ten
// seconds carries both policies, whatever the seed.
func TestFirstMorningCarriesLoads(t *testing.T) {
	const enough = 2500 // W: the highest start.above, its reserve, and a little
	for seed := range uint64(10 * seeds) {
		d := Day{seed}
		for s := 3 * time.Second; s < 20*time.Second; s += time.Second {
			if sky := d.Sky(d.Moment(s)); sky.Generation-sky.Load < enough {
				t.Fatalf("seed %d, after %v: the sun gives %v, the site takes %v", seed, s, sky.Generation, sky.Load)
			}
		}
	}
}
