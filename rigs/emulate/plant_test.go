package emulate

import (
	"math"
	"math/rand/v2"
	"testing"
	"time"

	"github.com/curtaild/curtaild/energy"
)

var epoch = time.Date(2026, 4, 1, 12, 0, 0, 0, time.UTC)

func testPoints() []energy.OperatingPoint {
	return []energy.OperatingPoint{
		{Name: "off", Draw: 20}, {Name: "low", Draw: 1000, Rate: 40e12}, {Name: "mid", Draw: 1500, Rate: 70e12}, {Name: "top", Draw: 3000, Rate: 110e12},
	}
}

func near(t *testing.T, what string, got, want, tolerance float64) {
	t.Helper()
	if math.Abs(got-want) > tolerance {
		t.Errorf("%s = %g, want %g ± %g", what, got, want, tolerance)
	}
}

func TestCurve(t *testing.T) {
	c := newCurve(testPoints(), 100, 10)
	for _, tc := range []struct {
		draw energy.Watts
		rate energy.HashRate
	}{
		{0, 0}, {20, 0}, {999.9, 0}, {1000, 40e12}, {1250, 55e12}, {1500, 70e12}, {2250, 90e12}, {3000, 110e12}, {3500, 110e12},
	} {
		if got := c.rate(tc.draw); math.Abs(float64(got-tc.rate)) > 1 {
			t.Errorf("rate at %v = %v, want %v", tc.draw, got, tc.rate)
		}
	}
	near(t, "area to top", c.area(3000), 55e12*500+90e12*1500, 1e6)
	near(t, "area below the lowest point", c.area(500), 0, 0)
}

func TestPlantByHand(t *testing.T) {
	c := newCurve(testPoints(), 298, 10) // 10 W/s up, 298 W/s down
	p := newPlant(epoch, c, energy.Off, 3, 1)
	at := func(s float64) time.Time { return epoch.Add(time.Duration(s * float64(time.Second))) }
	joules := func(s float64) float64 { j, _ := p.current().totals(at(s), c); return j }

	near(t, "joules asleep", joules(60), 20*60, 1e-6)
	p.set(at(60), 3)
	near(t, "draw 98 s into the start", float64(p.draw(at(158))), 1000, 1e-6)
	near(t, "joules 98 s into the start", joules(158), 1200+510*98, 1e-6)
	if _, h := p.current().totals(at(157.9), c); h != 0 {
		t.Errorf("hashed %g below the lowest point", h)
	}
	near(t, "draw at the top", float64(p.draw(at(60+298))), 3000, 1e-6)
	_, h := p.current().totals(at(60+298), c)
	near(t, "hashes of the start", h, 55e12*50+90e12*150, 1e6)
	p.set(at(400), energy.Off)
	near(t, "draw 5 s into the stop", float64(p.draw(at(405))), 3000-5*298, 1e-6)
	if !p.moving(at(405)) || p.moving(at(410.1)) {
		t.Error("want it moving for ten seconds")
	}
	near(t, "draw stopped", float64(p.draw(at(500))), 20, 0)
	if p.starts != 1 || p.stops != 1 || p.changes != 0 {
		t.Errorf("starts, stops, changes = %d, %d, %d; want 1, 1, 0", p.starts, p.stops, p.changes)
	}
}

// The closed form must agree with adding up small steps, whatever is
// commanded, and when.
func TestPlantMatchesNumericIntegration(t *testing.T) {
	const step = 20 * time.Millisecond
	for seed := range uint64(30) {
		rng := rand.New(rand.NewPCG(seed, 7))
		up, down := 5+rng.Float64()*60, rng.Float64()*20
		if seed%7 == 0 {
			up, down = 0, 0 // at once
		}
		c := newCurve(testPoints(), up, down)
		p := newPlant(epoch, c, int(rng.UintN(4)), 2, seed)
		var joules, hashes float64
		now := epoch
		for range 40 {
			for range rng.UintN(600) {
				mid := now.Add(step / 2)
				p.settle(mid)
				joules += float64(p.draw(mid)) * step.Seconds()
				hashes += float64(p.rate(mid)) * step.Seconds()
				now = now.Add(step)
			}
			p.settle(now)
			if n := rng.UintN(5); n == 4 {
				resume := p.point
				if p.down() {
					resume = p.wake
				}
				p.reboot(now, time.Duration(rng.UintN(4000))*time.Millisecond, resume, c.points[resume].Draw)
			} else if !p.down() {
				p.set(now, int(n))
			}
		}
		j, h := p.current().totals(now, c)
		near(t, "joules", j, joules, 1e-3*joules+100)
		near(t, "hashes", h, hashes, 2e-3*hashes+40e12*step.Seconds()*40)
		if t.Failed() {
			t.Fatalf("seed %d", seed)
		}
	}
}

func TestPlantReboot(t *testing.T) {
	c := newCurve(testPoints(), 10, 1)
	p := newPlant(epoch, c, 2, 2, 1)
	p.reboot(epoch.Add(100*time.Second), 40*time.Second, 2, 1500)
	p.settle(epoch.Add(139 * time.Second))
	if !p.down() || p.point != energy.Off {
		t.Error("want it down")
	}
	p.settle(epoch.Add(1000 * time.Second)) // long after: nobody looked in between
	if p.down() || p.point != 2 || !p.bootAt.Equal(epoch.Add(140*time.Second)) {
		t.Errorf("down %v, point %d, booted %v; want it up at point 2 since 140 s", p.down(), p.point, p.bootAt.Sub(epoch))
	}
	if p.starts != 1 || p.stops != 1 {
		t.Errorf("starts, stops = %d, %d; want 1, 1", p.starts, p.stops)
	}
	near(t, "hashes before the boot", p.boot, 70e12*100, 70e12) // and the fall
}

func TestPlantAverage(t *testing.T) {
	c := newCurve(testPoints(), 0, 0)
	p := newPlant(epoch, c, energy.Off, 3, 1)
	p.set(epoch.Add(100*time.Second), 3)
	now := epoch.Add(130 * time.Second)
	near(t, "5 s", float64(p.average(now, 5*time.Second)), 110e12, 1)
	near(t, "60 s", float64(p.average(now, time.Minute)), 55e12, 1)
	near(t, "longer than there is", float64(p.average(now, time.Hour)), 110e12*30/130, 1)
	for i := range 50 { // more segments than are kept
		p.set(now.Add(time.Duration(i)*time.Second), 1+i%2)
	}
	end := now.Add(100 * time.Second)
	if got := p.average(end, time.Hour); got < 40e12 || got > 110e12 {
		t.Errorf("average over forgotten segments = %v, want it between the points", got)
	}
}

func TestSharesGrowWithHashes(t *testing.T) {
	const difficulty = 1000.0
	var lastA, lastR uint64
	gaps := map[uint64]int{}
	for i := range 20000 {
		a, r := sharesAfter(42, float64(i)*difficulty*(1<<32)/4, difficulty)
		if a < lastA || r < lastR {
			t.Fatalf("after %d quarters: shares fell from %d/%d to %d/%d", i, lastA, lastR, a, r)
		}
		gaps[a+r-lastA-lastR]++
		lastA, lastR = a, r
	}
	near(t, "shares of 5,000 expected", float64(lastA+lastR), 5000, shareBatch)
	near(t, "rejected", float64(lastR), 5000.0/rejectEvery, 1)
	if gaps[0] == 0 || gaps[2] == 0 {
		t.Errorf("shares by quarter: %v; want them irregular", gaps)
	}
}
