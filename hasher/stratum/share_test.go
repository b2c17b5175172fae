package stratum

import (
	"errors"
	"testing"
	"testing/synctest"
	"time"

	"github.com/curtaild/curtaild/hasher/stratum/pooltest"
	"github.com/curtaild/curtaild/hasher/work"
)

func TestSharesAreAccepted(t *testing.T) {
	inBubble(t, nil, func(t *testing.T, r *rig) {
		j := r.open()
		for i := range 5 {
			if err := r.c.Submit(find(j, i)); err != nil {
				t.Fatal(err)
			}
			r.expect("accepted")
		}
		synctest.Wait()
		if n := r.c.State().Counts; n.Accepted != 5 || n.Sessions != 1 || n.Rejects() != 0 {
			t.Errorf("counts %+v", n)
		}
	})
}

func TestNeverSent(t *testing.T) {
	inBubble(t, nil, func(t *testing.T, r *rig) {
		if err := r.c.Submit(work.Share{}); !errors.Is(err, errOffline) {
			t.Errorf("before the session: %v", err)
		}
		j := r.open()
		s := find(j, 0)
		low := s
		low.Nonce++
		for h := j.Header(low); j.Target.Met(work.Double(h[:])); h = j.Header(low) {
			low.Nonce++
		}
		if err := r.c.Submit(low); !errors.Is(err, work.ErrLow) {
			t.Errorf("low: %v", err)
		}
		if err := r.c.Submit(s); err != nil {
			t.Error(err)
		}
		if err := r.c.Submit(s); !errors.Is(err, work.ErrDuplicate) {
			t.Errorf("again: %v", err)
		}
		// A job that is not clean leaves the one before it alive.
		r.job("second", false)
		if err := r.c.Submit(find(j, 1)); err != nil {
			t.Errorf("the job before: %v", err)
		}
		r.expect("accepted")
		r.expect("accepted")
		r.job("third", true)
		if err := r.c.Submit(find(j, 2)); !errors.Is(err, work.ErrStale) {
			t.Errorf("after a clean job: %v", err)
		}
		synctest.Wait()
		n := r.c.State().Counts
		if n.Accepted != 2 || n.Unsent["stale"] != 1 || n.Unsent["duplicate"] != 1 || n.Unsent["low-difficulty"] != 1 || n.Unsent["offline"] != 1 {
			t.Errorf("counts %+v", n)
		}
		r.stop()
		for len(r.pool.Events()) > 0 {
			if e := <-r.pool.Events(); e.Kind == "rejected" || e.Kind == "violation" {
				t.Errorf("the pool saw %+v", e)
			}
		}
	})
}

// A share queued just as its job ends is dropped before it is written.
func TestJobEndsWhileShareWaits(t *testing.T) {
	inBubble(t, nil, func(t *testing.T, r *rig) {
		j := r.open()
		s := find(j, 0)
		err := r.c.desk.Submit(func(b *work.Book) error { // what Submit does, with the new job in between
			err := r.c.queue(b, s)
			b.Add(work.Job{}, true)
			return err
		})
		if err != nil {
			t.Error(err)
		}
		synctest.Wait()
		if n := r.c.State().Counts; n.Unsent["stale"] != 1 || n.Accepted != 0 {
			t.Errorf("counts %+v", n)
		}
	})
}

// The pool changes its job while a share is under way: the share is lost, and
// nothing else.
func TestJobChangesInTheMiddleOfAShare(t *testing.T) {
	inBubble(t, func(p *pooltest.Pool, _ *Config) { p.Lag = 300 * time.Millisecond }, func(t *testing.T, r *rig) {
		r.pool.Difficulty(easy)
		r.pool.Job(pooltest.Example("first", true))
		time.Sleep(time.Minute)
		j := r.c.State().Job
		r.submit(find(j, 0))
		r.pool.Job(pooltest.Example("second", true)) // on its way
		if err := r.c.Submit(find(j, 1)); err != nil {
			t.Error(err)
		}
		time.Sleep(time.Second)
		synctest.Wait()
		s := r.c.State()
		if s.Job.ID != "second" || s.Counts.Rejected["stale"] != 1 || s.Counts.Accepted != 1 || len(s.Counts.Faults) != 0 {
			t.Errorf("state %+v", s)
		}
		if want := 300 * time.Millisecond; s.Latency.Median != want || s.Latency.P95 != want {
			t.Errorf("latency %+v, want %v", s.Latency, want)
		}
		if e := <-r.pool.Events(); e.Kind != "rejected" {
			t.Errorf("the pool saw %+v", e)
		}
		r.submit(find(s.Job, 0))
	})
}

