package hasher

import (
	"math/rand/v2"
	"testing"
	"time"
)

// told is what is known of three pools at a second: each is up (u), down (d) or
// rejects every share (r); "" is only to ask again. Then one is used, and some
// run.
type told struct {
	second int
	pools  string
	used   int
	run    string
}

func stories() map[string][]told {
	return map[string][]told{
		"the first works": {
			{0, "ddd", 0, "100"}, {1, "udd", 0, "100"}, {100, "", 0, "100"},
		},
		"the first never comes": {
			{0, "ddd", 0, "100"}, {4, "", 0, "100"}, {5, "", 0, "110"}, {6, "dud", 0, "110"},
			{9, "", 0, "110"}, {10, "", 1, "110"}, {1000, "", 1, "110"},
		},
		"only the third works": {
			{0, "ddd", 0, "100"}, {5, "", 0, "110"}, {14, "", 0, "110"}, {15, "", 0, "111"}, {16, "ddu", 2, "111"},
		},
		"back within the time": {
			{0, "udd", 0, "100"}, {100, "ddd", 0, "100"}, {104, "udd", 0, "100"}, {109, "ddd", 0, "100"}, {112, "udd", 0, "100"},
		},
		"left, and returned to": {
			{0, "udd", 0, "100"}, {1000, "ddd", 0, "100"}, {1005, "", 0, "110"}, {1006, "dud", 0, "110"},
			{1009, "", 0, "110"}, {1010, "", 1, "110"},
			{1020, "uud", 1, "110"}, {1079, "", 1, "110"}, {1080, "", 0, "110"}, // the other for late shares
			{1139, "", 0, "110"}, {1140, "", 0, "100"},
		},
		"back, but not for long enough": {
			{0, "udd", 0, "100"}, {1000, "dud", 0, "100"}, {1010, "", 1, "110"},
			{1020, "uud", 1, "110"}, {1079, "dud", 1, "110"}, {1081, "uud", 1, "110"}, {1140, "", 1, "110"}, {1141, "", 0, "110"},
		},
		"left soon after the return": {
			{0, "udd", 0, "100"}, {1000, "dud", 0, "100"}, {1010, "", 1, "110"}, {1020, "uud", 1, "110"}, {1080, "", 0, "110"},
			{1090, "dud", 0, "110"}, {1100, "", 1, "110"}, {1110, "uud", 1, "110"}, {1170, "", 1, "110"}, {1229, "", 1, "110"}, {1230, "", 0, "110"},
			{1240, "dud", 0, "110"}, {1250, "", 1, "110"}, {1260, "uud", 1, "110"}, {1499, "", 1, "110"}, {1500, "", 0, "110"}, {1560, "", 0, "100"},
			// It holds, and is believed as before.
			{3000, "dud", 0, "100"}, {3010, "", 1, "110"}, {3020, "uud", 1, "110"}, {3079, "", 1, "110"}, {3080, "", 0, "110"},
		},
		"the preferred one is at hand when the other fails": {
			{0, "udd", 0, "100"}, {1000, "dud", 0, "100"}, {1010, "", 1, "110"}, {1020, "udd", 1, "110"}, {1029, "", 1, "111"}, {1030, "", 0, "111"},
		},
		"it rejects every share": {
			{0, "udd", 0, "100"}, {1000, "rdd", 0, "100"}, {1005, "", 0, "110"}, {1006, "rud", 0, "110"}, {1010, "", 1, "110"},
			{1011, "uud", 1, "110"}, {1070, "", 1, "110"}, {1071, "", 0, "110"},
		},
		"it rejects every share, and there is no other": {
			{0, "udd", 0, "100"}, {1000, "rdd", 0, "100"}, {1100, "", 0, "110"}, {1110, "", 0, "111"},
		},
		"all down, then one that rejects": {
			{0, "ddd", 0, "100"}, {5, "", 0, "110"}, {9, "drd", 0, "110"}, {10, "", 1, "111"},
		},
	}
}

func TestSuccession(t *testing.T) {
	for name, rows := range stories() {
		t.Run(name, func(t *testing.T) {
			t0 := time.Unix(1e9, 0)
			s := newSuccession(t0, 10*time.Second, time.Minute, 3)
			for _, r := range rows {
				now := t0.Add(time.Duration(r.second) * time.Second)
				for i, c := range r.pools {
					s.tell(now, i, c != 'd', c == 'r')
				}
				s.choose(now)
				run := ""
				for _, p := range s.list {
					if p.ran.IsZero() {
						run += "0"
					} else {
						run += "1"
					}
				}
				if s.used != r.used || run != r.run {
					t.Errorf("second %d: uses %d, runs %s; want %d, %s", r.second, s.used, run, r.used, r.run)
				}
			}
		})
	}
}

// Nothing changes by itself before the time that choose has named; a pool
// without work is not used longer than its time while a good one is there; and
// one that flaps does not make us flap.
func TestSuccessionOnRandomPools(t *testing.T) {
	for seed := range uint64(100) {
		rng := rand.New(rand.NewPCG(seed, 1))
		t0 := time.Unix(1e9, 0)
		n := 1 + rng.IntN(4)
		s := newSuccession(t0, 10*time.Second, time.Minute, n)
		wake, switches := time.Time{}, 0
		var bad time.Time // since when something better than the one in use was there
		for second := range 7200 {
			now := t0.Add(time.Duration(second) * time.Second)
			told := false
			for i := range n {
				if s.list[i].ran.IsZero() { // what does not run has no work
					told = told || s.list[i].work
					s.tell(now, i, false, false)
				} else if rng.IntN(1+40*(i+1)) == 0 {
					s.tell(now, i, rng.IntN(3) > 0, rng.IntN(10) == 0)
					told = true
				}
			}
			used, ran := s.used, make([]bool, n)
			for i := range n {
				ran[i] = s.list[i].ran.IsZero()
			}
			due := !wake.IsZero() && !now.Before(wake)
			wake = s.choose(now)
			for i := range n {
				if changed := s.used != used || s.list[i].ran.IsZero() != ran[i]; changed && !told && !due && second > 0 {
					t.Fatalf("seed %d, second %d: a change nobody was told of", seed, second)
				}
			}
			if s.used != used {
				switches++
			}
			other := false
			for i := range n {
				other = other || i != s.used && s.list[i].good()
			}
			switch {
			case s.list[s.used].good() || !other:
				bad = time.Time{}
			case bad.IsZero():
				bad = now
			case now.Sub(bad) > 10*time.Second:
				t.Fatalf("seed %d, second %d: used without work for %v", seed, second, now.Sub(bad))
			}
		}
		if switches > 7200/10 {
			t.Errorf("seed %d: %d switches in two hours", seed, switches)
		}
	}
}

// A pool that works for 200 s and fails for 20 s, over and over, is returned to
// ever more rarely.
func TestFlappingPool(t *testing.T) {
	t0 := time.Unix(1e9, 0)
	s := newSuccession(t0, 5*time.Second, time.Minute, 2)
	returns := 0
	for second := range 6 * 3600 {
		now := t0.Add(time.Duration(second) * time.Second)
		s.tell(now, 0, second%220 < 200, false)
		s.tell(now, 1, !s.list[1].ran.IsZero(), false)
		was := s.used
		if s.choose(now); s.used < was {
			returns++
		}
	}
	if returns != 1 {
		t.Errorf("returned %d times in six hours", returns)
	}
}
