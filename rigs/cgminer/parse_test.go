package cgminer

import (
	"encoding/json"
	"errors"
	"os"
	"path/filepath"
	"strings"
	"testing"

	"github.com/curtaild/curtaild/rigs"
)

func TestParse(t *testing.T) {
	const ok = `{"STATUS":[{"STATUS":"S","Code":11,"Msg":"Summary"}],"SUMMARY":[{"Elapsed":7}],"id":1}`
	for _, c := range []struct {
		name  string
		raw   string
		err   error
		fixed Repair // -1: none
		field string // of SUMMARY, with its value
		want  float64
		none  bool // the field has no value
	}{
		{name: "clean", raw: ok, fixed: -1, field: "Elapsed", want: 7},
		{name: "NUL at the end", raw: ok + "\x00", fixed: TrailingBytes, field: "Elapsed", want: 7},
		{name: "line break and NUL", raw: ok + "\n\x00", fixed: TrailingBytes, field: "Elapsed", want: 7},
		{name: "trailing commas", raw: `{"STATUS":[{"STATUS":"S","Code":11,},],"SUMMARY":[{"GHS 5s":2.5,} ],}`, fixed: TrailingComma, field: "GHS 5s", want: 2.5},
		{name: "objects without a comma", raw: `{"STATUS":[{"STATUS":"S"}],"SUMMARY":[{"Elapsed":3}{"Elapsed":4}]}`, fixed: MissingComma, field: "Elapsed", want: 3},
		{name: "members without a comma", raw: `{"STATUS":[{"STATUS":"S"}],"SUMMARY":[{"fan":"6000""temp0":61}]}`, fixed: MissingComma, field: "temp0", want: 61},
		{name: "comma first in an array", raw: `{"STATUS":[,{"STATUS":"S"}],"SUMMARY":[,{"Elapsed":5}]}`, fixed: LeadingComma, field: "Elapsed", want: 5},
		{name: "comma before the document", raw: `,` + ok, fixed: LeadingComma, field: "Elapsed", want: 7},
		{name: "inf", raw: `{"STATUS":[{"STATUS":"S"}],"SUMMARY":[{"Elapsed":1,"GHS 5s":inf}]}`, fixed: BareNumber, field: "GHS 5s", none: true},
		{name: "minus nan", raw: `{"STATUS":[{"STATUS":"S"}],"SUMMARY":[{"GHS 5s":-nan,"Elapsed":9}]}`, fixed: BareNumber, field: "Elapsed", want: 9},
		{name: "line break in a string", raw: "{\"STATUS\":[{\"STATUS\":\"S\",\"Msg\":\"a\nb\"}],\"SUMMARY\":[{\"Elapsed\":2}]}", fixed: RawControl, field: "Elapsed", want: 2},
		{name: "pairs in an array", raw: `{"STATUS":[{"STATUS":"S"}],"SUMMARY":["Elapsed":"218"]}`, fixed: PairsInArray, field: "Elapsed", want: 218},
		{name: "numbers as strings", raw: `{"STATUS":[{"STATUS":"S","Code":"11"}],"SUMMARY":[{"Elapsed":"8.0000"}]}`, fixed: -1, field: "Elapsed", want: 8},
		{name: "nan as a string", raw: `{"STATUS":[{"STATUS":"S"}],"SUMMARY":[{"Elapsed":"nan"}]}`, fixed: -1, field: "Elapsed", none: true},
		{name: "two percent signs", raw: `{"STATUS":[{"STATUS":"S"}],"SUMMARY":[{"Pool Stale%%":4}]}`, fixed: -1, field: "Pool Stale%", want: 4},
		{name: "misspelt", raw: `{"STATUS":[{"STATUS":"S"}],"SUMMARY":[{"Tenperature":61}]}`, fixed: -1, field: "Temperature", want: 61},
		{name: "flat status", raw: `{"STATUS":"S","Code":131,"SUMMARY":[{"Elapsed":6}]}`, fixed: -1, field: "Elapsed", want: 6},
		{name: "object for an array", raw: `{"STATUS":{"STATUS":"S"},"SUMMARY":{"":{"Elapsed":6}}}`, fixed: -1, field: "Elapsed", want: 6},
		{name: "empty", raw: "", err: ErrEmpty, fixed: -1},
		{name: "NUL only", raw: "\x00", err: ErrEmpty, fixed: TrailingBytes},
		{name: "truncated", raw: ok[:60], err: ErrTruncated, fixed: -1},
		{name: "truncated in a string", raw: `{"STATUS":"S`, err: ErrTruncated, fixed: -1},
		{name: "two documents", raw: ok + ok + "\x00", err: ErrTwoDocuments, fixed: TrailingBytes},
		{name: "words after the document", raw: ok + "done", err: ErrMalformed, fixed: -1},
		{name: "plain text", raw: "Socket connect failed: Connection refused\n", err: ErrPlainText, fixed: TrailingBytes},
		{name: "text mode", raw: "STATUS=S,Code=11|SUMMARY,Elapsed=1|\x00", err: ErrPlainText, fixed: TrailingBytes},
		{name: "web page", raw: "<html><body>login</body></html>", err: ErrHTML, fixed: -1},
		{name: "array", raw: "[1,2]", err: ErrPlainText, fixed: -1},
		{name: "no colon", raw: `{"STATUS" "S"}`, err: ErrMalformed, fixed: MissingComma},
		{name: "bare word", raw: `{"STATUS":okay}`, err: ErrMalformed, fixed: -1},
		{name: "two numbers", raw: `{"STATUS":[{"STATUS":"S"}],"SUMMARY":[{"Elapsed":1 2}]}`, err: ErrMalformed, fixed: -1},
		{name: "no status", raw: `{"SUMMARY":[{"Elapsed":1}]}`, err: ErrShape, fixed: -1},
		{name: "unknown status", raw: `{"STATUS":[{"STATUS":"Q"}]}`, err: ErrShape, fixed: -1},
		{name: "nested without end", raw: strings.Repeat(`{"a":`, 100) + "1" + strings.Repeat("}", 100), err: ErrMalformed, fixed: -1},
	} {
		t.Run(c.name, func(t *testing.T) {
			reply, fixed, err := Parse([]byte(c.raw))
			if !errors.Is(err, c.err) || (err != nil && !errors.Is(err, rigs.ErrGarbage)) {
				t.Fatalf("%v, want %v", err, c.err)
			}
			for r := Repair(0); r < repairKinds; r++ {
				if (fixed[r] > 0) != (r == c.fixed) && !(c.fixed == TrailingBytes && err != nil) {
					t.Errorf("%d repairs of %s", fixed[r], r)
				}
			}
			if c.field == "" {
				return
			}
			rec, err := reply.First("SUMMARY")
			if err != nil {
				t.Fatal(err)
			}
			if v, ok := rec.Float(c.field); ok == c.none || v != c.want {
				t.Errorf("%s is %v, %v", c.field, v, ok)
			}
		})
	}
}

