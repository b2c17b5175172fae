package stratum

import (
	"bytes"
	"encoding/json"
	"errors"
	"fmt"
	"log/slog"
	"strconv"
	"strings"
	"testing"
	"testing/synctest"
	"time"

	"github.com/curtaild/curtaild/hasher/stratum/pooltest"
	"github.com/curtaild/curtaild/hasher/work"
)

func rolls(p *pooltest.Pool, _ *Config) { p.Mask = "1fffe000" }

// The pool fills the bits of its mask with ours, and takes the others from
// its job. Those that the job has set stay set.
func TestRolledVersions(t *testing.T) {
	inBubble(t, rolls, func(t *testing.T, r *rig) {
		r.open()
		for i, version := range []string{"20000000", "2001e000", "2fffe004"} {
			pj := pooltest.Example(fmt.Sprint("v", i), true)
			pj.Version = version
			j := r.give(pj)
			own, _ := strconv.ParseUint(version, 16, 32)
			if want := uint32(0x1fffe000 &^ own); j.Mask != want {
				t.Errorf("job version %s: mask %08x, want %08x", version, j.Mask, want)
			}
			for _, v := range j.Versions(nil, 2) {
				if e := r.submit(findOf(j, v, 0)); e.Text != pj.ID || e.Version != fmt.Sprintf("%08x", v) {
					t.Errorf("version %08x of job version %s: pool takes it for %s", v, version, e.Version)
				}
			}
			if err := r.c.Submit(findOf(j, j.Version^1, 0)); !errors.Is(err, work.ErrMalformed) {
				t.Errorf("a bit outside of the mask: %v", err)
			}
		}
	})
}

// A version mask holds at once: the job goes on with other bits, and
// shares that rolled those it no longer has are not sent, nor any twice.
func TestVersionMaskChanges(t *testing.T) {
	inBubble(t, rolls, func(t *testing.T, r *rig) {
		j := r.open()
		low, high := findOf(j, j.Version^0x2000, 0), findOf(j, j.Version^0x10000000, 0)
		r.submit(low)
		r.pool.VersionMask("0000e000")
		synctest.Wait()
		next := r.c.State().Job
		if next.ID != j.ID || next.Seq == j.Seq || next.Mask != 0xe000 {
			t.Errorf("the job goes on as %+v", next)
		}
		if err := r.c.Submit(high); err != nil { // it was right when it was found
			t.Error(err)
		}
		again := low
		again.Job = next.Seq
		if err := r.c.Submit(again); !errors.Is(err, work.ErrDuplicate) {
			t.Errorf("a share of before: %v", err)
		}
		r.submit(findOf(next, j.Version^0x4000, 0))
		synctest.Wait()
		if n := r.c.State().Counts; n.Unsent["version-mask"] != 1 || n.Accepted != 2 || n.Rejects() != 0 {
			t.Errorf("counts %+v", n)
		}
		r.pool.VersionMask("00000000")
		synctest.Wait()
		if last := r.c.State().Job; last.Mask != 0 {
			t.Errorf("mask %08x", last.Mask)
		}
		r.submit(find(r.c.State().Job, 0))
	})
}

// Bits that nobody asked for are not rolled, and a mask that was not granted
// is none; both are counted.
func TestVersionMaskOfAll(t *testing.T) {
	inBubble(t, rolls, func(t *testing.T, r *rig) {
		r.open()
		r.pool.VersionMask("ffffffff")
		j := r.job("all", true)
		if j.Mask != work.Rollable {
			t.Errorf("mask %08x", j.Mask)
		}
		r.submit(findOf(j, j.Version^0x2000, 0))
		if n := r.c.State().Counts.Faults["version-mask"]; n != 1 {
			t.Errorf("%d faults", n)
		}
	})
	inBubble(t, nil, func(t *testing.T, r *rig) {
		r.open()
		r.pool.Notify("mining.set_version_mask", `["1fffe000"]`)
		if j := r.job("none", true); j.Mask != 0 || r.c.State().Counts.Faults["version-mask"] != 1 {
			t.Errorf("mask %08x, counts %+v", j.Mask, r.c.State().Counts)
		}
	})
}

