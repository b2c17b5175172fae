package scheduler

import (
	"encoding/json"
	"fmt"
	"math/rand/v2"
	"strings"
	"testing"
	"testing/synctest"
	"time"

	"github.com/curtaild/curtaild/energy"
	"github.com/curtaild/curtaild/policies"
)

// daybook is what a loop has taken down, and what it was seen to do.
type daybook struct {
	frames []Frame
	seen   []*energy.Snapshot
}

// write has the bench's loop write into a journal, and the daybook take it.
func (d *daybook) write(t *testing.T, b *bench) {
	b.loop.Journal = NewJournal("v1", "sha")
	publish := b.loop.Publish
	b.loop.Publish = func(s *energy.Snapshot) {
		publish(s)
		b.mu.Lock()
		defer b.mu.Unlock()
		d.seen = append(d.seen, s)
	}
}

func (d *daybook) take(t *testing.T, b *bench) {
	t.Helper()
	frames, err := b.loop.Journal.Take(time.Now())
	if err != nil {
		t.Fatal(err)
	}
	d.frames = append(d.frames, frames...)
}

// streams are the frames by stream, in order.
func (d *daybook) streams() (out [][]Frame) {
	for _, f := range d.frames {
		if f.Offset == 0 {
			out = append(out, nil)
		}
		out[len(out)-1] = append(out[len(out)-1], f)
	}
	return out
}

func replayOf(t *testing.T, frames []Frame) *Replay {
	t.Helper()
	r := new(Replay)
	for _, f := range frames {
		if err := r.Add(f); err != nil {
			t.Fatal(err)
		}
	}
	return r
}

// compare replays every stream and expects in it what was seen, plan by plan.
func (d *daybook) compare(t *testing.T) (plans int) {
	t.Helper()
	seen := d.seen
	for i, frames := range d.streams() {
		r := replayOf(t, frames)
		for {
			e, err := r.step(time.Now())
			if err != nil {
				t.Fatalf("stream %d: %v", i, err)
			}
			if e == nil {
				break
			}
			if e.Kind == EventRoll {
				r.carries(t, d.streams()[i+1])
			}
			if e.Kind != EventPass && e.Kind != EventLeave {
				continue
			}
			if !r.differs.IsZero() {
				t.Fatalf("stream %d: it has sent something else at %v", i, r.differs)
			}
			for seen[0].At.Before(e.At) { // seen, and lost, or not decided
				seen = seen[1:]
			}
			r.same(t, seen[0], &r.s.plan)
			seen = seen[1:]
			plans++
		}
	}
	return plans
}

// carries expects the replayed site to be, at the end of a stream, what the
// next one begins with; and that to come back from its checkpoint whole.
func (r *Replay) carries(t *testing.T, next []Frame) {
	t.Helper()
	n := replayOf(t, next)
	text := func(c *checkpoint) string {
		c.Version, c.Config = "", ""
		for i := range c.Loads {
			st := &c.Loads[i].Status
			st.TempC, st.Energy, st.Hashes, st.Accepted, st.Rejected = 0, 0, 0, 0, 0
		}
		b, err := json.MarshalIndent(c, "", " ")
		if err != nil {
			t.Fatal(err)
		}
		return string(b)
	}
	c := n.stream.begun
	s, err := c.site()
	if err != nil {
		t.Fatal(err)
	}
	want := text(c)
	if got := text(s.checkpoint(c.At)); got != want {
		t.Errorf("a checkpoint comes back as another:\n%s", differing(got, want))
	}
	if got := text(r.s.checkpoint(c.At)); got != want {
		t.Errorf("at the end of a stream the replayed site is another:\n%s", differing(got, want))
	}
}

// differing is the lines in which two texts differ.
func differing(got, want string) (out string) {
	a, b := strings.Split(got, "\n"), strings.Split(want, "\n")
	for i := range min(len(a), len(b)) {
		if a[i] != b[i] {
			out += fmt.Sprintf("%d: %s\n   want %s\n", i, a[i], b[i])
		}
	}
	return out
}

func (r *Replay) same(t *testing.T, s *energy.Snapshot, plan *Plan) {
	t.Helper()
	for i, l := range s.Loads {
		got := &r.s.loads[i]
		if l.Decision != got.decision {
			t.Fatalf("%v: decided %+v, replayed %+v", s.At, l.Decision, got.decision)
		}
		if sp := l.Setpoint; sp != got.setpoint {
			t.Fatalf("%v: set-point %+v, replayed %+v", s.At, l.Setpoint, got.setpoint)
		}
		if draw := got.course.At(s.At); draw != l.Draw {
			t.Fatalf("%v: draw of %s %v, replayed %v", s.At, l.Setpoint.Load, l.Draw, draw)
		}
	}
	if !plan.Wake.Equal(s.Wake) || plan.Budget != s.Budget || plan.Granted != s.Granted {
		t.Fatalf("%v: wake %v budget %v granted %v, replayed %v %v %v", s.At, s.Wake, s.Budget, s.Granted, plan.Wake, plan.Budget, plan.Granted)
	}
	if a, b := s.Balance, r.s.balance; a.Available != b.Available || a.Net != b.Net || a.Draw != b.Draw || a.OK != b.OK || a.Reason != b.Reason {
		t.Fatalf("%v: balance %+v, replayed %+v", s.At, a, b)
	}
	if n := len(r.s.kept.Book.Signals); n != len(s.Signals) {
		t.Fatalf("%v: %d signals, replayed %d", s.At, len(s.Signals), n)
	}
	for i, st := range s.Signals {
		if got := r.s.kept.Book.Signals[i].Status; got.State != st.State || got.ViolationS != st.ViolationS {
			t.Fatalf("%v: signal %+v, replayed %+v", s.At, st, got)
		}
	}
}

