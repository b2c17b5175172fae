package power

import (
	"math"
	"math/rand/v2"
	"testing"
	"time"

	"github.com/curtaild/curtaild/energy"
)

// machine is a computer that draws power, as it truly is: a base that drifts,
// cores whose draw falls with how many are busy, and noise.
type machine struct {
	rng    *rand.Rand
	base   float64
	core   float64 // W of one busy core alone
	bend   float64 // the part of it that is lost with every further core
	cores  float64
	others float64 // busy cores of other programs
}

// newMachine is a random one, whose clocks fall by so much (as a fraction)
// when all cores are busy.
func newMachine(seed uint64, fall float64) *machine {
	rng := rand.New(rand.NewPCG(seed, 1))
	cores := float64(int(2) << rng.IntN(4))
	return &machine{
		rng: rng, base: 8 + 60*rng.Float64(), core: 3 + 15*rng.Float64(), cores: cores,
		bend: fall / cores,
	}
}

// step is one window in which ours cores are busy for us, and what of it was
// truly ours: our part, by busy cores, of what all of them add.
func (m *machine) step(length time.Duration, ours float64) (Window, energy.Watts) {
	s := length.Seconds()
	m.base += 0.02 * m.rng.NormFloat64() * math.Sqrt(s)
	if m.rng.IntN(10) == 0 {
		m.others = (m.cores - ours) * m.rng.Float64() * m.rng.Float64()
	}
	others := min(m.others, m.cores-ours)
	each := m.core * (1 - m.bend*(ours+others-1))
	watts := m.base + each*(ours+others) + 0.3*m.rng.NormFloat64()
	grain := float64(tick) * math.Round((ours+others)*s*100)
	return Window{
		Length: length, Energy: energy.Joules(max(0, watts) * s),
		Ours: time.Duration(ours * float64(length)), All: time.Duration(grain),
	}, energy.Watts(each * ours)
}

// Over an hour of set-points that come and go, what is told adds up to what
// was truly ours, whatever others did meanwhile and however wrong the guess.
func TestShareFindsOurPart(t *testing.T) {
	for seed := range uint64(100) {
		findOurPart(t, seed, 0, 0.03)
		findOurPart(t, seed, 0.3, 0.15) // a core's part of what many draw is not what one more adds
	}
}

func findOurPart(t *testing.T, seed uint64, fall, within float64) {
	t.Helper()
	m := newMachine(seed, fall)
	workers := m.cores / 2
	s := NewShare(energy.Watts(m.core * math.Exp(m.rng.NormFloat64()/2)))
	var told, truth energy.Joules
	sure, windows, ours := 0, 0, 0.0
	for i := range 1800 {
		if m.rng.IntN(30) == 0 {
			ours = workers * float64(m.rng.IntN(11)) / 10
		}
		w, is := m.step(2*time.Second, ours)
		part, ok := s.Add(w)
		if i < 300 { // it may take minutes
			continue
		}
		windows++
		if !ok {
			continue
		}
		sure++
		told += part.Over(2)
		truth += is.Over(2)
	}
	if sure < windows*9/10 {
		t.Errorf("seed %d: sure in %d of %d windows", seed, sure, windows)
	}
	if off := float64(told/truth) - 1; math.Abs(off) > within {
		t.Errorf("seed %d, clocks falling by %v: told %v, truly %v (%+.1f %%)", seed, fall, told, truth, 100*off)
	}
}

// One start on a quiet machine is enough, and hours at one level do not make
// it forget.
func TestShareIsSureAfterAStart(t *testing.T) {
	m := newMachine(3, 0)
	m.cores, m.core, m.bend = 4, 10, 0
	s := NewShare(25)
	quiet := func(ours float64) (energy.Watts, bool) {
		m.others = 0.05
		w, _ := m.step(2*time.Second, ours)
		return s.Add(w)
	}
	for range 10 {
		if _, ok := quiet(0); ok {
			t.Fatal("sure before anything was ours")
		}
	}
	for i := range 6000 {
		w, ok := quiet(2)
		if i >= 5 && (!ok || math.Abs(float64(w)-20) > 4) {
			t.Fatalf("window %d: %v, sure %v; truly 20 W", i, w, ok)
		}
	}
}

// Windows that cannot be are left out, and nothing makes a figure that is none.
func TestShareOnNonsense(t *testing.T) {
	s := NewShare(10)
	for _, w := range []Window{
		{Length: time.Millisecond, Energy: 1},
		{Length: time.Hour, Energy: 1},
		{Length: 2 * time.Second, Energy: -1},
		{Length: 2 * time.Second, Energy: energy.Joules(math.NaN())},
		{Length: 2 * time.Second, Energy: 1, Ours: -1},
		{Length: 2 * time.Second, Energy: 1, All: -1},
		{},
	} {
		if _, ok := s.Add(w); ok || s.known {
			t.Errorf("%+v is taken", w)
		}
	}
	rng := rand.New(rand.NewPCG(1, 2))
	for range 20_000 {
		w := Window{
			Length: minWindow + time.Duration(rng.Int64N(int64(maxWindow))),
			Energy: energy.Joules(math.Exp(20 * rng.Float64())),
			Ours:   time.Duration(rng.Int64N(1 << rng.IntN(40))), All: time.Duration(rng.Int64N(1 << rng.IntN(40))),
		}
		if rng.IntN(50) == 0 {
			w.Energy, w.Ours, w.All = 0, 0, 0
		}
		got, _ := s.Add(w)
		if !(got >= 0) || math.IsInf(float64(got), 0) || got > energy.Watts(float64(w.Energy)/w.Length.Seconds()*2+100) {
			t.Fatalf("%+v: %v, of %+v", w, got, s)
		}
	}
}
