package scheduler

import (
	"bytes"
	"encoding/json"
	"math"
	"math/rand/v2"
	"testing"
	"time"

	"github.com/curtaild/curtaild/energy"
)

// tenRigs are ten rigs of 2.4 to 3.5 kW that take two minutes to their tops.
var tenRigs = shape{n: 10, low: 2400, top: 3500, climb: 3500. / 120, fall: 7, minOn: 300, minOff: 300, carry: math.Inf(1)}

// live has a belief live through a budget, which is given for each second
// since noon, and returns it at the end.
func live(b Belief, hours float64, budget func(s int) energy.Watts) (Belief, time.Time) {
	now := noon
	for s := 0; s < int(hours*3600); s += 5 {
		now = noon.Add(time.Duration(s) * time.Second)
		b = b.step(now, budget(s), tenRigs)
	}
	return b, now
}

// follows is the outlook of the rule that is followed, a while into a dip to w.
func follows(b Belief, now time.Time, w energy.Watts, after time.Duration) outlook {
	for s := 5 * time.Second; s <= after; s += 5 * time.Second {
		b = b.step(now.Add(s), w, tenRigs)
	}
	return b.follows(0, tenRigs)
}

// What a dip is taken for follows from how such dips have gone.
func TestBeliefLearnsWhatDipsAre(t *testing.T) {
	const high, low = 30e3, 8e3
	clouds := func(s int) energy.Watts { // a minute and a half of every five
		if s%300 >= 210 {
			return low
		}
		return high
	}
	orders := func(s int) energy.Watts { // half an hour of every hour
		if s%3600 >= 1800 {
			return low
		}
		return high
	}
	for name, c := range map[string]struct {
		past  func(int) energy.Watts
		after time.Duration
		keeps bool
	}{
		"nothing known: a minute is a cloud":  {nil, time.Minute, true},
		"nothing known: five minutes are not": {nil, 5 * time.Minute, false},
		"clouds: a minute":                    {clouds, time.Minute, true},
		"orders: a minute":                    {orders, time.Minute, false},
	} {
		t.Run(name, func(t *testing.T) {
			b, now := live(Belief{}, 1./60, func(int) energy.Watts { return high })
			if c.past != nil {
				b, now = live(Belief{}, 12+1700./3600, func(s int) energy.Watts {
					if s >= 12*3600+200 { // the last stretch before the dip is calm
						return high
					}
					return c.past(s)
				})
			}
			o := follows(b, now, low, c.after)
			if got := o.keeps(high); got != c.keeps {
				t.Errorf("keeps what %v W carry: %v (rule %+v)", high, got, tenets[b.Lead])
			}
			if !o.keeps(low) || o.keeps(high+1) {
				t.Errorf("hold is %v", o.hold)
			}
		})
	}
}

// A dip to nothing is no cloud, whatever has been learned.
func TestBeliefInTheDark(t *testing.T) {
	b, now := live(Belief{}, 0.2, func(int) energy.Watts { return 30e3 })
	if o := follows(b, now, 300, 30*time.Second); o.keeps(2400) {
		t.Errorf("holds %v where 300 W are left of 30 kW", o.hold)
	}
}

// Where every start has been a loss, none is made any more; until they pay
// again.
func TestBeliefGivesUp(t *testing.T) {
	short := func(s int) energy.Watts { // twenty seconds of every ten minutes
		if s%600 < 20 {
			return 30e3
		}
		return 0
	}
	b, now := live(Belief{}, 10, short)
	if o := follows(b, now, 30e3, 5*time.Second); o.starts(2400, 0) {
		t.Errorf("starts after ten hours of losses, rule %+v", tenets[b.Lead])
	}
	for s := range 4 * 720 {
		b = b.step(now.Add(time.Duration(s+1)*5*time.Second), 30e3, tenRigs)
	}
	if o := b.follows(0, tenRigs); !o.starts(2400, 0) {
		t.Errorf("does not start after four hours of plenty, rule %+v", tenets[b.Lead])
	}
}

