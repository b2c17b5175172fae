package scheduler

import (
	"encoding/json"
	"fmt"
	"math/rand/v2"
	"reflect"
	"slices"
	"strings"
	"testing"
	"time"

	"github.com/curtaild/curtaild/energy"
)

var june = time.Date(2026, 6, 1, 12, 0, 0, 0, time.UTC)

func sec(s float64) time.Time { return june.Add(time.Duration(s * float64(time.Second))) }

var dso = &Source{
	Name:  "dso",
	Kinds: []energy.SignalKind{energy.KindLimit, energy.KindStop, energy.KindRelease},
	At:    []energy.Bind{energy.AtFlexible, energy.AtPCCImport}, Max: 600e3,
}

// limit is a boring signal: 120 kW on our draw from second 10 to second 70.
func limit(change ...func(*energy.Signal)) energy.Signal {
	s := energy.Signal{
		Source: "dso", ID: "ev-1", Revision: 1, Kind: energy.KindLimit, At: energy.AtFlexible,
		Max: 120e3, Start: sec(10), End: sec(70), Received: june,
	}
	for _, c := range change {
		c(&s)
	}
	return s
}

func measure(kw float64) Measure {
	return Measure{
		Flexible: energy.Watts(kw * 1000), By: "meter", OffDraw: 500, BaseFlexible: 900e3, BaseGrid: 50e3, StopTime: 10 * time.Second,
		Grid: energy.Sample{Value: kw * 1000, Quality: energy.Good},
	}
}

func TestRefusals(t *testing.T) {
	tests := map[string]struct {
		sig  energy.Signal
		src  *Source
		want string
	}{
		"no source":         {limit(), nil, "not configured"},
		"bad payload":       {limit(func(s *energy.Signal) { s.Fault = "no id" }), dso, "no id"},
		"kind":              {limit(func(s *energy.Signal) { s.Kind = energy.KindStop }), &Source{Name: "dso"}, "may not send stop"},
		"place":             {limit(), &Source{Name: "dso", Kinds: dso.Kinds, Max: 1e6}, "may not bind at flexible"},
		"negative":          {limit(func(s *energy.Signal) { s.Max = -1 }), dso, "negative"},
		"bounds":            {limit(func(s *energy.Signal) { s.Max = 600001 }), dso, "out of bounds"},
		"end before start":  {limit(func(s *energy.Signal) { s.End = sec(10) }), dso, "ends before it starts"},
		"expired":           {limit(func(s *energy.Signal) { s.Start, s.End = sec(-60), sec(0) }), dso, "expired"},
		"too slow":          {limit(func(s *energy.Signal) { s.Deadline = 9 * time.Second }), dso, "too_slow (10 s)"},
		"nothing to cancel": {limit(func(s *energy.Signal) { s.Kind = energy.KindCancel }), dso, "no signal of this id"},
		"nothing to let go": {limit(func(s *energy.Signal) { s.Kind = energy.KindRelease }), dso, "no stop"},
	}
	for name, tt := range tests {
		t.Run(name, func(t *testing.T) {
			var b Book
			got := b.Take(june, tt.sig, tt.src, measure(900))
			if len(got) != 1 || got[0].State != energy.SignalRejected || !strings.Contains(got[0].Reason, tt.want) {
				t.Errorf("got %+v, want rejected: %s", got, tt.want)
			}
			if b.Ceilings(sec(20)) != nil || b.Stopped(sec(20)) || b.Step(sec(20), measure(900)) != nil {
				t.Errorf("a refused signal lives: %+v", b)
			}
			if gone := b.Expired(june.Add(keepEnded)); len(gone) != 1 || gone[0].ID != tt.sig.ID {
				t.Errorf("its status stays on the broker: %+v", gone)
			}
		})
	}
}

