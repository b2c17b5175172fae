package store

import (
	"bytes"
	"errors"
	"io"
	"math"
	"testing"

	"github.com/curtaild/curtaild/energy"
)

func FuzzBlock(f *testing.F) {
	c, err := newCodec()
	if err != nil {
		f.Fatal(err)
	}
	good := c.encode(nil, header{first: 7, count: 1, span: 1, min: 1, max: 2}, []byte("a b=1 2\n"))
	f.Add(good)
	f.Add(good[:headerSize])
	f.Add(appendFooter(good, int64(len(good)), summary{Next: 8}))
	f.Fuzz(func(t *testing.T, data []byte) {
		_, _ = readFooter(bytes.NewReader(data), int64(len(data)))
		r := blockReader{f: bytes.NewReader(data), limit: int64(len(data))}
		for range len(data) + 1 {
			h, p, err := r.next(true)
			switch {
			case errors.Is(err, io.EOF):
				return
			case err != nil:
				if !r.resync() {
					return
				}
				continue
			}
			if out, err := c.decode(nil, h, p); err == nil && len(out) > maxPayload {
				t.Fatalf("%d bytes unpacked", len(out))
			}
		}
		t.Fatal("the reader does not come to an end")
	})
}

func FuzzEncode(f *testing.F) {
	f.Add("rig", "tag", "v,=\\ ", "field", `te"xt\`, 1.5)
	f.Add("", "\n", "\xff", "a b", "\x00", math.Inf(1))
	f.Fuzz(func(t *testing.T, measurement, tag, tagValue, field, text string, v float64) {
		var e encoder
		e.reset()
		e.add(&energy.Point{
			Measurement: measurement, Tags: []energy.Tag{{Key: tag, Value: tagValue}},
			Fields: []energy.Field{energy.Text(field, text), energy.Float("v", v)}, Time: epoch,
		})
		if e.refused == 0 && (bytes.Count(e.buf, []byte("\n")) != 1 || e.buf[len(e.buf)-1] != '\n') {
			t.Fatalf("%q is not one line", e.buf)
		}
	})
}
