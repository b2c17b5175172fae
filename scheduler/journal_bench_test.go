package scheduler

import (
	"fmt"
	"log/slog"
	"math/rand/v2"
	"testing"
	"time"

	"github.com/curtaild/curtaild/energy"
	"github.com/curtaild/curtaild/policies"
)

// oneStream is what a site of so many rigs writes into one stream of its journal:
// a reading a second, a status of each rig a minute, a pass every tenth of a
// second.
func oneStream(b *testing.B, rigs int) (frames []Frame, events int) {
	rnd := rand.New(rand.NewPCG(1, 2))
	at := time.Date(2026, 4, 1, 12, 0, 0, 0, time.UTC)
	l := &Loop{
		Setup: Setup{
			Readings: []energy.ReadingSpec{{Name: "grid", Role: energy.RoleGrid, MaxAge: 30 * time.Second, Min: -1e9, Max: 1e9}},
			Balance:  energy.BalanceSpec{Kind: energy.BalanceGrid}, Location: time.UTC,
			Policies: []policies.Policy{{Name: "soak", Loads: []string{"a"}, Order: policies.Efficient, Use: policies.Use{Available: true}}},
		},
		Answer: func(energy.SignalStatus, Notice) {}, Log: slog.New(slog.DiscardHandler), Journal: NewJournal("v", "sha"),
	}
	for i := range rigs {
		name := fmt.Sprintf("a-%04d", i)
		l.Loads, l.Specs = append(l.Loads, mute(name)), append(l.Specs, &energy.LoadSpec{Name: name, Group: "a", MinOn: 10 * time.Minute})
	}
	s, err := openSite(l, func(_ Change, after func(error)) {
		if after != nil {
			after(nil)
		}
	}, at)
	if err != nil {
		b.Fatal(err)
	}
	s.writeOn(at)
	points := []energy.OperatingPoint{{Name: "off", Draw: 20}, {Name: "low", Draw: 1800, Rate: 70e12}, {Name: "default", Draw: 3250, Rate: 110e12}}
	for i := 0; i < 10 || !s.Journal.due(at); i++ {
		at = at.Add(100*time.Millisecond + time.Duration(rnd.IntN(1e6)))
		if i%10 == 0 {
			r := energy.Reading{Name: "grid", Value: float64(rnd.IntN(rigs*3000)) - float64(rigs)*1500, At: at.Add(-300 * time.Millisecond), Arrived: at.Add(-1234567)}
			s.board.Take(r)
			s.Journal.put(&Event{Kind: EventReading, At: at, Reading: r})
			events++
		}
		for k := i * rigs / 600; k < (i+1)*rigs/600; k++ {
			n := k % rigs
			sp := s.loads[n].setpoint
			st := energy.Status{
				Load: l.Specs[n].Name, At: at.Add(-time.Duration(rnd.IntN(1e8))), State: energy.StateRunning, Point: sp.Point, Seq: sp.Seq, Points: points,
				Draw: energy.Watts(rnd.IntN(60)) + points[max(0, sp.Point)].Draw, Rate: energy.HashRate(1e10 * float64(10000+rnd.IntN(1000))), Source: energy.Measured,
			}
			s.Journal.status(at, n, &st, &s.loads[n].status)
			s.status(at, st)
			events++
		}
		s.pass(at)
		s.Journal.put(&Event{Kind: EventPass, At: at, Seq: s.kept.Seq})
		events++
		if i%10 == 0 {
			out, err := s.Journal.Take(at)
			if err != nil {
				b.Fatal(err)
			}
			frames = append(frames, out...)
		}
	}
	return frames, events
}

// BenchmarkReplay replays a whole stream, which is as much as an explanation
// may have to go through.
func BenchmarkReplay(b *testing.B) {
	for _, rigs := range []int{10, 1000} {
		b.Run(fmt.Sprintf("rigs=%d", rigs), func(b *testing.B) {
			frames, events := oneStream(b, rigs)
			size, head := 0, 0
			for _, f := range frames {
				if size += len(f.Data); f.Offset < checkpointSpan {
					head += len(f.Data)
				}
			}
			var last time.Time
			for b.Loop() {
				var r Replay
				for _, f := range frames {
					if err := r.Add(f); err != nil {
						b.Fatal(err)
					}
					if err := r.Until(f.At); err != nil {
						b.Fatal(err)
					}
				}
				if last, _ = r.Last(); !r.differs.IsZero() || r.Explain(last) == nil {
					b.Fatalf("it differs at %v", r.differs)
				}
			}
			b.ReportMetric(float64(size-head)/float64(events), "B/event")
			b.ReportMetric(float64(head), "B/checkpoint")
			b.ReportMetric(float64(events), "events")
		})
	}
}

// BenchmarkJournal is what the loop spends on writing down one status.
func BenchmarkJournal(b *testing.B) {
	at := time.Date(2026, 4, 1, 12, 0, 0, 0, time.UTC)
	j := NewJournal("v", "sha")
	j.begin(&checkpoint{At: at, Specs: []*energy.LoadSpec{{Name: "a"}}, Loads: make([]loadRecord, 1)})
	last := energy.Status{Load: "a", State: energy.StateRunning, Point: 1, Draw: 3250, Rate: 110e12, Source: energy.Measured}
	b.ReportAllocs()
	for i := 0; b.Loop(); i++ {
		at = at.Add(time.Second)
		st := last
		st.At, st.Draw, st.Rate = at, last.Draw+energy.Watts(i%7-3), last.Rate+energy.HashRate(1e10*float64(i%5-2))
		j.status(at, 0, &st, &last)
		if last = st; i%4096 == 0 {
			if _, err := j.Take(at); err != nil {
				b.Fatal(err)
			}
		}
	}
}
