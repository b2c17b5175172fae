package mqtt

import (
	"fmt"
	"strings"
	"testing"
	"time"

	"github.com/curtaild/curtaild/energy"
)

// command1 is a limit that is in order; edit replaces parts of its text.
func command1(edit ...string) string {
	text := `{"v":1,"id":"ev-17","revision":2,"issued":"2026-04-01T11:58:00Z","kind":"limit","at":"flexible","unit":"kW",` +
		`"intervals":[{"start":"now","duration":"PT30M","value":120}],"deadline_s":15,"test":false}`
	return strings.NewReplacer(edit...).Replace(text)
}

func signalOf(payload string) energy.Signal {
	s, _ := UnderstandSignal(Incoming{Source: "dso", Payload: []byte(payload), Arrived: noon()})
	return s
}

func TestLimit(t *testing.T) {
	want := energy.Signal{
		Source: "dso", ID: "ev-17", Revision: 2, Issued: noon().Add(-2 * time.Minute), Received: noon(), Kind: energy.KindLimit,
		At: energy.AtFlexible, Max: 120e3, Start: noon(), End: noon().Add(30 * time.Minute), Deadline: 15 * time.Second,
	}
	for _, tc := range []struct {
		name string
		text string
		edit func(*energy.Signal)
	}{
		{"as documented", command1(), func(*energy.Signal) {}},
		{"import", command1(`"flexible"`, `"pcc_import"`), func(s *energy.Signal) { s.At = energy.AtPCCImport }},
		{"later", command1(`"now"`, `"2026-04-01T15:00:00+02:00"`), func(s *energy.Signal) {
			s.Start, s.End = noon().Add(time.Hour), noon().Add(90*time.Minute)
		}},
		{"running already", command1(`"now"`, `"2026-04-01T11:30:01Z"`), func(s *energy.Signal) {
			s.Start, s.End = noon().Add(-30*time.Minute+time.Second), noon().Add(time.Second)
		}},
		{"no end", command1("PT30M", "P9999Y"), func(s *energy.Signal) { s.End = time.Time{} }},
		{"zero", command1(`"value":120`, `"value":0`), func(s *energy.Signal) { s.Max = 0 }},
		{"test", command1(`"test":false`, `"test":true`), func(s *energy.Signal) { s.Test = true }},
		{"no revision, deadline or time of issue", command1(`"revision":2,`, "", `,"deadline_s":15`, "", `"issued":"2026-04-01T11:58:00Z",`, ""), func(s *energy.Signal) {
			s.Revision, s.Deadline, s.Issued = 0, 0, time.Time{}
		}},
	} {
		want := want
		tc.edit(&want)
		if got := signalOf(tc.text); got != want {
			t.Errorf("%s:\n%+v\nwant\n%+v", tc.name, got, want)
		}
	}
}

