package main

import (
	"context"
	"testing"
	"testing/synctest"
	"time"

	"github.com/curtaild/curtaild/energy"
	"github.com/curtaild/curtaild/energy/mqtt"
)

// heard is one thing that comes in while a live check listens.
type heard struct {
	after    time.Duration // from the start
	name     string
	topic    string
	value    float64
	age      time.Duration
	presence string // "online" or "offline": that, and no value
}

// hearingCase is what comes in, and what is told of it in the end.
type hearingCase struct {
	name  string
	specs []energy.ReadingSpec
	come  []heard
	stats map[string]mqtt.ReadingStats
	after time.Duration // when it has heard enough
	want  []finding     // kinds left out
}

func (tc hearingCase) run(t *testing.T) {
	took, got := hear(t, tc.specs, tc.come, tc.stats)
	if took != tc.after {
		t.Errorf("it listened for %v, want %v", took, tc.after)
	}
	if len(got) != len(tc.want) {
		t.Fatalf("%+v", got)
	}
	for i, want := range tc.want {
		if want.Kind = "reading"; got[i] != want {
			t.Errorf("%+v, want %+v", got[i], want)
		}
	}
}

// gridSpec is a boring reading, with one deviation.
func gridSpec(edit func(*energy.ReadingSpec)) energy.ReadingSpec {
	s := energy.ReadingSpec{Name: "grid", Role: energy.RoleGrid, Topic: "plant/+", MaxAge: 10 * time.Second}
	edit(&s)
	return s
}

func plainSpec(name string, role energy.Role) energy.ReadingSpec {
	return energy.ReadingSpec{Name: name, Role: role, Topic: name, MaxAge: time.Minute}
}

func TestHearingHears(t *testing.T) {
	grid := gridSpec(func(*energy.ReadingSpec) {})
	sum := gridSpec(func(s *energy.ReadingSpec) { s.Combine = energy.CombineSum })
	battery, soc := plainSpec("bat", energy.RoleBattery), plainSpec("soc", energy.RoleSoC)
	price, flexible := plainSpec("price", energy.RoleImportPrice), plainSpec("flex", energy.RoleFlexible)
	for _, tc := range []hearingCase{
		{
			name: "one value", specs: []energy.ReadingSpec{grid},
			come:  []heard{{after: 2 * time.Second, name: "grid", value: 3200, age: 4 * time.Second}},
			after: 2 * time.Second, want: []finding{{Name: "grid", OK: true, Says: "importing 3.2 kW, 4 s old"}},
		},
		{
			name: "every role", specs: []energy.ReadingSpec{grid, battery, soc, price, flexible},
			come: []heard{
				{name: "grid", value: -500}, {name: "bat", value: -1000}, {name: "soc", value: 80}, {name: "price", value: -12.5},
				{name: "flex", value: 2e6}, // the last
			},
			want: []finding{
				{Name: "grid", OK: true, Says: "exporting 500 W, 0 s old"}, {Name: "bat", OK: true, Says: "discharging 1 kW, 0 s old"},
				{Name: "soc", OK: true, Says: "80 %, 0 s old"}, {Name: "price", OK: true, Says: "-12.5, 0 s old"},
				{Name: "flex", OK: true, Says: "2 MW, 0 s old"},
			},
		},
		{
			name: "a sum, until no further topic comes", specs: []energy.ReadingSpec{sum},
			come: []heard{
				{name: "grid", topic: "plant/a", value: 1000},
				{after: 2 * time.Second, name: "grid", topic: "plant/b", value: 200},
				{after: 3 * time.Second, name: "grid", topic: "plant/a", value: 2000},
				{after: 4 * time.Second, name: "grid", topic: "plant/c", value: 1000},
				{after: 6 * time.Second, name: "grid", topic: "plant/b", value: 200}, // is no further topic
			},
			after: 7 * time.Second, want: []finding{{Name: "grid", OK: true, Says: "importing 3.2 kW, 4 s old, the sum of 3 topics"}},
		},
		{
			name: "a topic that is not a sum's", specs: []energy.ReadingSpec{grid},
			come: []heard{{name: "grid", topic: "plant/a", value: 1000}},
			want: []finding{{Name: "grid", OK: true, Says: "importing 1 kW, 0 s old"}},
		},
	} {
		t.Run(tc.name, func(t *testing.T) { synctest.Test(t, tc.run) })
	}
}

