package mqtt

import (
	"errors"
	"flag"
	"fmt"
	"math"
	"os"
	"path/filepath"
	"strings"
	"testing"
	"time"

	"github.com/curtaild/curtaild/energy"
)

var update = flag.Bool("update", false, "rewrite the golden files")

// noon is when every message of these tests arrives.
func noon() time.Time { return time.Date(2026, 4, 1, 12, 0, 0, 0, time.UTC) }

// boring is a reading in watts, at most a minute old, within 600 kW.
func boring(decoder string) energy.ReadingSpec {
	return energy.ReadingSpec{
		Name: "r", Topic: "t/#", Decoder: decoder, Factor: 1, MaxAge: time.Minute, Min: -600e3, Max: 600e3,
	}
}

// topicOf is a topic that a decoder's payloads come on.
func topicOf(decoder string) string {
	switch decoder {
	case DecoderVictron:
		return "N/c0619ab1/system/0/Ac/Grid/L1/Power"
	case DecoderShelly:
		return "shellypro3em-a1b2/events/rpc"
	}
	return "t/x"
}

// TestGoldenPayloads reads every file of testdata/<decoder>/ as one payload.
func TestGoldenPayloads(t *testing.T) {
	for _, decoder := range Decoders() {
		t.Run(decoder, func(t *testing.T) {
			dir := filepath.Join("testdata", decoder)
			files, err := os.ReadDir(dir)
			if err != nil {
				t.Fatal(err)
			}
			var got strings.Builder
			for _, f := range files {
				if f.Name() == "want.golden" {
					continue
				}
				payload, err := os.ReadFile(filepath.Join(dir, f.Name()))
				if err != nil {
					t.Fatal(err)
				}
				spec := boring(decoder)
				fmt.Fprintf(&got, "%-24s %s\n", f.Name(), describe(Understand(&spec, topicOf(decoder), payload, false, noon())))
			}
			golden(t, filepath.Join(dir, "want.golden"), got.String())
		})
	}
}

func describe(r energy.Reading, err error) string {
	if err != nil {
		return err.Error()
	}
	at := "on arrival"
	if !r.At.Equal(noon()) {
		at = r.At.Format(time.RFC3339Nano)
	}
	return fmt.Sprintf("= %v, %s", r.Value, at)
}

func golden(t *testing.T, path, got string) {
	t.Helper()
	if *update {
		if err := os.WriteFile(path, []byte(got), 0o644); err != nil {
			t.Fatal(err)
		}
	}
	want, err := os.ReadFile(path)
	if err != nil {
		t.Fatal(err)
	}
	if got != string(want) {
		t.Errorf("%s:\n%s\nwant:\n%s", path, got, want)
	}
}

// The contract of a reading: one deviation a row.
func TestUnderstand(t *testing.T) {
	paths := func(s *energy.ReadingSpec) { s.Value, s.Time = "data.p", "data.t" }
	for _, tc := range []struct {
		name     string
		edit     func(*energy.ReadingSpec)
		payload  string
		retained bool
		want     float64
		cause    Cause
	}{
		{name: "watts", payload: "5", want: 5},
		{name: "kilowatts, export positive", edit: func(s *energy.ReadingSpec) { s.Factor = -1000 }, payload: "2.5", want: -2500},
		{name: "no negative zero", edit: func(s *energy.ReadingSpec) { s.Factor = -1000 }, payload: "0", want: 0},
		{name: "factor that was left out", edit: func(s *energy.ReadingSpec) { s.Factor = 0 }, payload: "7", want: 7},
		{name: "at the edge of the range", payload: "600000", want: 600000},
		{name: "beyond the range", payload: "600000.1", cause: OutOfRange},
		{name: "below the range", payload: "-600001", cause: OutOfRange},
		{name: "the range is of the scaled value", edit: func(s *energy.ReadingSpec) { s.Factor = 1e6 }, payload: "1", cause: OutOfRange},
		{name: "no range", edit: func(s *energy.ReadingSpec) { s.Min, s.Max = 0, 0 }, payload: "1e9", want: 1e9},
		{name: "too large when scaled", edit: func(s *energy.ReadingSpec) { s.Min, s.Max, s.Factor = 0, 0, 1e6 }, payload: "1e305", cause: OutOfRange},
		{name: "retained", payload: "5", retained: true, cause: Retained},
		{name: "retained and accepted, but without a time", edit: func(s *energy.ReadingSpec) { s.AcceptRetained = true }, payload: "5", retained: true, cause: Retained},
		{name: "retained, accepted and dated", edit: func(s *energy.ReadingSpec) { paths(s); s.AcceptRetained = true }, payload: `{"data":{"p":5,"t":"2026-04-01T11:59:30Z"}}`, retained: true, want: 5},
		{name: "retained, accepted and old", edit: func(s *energy.ReadingSpec) { paths(s); s.AcceptRetained = true }, payload: `{"data":{"p":5,"t":"2026-04-01T11:58:59Z"}}`, retained: true, cause: Old},
		{name: "paths", edit: paths, payload: `{"data":{"p":"-1e1","t":1775044799}}`, want: -10},
		{name: "path that is not there", edit: paths, payload: `{"data":{"t":1775044799}}`, cause: NoValue},
		{name: "time that is not there", edit: paths, payload: `{"data":{"p":1}}`, cause: NoTime},
		{name: "path and a bare number", edit: paths, payload: `5`, cause: NoValue},
		{name: "path and no JSON", edit: paths, payload: `5 W`, cause: NotJSON},
		{name: "two documents", edit: paths, payload: `{"data":{"p":1}} {}`, cause: NotJSON},
		{name: "live by its availability", edit: func(s *energy.ReadingSpec) { paths(s); s.Availability = &energy.Availability{Liveness: true} }, payload: `{"data":{"p":3,"t":1775040000}}`, want: 3},
		{name: "as long as can be", payload: strings.Repeat(" ", MaxPayload-1) + "1", want: 1},
		{name: "too long", payload: strings.Repeat(" ", MaxPayload) + "1", cause: Oversize},
		{name: "many digits", payload: strings.Repeat("1", 65), cause: NotANumber},
		{name: "decoder that is not there", edit: func(s *energy.ReadingSpec) { s.Decoder = "x" }, payload: "1", cause: NoValue},
		{name: "shelly status topic", edit: func(s *energy.ReadingSpec) { s.Decoder = DecoderShelly }, payload: `{"id":0,"total_act_power":77}`, want: 77},
		{name: "shelly, another switch", edit: func(s *energy.ReadingSpec) { s.Decoder, s.Value = DecoderShelly, "switch:1.apower" }, payload: `{"method":"NotifyStatus","params":{"switch:0":{"apower":1},"switch:1":{"apower":2}}}`, want: 2},
		{name: "tasmota, one phase", edit: func(s *energy.ReadingSpec) { s.Decoder, s.Value = DecoderTasmota, "ENERGY.Power.1" }, payload: `{"ENERGY":{"Power":[1,2]}}`, want: 2},
	} {
		t.Run(tc.name, func(t *testing.T) {
			spec := boring("")
			if tc.edit != nil {
				tc.edit(&spec)
			}
			topic := "t/x"
			if spec.Decoder == DecoderShelly {
				topic = "dev/status/em:0"
			}
			r, err := Understand(&spec, topic, []byte(tc.payload), tc.retained, noon())
			if tc.cause != "" {
				if !errors.Is(err, &Fault{Cause: tc.cause}) {
					t.Errorf("%v, %v; want %s", r, err, tc.cause)
				}
				return
			}
			if err != nil || r.Value != tc.want || math.Signbit(r.Value) != (tc.want < 0) {
				t.Errorf("%v, %v; want %v", r, err, tc.want)
			}
			if r.Name != "r" || r.Part != topic || r.Arrived != noon() {
				t.Errorf("%+v", r)
			}
		})
	}
}

