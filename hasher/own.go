package hasher

import (
	"context"
	"crypto/rand"
	"encoding/binary"
	"sync"
	"time"

	"github.com/curtaild/curtaild/hasher/work"
)

// source is where work comes from and shares go to: a pool's client, several
// of them, or ownWork.
type source interface {
	// Run may be called again once it has returned; then the jobs that were
	// given out are over, and the counts go on.
	Run(ctx context.Context) error
	Changed() <-chan struct{} // receives after State has changed
	State() work.State
	Submit(work.Share) error // checks the share first, does not block
}

const (
	ownEvery = 30 * time.Second // a new header of our own
	// ownShare is how much CPU time a share of our own takes on average.
	ownShare       = 5 * time.Second
	extranonce1Own = 4
)

// ownWork makes block headers where no pool does: they look like real ones,
// take the same work, and belong to no chain. A new one comes twice a
// minute, and shares are easy enough to be found every few seconds.
type ownWork struct {
	alg     work.Algorithm
	seed    [32]byte
	effort  time.Duration // CPU time that a share takes on average
	changed chan struct{}

	mu     sync.Mutex
	book   work.Book
	target work.Target
	made   uint64
	state  work.State
}

// newOwnWork starts from rate, in hashes a second of one worker.
func newOwnWork(now time.Time, a work.Algorithm, rate float64) *ownWork {
	o := &ownWork{alg: a, effort: ownShare, changed: make(chan struct{}, 1)}
	_, _ = rand.Read(o.seed[:]) // never fails
	o.retarget(now, rate)
	return o
}

func (o *ownWork) Run(ctx context.Context) error {
	tick := time.NewTicker(ownEvery)
	defer tick.Stop()
	for {
		select {
		case <-ctx.Done():
			return nil
		case now := <-tick.C:
			o.next(now)
		}
	}
}

// retarget follows the workers' measured rate.
func (o *ownWork) retarget(now time.Time, rate float64) {
	o.mu.Lock()
	o.target = o.alg.DifficultyTarget(rate * o.effort.Seconds() / perDifficulty(o.alg))
	o.mu.Unlock()
	o.next(now)
}

// perDifficulty is how many hashes a share of difficulty 1 takes on average.
func perDifficulty(a work.Algorithm) float64 {
	if a == work.Scrypt {
		return 1 << 16
	}
	return 1 << 32
}

// next makes another header. Shares of the one before still count.
func (o *ownWork) next(now time.Time) {
	o.mu.Lock()
	defer o.mu.Unlock()
	o.made++
	j := ownJob(o.seed, o.made, now)
	j.Algorithm, j.Target = o.alg, o.target
	o.state.Job = o.book.Add(j, false)
	poke(o.changed)
}

// ownJob is the n-th header to be made of a seed. Only its time is real.
func ownJob(seed [32]byte, n uint64, now time.Time) work.Job {
	derive := func(part byte) work.Hash {
		return work.Double(append(binary.BigEndian.AppendUint64(seed[:], n), part))
	}
	prev := derive(0)
	clear(prev[24:]) // a block's hash ends in zeros as the header has it
	x1 := derive(1)
	// A coinbase transaction up to and from its extranonces: version, one
	// input from nowhere with our name in its script; no claim, unspendable.
	const name = "/curtaild: work of our own/"
	const sizeX2 = 8
	script := len(name) + extranonce1Own + sizeX2
	head := []byte{1, 0, 0, 0, 1}
	head = append(head, make([]byte, 32)...)
	head = append(head, 0xff, 0xff, 0xff, 0xff, byte(script))
	head = append(head, name...)
	tail := []byte{0xff, 0xff, 0xff, 0xff, 1, 0, 0, 0, 0, 0, 0, 0, 0, 1, 0x6a, 0, 0, 0, 0}
	branches := make([]work.Hash, 4)
	for i := range branches {
		branches[i] = derive(byte(2 + i))
	}
	return work.Job{
		ID: "own", Prev: prev, Coinbase1: head, Coinbase2: tail,
		Extranonce1: x1[:extranonce1Own], Size2: sizeX2, Branches: branches,
		Version: 0x20000000, Mask: work.Rollable, Bits: 0x1d00ffff, Time: uint32(now.Unix()),
	}
}

func (o *ownWork) Changed() <-chan struct{} { return o.changed }

func (o *ownWork) State() work.State {
	o.mu.Lock()
	defer o.mu.Unlock()
	return o.state
}

// Submit counts a share once it is checked: there is nobody to send it to.
func (o *ownWork) Submit(s work.Share) error {
	o.mu.Lock()
	defer o.mu.Unlock()
	if _, err := o.book.Take(s); err != nil {
		return err
	}
	o.state.Counts.Accepted++
	poke(o.changed)
	return nil
}