func TestRefusals(t *testing.T) {
	for letter, refused := range map[string]bool{"S": false, "I": false, "W": false, "E": true, "F": true} {
		reply, _, err := Parse([]byte(`{"STATUS":[{"STATUS":"` + letter + `","Code":45,"Msg":"Access denied"}]}`))
		if err != nil {
			t.Fatal(err)
		}
		err = reply.refusal("restart")
		var no *RefusedError
		if errors.As(err, &no) != refused || errors.Is(err, rigs.ErrRefused) != refused {
			t.Errorf("%s: %v", letter, err)
		}
		if refused && (no.Code != CodeAccessDenied || no.Letter != letter || no.Command != "restart") {
			t.Errorf("%s: %+v", letter, no)
		}
	}
}

func TestJoined(t *testing.T) {
	part := func(s string) string { return `[{"STATUS":[{"STATUS":"S"}],` + s + `,"id":1}]` }
	good := `{"summary":` + part(`"SUMMARY":[{"Elapsed":1}]`) + `,"power":` + part(`"POWER":[{"Watts":2}]`) + `,"id":1}`
	replies, _, err := parseAll([]byte(good), []string{"summary", "power"})
	if err != nil || len(replies) != 2 {
		t.Fatalf("%v, %v", replies, err)
	}
	for name, c := range map[string]struct {
		raw string
		err error
	}{
		"refused":      {`{"STATUS":[{"STATUS":"E","Code":14,"Msg":"Invalid command"}],"id":1}`, rigs.ErrRefused},
		"only one":     {`{"STATUS":[{"STATUS":"S"}],"SUMMARY":[{"Elapsed":1}]}`, ErrShape},
		"part missing": {`{"summary":` + part(`"SUMMARY":[]`) + `}`, ErrShape},
	} {
		if _, _, err := parseAll([]byte(c.raw), []string{"summary", "power"}); !errors.Is(err, c.err) {
			t.Errorf("%s: %v, want %v", name, err, c.err)
		}
	}
}

