package emulate

import (
	"bytes"
	"regexp"
	"slices"
	"strings"
)

// Malformations are the variants of [Malformed], as they were seen from real
// firmware: each takes a whole JSON document and breaks it, or clothes it
// oddly.
func Malformations() []string {
	return []string{
		"trailing-comma", "missing-comma", "leading-comma", "starts-with-comma", "missing-member-comma", "inf-nan",
		"string-numbers", "raw-newline", "truncated", "two-documents", "newline", "double-percent", "empty", "plain-text",
	}
}

// bigReply is more than any client should be ready to take.
const bigReply = 3 << 19 // 1.5 MiB

// plainText is what a firmware's front end says when its miner is not up.
const plainText = "Socket connect failed: Connection refused\n"

// number matches a JSON number that is a member's value.
func number() *regexp.Regexp { return regexp.MustCompile(`":(-?[0-9][-+.0-9eE]*)`) }

// malform breaks a JSON document in the way the variant names. Of an unknown
// variant it makes the first.
func malform(doc []byte, variant string) []byte {
	s := string(doc)
	switch variant {
	case "missing-comma": // between the elements of an array, else between members
		if strings.Contains(s, "},{") {
			return []byte(strings.Replace(s, "},{", "}{", 1))
		}
		return []byte(strings.Replace(s, `,"`, `"`, 1))
	case "leading-comma":
		if strings.Contains(s, "[{") {
			return []byte(strings.ReplaceAll(s, "[{", "[,{"))
		}
		return []byte(strings.Replace(s, "{", "{,", 1))
	case "starts-with-comma":
		return append([]byte(","), doc...)
	case "missing-member-comma":
		return []byte(strings.Replace(s, `,"`, `"`, 1))
	case "inf-nan":
		return infNaN(doc)
	case "string-numbers":
		return number().ReplaceAll(doc, []byte(`":"$1"`))
	case "raw-newline":
		return []byte(strings.Replace(s, `":"`, "\":\"\n", 1))
	case "truncated":
		return doc[:len(doc)*2/3]
	case "two-documents":
		return slices.Concat(doc, doc)
	case "newline": // before the NUL that the protocol adds
		return append(slices.Clone(doc), '\n')
	case "double-percent":
		return bytes.ReplaceAll(doc, []byte(`%"`), []byte(`%%"`))
	case "empty":
		return nil
	case "plain-text":
		return []byte(plainText)
	default: // trailing-comma
		return []byte(strings.ReplaceAll(s, "}", ",}"))
	}
}

// infNaN puts inf, nan and -nan, in turn, in the place of numbers with a
// fraction; where there are none, nan in the place of the first number.
func infNaN(doc []byte) []byte {
	numbers := number()
	turn := 0
	out := numbers.ReplaceAllFunc(doc, func(m []byte) []byte {
		if !bytes.Contains(m, []byte(".")) {
			return m
		}
		turn++
		return []byte(`":` + []string{"inf", "nan", "-nan"}[turn%3])
	})
	if at := numbers.FindIndex(doc); turn == 0 && at != nil {
		return slices.Concat(doc[:at[0]], []byte(`":nan`), doc[at[1]:])
	}
	return out
}

// garbage is an answer of another protocol. Raw says that it goes onto the
// wire as it is.
func garbage(a activeFault, seed uint64) (body []byte, raw bool) {
	variants := []string{"random", "html", "text", "empty"}
	v := a.Variant
	if v == "" {
		v = variants[(a.turn-1)%len(variants)]
	}
	switch v {
	case "html":
		return []byte("<!DOCTYPE html>\n<html><head><title>login</title></head><body>Please log in</body></html>\n"), false
	case "text":
		return []byte(plainText), false
	case "empty":
		return nil, true
	}
	b := make([]byte, 200+mix(seed, uint64(a.turn))%800)
	for i := range b {
		b[i] = byte(mix(seed+uint64(a.turn), uint64(i)))
	}
	return b, true
}

// swell makes a JSON object larger than any client should read, and leaves it
// valid.
func swell(doc []byte) []byte {
	i := bytes.IndexByte(doc, '{')
	if i < 0 {
		return append(slices.Clone(doc), bytes.Repeat([]byte{' '}, bigReply)...)
	}
	return slices.Concat(doc[:i+1], []byte(`"padding":"`), bytes.Repeat([]byte{'x'}, bigReply), []byte(`",`), doc[i+1:])
}
