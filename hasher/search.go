package hasher

import (
	"context"
	"runtime"
	"sync/atomic"
	"time"

	"github.com/curtaild/curtaild/hasher/kernel"
	"github.com/curtaild/curtaild/hasher/work"
)

// crew is all that the workers of a process share.
type crew struct {
	size     int
	board    *board
	throttle *throttle
	shares   chan work.Share
	hashes   atomic.Uint64
	dropped  atomic.Uint64
	wrong    atomic.Uint64
}

// search is one worker: it walks the nonces of every size-th variant of the
// job's header, beginning with its own index, so that no two workers try the
// same header.
func (c *crew) search(ctx context.Context, index int, tools toolbox) {
	// The thread is this worker's alone, with the priority that all
	// threads of the process have inherited.
	runtime.LockOSThread()
	defer runtime.UnlockOSThread()
	timer := time.NewTimer(time.Hour)
	timer.Stop()
	w := walk{step: uint64(c.size)}
	var hits []kernel.Hit
	for {
		quantum, ok := c.throttle.wait(ctx, timer)
		if !ok {
			return
		}
		if p := c.board.now.Load(); p != w.at {
			w.begin(p, uint64(index), tools)
		}
		if w.idle {
			c.throttle.done()
			w.at.spent.Store(w.at.job != nil)
			select {
			case <-ctx.Done():
				return
			case <-w.at.over:
			}
			continue
		}
		var tried uint64
		hits, tried = w.tool.kernel.Scan(hits[:0], uint32(w.nonce), w.tool.nonces(quantum))
		c.throttle.done()
		c.hashes.Add(tried * uint64(len(w.work.Versions)))
		for _, h := range hits {
			c.found(w.at.job, w.share(h))
		}
		w.advance(tried)
	}
}

// found checks a hit in plain Go and passes it on,
// without waiting for a daemon that does not read.
func (c *crew) found(job *work.Job, s work.Share) {
	h := job.Header(s)
	if !job.Target.Met(job.Algorithm.Sum(&h)) {
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
	at      *posting
	step    uint64
	variant uint64
	filled  work.Share // the variant
	nonce   uint64     // next to try; 2^32 when the variant is used up
	tool    *tool
	work    kernel.Work
	idle    bool // no job, or no variants left
}

func (w *walk) begin(p *posting, index uint64, tools toolbox) {
	w.at, w.variant = p, p.first+index
	if p.job != nil {
		w.tool, w.work.Versions = tools.fit(p.job, w.work.Versions[:0])
		w.work.Target = p.job.Target
	}
	w.open()
}

func (w *walk) open() {
	w.nonce, w.idle = 0, true
	if w.at.job == nil {
		return
	}
	s, ok := w.at.job.Variant(w.variant)
	if !ok {
		return
	}
	w.filled, w.idle = s, false
	w.work.Header = w.at.job.Header(s)
	w.tool.kernel.Begin(&w.work)
}

func (w *walk) advance(tried uint64) {
	w.nonce += tried
	if w.nonce > 1<<32-1 {
		w.variant += w.step
		w.open()
	}
}

func (w *walk) share(h kernel.Hit) work.Share {
	s := w.filled
	s.Version, s.Nonce = h.Version, h.Nonce
	return s
}
