package hasher

import (
	"sync/atomic"

	"github.com/curtaild/curtaild/hasher/work"
)

// board is where the workers of a process find the job to work on. One
// goroutine posts; any number read.
type board struct {
	now atomic.Pointer[posting]
}

// posting is one job on the board. The next one closes over.
type posting struct {
	job   *work.Job // nil: none
	first uint64
	spent atomic.Bool // a worker has run out of headers
	over  chan struct{}
}

func newBoard() *board {
	b := &board{}
	b.now.Store(&posting{over: make(chan struct{})})
	return b
}

func (b *board) post(job *work.Job, first uint64) {
	old := b.now.Swap(&posting{job: job, first: first, over: make(chan struct{})})
	close(old.over)
}
