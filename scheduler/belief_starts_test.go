package scheduler

import (
	"testing"
	"time"

	"github.com/curtaild/curtaild/energy"
)

// A fleet that has to run for long pays much for a start in vain, so it gives
// up after fewer of them than one that does not, and wants more proof before it
// starts again.
func TestBeliefOfSlowLoads(t *testing.T) {
	slow := tenRigs
	slow.climb, slow.minOn, slow.minOff = slow.climb*120/300, 900, 900
	half := func(s int) energy.Watts { // half an hour of two, after two of four minutes
		if s < 7200 && s%3600 < 240 || s >= 7200 && s%7200 < 1800 {
			return 30e3
		}
		return 0
	}
	type idle struct{ first, vain, short, long bool } // in the first block, after two in vain, five minutes into a long one, and after it
	for name, c := range map[string]struct {
		shape shape
		want  idle
	}{
		"fast": {tenRigs, idle{}},
		"slow": {slow, idle{vain: true, short: true}},
	} {
		var b Belief
		var got idle
		for s := 0; s <= 7200+2400; s += 5 {
			b = b.step(noon.Add(time.Duration(s)*time.Second), half(s), c.shape)
			switch s {
			case 60:
				got.first = b.Idle
			case 7100:
				got.vain = b.Idle
			case 7200 + 300:
				got.short = b.Idle
			case 7200 + 2400:
				got.long = b.Idle
			}
		}
		if got != c.want {
			t.Errorf("%s: idle %+v, want %+v", name, got, c.want)
		}
	}
}

// After a morning of blocks that end too soon, loads start for power that has
// lasted, once that would have been a gain.
func TestBeliefOfPatientStarts(t *testing.T) {
	slow := tenRigs
	slow.climb, slow.minOn, slow.minOff = slow.climb*120/300, 900, 900
	const noonAt = 6 * 3600
	power := func(s int) energy.Watts { // four minutes of thirty, then forty of sixty
		if s < noonAt && s%1800 < 240 || s >= noonAt && s%3600 < 2400 {
			return 30e3
		}
		return 0
	}
	var b Belief
	for s := 0; s < noonAt+2*3600; s += 5 {
		b = b.step(noon.Add(time.Duration(s)*time.Second), power(s), slow)
		want, ok := false, true
		switch {
		case s < 300, power(s) == 0: // the first block is tried
			ok = false
		case s < noonAt+300: // nothing is known of long ones
		case s < noonAt+1800: // they are about to be proven
			ok = false
		case s >= noonAt+3600:
			want, ok = s >= noonAt+3600+300, s < noonAt+3600+290 || s > noonAt+3600+310
		default:
			want = true
		}
		if o := b.follows(0, slow); ok && o.starts(2400, 0) != want {
			t.Fatalf("after %d s: starts %v; idle %v, proven %v", s, !want, b.Idle, b.Proven)
		}
		if s > 3600 && !b.Idle {
			t.Fatalf("after %d s: starts at once", s)
		}
	}
}

// Where loads may stop at any time, no start is in vain, and none is given up.
func TestBeliefOfFreeLoads(t *testing.T) {
	free := tenRigs
	free.minOn = 0
	b := Belief{}
	for s := 0; s < 8*3600; s += 5 {
		w := energy.Watts(0)
		if s%600 < 20 {
			w = 30e3
		}
		if b = b.step(noon.Add(time.Duration(s)*time.Second), w, free); b.Idle {
			t.Fatalf("nothing starts after %d s", s)
		}
	}
}
