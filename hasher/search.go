package hasher

import (
	"context"
	"runtime"
	"sync/atomic"
	"time"

	"github.com/curtaild/curtaild/hasher/stratum"
)

// crew is all that the workers of a process share.
type crew struct {
	size     int
	board    *board
	throttle *throttle
	rate     atomic.Uint64 // hashes a second of CPU time, one worker
	shares   chan stratum.Share
	hashes   atomic.Uint64
	dropped  atomic.Uint64
	wrong    atomic.Uint64
	spent    atomic.Bool
}

// minScan keeps the bookkeeping around a scan small beside it.
const minScan = 64

// search is one worker: it walks the nonces of every size-th variant of the
// job's header, beginning with its own index, so that no two workers try the
// same header.
func (c *crew) search(ctx context.Context, index int, k Kernel) {
	// The thread is this worker's alone, with the priority that all
	// threads of the process have inherited.
	runtime.LockOSThread()
	defer runtime.UnlockOSThread()
	timer := time.NewTimer(time.Hour)
	timer.Stop()
	w := walk{step: uint64(c.size)}
	var hits []uint32
	for {
		quantum, ok := c.throttle.wait(ctx, timer)
		if !ok {
			return
		}
		if p := c.board.now.Load(); p != w.at {
			w.begin(p, uint64(index))
		}
		if w.idle {
			c.throttle.done()
			if w.at.job != nil {
				c.spent.Store(true)
			}
			select {
			case <-ctx.Done():
				return
			case <-w.at.over:
			}
			continue
		}
		n := max(uint64(float64(c.rate.Load())*quantum.Seconds()), minScan)
		var tried uint64
		hits, tried = k.Scan(hits[:0], &w.header, &w.at.job.Target, uint32(w.nonce), uint32(n))
		c.throttle.done()
		c.hashes.Add(tried)
		for _, nonce := range hits {
			c.found(w.share(nonce))
		}
		w.advance(tried)
	}
}

// found checks a hit with the standard library alone and passes it on,
// without waiting for a daemon that does not read.
func (c *crew) found(job *stratum.Job, s stratum.Share) {
	h := job.Header(s.Extranonce2, s.Time, s.Nonce)
	if !job.Target.Met(stratum.Double(h[:])) {
		c.wrong.Add(1)
		return
	}
	select {
	case c.shares <- s:
	default:
		c.dropped.Add(1)
	}
}

// walk is where one worker is in a job.
type walk struct {
	at          *posting
	step        uint64
	variant     uint64
	nonce       uint64 // next to try; 2^32 when the header is used up
	extranonce2 []byte
	time        uint32
	header      stratum.Header
	idle        bool // no job, or no headers left
}

func (w *walk) begin(p *posting, index uint64) {
	w.at, w.variant = p, p.first+index
	w.open()
}

func (w *walk) open() {
	w.nonce, w.idle = 0, true
	if w.at.job == nil {
		return
	}
	x2, t, ok := w.at.job.Variant(w.variant)
	if !ok {
		return
	}
	w.extranonce2, w.time, w.idle = x2, t, false
	w.header = w.at.job.Header(x2, t, 0)
}

func (w *walk) advance(tried uint64) {
	w.nonce += tried
	if w.nonce > 1<<32-1 {
		w.variant += w.step
		w.open()
	}
}

func (w *walk) share(nonce uint32) (*stratum.Job, stratum.Share) {
	return w.at.job, stratum.Share{Job: w.at.job.Seq, Extranonce2: w.extranonce2, Time: w.time, Nonce: nonce}
}