func TestRefusedByName(t *testing.T) {
	for _, tc := range []struct{ text, fault string }{
		{"", "payload: it is empty"},
		{"{", "payload: not a JSON object"},
		{"[]", "payload: not a JSON object"},
		{strings.Repeat(" ", MaxPayload+1), "payload: more than 65536 bytes"},
		{command1(`"v":1`, `"v":2`), "v: "},
		{command1(`"v":1,`, ""), "v: missing"},
		{command1(`"id":"ev-17",`, ""), "id: missing"},
		{command1(`"ev-17"`, `17`), "id: "},
		{command1(`"ev-17"`, `""`), "id: "},
		{command1(`"ev-17"`, `"a/b"`), "id: "},
		{command1(`"ev-17"`, `"#"`), "id: "},
		{command1(`"ev-17"`, `"a+"`), "id: "},
		{command1(`"ev-17"`, `"a\u0000"`), "id: "},
		{command1(`"ev-17"`, `"`+strings.Repeat("x", 65)+`"`), "id: "},
		{command1(`"revision":2`, `"revision":-1`), "revision: "},
		{command1(`"revision":2`, `"revision":1.5`), "revision: "},
		{command1(`"revision":2`, `"revision":"2"`), "revision: "},
		{command1("2026-04-01T11:58:00Z", "today"), "issued: "},
		{command1(`"limit"`, `"setpoint"`), "kind: setpoint is not supported yet"},
		{command1(`"limit"`, `"price"`), "kind: price is not supported yet"},
		{command1(`"limit"`, `"explode"`), "kind: "},
		{command1(`"kind":"limit",`, ""), "kind: missing"},
		{command1(`"at":"flexible",`, ""), "at: missing"},
		{command1(`"flexible"`, `"group:a"`), `at: "group:a" is not supported yet`},
		{command1(`"flexible"`, `"pcc_export"`), "at: "},
		{command1(`"flexible"`, `null`), "at: "},
		{command1(`"kW"`, `"pct"`), "unit: "},
		{command1(`"unit":"kW",`, ""), "unit: missing"},
		{command1(`[{"start":"now","duration":"PT30M","value":120}]`, `[]`), "intervals: the list is empty"},
		{command1(`[{`, `[{},{`), "intervals: 2 given"},
		{command1(`"intervals":[{"start":"now","duration":"PT30M","value":120}],`, ""), "intervals: missing"},
		{command1(`[{"start":"now","duration":"PT30M","value":120}]`, `{}`), "intervals: "},
		{command1(`[{"start":"now","duration":"PT30M","value":120}]`, `[7]`), "intervals: "},
		{command1(`"start":"now",`, ""), "start: missing"},
		{command1(`"now"`, `"NOW"`), "start: "},
		{command1(`"now"`, `"2026-04-01 12:00"`), "start: "},
		{command1(`"duration":"PT30M",`, ""), "duration: missing"},
		{command1(`"PT30M"`, `1800`), "duration: "},
		{command1(`"PT30M"`, `"PT0S"`), "duration: the end is not after the start"},
		{command1(`"PT30M"`, `"-PT5M"`), "duration "},
		{command1(`,"value":120`, ""), "value: missing"},
		{command1(`"value":120`, `"value":-5`), "value: \"-5\" is negative"},
		{command1(`"value":120`, `"value":"120"`), "value: "},
		{command1(`"value":120`, `"value":1e999`), "value: "},
		{command1(`"value":120`, `"value":120,"value":9`), "value: given twice"},
		{command1(`"value":120`, `"value":120,"soft":true`), "soft: unknown field of an interval"},
		{command1(`"now"`, `"2026-04-01T11:29:59Z"`), "expired"},
		{command1(`"deadline_s":15`, `"deadline_s":-1`), "deadline_s: "},
		{command1(`"deadline_s":15`, `"deadline_s":"15"`), "deadline_s: "},
		{command1(`"test":false`, `"test":"no"`), "test: "},
		{command1(`"test":false`, `"randomize":"PT5M"`), "randomize: not supported yet"},
		{command1(`"test":false`, `"ramp_kw_min":{"up":40}`), "ramp_kw_min: not supported yet"},
		{command1(`"test":false`, `"priority":1`), "priority: not supported yet"},
		{command1(`"test":false`, `"tset":true`), "tset: unknown field"},
		{command1(`"test":false`, `"id":"b"`), "id: given twice"},
		{`{"v":1,"id":"a","kind":"release","intervals":[]}`, "intervals: a release has none"},
		{`{"v":1,"kind":"cancel"}`, "id: missing"},
		{`{"kind":"stop","priority":1}`, "priority: not supported yet"},
	} {
		got := signalOf(tc.text)
		if !strings.HasPrefix(got.Fault, tc.fault) {
			t.Errorf("%s:\n  fault %q, want %q", tc.text, got.Fault, tc.fault)
		}
		if strings.Contains(tc.text, `"ev-17"`) && got.ID != "ev-17" {
			t.Errorf("%s: id %q", tc.text, got.ID)
		}
	}
}

func TestStop(t *testing.T) {
	const generated = "stop-20260401T120000.000000000Z"
	for _, tc := range []struct {
		name      string
		payload   string
		stopTopic bool
		retained  bool
		kind      energy.SignalKind
		id        string
		fault     bool
		test      bool
		passed    bool // over
	}{
		{name: "bare", payload: `{"kind":"stop"}`, kind: energy.KindStop, id: generated},
		{name: "with an id", payload: `{"v":1,"id":"s","kind":"stop","at":"flexible"}`, kind: energy.KindStop, id: "s"},
		{name: "rubbish elsewhere is no stop", payload: `{"kind":"sto`, fault: true},
		{name: "rubbish", payload: `{"kind":"sto`, stopTopic: true, kind: energy.KindStop, id: generated},
		{name: "nothing", payload: ``, stopTopic: true, kind: energy.KindStop, id: generated},
		{name: "a word", payload: `1`, stopTopic: true, kind: energy.KindStop, id: generated},
		{name: "too long", payload: strings.Repeat(" ", MaxPayload+1), stopTopic: true, kind: energy.KindStop, id: generated},
		{name: "a limit that cannot be read", payload: command1("PT30M", "soon"), stopTopic: true, kind: energy.KindStop, id: "ev-17"},
		{name: "a test", payload: `{"kind":"stop","test":true}`, stopTopic: true, kind: energy.KindStop, id: generated, test: true},
		{name: "a test that cannot be read", payload: `{"kind":"stop","test":true,"x":1}`, stopTopic: true, kind: energy.KindStop, id: generated},
		{name: "another kind in order", payload: `{"v":1,"id":"r","kind":"release"}`, stopTopic: true, kind: energy.KindRelease, id: "r", fault: true},
		{name: "retained stop", payload: `{"kind":"stop"}`, retained: true, kind: energy.KindStop, id: "stop-retained-0cb7960d34bb"},
		{name: "retained limit", payload: command1(), retained: true, passed: true},
		{name: "retained release", payload: `{"v":1,"id":"r","kind":"release"}`, retained: true, passed: true},
		{name: "retained rubbish", payload: `x`, retained: true, passed: true},
	} {
		t.Run(tc.name, func(t *testing.T) {
			s, ok := UnderstandSignal(Incoming{Source: "dso", Stop: tc.stopTopic, Payload: []byte(tc.payload), Retained: tc.retained, Arrived: noon()})
			if ok == tc.passed {
				t.Fatalf("taken: %v", ok)
			}
			if !ok {
				return
			}
			if s.Kind != tc.kind || s.ID != tc.id || (s.Fault != "") != tc.fault || s.Test != tc.test {
				t.Errorf("%+v", s)
			}
			if s.Kind == energy.KindStop && (!s.End.IsZero() || !s.Start.Equal(noon())) {
				t.Errorf("a stop from %v to %v", s.Start, s.End)
			}
		})
	}
}