// An extranonce holds from the next job on.
func TestExtranonceChanges(t *testing.T) {
	inBubble(t, nil, func(t *testing.T, r *rig) {
		j := r.open()
		for i, size2 := range []int{2, 0, 8, 16} {
			r.pool.Extranonce(fmt.Sprintf("%02x", i), size2)
			synctest.Wait()
			if r.c.State().Job != j {
				t.Error("the job that was given out has changed")
			}
			r.submit(find(j, i))
			next := r.job(fmt.Sprint("x", i), false)
			if next.Size2 != size2 || !bytes.Equal(next.Extranonce1, []byte{byte(i)}) {
				t.Errorf("extranonce %x, %d bytes", next.Extranonce1, next.Size2)
			}
			r.submit(find(j, 10+i)) // of the job before
			r.submit(find(next, 0))
			j = next
		}
	})
}

func TestExtranonceOfNothingRollsTheTime(t *testing.T) {
	inBubble(t, nil, func(t *testing.T, r *rig) {
		r.open()
		r.pool.Extranonce("", 0)
		j := r.job("time", true)
		for i := range uint64(3) {
			s, ok := j.Variant(i * work.MaxRoll / 2)
			if !ok {
				t.Fatal("no time is left")
			}
			for h := j.Header(s); !j.Target.Met(work.Double(h[:])); h = j.Header(s) {
				s.Nonce++
			}
			r.submit(s)
		}
	})
}

// A job may be replaced before anyone has taken it up: only the last counts.
func TestJobsInARow(t *testing.T) {
	inBubble(t, nil, func(t *testing.T, r *rig) {
		first := r.open()
		for i := range 200 {
			r.pool.Job(pooltest.Example(fmt.Sprint("n", i), i%7 == 0))
		}
		last := r.job("last", false)
		r.submit(find(last, 0))
		if err := r.c.Submit(find(first, 0)); !errors.Is(err, work.ErrStale) {
			t.Errorf("the first: %v", err)
		}
	})
}

func TestPoolAsks(t *testing.T) {
	inBubble(t, nil, func(t *testing.T, r *rig) {
		r.open()
		for _, tc := range []struct{ id, method, answer string }{
			{"7", "mining.ping", `7: "pong", null`},
			{`"a"`, "mining.ping", `"a": "pong", null`},
			{"8", "client.get_version", `8: "curtaild/test", null`},
		} {
			r.pool.Ask(tc.id, tc.method)
			if e := r.expect("answered"); e.Text != tc.answer {
				t.Errorf("%s: answered %s", tc.method, e.Text)
			}
		}
		r.pool.Ask("null", "mining.ping")
		r.pool.Ask("9", "mining.unheard_of")
		r.submit(find(r.job("after", true), 0))
	})
}

// What a pool's operator says goes into the log, cut, quoted and not too
// often.
func TestMessages(t *testing.T) {
	var log bytes.Buffer
	inBubble(t, func(_ *pooltest.Pool, c *Config) { c.Log = slog.New(slog.NewTextHandler(&log, nil)) }, func(t *testing.T, r *rig) {
		r.open()
		say := func(text string) {
			params, err := json.Marshal([]string{text})
			if err != nil {
				t.Fatal(err)
			}
			r.pool.Notify("client.show_message", string(params))
			synctest.Wait()
		}
		say("rain\n\x1b[31mtime=forged level=ERROR " + strings.Repeat("x", 1000) + "END")
		for range 100 {
			say("again")
		}
		time.Sleep(sayEvery)
		say("later")
		r.stop()
		text := log.String()
		if n := strings.Count(text, "message from the pool"); n != 2 {
			t.Errorf("%d messages are logged", n)
		}
		if strings.Contains(text, "\x1b") || strings.Contains(text, "END") || !strings.Contains(text, "rain") || !strings.Contains(text, "later") || strings.Contains(text, "\ntime=forged") {
			t.Errorf("log:\n%s", text)
		}
	})
}
