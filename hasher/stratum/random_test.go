package stratum

import (
	"errors"
	"fmt"
	"math/rand/v2"
	"testing"
	"testing/synctest"
	"time"

	"github.com/curtaild/curtaild/hasher/stratum/pooltest"
	"github.com/curtaild/curtaild/hasher/work"
)

// Whatever a pool does between two shares, none is sent that it would turn
// down: stale, found before, too easy, or with bits, a time or an extranonce
// that it does not allow.
func TestNothingIsSentInVain(t *testing.T) {
	const seeds, steps = 20, 60
	accepted := uint64(0)
	for seed := range uint64(seeds) {
		inBubble(t, func(p *pooltest.Pool, _ *Config) { p.Mask = "1fffe000" }, func(t *testing.T, r *rig) {
			rng := rand.New(rand.NewPCG(seed, 3))
			jobs := []*work.Job{r.open()}
			var sent []work.Share
			for step := range steps {
				upset(rng, r, step)
				synctest.Wait()
				if j := r.c.State().Job; j != nil && j != jobs[len(jobs)-1] {
					jobs = append(jobs, j)
				}
				s := anyShare(rng, jobs, sent)
				if r.c.Submit(s) == nil {
					sent = append(sent, s)
				}
				synctest.Wait()
				for len(r.pool.Events()) > 0 {
					if e := <-r.pool.Events(); e.Kind == "rejected" || e.Kind == "violation" {
						t.Fatalf("seed %d, step %d: %+v of share %+v", seed, step, e, s)
					}
				}
			}
			n := r.c.State().Counts
			accepted += n.Accepted
			if n.Rejects() != 0 || n.Silent != 0 {
				t.Errorf("seed %d: %+v", seed, n)
			}
		})
	}
	if accepted < seeds*steps/4 {
		t.Errorf("%d shares of %d were accepted: that tests little", accepted, seeds*steps)
	}
}

// upset has the pool do something.
func upset(rng *rand.Rand, r *rig, step int) {
	switch rng.IntN(9) {
	case 0, 1:
		r.pool.Job(pooltest.Example(fmt.Sprint("job", step), rng.IntN(3) == 0))
	case 2: // the same as before, under the same id or another
		again := pooltest.Example("same", false)
		again.ID = fmt.Sprint("same", rng.IntN(3))
		r.pool.Job(again)
	case 3:
		r.pool.Difficulty([]string{easy, "0.0000002", "0.00000005", "0.0000004"}[rng.IntN(4)])
	case 4:
		r.pool.Extranonce(fmt.Sprintf("%08x", rng.Uint32()), rng.IntN(5))
	case 5:
		r.pool.VersionMask([]string{"1fffe000", "0000e000", "00000000", "10002000", "ffffffff"}[rng.IntN(5)])
	case 6:
		if rng.IntN(4) == 0 {
			r.pool.Hangup()
			time.Sleep(time.Minute)
		}
	case 7:
		if rng.IntN(4) == 0 {
			r.pool.Send([]byte("garbage\n"))
			time.Sleep(time.Minute)
		}
	}
}

// anyShare is a share of some job that there was, mostly of the last: good,
// found before, or spoilt.
func anyShare(rng *rand.Rand, jobs []*work.Job, sent []work.Share) work.Share {
	if len(sent) > 0 && rng.IntN(6) == 0 {
		return sent[rng.IntN(len(sent))]
	}
	j := jobs[len(jobs)-1]
	if rng.IntN(3) == 0 {
		j = jobs[rng.IntN(len(jobs))]
	}
	s, _ := j.Variant(rng.Uint64N(4))
	if versions := j.Versions(nil, 2); len(versions) > 0 {
		s.Version = versions[rng.IntN(2)]
	}
	for h := j.Header(s); !j.Target.Met(work.Double(h[:])); h = j.Header(s) {
		s.Nonce++
	}
	switch rng.IntN(12) {
	case 0:
		s.Nonce++ // most likely too easy
	case 1:
		s.Version ^= 1 << rng.IntN(32)
	case 2:
		s.Time--
	case 3:
		s.Extranonce2 = append([]byte{0}, s.Extranonce2...)
	}
	return s
}

// A share of a job that was never given out is nobody's.
func TestShareOfNoJob(t *testing.T) {
	inBubble(t, nil, func(t *testing.T, r *rig) {
		j := r.open()
		s := find(j, 0)
		s.Job += 5
		if err := r.c.Submit(s); !errors.Is(err, work.ErrStale) {
			t.Errorf("%v", err)
		}
	})
}
