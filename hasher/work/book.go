package work

import (
	"errors"
	"slices"
)

// Why a share is not counted or sent.
var (
	ErrStale     = errors.New("share of a job that is over")
	ErrDuplicate = errors.New("share found before")
	ErrLow       = errors.New("share does not meet its target")
	ErrMalformed = errors.New("share does not fit its job")
)

const (
	keepJobs   = 8       // jobs that are not yet over, the newest among them
	keepShares = 1 << 15 // the last so many, to tell duplicates, and up to as many before
)

// Book knows which jobs are alive and which of their shares were seen. It is
// not safe for concurrent use.
type Book struct {
	seq    uint64
	jobs   []*Job              // oldest first
	seen   map[Header]struct{} // shares taken, whatever their job
	before map[Header]struct{} // those taken before them
}

// Add takes up a job, numbers it, and returns it. A clean one ends all that
// came before it.
func (b *Book) Add(j Job, clean bool) *Job {
	b.seq++
	j.Seq = b.seq
	if clean {
		b.jobs = nil
	}
	if len(b.jobs) >= keepJobs {
		b.jobs = slices.Delete(b.jobs, 0, 1)
	}
	b.jobs = append(b.jobs, &j)
	return &j
}

// End ends all jobs with a source's id: it is about to give that to another.
func (b *Book) End(id string) {
	b.jobs = slices.DeleteFunc(b.jobs, func(j *Job) bool { return j.ID == id })
}

// Clear ends all jobs. Numbers go on, and shares stay known: the same job may
// be given out again.
func (b *Book) Clear() { b.jobs = nil }

// Alive reports whether shares of the job with this number still count.
func (b *Book) Alive(seq uint64) bool { return b.job(seq) != nil }

func (b *Book) job(seq uint64) *Job {
	for _, j := range b.jobs {
		if j.Seq == seq {
			return j
		}
	}
	return nil
}

// Take checks s in plain Go, and returns its job. A header is taken once,
// under whatever number its job goes.
func (b *Book) Take(s Share) (*Job, error) {
	j := b.job(s.Job)
	if j == nil {
		return nil, ErrStale
	}
	if len(s.Extranonce2) != j.Size2 || s.Time < j.Time || s.Time-j.Time > MaxRoll || !j.Permits(s.Version) {
		return j, ErrMalformed
	}
	h := j.Header(s)
	if !j.Target.Met(j.Algorithm.Sum(&h)) {
		return j, ErrLow
	}
	if b.known(h) {
		return j, ErrDuplicate
	}
	b.seen[h] = struct{}{}
	return j, nil
}

// known reports whether h was taken before, and makes room for it if not.
func (b *Book) known(h Header) bool {
	if _, ok := b.before[h]; ok {
		return true
	}
	if _, ok := b.seen[h]; ok {
		return true
	}
	if len(b.seen) >= keepShares {
		b.before, b.seen = b.seen, nil
	}
	if b.seen == nil {
		b.seen = map[Header]struct{}{}
	}
	return false
}
