package scheduler

import (
	"testing"
	"time"

	"github.com/curtaild/curtaild/energy"
)

func TestStopIsLatched(t *testing.T) {
	var b Book
	stop := limit(func(s *energy.Signal) { s.Kind, s.End, s.ID = energy.KindStop, time.Time{}, "halt" })
	b.Take(june, stop, dso, measure(900))
	cancel := stop
	cancel.Kind = energy.KindCancel
	if got := b.Take(june, cancel, dso, measure(900)); got[0].State != energy.SignalRejected {
		t.Errorf("a stop was cancelled: %+v", got)
	}
	foreign := limit(func(s *energy.Signal) { s.Kind, s.Source, s.ID = energy.KindRelease, "other", "r" })
	b.Take(june, foreign, &Source{Name: "other", Kinds: []energy.SignalKind{energy.KindRelease}}, measure(900))
	if !b.Stopped(june.AddDate(1, 0, 0)) {
		t.Fatal("the stop has gone")
	}
	release := limit(func(s *energy.Signal) { s.Kind, s.ID = energy.KindRelease, "go" })
	got := b.Take(sec(5), release, dso, measure(1))
	if b.Stopped(sec(5)) || len(got) != 2 || got[0].ID != "halt" || got[0].State != energy.SignalCompleted || got[1].ID != "go" {
		t.Errorf("release: %+v", got)
	}
}

// Nothing takes a stop away but its release: no other signal under its id, and
// no clock that is set back. A limit that has taken hold survives the latter too.
func TestStopStays(t *testing.T) {
	stop := func(s *energy.Signal) { s.Kind, s.Start, s.End = energy.KindStop, june, time.Time{} }
	for name, change := range map[string]func(*energy.Signal){
		"a limit":  func(s *energy.Signal) { s.Revision = 2 },
		"a test":   func(s *energy.Signal) { stop(s); s.Revision, s.Test = 2, true },
		"a cancel": func(s *energy.Signal) { s.Revision, s.Kind = 2, energy.KindCancel },
	} {
		var b Book
		b.Take(june, limit(stop), dso, measure(900))
		got := b.Take(june, limit(change), dso, measure(900))
		if !b.Stopped(june) || got[0].State != energy.SignalRejected {
			t.Errorf("%s under the id of a stop: %+v", name, got)
		}
	}
	var b Book
	b.Take(june, limit(stop), dso, measure(900))
	b.Take(june, limit(func(s *energy.Signal) { s.ID, s.Start = "l", june }), dso, measure(900))
	b.Step(june, measure(900))
	if back := june.Add(-time.Hour); !b.Stopped(back) || b.Ceilings(back) == nil {
		t.Error("the clock was set back, and what was in force is not")
	}
}

// A stop is taken whatever its id and revision have been used for.
func TestStopIsNotRefusedForItsNumber(t *testing.T) {
	stop := func(s *energy.Signal) { s.Kind, s.Revision, s.End = energy.KindStop, 0, time.Time{} }
	var b Book
	b.Take(june, limit(func(s *energy.Signal) { s.Start = june }), dso, measure(900))
	b.Take(june, limit(stop), dso, measure(900))
	if !b.Stopped(june) || b.Ceilings(june) == nil {
		t.Error("beside a limit of the same id: it is refused, or the limit is gone")
	}
	b = Book{}
	b.Take(june, limit(stop, func(s *energy.Signal) { s.Test = true }), dso, measure(900))
	b.Take(june, limit(stop), dso, measure(900))
	if !b.Stopped(june) {
		t.Error("after a test of the same id: it is refused")
	}
	release := limit(func(s *energy.Signal) { s.Kind, s.ID = energy.KindRelease, "go" })
	b.Take(sec(1), release, dso, measure(900))
	b.Take(sec(2), limit(stop), dso, measure(900)) // the broker sends it twice
	if b.Stopped(sec(2)) {
		t.Error("an old stop, said again, undoes its release")
	}
	b.Take(sec(3), limit(stop, func(s *energy.Signal) { s.Issued = sec(3) }), dso, measure(900))
	if !b.Stopped(sec(3)) {
		t.Error("issued anew after a release: it is passed over")
	}
}