func TestHearingMisses(t *testing.T) {
	grid := gridSpec(func(*energy.ReadingSpec) {})
	live := gridSpec(func(s *energy.ReadingSpec) {
		s.Availability = &energy.Availability{Topic: "plant/lwt", Online: "1", Liveness: true}
	})
	backed := gridSpec(func(s *energy.ReadingSpec) { s.Backup = "second" })
	second := plainSpec("second", energy.RoleGrid)
	for _, tc := range []hearingCase{
		{
			name: "nothing", specs: []energy.ReadingSpec{grid},
			after: listenFor, want: []finding{{Name: "grid", Says: "nothing came on plant/+"}},
		},
		{
			name: "refused", specs: []energy.ReadingSpec{grid},
			stats: map[string]mqtt.ReadingStats{"grid": {LastFault: "not-json: x"}},
			after: listenFor, want: []finding{{Name: "grid", Says: "refused: not-json: x"}},
		},
		{
			name: "stale on arrival", specs: []energy.ReadingSpec{grid},
			come:  []heard{{name: "grid", value: 3200, age: 20 * time.Second}},
			after: listenFor, want: []finding{{Name: "grid", Says: "importing 3.2 kW, 35 s old: stale, max_age is 10s"}},
		},
		{
			name: "a backup answers", specs: []energy.ReadingSpec{backed, second},
			come:  []heard{{name: "second", value: 3200}},
			after: listenFor,
			want: []finding{
				{Name: "grid", Says: "nothing came on plant/+; its backup second answers: importing 3.2 kW, 15 s old"},
				{Name: "second", OK: true, Says: "importing 3.2 kW, 15 s old"},
			},
		},
		{
			name: "a backup answers for what is stale", specs: []energy.ReadingSpec{backed, second},
			come:  []heard{{name: "second", value: 3200}, {name: "grid", value: 1, age: time.Minute}},
			stats: map[string]mqtt.ReadingStats{"grid": {Taken: 1}},
			after: listenFor,
			want: []finding{
				{Name: "grid", Says: "stale; its backup second answers: importing 3.2 kW, 15 s old"},
				{Name: "second", OK: true, Says: "importing 3.2 kW, 15 s old"},
			},
		},
		{
			name: "live by its availability", specs: []energy.ReadingSpec{live},
			come:  []heard{{name: "grid", value: 3200}, {after: time.Second, name: "grid", presence: "online"}},
			after: time.Second, want: []finding{{Name: "grid", OK: true, Says: "importing 3.2 kW, 1 s old"}},
		},
		{
			name: "away", specs: []energy.ReadingSpec{live},
			come:  []heard{{name: "grid", value: 3200}, {name: "grid", presence: "offline"}},
			after: listenFor, want: []finding{{Name: "grid", Says: "importing 3.2 kW, 15 s old: stale, plant/lwt does not say that its source is there"}},
		},
	} {
		t.Run(tc.name, func(t *testing.T) { synctest.Test(t, tc.run) })
	}
}

// hear plays what comes to a hearing, in a bubble, and returns how long it
// listened and what it tells.
func hear(t *testing.T, specs []energy.ReadingSpec, come []heard, stats map[string]mqtt.ReadingStats) (time.Duration, []finding) {
	t.Helper()
	ctx, cancel := context.WithTimeout(t.Context(), listenFor)
	defer cancel()
	e, begin := newHearing(specs), time.Now()
	played := make(chan struct{})
	go func() {
		defer close(played)
		for _, h := range come {
			time.Sleep(time.Until(begin.Add(h.after)))
			if now := time.Now(); h.presence != "" {
				e.Presence(ctx, energy.Presence{Name: h.name, Online: h.presence == "online", At: now})
			} else {
				e.Readings(ctx, []energy.Reading{{Name: h.name, Part: h.topic, Value: h.value, At: now.Add(-h.age), Arrived: now}})
			}
		}
	}()
	e.wait(ctx)
	took := time.Since(begin)
	got := e.report(time.Now(), stats)
	cancel()
	<-played
	return took, got
}

// A client that ends tells that nothing is known any more: that is not what
// was heard.
func TestHearingIgnoresItsOwnEnd(t *testing.T) {
	spec := energy.ReadingSpec{
		Name: "grid", Role: energy.RoleGrid, Topic: "g", MaxAge: time.Minute,
		Availability: &energy.Availability{Topic: "lwt", Online: "1", Liveness: true},
	}
	e, now := newHearing([]energy.ReadingSpec{spec}), time.Now()
	ctx, cancel := context.WithCancel(t.Context())
	e.Readings(ctx, []energy.Reading{{Name: "grid", Value: 1, At: now, Arrived: now}})
	e.Presence(ctx, energy.Presence{Name: "grid", Online: true, At: now})
	cancel()
	e.Presence(ctx, energy.Presence{Name: "grid", At: now})
	if got := e.report(now, nil); !got[0].OK {
		t.Errorf("%+v", got)
	}
}

// More topics than a sum may have make it a wrong sum.
func TestHearingTooManyTopics(t *testing.T) {
	e, now := newHearing([]energy.ReadingSpec{{Name: "grid", Topic: "g/#", MaxAge: time.Minute, Combine: energy.CombineSum}}), time.Now()
	for i := range 300 {
		e.Readings(t.Context(), []energy.Reading{{Name: "grid", Part: string(rune('a' + i)), Value: 1, At: now, Arrived: now}})
	}
	if got := e.report(now, nil)[0]; got.OK || got.Says != "256 W, 0 s old, the sum of 256 topics, and more have come than one reading may have: narrow the filter g/#" {
		t.Errorf("%+v", got)
	}
}
