package scheduler

import (
	"bytes"
	"encoding/json"
	"errors"
	"io"
	"math"
	"reflect"
	"slices"
	"testing"
	"testing/synctest"
	"time"

	"github.com/curtaild/curtaild/energy"
)

// What the site remembers has to be in the checkpoint. Whoever adds a field
// decides here whether it belongs there.
func TestCheckpointKnowsEveryField(t *testing.T) {
	for _, c := range []struct {
		of   any
		left []string // made anew, or only for people
		in   any
		as   []string // fields that have another name in it
	}{
		{site{}, []string{"Loop", "log", "keep", "fleet", "rules", "index", "states", "stale", "balance", "plan", "lazy", "believed", "taught", "balancer", "outlook"}, checkpoint{}, nil},
		{loadState{}, nil, loadRecord{}, nil},
	} {
		kept := reflect.TypeOf(c.in)
		for i := range reflect.TypeOf(c.of).NumField() {
			name := reflect.TypeOf(c.of).Field(i).Name
			_, in := kept.FieldByNameFunc(func(s string) bool { return len(s) == len(name) && s[1:] == name[1:] })
			if !in && !slices.Contains(c.left, name) {
				t.Errorf("%T.%s: part of the checkpoint, or not?", c.of, name)
			}
		}
	}
}

// A gap is said, and nothing is guessed after it.
func TestReplayGap(t *testing.T) {
	synctest.Test(t, func(t *testing.T) {
		var day daybook
		b := newBench(t)
		day.write(t, b)
		end := b.run()
		for range 4 {
			b.surplus(2300, 30)
			day.take(t, b)
		}
		end(ErrHandOver)
		day.take(t, b)
		last := len(day.frames) - 1
		for _, lost := range []int{0, 1, last / 2, last} {
			r := new(Replay)
			var err error
			for i, f := range day.frames {
				if i == lost {
					continue
				}
				if err = r.Add(f); err != nil {
					break
				}
			}
			switch {
			case lost == 0: // nothing to begin with
				if at, _ := r.Last(); !at.IsZero() {
					t.Error("replayed without a checkpoint")
				}
			case lost == last:
				if err != nil {
					t.Errorf("the last frame is missing: %v", err)
				}
			case !errors.Is(err, ErrGap):
				t.Errorf("without frame %d of %d: %v", lost, last+1, err)
			}
		}
	})
}

// Where nobody takes what is written down, the loop goes on, and a new stream
// begins once somebody does.
func TestJournalOverflows(t *testing.T) {
	synctest.Test(t, func(t *testing.T) {
		var day daybook
		b := newBench(t)
		day.write(t, b)
		end := b.run()
		b.surplus(2300, 20)
		b.loop.Journal.mu.Lock()
		b.loop.Journal.bytes = maxWaiting // as if
		b.loop.Journal.mu.Unlock()
		b.surplus(2300, 20)
		day.take(t, b)
		b.surplus(1000, 20)
		end(ErrHandOver)
		day.take(t, b)
		streams := day.streams()
		if len(streams) != 2 {
			t.Fatalf("%d streams", len(streams))
		}
		first := replayOf(t, streams[0])
		if err := first.Until(time.Now()); err != nil || first.rolled || first.ended {
			t.Errorf("the first stream: %v, rolled %v, ended %v", err, first.rolled, first.ended)
		}
		if at, _ := first.Last(); at.Sub(b.start) < 19*time.Second || at.Sub(b.start) > 21*time.Second {
			t.Errorf("the first stream ends at %v", at.Sub(b.start))
		}
		if day.compare(t) < 20 {
			t.Error("hardly any plans")
		}
	})
}

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

// When the clock is set, delays that run go on as they were, and no reading
// grows old or young.
func TestClockSet(t *testing.T) {
	synctest.Test(t, func(t *testing.T) {
		b := newBench(t, worn)
		s, err := openSite(b.loop, func(Change, func(error)) {}, time.Now().UTC())
		if err != nil {
			t.Fatal(err)
		}
		now := s.clock()
		s.takeReading(energy.Reading{Name: "grid", Value: -3000, At: now, Arrived: time.Now()})
		for _, name := range []string{"a", "b"} {
			s.takeStatus(energy.Status{Load: name, At: time.Now(), State: energy.StateIdle, Points: benchPoints, Source: energy.Measured})
		}
		s.pass(now)
		due := s.plan.Wake
		if due.IsZero() || s.kept.Memory.Gates["soak"].Since.IsZero() {
			t.Fatalf("no start delay runs: %+v", s.plan)
		}
		fresh := s.board.Sample("grid", now).Until.Sub(now)
		for _, by := range []time.Duration{time.Hour, -3 * time.Hour} {
			since := now.Sub(s.kept.Memory.Gates["soak"].Since)
			s.shift(by)
			now = now.Add(by)
			if got := now.Sub(s.kept.Memory.Gates["soak"].Since); got != since {
				t.Errorf("set by %v: the delay has run for %v, before %v", by, got, since)
			}
			if left := s.board.Sample("grid", now).Until.Sub(now); left > fresh {
				t.Errorf("set by %v: the reading has %v left, before %v", by, left, fresh)
			}
		}
		if got := s.local(s.read.Add(-time.Second)); !got.Equal(s.read.Add(-time.Second)) {
			t.Errorf("a second ago is %v", got)
		}
	})
}