// weather feeds a meter under passing clouds, and now and then a rig that
// says something of itself.
func (b *bench) weather(rnd *rand.Rand, seconds int) {
	w := 1500.0
	for range seconds {
		if rnd.IntN(30) == 0 {
			w = 5000 * rnd.Float64()
		}
		b.surplus(energy.Watts(w+100*rnd.NormFloat64()), 1)
		if rnd.IntN(20) == 0 {
			r := b.rigs[[]string{"a", "b"}[rnd.IntN(2)]]
			b.mu.Lock()
			dead, point := r.dead, r.point
			b.mu.Unlock()
			st := energy.Status{
				Load: r.name, At: time.Now(), State: energy.StateRunning, Point: point, Points: benchPoints, Seq: 1 << 40,
				Draw: benchPoints[point].Draw + energy.Watts(50*rnd.NormFloat64()), Source: energy.Measured, TempC: 60, Energy: 1e6,
			}
			if point == energy.Off {
				st.State = energy.StateIdle
			}
			if dead || rnd.IntN(4) == 0 {
				st.State, st.Err = energy.StateUnreachable, "no answer"
			}
			b.statuses <- st
		}
	}
}

// worn is a site with wear limits, ramps and a limit on import.
func worn(l *Loop) {
	limit := energy.Watts(500)
	l.Setup.ImportLimit = &limit
	l.Setup.Readings = append(l.Setup.Readings, energy.ReadingSpec{Name: "spare", Role: energy.RoleGrid, MaxAge: time.Minute, Min: -1e6, Max: 1e6})
	l.Setup.Readings[0].Backup = "spare"
	l.Setup.Policies[0].OnStale = policies.OnStale{Keep: 20 * time.Second, Then: policies.ThenStop}
	for _, s := range l.Specs {
		s.MaxStarts = 40
		s.MinOn, s.MinOff, s.Ramp = 40*time.Second, 20*time.Second, energy.Ramp{Up: 50, Down: 200}
	}
}

// The same day, written down by the loop and replayed, gives the same plans,
// one by one: through clouds, silence, a signal, a hold, rigs that do not
// answer, restarts, and a new stream in the middle of it.
func TestReplayGivesTheSamePlans(t *testing.T) {
	for name, terms := range map[string]func(*policies.Policy){
		"net":    func(p *policies.Policy) { p.Objective = policies.Net },
		"hashes": func(p *policies.Policy) { p.Objective = policies.Hashes },
		"ramp":   func(p *policies.Policy) { p.Ramp = energy.Ramp{Up: 20, Down: 100} },
		"bridge": func(p *policies.Policy) {
			p.Objective, p.Bridge = policies.Net, policies.Bridge{Auto: true, For: time.Minute}
		},
		"probe":   func(p *policies.Policy) { p.Probe = policies.Probe{Step: 1000, Every: 20 * time.Second} },
		"keeping": func(p *policies.Policy) { p.OnStale = policies.OnStale{Then: policies.ThenPower, Power: 1200} },
	} {
		t.Run(name, func(t *testing.T) {
			sameDay(t, func(l *Loop) { worn(l); terms(&l.Setup.Policies[0]) })
		})
	}
}

func sameDay(t *testing.T, site func(*Loop)) {
	synctest.Test(t, func(t *testing.T) {
		rnd := rand.New(rand.NewPCG(7, 11))
		var day daybook
		b := newBench(t, site)
		day.write(t, b)
		end := b.run()
		day.weather(t, b, rnd)
		b.signals <- Delivery{Signal: energy.Signal{
			Source: "dso", ID: "x", Revision: 1, Kind: energy.KindLimit, At: energy.AtFlexible, Max: 1500, Start: time.Now().Add(5 * time.Second),
			End: time.Now().Add(90 * time.Second), Received: time.Now(),
		}}
		day.weather(t, b, rnd)
		time.Sleep(70 * time.Second) // silence
		b.readings <- energy.Reading{Name: "spare", Value: -1800, At: time.Now().Add(-2 * time.Second), Arrived: time.Now()}
		time.Sleep(70 * time.Second)
		day.weather(t, b, rnd)
		if err := b.loop.Hold(t.Context(), true, "ann"); err != nil {
			t.Fatal(err)
		}
		day.weather(t, b, rnd)
		if err := b.loop.Hold(t.Context(), false, "ann"); err != nil {
			t.Fatal(err)
		}
		for range 30 { // into another stream
			day.weather(t, b, rnd)
		}
		end(ErrHandOver)
		day.take(t, b)
		again := newBench(t, site, func(l *Loop) { l.Kept = b.kept })
		for name := range b.rigs {
			again.rigs[name].point = b.rigs[name].point
		}
		day.write(t, again)
		end = again.run()
		for range 5 {
			day.weather(t, again, rnd)
		}
		if err := again.loop.Drain(t.Context(), 5*time.Second, "ann"); err != nil {
			t.Fatal(err)
		}
		time.Sleep(10 * time.Second)
		end(nil)
		day.take(t, again)

		streams := day.streams()
		if len(streams) != 3 {
			t.Errorf("%d streams, want one, one after an hour, and one after the restart", len(streams))
		}
		if n := day.compare(t); n < 4500 {
			t.Errorf("%d plans compared", n)
		}
		last := replayOf(t, streams[len(streams)-1])
		if err := last.Until(time.Now()); err != nil || !last.ended {
			t.Errorf("the end is not on record: %v", err)
		}
	})
}

// weather is two minutes of it, taken as they go.
func (d *daybook) weather(t *testing.T, b *bench, rnd *rand.Rand) {
	t.Helper()
	b.weather(rnd, 120)
	d.take(t, b)
}
