package energy

import (
	"math"
	"math/rand/v2"
	"testing"
	"time"
)

func TestDrawsCourse(t *testing.T) {
	var d Draws
	if d.At(noon) != 0 || d.Mean(at(0), at(10)) != 0 {
		t.Error("empty")
	}
	d.Add(at(0), 100)
	d.Add(at(10), 200) // straight
	d.Add(at(20), 200)
	d.Add(at(20), 0) // a step
	d.Add(at(30), 0)
	for _, c := range []struct{ t, want float64 }{{-5, 100}, {0, 100}, {5, 150}, {10, 200}, {19.999, 200}, {20, 200}, {20.001, 0}, {99, 0}} {
		if got := d.At(at(c.t)); math.Abs(float64(got)-c.want) > 1e-9 {
			t.Errorf("at %v: %v, want %v", c.t, got, c.want)
		}
	}
	for _, c := range []struct{ from, to, want float64 }{
		{0, 10, 150}, {0, 20, 175}, {10, 30, 100}, {-10, 10, 125}, {20, 40, 0}, {5, 5, 150}, {9, 4, 140}, {2, 4, 130},
	} {
		if got := d.Mean(at(c.from), at(c.to)); math.Abs(float64(got)-c.want) > 1e-9 {
			t.Errorf("mean %v to %v: %v, want %v", c.from, c.to, got, c.want)
		}
	}
}

func TestDrawsClockSetBack(t *testing.T) {
	var d Draws
	d.Add(at(0), 1)
	d.Add(at(100), 2)
	d.Add(at(50), 3)
	if d.At(at(200)) != 3 || d.At(at(0)) != 1 {
		t.Errorf("%+v", d.s)
	}
}

// The mean is the integral of the course, whatever has been trimmed, merged
// and thinned; the memory is bounded.
func TestDrawsMeanIsTheIntegral(t *testing.T) {
	rnd := rand.New(rand.NewPCG(1, 2))
	var d Draws
	now, w := 0.0, 1000.0
	var plain []drawn
	add := func() {
		d.Add(at(now), Watts(w))
		plain = append(plain, drawn{ns: at(now).UnixNano(), w: w})
	}
	for range 6000 {
		now = math.Round((now+rnd.Float64()/2)*1e3) / 1e3
		add()
		if rnd.IntN(3) == 0 {
			w = rnd.Float64() * 1e6
		}
		if rnd.IntN(2) == 0 {
			add()
		}
	}
	if len(d.s) > drawsMax {
		t.Errorf("%d samples", len(d.s))
	}
	for range 200 {
		from := now - rnd.Float64()*900
		to := from + rnd.Float64()*60
		want := walk(plain, at(from).UnixNano(), at(to).UnixNano())
		if got := float64(d.Mean(at(from), at(to))); math.Abs(got-want) > 1e-6*1e6 {
			t.Fatalf("mean %v to %v: %v, want %v", from, to, got, want)
		}
	}
}

func walk(s []drawn, from, to int64) float64 {
	var sum float64
	for i := range s {
		p, q := s[i], drawn{ns: math.MaxInt64, w: s[i].w}
		if i+1 < len(s) {
			q = s[i+1]
		}
		a, b := max(p.ns, from), min(q.ns, to)
		if b <= a {
			continue
		}
		line := func(x int64) float64 { return p.w + (q.w-p.w)*float64(x-p.ns)/float64(q.ns-p.ns) }
		sum += (line(a) + line(b)) / 2 * float64(b-a)
	}
	return sum / float64(to-from)
}

// More samples than are kept are thinned: the memory is bounded, and the
// energy over a long span stays what it was.
func TestDrawsThin(t *testing.T) {
	rnd := rand.New(rand.NewPCG(3, 4))
	var d Draws
	var plain []drawn
	for i := range 4 * drawsMax {
		x := drawn{ns: at(float64(i) / 50).UnixNano(), w: rnd.Float64() * 1000}
		d.Add(time.Unix(0, x.ns), Watts(x.w))
		plain = append(plain, x)
		if len(d.s) > drawsMax {
			t.Fatalf("%d samples", len(d.s))
		}
	}
	end := plain[len(plain)-1].ns
	from := end - 600e9
	if got, want := float64(d.Mean(time.Unix(0, from), time.Unix(0, end))), walk(plain, from, end); math.Abs(got-want) > 0.5 {
		t.Errorf("mean %v, want %v", got, want)
	}
}

func TestDrawsCorrected(t *testing.T) {
	var d Draws
	d.Add(at(0), 1000)
	d.Add(at(10), 1000)
	d.Add(at(10), 3000)
	d.Add(at(20), 3000)
	meter := Sample{Value: 1100, At: at(5), Quality: Good}
	for _, c := range []struct {
		name   string
		t      float64
		window time.Duration
		scale  float64
		want   Watts
	}{
		{"as measured", 5, 0, 1, 1100},
		{"and the change since", 15, 0, 1, 3100},
		{"with what follows it", 15, 0, 1.1, 3300},
		{"over a window", 15, 10 * time.Second, 1, 2100},
	} {
		if got := d.Corrected(at(c.t), c.window, meter, c.scale); math.Abs(float64(got-c.want)) > 1e-9 {
			t.Errorf("%s: %v, want %v", c.name, got, c.want)
		}
	}
	d.Add(at(20), 0)
	if got := d.Corrected(at(21), 0, Sample{Value: 100, At: at(5), Quality: Good}, 1); got != 0 {
		t.Errorf("negative draw: %v", got)
	}
}

func TestDrawsLower(t *testing.T) {
	var d Draws
	at := time.Date(2026, 6, 1, 12, 0, 0, 0, time.UTC)
	d.Add(at, 3000)
	d.Add(at.Add(10*time.Second), 3000)
	d.Add(at.Add(20*time.Second), 500)
	d.Lower(1000)
	for s, want := range map[int]Watts{0: 2000, 10: 2000, 15: 1000, 20: 0} {
		if got := d.At(at.Add(time.Duration(s) * time.Second)); got != want {
			t.Errorf("after %d s %v, want %v", s, got, want)
		}
	}
	if got := d.Mean(at, at.Add(20*time.Second)); got != 1500 {
		t.Errorf("mean %v, want 1500", got)
	}
}
