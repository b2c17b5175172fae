package record

import (
	"math"
	"testing"
	"time"

	"github.com/curtaild/curtaild/energy"
)

// counted is the quiet site with a counter that moves with its draw.
func counted(s float64) energy.Snapshot {
	x := quiet(s)
	st := &x.Loads[0].Status
	st.At, st.Energy, st.Hashes, st.Starts = at(s), energy.Joules(5e6+3600*s), 1e12*s, 3
	return x
}

// An interval that spans a SIGKILL is whole but for what nobody watched, and
// the energy of that time is there all the same, by the counters.
func TestIntervalSpansRestart(t *testing.T) {
	r := newRecorder()
	drive(r, 0, 400, counted)
	restart(t, &r)
	points := drive(r, 420, 900, counted)
	site, soak := find(points, "site_interval", ""), find(points, "use_interval", "soak")
	if site["covered_s"] != 880 || site["revision"] != 0 || site["final"] != 1 {
		t.Errorf("%v", site)
	}
	near(t, 0, "flexible", site["flexible_wh"], 900)
	near(t, 0, "absorbed", soak["absorbed_wh"], 880)
	near(t, 0, "unattributed", soak["unattributed_wh"], 20)
	near(t, 0, "hashes", soak["hashes"], 900e12)
	if soak["starts"] != 0 {
		t.Errorf("starts were counted again: %v", soak["starts"])
	}
}

// A counter is a poll old when the daemon dies: what was booked ahead of it is
// not booked twice.
func TestRestartBetweenPolls(t *testing.T) {
	polled := func(s float64) energy.Snapshot { x := counted(math.Floor(s/60) * 60); x.At = at(s); return x }
	r := newRecorder()
	drive(r, 0, 410, polled)
	restart(t, &r)
	points := drive(r, 411, 900, polled)
	if got := find(points, "site_interval", "")["flexible_wh"]; math.Abs(got-900) > 1 {
		t.Errorf("%v Wh, want 900", got)
	}
}

func TestFlushThenRevision(t *testing.T) {
	r := newRecorder()
	drive(r, 0, 400, counted)
	flushed := r.Flush(at(400))
	if s := find(flushed, "site_interval", ""); s["final"] != 0 || s["revision"] != 0 || math.Abs(s["flexible_wh"]-400) > 1e-6 {
		t.Errorf("flushed %v", s)
	}
	restart(t, &r)
	points := drive(r, 401, 900, counted)
	if s := find(points, "site_interval", ""); s["final"] != 1 || s["revision"] != 1 || math.Abs(s["flexible_wh"]-900) > 1e-6 {
		t.Errorf("final %v", s)
	}
}

// A daemon that was away over the end of an interval writes it when it is back.
func TestRestartIntoAnotherInterval(t *testing.T) {
	r := newRecorder()
	drive(r, 0, 400, counted)
	restart(t, &r)
	points := r.Observe(counted(5000))
	if n := count(points, "site_interval"); n != 1 {
		t.Fatalf("%d intervals, want the one that was running", n)
	}
	if s := find(points, "site_interval", ""); s["covered_s"] != 400 || s["final"] != 1 {
		t.Errorf("%v", s)
	}
}

func TestRestoreRefuses(t *testing.T) {
	for _, s := range []string{"", "{", "null", `{"v":2}`, `{"v":1,"run":{"len":0}}`, `{"v":1,"loads":7}`, `[]`} {
		r := newRecorder()
		if err := r.Restore([]byte(s)); err == nil {
			t.Errorf("%q was taken", s)
		}
		if points := drive(r, 0, 900, quiet); count(points, "site_interval") != 1 {
			t.Errorf("%q left traces", s)
		}
	}
}

func FuzzRestore(f *testing.F) {
	r := newRecorder()
	drive(r, 0, 30, counted)
	saved, _ := r.Checkpoint()
	f.Add(saved)
	f.Add([]byte(`{"v":1,"cursor":"2026-04-01T12:00:00Z","loads":{"a-1":[1,-5,1e308,2,3]}}`))
	f.Fuzz(func(t *testing.T, data []byte) {
		r := newRecorder()
		if r.Restore(data) == nil {
			r.Observe(counted(40))
			r.Observe(counted(50))
			r.Tick(at(60))
			r.Flush(at(61))
		}
	})
}