func TestDuration(t *testing.T) {
	for text, want := range map[string]time.Duration{
		"PT30M": 30 * time.Minute, "PT1H30M": 90 * time.Minute, "P1DT12H": 36 * time.Hour, "P1D": 24 * time.Hour,
		"PT4.5S": 4500 * time.Millisecond, "P2W": 14 * 24 * time.Hour, "PT0S": 0, "PT90M": 90 * time.Minute, "P3650D": maxDuration,
	} {
		if d, forever, err := parseDuration(text); d != want || forever || err != nil {
			t.Errorf("%s: %v, %v, %v", text, d, forever, err)
		}
	}
	if _, forever, err := parseDuration("P9999Y"); !forever || err != nil {
		t.Error(forever, err)
	}
	for _, text := range []string{
		"", "P", "PT", "T5M", "5M", "P1Y", "P1M", "PT5M3H", "PT5M5M", "PT-5M", "-PT5M", "PT1.5H", "PT.5S", "PT5.S", "P1W2D",
		"PT5", "PT5MT", "pt5m", "PT5M ", "P3651D", "PT99999999999999999999H", "P1DT", "PT1e3S", "P9999YT1S", "PTT1S", "PT1..5S",
	} {
		if d, forever, err := parseDuration(text); err == nil {
			t.Errorf("%q: taken as %v, %v", text, d, forever)
		}
	}
}

func FuzzDuration(f *testing.F) {
	for _, s := range []string{"PT30M", "P1DT12H", "PT4.5S", "P2W", "P9999Y", "PT", "P1Y", "PT1.5H"} {
		f.Add(s)
	}
	f.Fuzz(func(t *testing.T, s string) {
		d, forever, err := parseDuration(s)
		if err != nil || forever {
			return
		}
		if d < 0 || d > maxDuration {
			t.Fatalf("%q: %v", s, d)
		}
		again := fmt.Sprintf("PT%.9fS", d.Seconds())
		if d2, _, err := parseDuration(again); err != nil || (d2-d).Abs() > time.Microsecond {
			t.Fatalf("%q: %v, written %s, read %v, %v", s, d, again, d2, err)
		}
	})
}

func FuzzSignal(f *testing.F) {
	for _, s := range []string{command1(), command1("PT30M", "P9999Y"), `{"kind":"stop"}`, `{"v":1,"id":"x","kind":"cancel"}`, "", "{"} {
		f.Add([]byte(s), false, false)
		f.Add([]byte(s), true, true)
	}
	f.Fuzz(func(t *testing.T, payload []byte, stop, retained bool) {
		s, ok := UnderstandSignal(Incoming{Source: "dso", Stop: stop, Payload: payload, Retained: retained, Arrived: noon()})
		if !ok {
			if !retained || s.Kind == energy.KindStop {
				t.Fatalf("passed over: %+v", s)
			}
			return
		}
		if s.ID != "" && CheckName(s.ID) != nil {
			t.Fatalf("id %q", s.ID)
		}
		if len(s.Fault) > 300 {
			t.Fatalf("fault of %d bytes", len(s.Fault))
		}
		if stop && s.Kind != energy.KindStop && s.Fault == "" {
			t.Fatalf("on the stop topic: %+v", s)
		}
		if s.Fault != "" {
			return
		}
		if s.ID == "" || s.Kind == "" || s.Start.IsZero() || s.Max < 0 || s.Deadline < 0 || s.Revision < 0 {
			t.Fatalf("taken: %+v", s)
		}
		if s.Kind == energy.KindLimit && (s.At == "" || (!s.End.IsZero() && (!s.End.After(s.Start) || !s.End.After(noon())))) {
			t.Fatalf("limit taken: %+v", s)
		}
	})
}