// A life is a series of measurements, and the states that were published at
// each.
func TestSignalLife(t *testing.T) {
	type at struct {
		s    float64
		kw   float64
		want string
	}
	stop := func(s *energy.Signal) { s.Kind, s.At, s.End = energy.KindStop, "", time.Time{} }
	tests := map[string]struct {
		sig    energy.Signal
		series []at
	}{
		"kept": {limit(), []at{{9.9, 900, ""}, {10, 900, "started"}, {15, 300, ""}, {18, 122.4, "achieved"}, {69.9, 120, ""}, {70, 120, "completed"}, {71, 900, ""}}},
		"just above the tolerance is not achieved": {limit(), []at{{10, 122.5, "started"}, {24.9, 122.5, ""}, {25, 122.5, "partial"}, {70, 122.5, "failed"}}},
		"late is partial first":                    {limit(), []at{{10, 900, "started"}, {25, 500, "partial"}, {30, 100, "achieved"}, {70, 100, "completed"}}},
		"nothing at all":                           {limit(), []at{{10, 900, "started"}, {25, 900, "violated"}, {70, 950, "failed"}}},
		"broken, then kept again":                  {limit(), []at{{10, 100, "started achieved"}, {20, 200, ""}, {24.9, 200, ""}, {25, 200, "violated"}, {30, 100, "achieved"}, {70, 100, "completed"}}},
		"a blip is none":                           {limit(), []at{{10, 100, "started achieved"}, {20, 200, ""}, {24, 100, ""}, {28, 200, ""}, {32, 200, ""}, {32.9, 100, ""}}},
		"a test binds nothing":                     {limit(func(s *energy.Signal) { s.Test = true }), []at{{10, 900, "started"}, {40, 900, ""}, {70, 900, "completed"}}},
		"a stop does not end by itself":            {limit(stop), []at{{0, 900, "started"}, {9, 0.55, "achieved"}, {1e6, 0.5, ""}}},
		"at the meter": {limit(func(s *energy.Signal) { s.At, s.Max = energy.AtPCCImport, 0 }),
			[]at{{10, 50, "started"}, {12, 0.1, "achieved"}, {70, 0, "completed"}}},
	}
	for name, tt := range tests {
		t.Run(name, func(t *testing.T) {
			var b Book
			if got := b.Take(june, tt.sig, dso, measure(900)); len(got) != 1 || got[0].State != energy.SignalAccepted {
				t.Fatalf("not accepted: %+v", got)
			}
			for _, row := range tt.series {
				var got []string
				for _, st := range b.Step(sec(row.s), measure(row.kw)) {
					got = append(got, string(st.State))
				}
				if strings.Join(got, " ") != row.want {
					t.Fatalf("second %v, %v kW: %q, want %q", row.s, row.kw, got, row.want)
				}
				var again Book // as after a restart
				raw, err := json.Marshal(b)
				if err == nil {
					err = json.Unmarshal(raw, &again)
				}
				if err != nil {
					t.Fatal(err)
				}
				b = again
			}
		})
	}
}

func TestSignalFigures(t *testing.T) {
	var b Book
	b.Take(june, limit(), dso, measure(900))
	b.Step(sec(10), measure(900))
	b.Step(sec(18), measure(118))
	b.Step(sec(40), measure(130))
	b.Step(sec(50), measure(150))
	b.Step(sec(52), measure(118))
	got := b.Signals[0].Status
	if *got.AchievedS != 8 || *got.BaselineKW != 900 || *got.Delivered != 782 || *got.ExpectedS != 10 || got.ViolationS != 5 || got.MaxOverKW != 30 {
		raw, _ := json.Marshal(got)
		t.Errorf("figures: %s", raw)
	}
}

