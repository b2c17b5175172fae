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
	keepJobs   = 8       // jobs that are not yet over but for the newest
	keepShares = 1 << 16 // a job, to tell duplicates
)

// Book knows which jobs are alive and which of their shares were seen. It is
// not safe for concurrent use.
type Book struct {
	seq  uint64
	jobs []*entry // oldest first
}

type entry struct {
	job  *Job
	seen map[Header]struct{}
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
	b.jobs = append(b.jobs, &entry{job: &j, seen: map[Header]struct{}{}})
	return &j
}

// Clear ends all jobs. Numbers go on.
func (b *Book) Clear() { b.jobs = nil }

// Alive reports whether shares of the job with this number still count.
func (b *Book) Alive(seq uint64) bool {
	return slices.ContainsFunc(b.jobs, func(e *entry) bool { return e.job.Seq == seq })
}

// Take checks s in plain Go, and returns its job.
// A share is taken once.
func (b *Book) Take(s Share) (*Job, error) {
	for _, e := range b.jobs {
		if e.job.Seq == s.Job {
			return e.job, e.take(s)
		}
	}
	return nil, ErrStale
}

func (e *entry) take(s Share) error {
	j := e.job
	if len(s.Extranonce2) != j.Size2 || s.Time < j.Time || s.Time-j.Time > MaxRoll || !j.Permits(s.Version) {
		return ErrMalformed
	}
	h := j.Header(s)
	if !j.Target.Met(j.Algorithm.Sum(&h)) {
		return ErrLow
	}
	if _, dup := e.seen[h]; dup || len(e.seen) >= keepShares {
		return ErrDuplicate
	}
	e.seen[h] = struct{}{}
	return nil
}
