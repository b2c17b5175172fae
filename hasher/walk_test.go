package hasher

import (
	"context"
	"io"
	"math"
	"math/bits"
	"math/rand/v2"
	"sync/atomic"
	"testing"
	"testing/synctest"
	"time"

	"github.com/curtaild/curtaild/hasher/kernel"
	"github.com/curtaild/curtaild/hasher/work"
)

// blank is a kernel that finds nothing.
type blank struct{}

func (blank) Begin(*kernel.Work) {}

func (blank) Scan(hits []kernel.Hit, _, n uint32) ([]kernel.Hit, uint64) { return hits, uint64(n) }

// tried is one header without its nonce, all of which are tried.
type tried struct {
	extranonce2 string
	time        uint32
	version     uint32
}

// No two workers try the same header, none tries one twice, and together they
// leave none out: of random jobs, crews and kernels. Times go up only when the
// extranonces are used up, never below the job's, and never too far.
func TestWalksDoNotOverlap(t *testing.T) {
	for seed := range uint64(150) {
		rng := rand.New(rand.NewPCG(seed, 2))
		job := &work.Job{
			Coinbase1: []byte{1}, Size2: rng.IntN(3), Time: rng.Uint32() >> 1, Version: rng.Uint32(),
			Mask: uint32(rng.Uint64() & rng.Uint64() & work.Rollable),
		}
		if rng.IntN(4) == 0 {
			job.Size2 = 16
		}
		var box toolbox
		for _, n := range []int{1 << rng.IntN(7), 1} {
			box = append(box, &tool{kind: kernel.Kind{Versions: n}, kernel: blank{}})
		}
		crew, variants := 1+rng.IntN(9), 1+rng.IntN(600)
		at := &posting{job: job, first: uint64(rng.IntN(2)) << 16}
		if job.Size2 < 4 {
			at.first = 0
		}
		seen := map[tried]int{}
		latest := uint32(0)
		for index := range crew {
			w := walk{step: uint64(crew)}
			w.begin(at, uint64(index), box)
			for range variants {
				if w.idle {
					break
				}
				latest = max(latest, w.filled.Time-job.Time)
				for _, v := range w.work.Versions {
					key := tried{string(w.filled.Extranonce2), w.filled.Time, v}
					if other, dup := seen[key]; dup {
						t.Fatalf("seed %d: workers %d and %d both try %+v", seed, other, index, key)
					}
					seen[key] = index
					if !job.Permits(v) || w.filled.Time < job.Time || w.filled.Time-job.Time > work.MaxRoll {
						t.Fatalf("seed %d: %+v of job %+v", seed, key, job)
					}
				}
				w.advance(1 << 32)
			}
		}
		space := uint64(1) << (8 * min(job.Size2, 7)) // extranonces at one time
		want := min(uint64(crew*variants), space*(work.MaxRoll+1))
		per := uint64(box[0].kind.Versions)
		if bits.OnesCount32(job.Mask) < bits.TrailingZeros64(per) {
			per = 1
		}
		if uint64(len(seen)) != want*per {
			t.Errorf("seed %d: %d headers tried, want %d variants of %d versions", seed, len(seen), want, per)
		}
		if roll := (want - 1) / space; uint64(latest) != roll {
			t.Errorf("seed %d: time rolled by %d s, want %d", seed, latest, roll)
		}
	}
}

// A job that is given out again is begun where nobody has been, within its
// extranonce: after another process, and after another job.
func TestJobsBeginElsewhere(t *testing.T) {
	for size, space := range map[int]uint64{1: 1 << 8, 4: 1 << 32, 8: 1 << 32} {
		c := &child{wake: make(chan struct{}, 1)}
		p := &Pool{run: poolState{child: c, job: &work.Job{Coinbase1: []byte{1}, Size2: size}}}
		seen := map[uint64]bool{}
		for i := range 1 << 15 {
			p.sendJob()
			first := c.job.Job.First
			if first >= space || seen[first] != (size < 4 && i > 0) {
				t.Fatalf("extranonce of %d bytes: time %d begins at %d", size, i, first)
			}
			seen[first] = true
		}
	}
}

// A worker process that follows another begins where that one has not been.
func TestNextProcessBeginsElsewhere(t *testing.T) {
	job := &work.Job{Coinbase1: []byte{1}, Size2: 4}
	box := toolbox{{kind: kernel.Kind{Versions: 1}, kernel: blank{}}}
	const crew, each = 3, 1000
	seen := map[string]bool{}
	for birth := range uint64(3) {
		for index := range uint64(crew) {
			w := walk{step: crew}
			w.begin(&posting{job: job, first: birth << 16}, index, box)
			for range each {
				if seen[string(w.filled.Extranonce2)] {
					t.Fatalf("process %d tries %x again", birth, w.filled.Extranonce2)
				}
				seen[string(w.filled.Extranonce2)] = true
				w.advance(1 << 32)
			}
		}
	}
}

// A worker that finds no header left says so of that job, and never of the
// next, however late it is.
func TestSpentJob(t *testing.T) {
	synctest.Test(t, func(t *testing.T) {
		box := toolbox{{kind: kernel.Kind{Versions: 1}, kernel: blank{}, rate: &atomic.Uint64{}}}
		w := &worker{out: io.Discard, began: time.Now(), crew: newCrew(2), tools: []toolbox{box}}
		ctx, cancel := context.WithCancel(t.Context())
		defer cancel()
		go w.crew.search(ctx, 1, box)
		only := &work.Job{Coinbase1: []byte{1}, Time: math.MaxUint32} // one variant, which is the first worker's
		old := w.crew.board.now.Load()
		for name, o := range map[string]order{"spent": {Job: &jobOrder{Job: only}}, "none": {Job: &jobOrder{}}} {
			for _, o := range []order{{Duty: &dutyOrder{Duty: 1}}, o} {
				if _, err := w.obey(o); err != nil {
					t.Fatal(err)
				}
			}
			synctest.Wait()
			old.spent.Store(true)
			old = w.crew.board.now.Load()
			if err := w.stats(); err != nil || w.last.Spent != (o.Job.Job != nil) {
				t.Errorf("%s: %+v, %v", name, w.last, err)
			}
		}
	})
}
