package record

import (
	"math"
	"testing"
	"time"

	"github.com/curtaild/curtaild/energy"
)

// polled is the quiet site with a counter that counts watts, and is read every
// so many seconds.
func polled(every, watts float64) func(float64) energy.Snapshot {
	return func(s float64) energy.Snapshot {
		x := counted(math.Floor(s/every) * every)
		x.At = at(s)
		x.Loads[0].Status.Energy = energy.Joules(5e6 + watts*math.Floor(s/every)*every)
		return x
	}
}

func TestFansAndPumpsFollowTheCounter(t *testing.T) {
	r := newRecorder(func(c *Config) { c.Aux = 10 })
	points := drive(r, 0, 900, polled(10, 1800))
	near(t, 0, "flexible", find(points, "site_interval", "")["flexible_wh"], (890*1800+10*3600)*1.1/3600)
}

// A counter that is read just after the end of an interval says that too much
// was booked: what the new interval cannot give back yet, it gives back later.
func TestCorrectionLargerThanTheInterval(t *testing.T) {
	r := newRecorder()
	points := drive(r, 0, 3010, polled(301, 1800))
	points = append(points, r.Flush(at(3010))...)
	var sum float64
	for _, p := range points {
		if p.Measurement == "site_interval" {
			wh := find([]energy.Point{p}, "site_interval", "")["flexible_wh"]
			if wh < 0 {
				t.Errorf("%v Wh", wh)
			}
			sum += wh
		}
	}
	if want := 3010.0 * 1800 / 3600; math.Abs(sum-want) > 1 {
		t.Errorf("%v Wh, the counter says %v", sum, want)
	}
}

func TestSubMeterHasTheLastWord(t *testing.T) {
	r := newRecorder()
	points := drive(r, 0, 900, func(s float64) energy.Snapshot {
		x := polled(10, 9000)(s)
		x.Balance.DrawBy, x.Balance.Draw, x.Balance.Flexible = energy.DrawByMeter, 4000, good(4000)
		return x
	})
	near(t, 0, "flexible", find(points, "site_interval", "")["flexible_wh"], 1000)
}

func TestEnergyOfASilenceHasNoKnownOrigin(t *testing.T) {
	r := newRecorder()
	drive(r, 0, 100, counted)
	points := drive(r, 400, 900, counted)
	soak := find(points, "use_interval", "soak")
	near(t, 0, "unattributed", soak["unattributed_wh"], 240) // values hold for the first minute
	near(t, 0, "absorbed", soak["absorbed_wh"], 660)
}

func TestAvailableIsNotKnownForLonger(t *testing.T) {
	limit := energy.Watts(0)
	r := newRecorder(func(c *Config) { c.ExportLimit = &limit })
	s := quiet(0)
	s.Balance.Until = at(30) // the held-back power goes stale
	r.Observe(s)
	var points []energy.Point
	for i := 1; i <= 90; i++ {
		points = append(points, r.Tick(at(float64(i)*10))...)
	}
	site, soak := find(points, "site_interval", ""), find(points, "use_interval", "")
	near(t, 0, "unabsorbed", site["unabsorbed_wh"], 30)
	near(t, 0, "avoided", soak["avoided_curtailment_wh"], 30)
	near(t, 0, "absorbed", soak["absorbed_wh"], 900)
}

func TestCounterBeginsAnew(t *testing.T) {
	r := newRecorder()
	points := drive(r, 0, 900, func(s float64) energy.Snapshot {
		x := counted(s)
		if s > 500 {
			x.Loads[0].Status.Energy = energy.Joules(3600 * (s - 500))
		}
		return x
	})
	near(t, 0, "flexible", find(points, "site_interval", "")["flexible_wh"], 900)
}

// A load that has not been heard from has no counters yet; when it is, what it
// counted before we looked is not ours.
func TestLoadHeardLate(t *testing.T) {
	r := newRecorder()
	points := drive(r, 0, 900, func(s float64) energy.Snapshot {
		x := counted(s)
		if s < 100 {
			x.Loads[0].Status, x.Loads[0].Draw = energy.Status{State: energy.StateUnknown}, 0
		}
		return x
	})
	near(t, 0, "flexible", find(points, "site_interval", "")["flexible_wh"], 800)
	if u := find(points, "use_interval", ""); u["starts"] != 0 {
		t.Errorf("starts %v", u["starts"])
	}
}

// Loads come and go with a reload: those that stay keep their energy, whatever
// their place in the list.
func TestLoadsChangePlaces(t *testing.T) {
	other := energy.LoadSpec{Name: "b-1", Group: "b"}
	r := newRecorder(func(c *Config) { c.RigEvery = 10 * time.Second })
	points := drive(r, 0, 900, func(s float64) energy.Snapshot {
		x := counted(s)
		v := counted(s).Loads[0]
		v.Spec = &other
		switch {
		case s < 300:
			x.Loads = append(x.Loads, v)
		case s < 600:
			x.Loads = []energy.LoadView{v, x.Loads[0]}
		}
		return x
	})
	sum := find(points, "site_interval", "")["flexible_wh"]
	near(t, 0, "flexible", sum, 900+600)
	near(t, 0, "b", find(points, "use_interval", "b")["absorbed_wh"], 600)
}