func TestCausesHaveTheirPlace(t *testing.T) {
	seen := map[Cause]bool{}
	for i, c := range causes() {
		if c == "" || seen[c] || c.index() != i {
			t.Errorf("cause %d: %q", i, c)
		}
		seen[c] = true
	}
}

func FuzzUnderstand(f *testing.F) {
	names := append(Decoders(), "paths")
	for i, decoder := range Decoders() {
		files, err := filepath.Glob(filepath.Join("testdata", decoder, "*"))
		if err != nil || len(files) == 0 {
			f.Fatal(decoder, err)
		}
		for _, file := range files {
			payload, err := os.ReadFile(file)
			if err != nil {
				f.Fatal(err)
			}
			f.Add(uint8(i), payload)
		}
	}
	f.Add(uint8(len(names)-1), []byte(`{"data":{"p":"1","t":"2026-04-01T11:59:30Z"}}`))
	f.Fuzz(func(t *testing.T, which uint8, payload []byte) {
		name := names[int(which)%len(names)]
		spec := boring(name)
		if name == "paths" {
			spec.Decoder, spec.Value, spec.Time = "", "data.p", "data.t"
		}
		r, err := Understand(&spec, topicOf(name), payload, false, noon())
		if err != nil {
			var fault *Fault
			if !errors.As(err, &fault) || (fault.Cause != Absent && fault.Cause.index() == 0) {
				t.Fatalf("error without a cause: %v", err)
			}
			if len(err.Error()) > 300 {
				t.Fatalf("error of %d bytes", len(err.Error()))
			}
			return
		}
		if math.IsNaN(r.Value) || r.Value < spec.Min || r.Value > spec.Max {
			t.Fatalf("value %v", r.Value)
		}
		if age := noon().Sub(r.At); age < -skew || age > spec.MaxAge {
			t.Fatalf("age %v", age)
		}
	})
}

func BenchmarkUnderstand(b *testing.B) {
	for _, bc := range []struct{ name, decoder, payload string }{
		{"plain", DecoderPlain, "-1234.5"},
		{"json", DecoderJSON, `{"w": -3200, "ts": 1775044798500}`},
		{"json_rfc3339", DecoderJSON, `{"w": -3200, "ts": "2026-04-01T11:59:58Z"}`},
		{"victron", DecoderVictron, `{"value": -1834.25}`},
		{"shelly", DecoderShelly, `{"src":"a","dst":"b","method":"NotifyStatus","params":{"ts":1775044795.12,"em:0":{"id":0,"a_act_power":100.1,"total_act_power":250.0}}}`},
	} {
		b.Run(bc.name, func(b *testing.B) {
			spec, topic, payload := boring(bc.decoder), topicOf(bc.decoder), []byte(bc.payload)
			b.ReportAllocs()
			arrived := noon()
			for b.Loop() {
				if _, err := Understand(&spec, topic, payload, false, arrived); err != nil {
					b.Fatal(err)
				}
			}
			b.ReportMetric(float64(b.N)/b.Elapsed().Seconds(), "readings/s")
		})
	}
}
