package mqtt

import (
	"strings"
	"testing"

	"github.com/curtaild/curtaild/energy"
)

func TestMatches(t *testing.T) {
	for _, tc := range []struct {
		filter, topic string
		want          bool
	}{
		{"a/b", "a/b", true}, {"a/b", "a/c", false}, {"a/b", "a", false}, {"a", "a/b", false},
		{"a/+", "a/b", true}, {"a/+", "a/b/c", false}, {"a/+", "a", false}, {"a/+", "a/", true},
		{"+/b", "a/b", true}, {"+", "a", true}, {"+", "/a", false}, {"+/+", "/a", true},
		{"#", "a/b/c", true}, {"a/#", "a", true}, {"a/#", "a/b/c", true}, {"a/#", "ab", false},
		{"a/+/c/#", "a/b/c", true}, {"a/+/c/#", "a/b/d", false},
		{"#", "$SYS/x", false}, {"+/x", "$SYS/x", false}, {"$SYS/#", "$SYS/x", true},
	} {
		if got := matches(tc.filter, tc.topic); got != tc.want {
			t.Errorf("%s takes %s: %v", tc.filter, tc.topic, got)
		}
	}
}

func TestCheckSpec(t *testing.T) {
	for _, tc := range []struct {
		name string
		edit func(*energy.ReadingSpec)
		want string
	}{
		{"in order", func(*energy.ReadingSpec) {}, ""},
		{"decoder", func(s *energy.ReadingSpec) { s.Decoder = "fronius" }, "want one of plain, json-w-ts"},
		{"no topic", func(s *energy.ReadingSpec) { s.Topic = "" }, "empty"},
		{"# inside", func(s *energy.ReadingSpec) { s.Topic = "a/#/b" }, "#"},
		{"# and more", func(s *energy.ReadingSpec) { s.Topic = "a/b#" }, "#"},
		{"+ and more", func(s *energy.ReadingSpec) { s.Topic = "a/b+" }, "+"},
		{"NUL", func(s *energy.ReadingSpec) { s.Topic = "a\x00" }, "control"},
		{"long", func(s *energy.ReadingSpec) { s.Topic = strings.Repeat("a", 1025) }, "longer"},
		{"value path of no use", func(s *energy.ReadingSpec) { s.Decoder, s.Value = DecoderEVCC, "x" }, "leave out"},
		{"time path of no use", func(s *energy.ReadingSpec) { s.Decoder, s.Time = DecoderTasmota, "Time" }, "leave out"},
		{"retained without a time", func(s *energy.ReadingSpec) { s.AcceptRetained = true }, "source time"},
		{"retained with a time", func(s *energy.ReadingSpec) { s.AcceptRetained, s.Time = true, "ts" }, ""},
		{"victron", func(s *energy.ReadingSpec) { s.Decoder, s.Topic = DecoderVictron, "N/c06/system/0/Dc/Pv/Power" }, ""},
		{"victron without its portal", func(s *energy.ReadingSpec) { s.Decoder, s.Topic = DecoderVictron, "N/+/system/0/Dc/Pv/Power" }, "portal"},
		{"victron elsewhere", func(s *energy.ReadingSpec) { s.Decoder, s.Topic = DecoderVictron, "venus/x" }, "portal"},
		{"availability", func(s *energy.ReadingSpec) { s.Availability = &energy.Availability{Topic: "a/+"} }, "availability"},
		{"no availability topic", func(s *energy.ReadingSpec) { s.Availability = &energy.Availability{} }, "availability"},
	} {
		spec := boring("")
		tc.edit(&spec)
		err := CheckSpec(&spec)
		if tc.want == "" && err != nil || tc.want != "" && (err == nil || !strings.Contains(err.Error(), tc.want)) {
			t.Errorf("%s: %v", tc.name, err)
		}
	}
}

func FuzzMatches(f *testing.F) {
	f.Add("a/+/#", "a/b/c")
	f.Add("+", "$SYS")
	f.Fuzz(func(t *testing.T, filter, topic string) {
		got := matches(filter, topic)
		if !strings.ContainsAny(filter, "+#") && got != (filter == topic) {
			t.Fatalf("%q takes %q: %v", filter, topic, got)
		}
	})
}
