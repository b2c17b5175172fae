package hasher

import (
	"bytes"
	"encoding/json"
	"math"
	"testing"
	"testing/fstest"
	"time"

	"github.com/curtaild/curtaild/energy"
)

// FuzzOrders: whatever the worker process is told, it ends with an error or
// goes on at a duty that there is, on a job that can be hashed; and what it
// says to that, the daemon understands.
func FuzzOrders(f *testing.F) {
	job, err := json.Marshal(order{Job: &jobOrder{Job: easyJob(), First: 7}})
	if err != nil {
		f.Fatal(err)
	}
	f.Add(append(job, "\n"+`{"duty":{"seq":1,"duty":0.5}}`+"\n"...))
	for _, s := range []string{
		`{"start":{"workers":1}}`, `{"duty":{"seq":18446744073709551615,"duty":1e308}}`, `{"duty":{"duty":-0.1}}`, `{"job":{"job":null}}`,
		`{"job":{"job":{"extranonce2_size":-1}}}`, `{"stop":true}`, `{"job":{}}{"job":{}}`, "null", "\n\n", "{",
	} {
		f.Add([]byte(s + "\n"))
	}
	box, err := newToolbox()
	if err != nil {
		f.Fatal(err)
	}
	f.Fuzz(func(t *testing.T, lines []byte) {
		var out bytes.Buffer
		w := &worker{out: &out, began: time.Now(), crew: newCrew(1), tools: []toolbox{box}}
		_ = readLines(bytes.NewReader(lines), func(o order) error {
			same(t, o)
			if _, err := w.obey(o); err != nil {
				return err
			}
			if !(w.duty >= 0 && w.duty <= 1) {
				t.Errorf("duty %v", w.duty)
			}
			if o.Job == nil || o.Job.Job == nil || o.Duty != nil {
				return nil
			}
			if s, ok := o.Job.Job.Variant(o.Job.First); ok {
				o.Job.Job.Header(s)
			}
			return nil
		})
		if err := readLines(&out, func(n notice) error { same(t, n); return nil }); err != nil {
			t.Errorf("the worker says %q: %v", &out, err)
		}
	})
}

// FuzzNotices: whatever the worker process says, what is counted only grows,
// and the points and the status have numbers that can be added up.
func FuzzNotices(f *testing.F) {
	for _, s := range []string{
		`{"hello":{"kernels":[{"name":"std","algorithm":"sha256d","versions":1,"rate":8.3e6}]}}` + "\n" + `{"stats":{"seq":1,"hashes":9000000,"cpu_ns":1500000000,"wall_ns":2000000000}}`,
		`{"hello":{"kernels":[{"name":"a","algorithm":"scrypt","versions":1,"rate":1e308}],"priority":"no"}}`, `{"hello":{"kernels":[{"versions":-1,"rate":-1}]}}`, `{"share":{"job":1,"extranonce2":"AAAAAAAAAAA=","time":1,"nonce":1}}`,
		`{"stats":{"cpu_ns":9223372036854775807,"wall_ns":1,"hashes":18446744073709551615}}`, `{"stats":{"cpu_ns":-9223372036854775808}}`,
		`{"stats":{"seq":1,"wall_ns":1}}` + "\n" + `{"stats":{"seq":1,"wall_ns":60000001,"cpu_ns":9000000000000000000}}`, "null", "[]", "{",
	} {
		f.Add([]byte(s + "\n"))
	}
	f.Fuzz(func(t *testing.T, lines []byte) {
		p, err := NewPool(Config{Name: "cpu", Workers: 2, Power: Power{Idle: 5, Core: 10, Files: fstest.MapFS{}}, Command: workerCommand})
		if err != nil {
			t.Fatal(err)
		}
		now := time.Unix(1.8e9, 0)
		p.begin(now)
		p.Apply(energy.Setpoint{Seq: 1, Point: 10})
		p.take()
		p.run.dutySeq = 1
		var wall int64
		_ = readLines(bytes.NewReader(lines), func(n notice) error {
			same(t, n)
			was := p.Counters()
			if n.Stats != nil {
				wall = max(wall, n.Stats.Wall)
			}
			p.hear(now, n)
			s, is := p.status(now), p.Counters()
			if is.Energy < was.Energy || is.Hashes < was.Hashes || is.Starts < was.Starts {
				t.Errorf("after %+v: counted %+v, and before %+v", n, is, was)
			}
			// Two workers and the runtime, over all the time that they have had.
			if most := p.cfg.Power.Core.Over(time.Second.Seconds() + float64(wall)/1e9*(2+2)); is.Energy > most*1.001 {
				t.Errorf("%v used, in a time that allows %v", is.Energy, most)
			}
			sound(t, s)
			return nil
		})
	})
}

func sound(t *testing.T, s energy.Status) {
	t.Helper()
	finite := func(v float64) bool { return v >= 0 && !math.IsInf(v, 0) }
	if !finite(float64(s.Draw)) || s.Draw > 1000 || !finite(float64(s.Rate)) || !finite(float64(s.Energy)) || !finite(s.Hashes) {
		t.Errorf("status %+v", s)
	}
	for i, p := range s.Points {
		if !finite(float64(p.Rate)) || i > 0 && (p.Rate <= s.Points[i-1].Rate || p.Draw <= s.Points[i-1].Draw) {
			t.Errorf("point %+v", p)
		}
	}
}

// same sees to it that what was understood is understood the same when it is
// passed on.
func same[T any](t *testing.T, v T) {
	t.Helper()
	var line bytes.Buffer
	if err := writeLine(&line, v); err != nil {
		t.Fatal(err)
	}
	if line.Len() > maxLine {
		return // escapes have made it longer
	}
	again := bytes.Clone(line.Bytes())
	n := 0
	err := readLines(&line, func(back T) error {
		n++
		var out bytes.Buffer
		if err := writeLine(&out, back); err != nil || !bytes.Equal(out.Bytes(), again) {
			t.Errorf("%s becomes %s, %v", again, &out, err)
		}
		return nil
	})
	if err != nil || n != 1 {
		t.Errorf("%s is read as %d messages: %v", again, n, err)
	}
}
