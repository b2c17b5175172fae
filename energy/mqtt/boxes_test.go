package mqtt

import (
	"context"
	"fmt"
	"testing"
	"time"

	"github.com/curtaild/curtaild/energy"
)

func TestInboxKeepsTheLatestOfEachPart(t *testing.T) {
	b := newInbox()
	put := func(name, part string, v float64) bool {
		return b.put(energy.Reading{Name: name, Part: part, Value: v})
	}
	if put("grid", "a", 1) || put("pv", "x", 2) || put("pv", "y", 3) || !put("grid", "a", 4) {
		t.Error("what overtook what is wrong")
	}
	b.presence(energy.Presence{Name: "grid", Online: true})
	b.presence(energy.Presence{Name: "grid", Online: false})
	readings, presences := b.take()
	if fmt.Sprint(readings[0].Value, readings[1].Value, readings[2].Value, len(readings)) != "4 2 3 3" {
		t.Errorf("%+v", readings)
	}
	if len(presences) != 1 || presences[0].Online {
		t.Errorf("%+v", presences)
	}
	if r, p := b.take(); len(r)+len(p) != 0 {
		t.Error("taken twice")
	}
}

func TestOutboxKeepsWhatIsRetained(t *testing.T) {
	b := newOutbox()
	for i := range maxPassingWaiting + 10 {
		b.put(&outgoing{topic: "state", payload: []byte{byte(i)}})
	}
	b.put(&outgoing{topic: "s/1", retained: true, payload: []byte("old")})
	b.put(&outgoing{topic: "s/2", retained: true})
	b.put(&outgoing{topic: "s/1", retained: true, payload: []byte("new")})
	if s := b.snapshot(); s.Waiting != maxPassingWaiting+2 || s.Dropped != 10 {
		t.Errorf("%+v", s)
	}
	m := b.next()
	if m.topic != "s/1" || string(m.payload) != "new" {
		t.Errorf("%+v", m)
	}
	for range maxAttempts - 1 { // the link is lost over it, again and again
		if !b.back(m) {
			t.Fatal("given up too early")
		}
		if other := b.next(); other.topic == "s/2" {
			m = b.next()
		} else {
			m = other
		}
	}
	if b.back(m) {
		t.Error("never given up")
	}
	b.put(&outgoing{topic: "s/3", retained: true, payload: []byte("newer")})
	if !b.back(&outgoing{topic: "s/3", retained: true, payload: []byte("older")}) {
		t.Error("overtaken, which is no loss")
	}
	if m := b.next(); string(m.payload) != "newer" {
		t.Errorf("%+v", m)
	}
}

type sinkFunc func(energy.Signal) error

func (sinkFunc) Readings(context.Context, []energy.Reading)        {}
func (sinkFunc) Presence(context.Context, energy.Presence)         {}
func (f sinkFunc) Signal(_ context.Context, s energy.Signal) error { return f(s) }

func TestFloodOfOneSourceLeavesRoomForAStop(t *testing.T) {
	q := newSignalQueue()
	acked := map[string]bool{}
	put := func(source, id string, kind energy.SignalKind) {
		q.put(energy.Signal{Source: source, ID: id, Kind: kind}, func() { acked[id] = true }, true)
	}
	for i := range 10 * maxWaiting {
		put("flood", fmt.Sprint(i), energy.KindLimit)
	}
	put("flood", "its own stop", energy.KindStop)
	put("dso", "stop", energy.KindStop)
	if s := q.snapshot(); s.Dropped != 9*maxWaiting {
		t.Errorf("%+v", s)
	}
	ctx, cancel := context.WithCancel(t.Context())
	ended := make(chan struct{})
	taken := 0
	go func() {
		defer close(ended)
		q.deliver(ctx, sinkFunc(func(s energy.Signal) error {
			if acked[s.ID] {
				t.Errorf("%s was acknowledged before it was taken", s.ID)
			}
			taken++
			return nil
		}))
	}()
	next(t, "wish to have the dropped ones again", q.again)
	cancel()
	<-ended
	if taken != maxWaiting+2 || !acked["its own stop"] || !acked["stop"] {
		t.Errorf("%d taken, %v", taken, acked)
	}
}

func TestFeedDropsWhatIsOlderThanTheLast(t *testing.T) {
	spec := boring(DecoderJSON)
	f := newFeed(&spec)
	take := func(topic string, at, now time.Time) bool {
		_, fault, _ := f.take(topic, []byte(`{"w":1,"ts":"`+at.Format(time.RFC3339)+`"}`), false, now)
		return fault == nil
	}
	first, again := take("a", noon(), noon()), take("a", noon(), noon())
	if !first || !again || take("a", noon().Add(-time.Second), noon()) || !take("b", noon().Add(-time.Second), noon()) {
		t.Error("order of source times")
	}
	earlier := noon().Add(-time.Hour) // the clock was ahead, and has been set right
	if !take("a", earlier, earlier) {
		t.Error("a value taken while the clock was ahead keeps later ones out")
	}
}

func TestFeedBoundsItsParts(t *testing.T) {
	spec := boring("")
	f := newFeed(&spec)
	for i := range maxParts {
		if _, fault, _ := f.take(fmt.Sprint("t/", i), []byte("1"), false, noon()); fault != nil {
			t.Fatal(fault)
		}
	}
	_, fault, first := f.take("t/new", []byte("1"), false, noon())
	if fault == nil || fault.Cause != Crowded || !first {
		t.Errorf("%v", fault)
	}
	if _, fault, _ := f.take("t/0", []byte("1"), false, noon().Add(time.Hour)); fault != nil {
		t.Error(fault)
	}
	if _, fault, _ := f.take("t/new", []byte("1"), false, noon().Add(time.Hour)); fault != nil {
		t.Errorf("the others have long been silent: %v", fault)
	}
	if s := f.snapshot(); s.Parts != 2 || s.Refused[Crowded] != 1 {
		t.Errorf("%+v", s)
	}
}