func TestRevisions(t *testing.T) {
	var b Book
	b.Take(june, limit(), dso, measure(900))
	states := func(list []energy.SignalStatus) (out []string) {
		for _, s := range list {
			out = append(out, fmt.Sprintf("%s@%d", s.State, s.Revision))
		}
		return out
	}
	rev := func(n int, max energy.Watts) energy.Signal {
		return limit(func(s *energy.Signal) { s.Revision, s.Max = n, max })
	}
	for _, step := range []struct {
		sig  energy.Signal
		want []string
		max  energy.Watts
	}{
		{rev(1, 120e3), []string{"accepted@1"}, 120e3}, // the same again
		{rev(3, 80e3), []string{"superseded@1", "accepted@3"}, 80e3},
		{rev(2, 50e3), []string{"rejected@2", "accepted@3"}, 80e3},
	} {
		if got := states(b.Take(june, step.sig, dso, measure(900))); !slices.Equal(got, step.want) {
			t.Fatalf("revision %d: %v, want %v", step.sig.Revision, got, step.want)
		}
		want := []Ceiling{{At: energy.AtFlexible, Max: step.max, Reason: energy.SignalLimit}}
		if got := b.Ceilings(sec(10)); !reflect.DeepEqual(got, want) {
			t.Fatalf("ceilings %v, want %v", got, want)
		}
		if b.Ceilings(sec(9.9)) != nil {
			t.Fatal("a limit binds before its start")
		}
	}
	again := rev(3, 80e3)
	again.Fault = "expired" // as a repetition after the end reads
	if got := states(b.Take(june, again, dso, measure(900))); !slices.Equal(got, []string{"accepted@3"}) {
		t.Fatalf("said again: %v", got)
	}
	cancel := rev(3, 0)
	cancel.Kind = energy.KindCancel
	if got := states(b.Take(june, cancel, dso, measure(900))); !slices.Equal(got, []string{"cancelled@3"}) {
		t.Fatalf("cancel: %v", got)
	}
	if b.Ceilings(sec(20)) != nil {
		t.Error("a cancelled limit binds")
	}
	if got := b.Expired(june.Add(keepEnded - 1)); got != nil {
		t.Errorf("cleared too early: %v", got)
	}
	if got := b.Expired(june.Add(keepEnded)); len(got) != 1 || len(b.Signals) != 0 {
		t.Errorf("not cleared: %v", got)
	}
}

// Whatever comes in, the book stays bounded, and nothing changes before Wake
// while what is measured stays the same.
func TestBookInvariants(t *testing.T) {
	r := rand.New(rand.NewPCG(1, 2))
	for range 300 {
		var b Book
		now := june
		for range 30 {
			now = now.Add(time.Duration(r.IntN(20)) * time.Second)
			s := limit(func(s *energy.Signal) {
				s.ID, s.Revision = fmt.Sprint(r.IntN(4)), r.IntN(3)
				s.Kind = []energy.SignalKind{energy.KindLimit, energy.KindStop, energy.KindCancel, energy.KindRelease}[r.IntN(4)]
				s.Start = now.Add(time.Duration(r.IntN(30)) * time.Second)
				s.End = s.Start.Add(time.Duration(1+r.IntN(60)) * time.Second)
			})
			m := measure(float64(r.IntN(300)))
			b.Take(now, s, dso, m)
			b.Step(now, m)
			before := b.Ceilings(now)
			if wake := b.Wake(now); !wake.IsZero() {
				later := wake.Add(-time.Millisecond)
				if got := b.Step(later, m); got != nil || !reflect.DeepEqual(b.Ceilings(later), before) {
					t.Fatalf("changed before wake: %+v", got)
				}
				now = later
			}
		}
	}
	var b Book
	for i := range 2 * maxEntries {
		b.Take(june, limit(func(s *energy.Signal) { s.ID = fmt.Sprint(i) }), dso, measure(1))
	}
	if len(b.Signals) != maxEntries {
		t.Errorf("%d signals are kept", len(b.Signals))
	}
}

func TestBookStaysBoundedOverReleases(t *testing.T) {
	var b Book
	cleared := 0
	for i := range maxEntries {
		b.Take(june, limit(func(s *energy.Signal) { s.Kind, s.ID = energy.KindStop, fmt.Sprint("s", i) }), dso, measure(1))
		b.Take(june, limit(func(s *energy.Signal) { s.Kind, s.ID = energy.KindRelease, fmt.Sprint("r", i) }), dso, measure(1))
		cleared += len(b.Expired(june)) // as the loop does after each
	}
	if cleared == 0 {
		t.Error("what made room stays on the broker")
	}
	if len(b.Signals) > maxEntries {
		t.Errorf("%d signals are kept", len(b.Signals))
	}
}