func TestScryptPool(t *testing.T) {
	inBubble(t, func(p *pooltest.Pool, c *Config) { p.Scrypt, c.Algorithm = true, work.Scrypt }, func(t *testing.T, r *rig) {
		r.pool.Difficulty("0.002") // a share every 131 hashes
		r.expect("authorized")
		j := r.job("first", true)
		if j.Algorithm != work.Scrypt {
			t.Errorf("algorithm %v", j.Algorithm)
		}
		s := find(j, 0)
		r.submit(s)
		low := s
		for low.Nonce++; j.Target.Met(sum(j, low)); low.Nonce++ {
		}
		if err := r.c.Submit(low); !errors.Is(err, work.ErrLow) {
			t.Errorf("low: %v", err)
		}
	})
}

func sum(j *work.Job, s work.Share) work.Hash {
	h := j.Header(s)
	return j.Algorithm.Sum(&h)
}

func TestDifficultyHoldsFromTheNextJob(t *testing.T) {
	inBubble(t, nil, func(t *testing.T, r *rig) {
		j := r.open()
		for i, d := range []string{"0.0000002", "1000000", "0.00000005"} {
			r.pool.Difficulty(d)
			synctest.Wait()
			if r.c.State().Job.Target != j.Target {
				t.Errorf("difficulty %s changed a job that was given out", d)
			}
			if i < 2 { // the third would take days
				if err := r.c.Submit(find(j, i)); err != nil {
					t.Fatal(err)
				}
				r.expect("accepted")
			}
			j = r.job("after "+d, false)
			if want, err := work.SHA256d.ParseDifficulty(d); err != nil || j.Target != want {
				t.Errorf("difficulty %s: target %x", d, j.Target)
			}
		}
	})
}

func TestRejectsAreCountedByReason(t *testing.T) {
	for code, reason := range map[string]string{
		`[21,"Job not found",null]`: "stale", `[22,"Duplicate",null]`: "duplicate", `[23,"Low",null]`: "low-difficulty",
		`[24,"Who",null]`: "unauthorized", `[25,"Not subscribed",null]`: "unauthorized",
		`[20,"ntime out of range",null]`: "time", `[20,"Invalid version mask",null]`: "version", `["x","Stale share",null]`: "stale",
		`[20,"Above target",null]`: "low-difficulty", `"Job not found"`: "stale", `null`: "other",
		`[99,"?",null]`: "other", `"text"`: "other", `{"code":21}`: "other",
	} {
		inBubble(t, func(p *pooltest.Pool, _ *Config) { p.Reject = code }, func(t *testing.T, r *rig) {
			j := r.open()
			if err := r.c.Submit(find(j, 0)); err != nil {
				t.Fatal(err)
			}
			synctest.Wait()
			if n := r.c.State().Counts; n.Rejected[reason] != 1 || n.Rejects() != 1 || n.Accepted != 0 {
				t.Errorf("%s: counts %+v, want one %s", code, n, reason)
			}
		})
	}
}

func TestUnansweredShare(t *testing.T) {
	inBubble(t, nil, func(t *testing.T, r *rig) {
		j := r.open()
		r.c.submits <- submission{job: j, share: find(j, 0)}
		r.expect("accepted")
		synctest.Wait()
		r.pool.Mute(true)
		if err := r.c.Submit(find(j, 1)); err != nil {
			t.Fatal(err)
		}
		r.expect("closed")
		synctest.Wait()
		if n := r.c.State().Counts; n.Faults["silence"] != 1 || n.Silent != 1 {
			t.Errorf("counts %+v", n)
		}
	})
}