// Every reply recorded from real devices is either read or refused with a
// class; those that claim to be sound are read without a repair but for the
// bytes at their end.
func TestRecordedReplies(t *testing.T) {
	dir := filepath.Join("..", "..", "..", "shared", "rig-samples")
	files, _ := filepath.Glob(filepath.Join(dir, "*"))
	if len(files) == 0 {
		t.Skipf("no recorded replies in %s", dir)
	}
	for _, file := range files {
		name := filepath.Base(file)
		raw, err := os.ReadFile(file)
		if err != nil {
			t.Fatal(err)
		}
		_, fixed, err := Parse(raw)
		if err != nil && !errors.Is(err, rigs.ErrGarbage) {
			t.Errorf("%s: %v: an error without a class", name, err)
		}
		if strings.HasPrefix(name, "luxos-") {
			fixed[TrailingBytes] = 0
			if err != nil || fixed != (Repairs{}) {
				t.Errorf("%s: %v, repairs %v", name, err, fixed)
			}
		}
		if want, ok := malformedSamples()[name]; ok && !errors.Is(err, want) {
			t.Errorf("%s: %v, want %v", name, err, want)
		}
	}
}

// malformedSamples says what becomes of the recorded malformed replies.
func malformedSamples() map[string]error {
	return map[string]error{
		"malformed-01-trailing_nul.bin":                nil,
		"malformed-02-trailing_newline_nul.bin":        nil,
		"malformed-03-trailing_comma.txt":              nil,
		"malformed-05-array_leading_comma.txt":         nil,
		"malformed-07-inf_nan.txt":                     nil,
		"malformed-09-truncated.txt":                   ErrTruncated,
		"malformed-11-plain_text.txt":                  ErrPlainText,
		"malformed-13-double_percent_and_typo.txt":     nil,
		"malformed-14-status_error_string_numbers.txt": nil,
		"malformed-15-empty.txt":                       ErrEmpty,
		"malformed-17-two_documents.txt":               ErrTwoDocuments,
	}
}

// FuzzParse: no input may panic; an error has a class; what strict parsing
// takes, mending leaves alone.
func FuzzParse(f *testing.F) {
	for _, s := range []string{
		`{"STATUS":[{"STATUS":"S","Code":11}],"SUMMARY":[{"Elapsed":1}],"id":1}` + "\x00",
		`{"STATUS":[,{"STATUS":"S",}{"a":inf}],"b":["k":"v"],}`, "<html>", "", `{"a":"\`, `,{"a":1 2}`, "{\"a\":\"\n\"}",
	} {
		f.Add([]byte(s))
	}
	f.Fuzz(func(t *testing.T, raw []byte) {
		reply, _, err := Parse(raw)
		if err != nil {
			if !errors.Is(err, rigs.ErrGarbage) {
				t.Fatalf("%v: an error without a class", err)
			}
		} else {
			for name := range reply.doc {
				for _, rec := range reply.Section(name) {
					rec.Float("Elapsed")
					rec.Bool("PSU")
				}
			}
		}
		if json.Valid(raw) {
			out, fixed := mend(raw)
			if fixed != (Repairs{}) || !json.Valid(out) {
				t.Fatalf("mended what was sound: %q to %q", raw, out)
			}
		}
	})
}