func TestClockSetBack(t *testing.T) {
	r := newRecorder()
	points := drive(r, 0, 1000, counted) // into the second interval
	early := counted(1000)
	early.At = at(500)
	points = append(points, r.Observe(early)...)
	for s := 501; s <= 901; s++ {
		x := counted(1000 + float64(s-500))
		x.At = at(float64(s))
		points = append(points, r.Observe(x)...)
	}
	var revisions []float64
	for _, p := range points {
		if p.Measurement == "site_interval" && p.Time.Equal(noon) {
			s := find([]energy.Point{p}, "site_interval", "")
			revisions = append(revisions, s["revision"])
			if s["covered_s"] > 900 {
				t.Errorf("covered %v s", s["covered_s"])
			}
		}
	}
	if len(revisions) != 2 || revisions[1] != 1 {
		t.Errorf("revisions %v: the interval must be written again, not anew", revisions)
	}
}

func TestNextTick(t *testing.T) {
	r := newRecorder(func(c *Config) { c.RigEvery = 7 * time.Second })
	if got := r.NextTick(at(3)); !got.Equal(at(10)) {
		t.Errorf("before anything: %v", got.Sub(noon))
	}
	now := at(0)
	r.Observe(quiet(0))
	var site int
	for range 1000 {
		next := r.NextTick(now)
		if !next.After(now) || next.Sub(now) > siteEvery {
			t.Fatalf("at %v the next tick is at %v", now, next)
		}
		now = next
		site += count(r.Tick(now), "site")
	}
	if want := int(now.Sub(noon) / siteEvery); site != want {
		t.Errorf("%d site points, want %d", site, want)
	}
	back := now.Add(-time.Hour)
	if next := r.NextTick(back); next.Sub(back) > siteEvery {
		t.Errorf("an hour back, the next tick is in %v", next.Sub(back))
	}
}

// Nobody watched: the machine slept. Values hold for a minute, not for hours.
func TestLongSilence(t *testing.T) {
	r := newRecorder()
	drive(r, 0, 10, quiet)
	r.Tick(at(800))
	points := drive(r, 801, 900, quiet)
	if s := find(points, "site_interval", ""); s["covered_s"] != 10+60+100 {
		t.Errorf("covered %v s", s["covered_s"])
	}
	if points := r.Tick(at(1e7)); count(points, "site_interval") > 1 {
		t.Error("a hole was filled with intervals")
	}
}

// Two decisions, or two states of two signals, at the same instant are two
// points.
func TestSameInstant(t *testing.T) {
	r := newRecorder()
	a, b := quiet(1), quiet(1)
	b.Loads[0].Decision.Reason = energy.MinOn
	points := append(r.Observe(a), r.Observe(b)...)
	for _, id := range []string{"ev-1", "ev-2"} {
		points = append(points, r.Signal(energy.SignalStatus{Source: "dso", Kind: energy.KindLimit, ID: id, State: energy.SignalAccepted, At: at(1)})...)
	}
	seen := map[string]bool{}
	for _, p := range points {
		if p.Measurement != "decision" && p.Measurement != "signal" {
			continue
		}
		key := p.Measurement + p.Time.String()
		if seen[key] {
			t.Errorf("hidden: %+v", p)
		}
		seen[key] = true
	}
	if len(seen) != 4 {
		t.Errorf("%d points, want 4", len(seen))
	}
}

// The end of the daemon is no minute and no change, but its counters are the
// last for a while.
func TestFlushWritesCounters(t *testing.T) {
	r := newRecorder()
	drive(r, 0, 100, counted)
	flushed := r.Flush(at(100))
	want := find(drive(newRecorder(), 100, 100, counted), "rig", "")["energy_wh_total"]
	if got := find(flushed, "rig", "")["energy_wh_total"]; got != want || want == 0 {
		t.Errorf("flushed %v Wh, the counter stands at %v", got, want)
	}
	if points := newRecorder().Flush(at(100)); count(points, "rig") != 0 {
		t.Errorf("who has seen nothing flushed %v", points)
	}
}