// Without leave to buy, nothing is held beyond the budget.
func TestBeliefWithoutBridge(t *testing.T) {
	b, sh := Belief{}, tenRigs
	sh.carry = 0
	for s := range 200 {
		w := energy.Watts(30e3)
		if s > 150 {
			w = 5e3
		}
		b = b.step(noon.Add(time.Duration(s)*5*time.Second), w, sh)
		for i := range tenets {
			if o := b.outlook(&tenets[i], 0, sh); o.hold > w {
				t.Fatalf("rule %+v holds %v of %v", tenets[i], o.hold, w)
			}
		}
	}
}

// Whatever comes in, a belief stays finite and small, leaves the one before as
// it was, and is the same again after a restart.
func TestBeliefIsAValue(t *testing.T) {
	r := rand.New(rand.NewPCG(3, 4))
	encode := func(b Belief) []byte {
		text, err := json.Marshal(b)
		if err != nil {
			t.Fatal(err)
		}
		return text
	}
	b, now := Belief{}, noon
	for i := range 3000 {
		now = now.Add(time.Duration(r.ExpFloat64() * 2e10)) // twenty seconds in the mean
		if r.IntN(200) == 0 {
			now = now.Add(-time.Duration(r.Int64N(int64(2 * time.Hour))))
		}
		w := energy.Watts(r.NormFloat64() * 30e3)
		if r.IntN(500) == 0 {
			w *= 1e9
		}
		before := encode(b)
		next := b.step(now, w, tenRigs)
		if !bytes.Equal(before, encode(b)) {
			t.Fatalf("step %d has changed the belief before it", i)
		}
		after := encode(next) // fails on what is not finite
		if len(after) > 64<<10 {
			t.Fatalf("%d bytes after %d steps", len(after), i)
		}
		var read Belief
		if err := json.Unmarshal(after, &read); err != nil {
			t.Fatal(err)
		}
		later := now.Add(5 * time.Second)
		if !bytes.Equal(encode(read.step(later, w, tenRigs)), encode(next.step(later, w, tenRigs))) {
			t.Fatalf("step %d differs after a restart", i)
		}
		b = next
	}
}

// BenchmarkBelief is one reading taken in.
func BenchmarkBelief(b *testing.B) {
	belief, now := live(Belief{}, 1, func(s int) energy.Watts { return energy.Watts(s % 30000) })
	for i := 0; b.Loop(); i++ {
		belief = belief.step(now.Add(time.Duration(i)*5*time.Second), energy.Watts(i*997%30000), tenRigs)
	}
}

// A load of no power at all teaches nothing, and breaks nothing.
func TestBeliefOfNothing(t *testing.T) {
	s := newSite(3000, tracked)
	s.specs, s.points, s.in.Loads = nil, nil, nil
	s.add("c", 5, 5, 10)
	in := s.input(t)
	for i := range 3 {
		in = obey(in, Decide(noon.Add(time.Duration(i)*5*time.Second), in), noon)
	}
	if _, err := json.Marshal(in.Memory); err != nil {
		t.Error(err)
	}
}

// Loads that are identified one after the other wipe nothing out.
func TestBeliefWhileLoadsAreIdentified(t *testing.T) {
	s := newSite(3000, tracked)
	in, now := s.input(t), noon
	for range 100 {
		in = obey(in, Decide(now, in), now)
		now = now.Add(5 * time.Second)
	}
	known := s.points[1]
	s.points[1] = nil
	s.in.Memory = in.Memory
	s.in.Memory = Decide(now, s.input(t)).Memory
	s.points[1] = known
	if m := Decide(now.Add(5*time.Second), s.input(t)).Memory; m.Beliefs["p"].Active < 400 {
		t.Errorf("%v s are remembered", m.Beliefs["p"].Active)
	}
}

// After the clock was set back a little, what is there now counts, not what
// was there then.
func TestBeliefAfterTheClockWasSet(t *testing.T) {
	b, now := live(Belief{}, 0.15, func(int) energy.Watts { return 30e3 })
	back := now.Add(-4 * time.Minute)
	if o := follows(b, back, 100, 4*time.Minute); o.keeps(2400) {
		t.Errorf("holds %v of 100 W", o.hold)
	}
}
