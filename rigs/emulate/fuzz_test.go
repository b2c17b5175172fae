package emulate

import (
	"bytes"
	"encoding/json"
	"strings"
	"testing"
	"time"
)

// FuzzRequest: whatever arrives is answered with a whole document, and nobody
// without a session changes anything.
func FuzzRequest(f *testing.F) {
	for _, s := range []string{
		`{"command":"summary"}`, `{"command":"curtail","parameter":"x,sleep"}`, `{"command":"profileset","parameter":["a",{}]}`, "summary|x",
		"\x00", "{", `{"command":"a+b+c"}`, `{"command":"atmset","parameter":","}`, "quit", `{"command":"logoff","parameter":""}`,
	} {
		f.Add([]byte(s))
	}
	l, err := NewLuxOS(Options{Joined: true})
	if err != nil {
		f.Fatal(err)
	}
	f.Cleanup(func() { l.Close() })
	f.Fuzz(func(t *testing.T, b []byte) {
		whole(b)
		r := parseRequest(b)
		got := l.answer(r).encode(r.text)
		if !r.text && r.command != "quit" && !json.Valid(got) {
			t.Errorf("%q was answered with %q", b, got)
		}
		if m := l.Meter(); m.Running {
			t.Errorf("%q woke the rig", b)
		}
	})
}

// FuzzProfile: with a session, any selector leads to a point there is.
func FuzzProfile(f *testing.F) {
	for _, s := range []string{"+1", "-9223372036854775808", "1e999W", "NaNTHs", "290MHz", "-kW", "3.2kW"} {
		f.Add(s)
	}
	l, err := NewLuxOS(Options{Running: true})
	if err != nil {
		f.Fatal(err)
	}
	f.Cleanup(func() { l.Close() })
	f.Fuzz(func(t *testing.T, s string) {
		a := l.profileSet(strings.Split(s, ","))
		if m := l.Meter(); m.Point < 1 || m.Point >= len(l.Points()) || !m.Running {
			t.Errorf("profileset %q: %+v, %+v", s, a, m)
		}
	})
}

// FuzzMalform: no way of breaking a document breaks the rig.
func FuzzMalform(f *testing.F) {
	f.Add([]byte(`{"a":[{"b":1.5},{"b":2}],"c%":"x"}`))
	f.Add([]byte{})
	f.Fuzz(func(t *testing.T, doc []byte) {
		kept := bytes.Clone(doc)
		for _, v := range append(Malformations(), "unheard-of") {
			malform(doc, v)
		}
		if !bytes.Equal(doc, kept) {
			t.Error("the document itself was changed")
		}
	})
}

// FuzzCourse: joules never fall, and never rise faster than the highest draw
// allows.
func FuzzCourse(f *testing.F) {
	f.Add([]byte{1, 10, 0, 200, 3, 3, 4, 90, 2, 1})
	f.Fuzz(func(t *testing.T, steps []byte) {
		c := newCurve(testPoints(), 30, 7)
		p := newPlant(epoch, c, 0, 3, 1)
		now, joules, hashes := epoch, 0.0, 0.0
		for i := 0; i+1 < len(steps); i += 2 {
			p.settle(now)
			if point := int(steps[i]) % 5; point == 4 {
				p.reboot(now, 3*time.Second, 2, 1500)
			} else if !p.down() {
				p.set(now, point)
			}
			d := time.Duration(steps[i+1]) * 100 * time.Millisecond
			now = now.Add(d)
			p.settle(now)
			j, h := p.current().totals(now, c)
			const slack = 1e-12 // of float64
			if j < (joules+20*d.Seconds())*(1-slack) || j*(1-slack) > joules+3000*d.Seconds() ||
				h < hashes*(1-slack) || h*(1-slack) > hashes+110e12*d.Seconds() {
				t.Fatalf("step %d: %g J to %g J, %g to %g hashes in %v", i, joules, j, hashes, h, d)
			}
			joules, hashes = j, h
		}
	})
}
