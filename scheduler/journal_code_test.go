package scheduler

import (
	"bytes"
	"encoding/json"
	"errors"
	"io"
	"math"
	"slices"
	"testing"
	"time"

	"github.com/curtaild/curtaild/energy"
)

// Numbers, times and words come back as they were.
func TestJournalCode(t *testing.T) {
	now := time.Date(2026, 4, 1, 12, 0, 0, 0, time.UTC)
	floats := []float64{0, math.Copysign(0, -1), 1, -1, 0.1, 1.0 / 3, 110.2e12, -3600, 1e-300, 5e-324, math.MaxFloat64, math.Inf(1), 1e22, 123456789.125}
	times := []time.Time{{}, now, now.Add(1), now.Add(-time.Hour), now.Add(math.MaxInt64), now.Add(-math.MaxInt64)}
	words := []string{"grid", "", "grid", "plant/+/x", "grid"}
	p := packer{words: map[string]uint64{}}
	for _, f := range floats {
		p.float(f)
	}
	for _, at := range times {
		p.time(now, at)
	}
	for _, w := range words {
		p.word(w)
	}
	p.float(math.NaN())
	u := unpacker{buf: p.buf}
	for _, f := range floats {
		if got := u.float(); math.Float64bits(got) != math.Float64bits(f) {
			t.Errorf("%v came back as %v", f, got)
		}
	}
	for _, at := range times {
		if got := u.time(now); !got.Equal(at) {
			t.Errorf("%v came back as %v", at, got)
		}
	}
	for _, w := range words {
		if got := u.word(); got != w {
			t.Errorf("%q came back as %q", w, got)
		}
	}
	if got := u.float(); !math.IsNaN(got) || u.err != nil || len(u.buf) > 0 {
		t.Errorf("%v, %v, %d bytes left", got, u.err, len(u.buf))
	}
	long := packer{words: map[string]uint64{}}
	long.time(now, now.AddDate(-1000, 0, 0))
	if got := (&unpacker{buf: long.buf}).time(now); now.Sub(got) < 290*365*24*time.Hour {
		t.Errorf("1000 years ago came back as %v", got)
	}
}

// aStream is a stream with an event of each kind, and those events.
func aStream(t testing.TB) (frames []Frame, want []Event) {
	at := time.Date(2026, 4, 1, 12, 0, 0, 0, time.UTC)
	next := func() time.Time { at = at.Add(1234567 * time.Microsecond); return at }
	c := &checkpoint{
		At: at, Setup: setupRecord{Setup{Readings: []energy.ReadingSpec{{Name: "grid"}, {Name: "pv"}}}, "UTC"},
		Specs: []*energy.LoadSpec{{Name: "a"}, {Name: "b"}}, Loads: make([]loadRecord, 2),
	}
	j := NewJournal("v", "sha")
	j.begin(c)
	put := func(e Event) {
		e.At = next()
		j.put(&e)
		want = append(want, e)
	}
	put(Event{Kind: EventReading, Reading: energy.Reading{Name: "pv", Part: "x/1", Value: 12.5, At: at, Arrived: at.Add(time.Second)}})
	put(Event{Kind: EventReading, Reading: energy.Reading{Name: "grid", Value: -1}})
	put(Event{Kind: EventPresence, Presence: energy.Presence{Name: "grid", Online: true, At: at}})
	points := []energy.OperatingPoint{{Name: "off"}, {Name: "on", Draw: 1000.5, Rate: 1e14}}
	last := []energy.Status{{}, {}}
	for _, st := range []energy.Status{
		{Load: "b", State: energy.StateRunning, Point: 1, Seq: 7, Points: points, Ramp: energy.Ramp{Up: 3}, Draw: 999.9, DrawAt: at, Source: energy.Measured, Rate: 1.1e14, Starts: 3, Model: "S21"},
		{Load: "b", State: energy.StateRunning, Point: 1, Seq: 7, Points: points, Ramp: energy.Ramp{Up: 3}, Draw: 1000.1, Source: energy.Measured, Rate: 1.1e14, Starts: 3, Model: "S21"},
		{Load: "b", State: energy.StateRunning, Point: 1, Seq: 7, Points: points, Ramp: energy.Ramp{Up: 3}, Draw: 1000.1, Source: energy.Measured, Rate: 1.1e14, Starts: 3, Model: "S21", PerHash: 8e-16},
		{Load: "a", State: energy.StateUnreachable, Point: -1, Err: "no answer"},
	} {
		st.At = next()
		n := map[string]int{"a": 0, "b": 1}[st.Load]
		j.status(at, n, &st, &last[n])
		last[n] = st
		want = append(want, Event{Kind: EventStatus, At: at, Status: st})
	}
	put(Event{Kind: EventSignal, Signal: energy.Signal{Source: "dso", ID: "x", Kind: energy.KindLimit, Max: 5, Start: at}})
	put(Event{Kind: EventHold, Off: true, Who: "ann"})
	put(Event{Kind: EventDrain, Span: time.Minute, Who: "ann"})
	put(Event{Kind: EventPass, Seq: 1 << 40})
	put(Event{Kind: EventShift, Span: -time.Hour})
	put(Event{Kind: EventLeave})
	put(Event{Kind: EventEnd})
	frames, err := j.Take(at)
	if err != nil {
		t.Fatal(err)
	}
	return frames, want
}

// Every event comes back as it was, wherever the bytes are cut into frames.
func TestJournalEvents(t *testing.T) {
	frames, want := aStream(t)
	if kinds := len(slices.CompactFunc(slices.Clone(want), func(a, b Event) bool { return a.Kind == b.Kind })); kinds < 10 {
		t.Errorf("%d kinds", kinds)
	}
	for size := 1; size < 80; size += 7 {
		var s Stream
		var got []Event
		for _, f := range frames {
			for i := 0; i < len(f.Data); i += size {
				piece := Frame{Stream: f.Stream, Offset: f.Offset + int64(i), At: f.At, Data: f.Data[i:min(i+size, len(f.Data))]}
				if err := s.Add(piece); err != nil {
					t.Fatal(err)
				}
				for {
					e, err := s.Next()
					if errors.Is(err, io.EOF) {
						break
					}
					if err != nil {
						t.Fatal(err)
					}
					got = append(got, e)
				}
			}
		}
		if len(got) != len(want) {
			t.Fatalf("in pieces of %d: %d events, want %d", size, len(got), len(want))
		}
		for i := range want {
			a, _ := json.Marshal(got[i])
			b, _ := json.Marshal(want[i])
			if !bytes.Equal(a, b) {
				t.Errorf("in pieces of %d: event %d\n%s\nwant\n%s", size, i, a, b)
			}
		}
	}
}

// Whatever stands in a journal, reading it ends, and says that it is broken.
func FuzzStream(f *testing.F) {
	frames, _ := aStream(f)
	for _, fr := range frames {
		f.Add(fr.Data, fr.Offset > 0)
	}
	var head []byte
	for _, fr := range frames {
		if fr.Offset < checkpointSpan {
			head = append(head, fr.Data...)
		}
	}
	f.Fuzz(func(t *testing.T, data []byte, event bool) {
		var r Replay
		add := func(offset int64, b []byte) {
			if r.Add(Frame{Stream: 1, Offset: offset, Data: b}) == nil {
				_ = r.Until(time.Date(9999, 1, 1, 0, 0, 0, 0, time.UTC))
			}
		}
		if event {
			add(0, head)
			add(checkpointSpan, data)
		} else {
			add(0, data)
			add(checkpointSpan, []byte{byte(EventPass), 0, 0})
		}
		_ = r.Explain(time.Unix(0, 0))
	})
}
