package hasher

import (
	"fmt"
	"time"

	"github.com/curtaild/curtaild/hasher/work"
)

// work follows the source: its job, or why there is none.
func (p *Pool) work(now time.Time) {
	r := &p.run
	s := p.src.State()
	p.count(func(t *Counters) {
		t.Accepted = r.base.Accepted + s.Counts.Accepted
		t.Rejected = r.base.Rejected + s.Counts.Rejects()
	})
	r.jobErr = s.Err
	r.given = s.Job
	p.suit(now)
	p.look()
}

// sendJob gives the process its job. Each time it begins elsewhere in the
// extranonce: the job may be one that was worked at before, by a process that
// has ended, or until another pool's took its place.
func (p *Pool) sendJob() {
	r := &p.run
	if r.child == nil {
		return
	}
	o := jobOrder{Job: r.job}
	if r.job != nil && r.job.Size2 >= 4 {
		o.First = r.orders % (1 << 15) << 16
		r.orders++
	}
	r.child.send(order{Job: &o})
}

// suit hands the source's job to the process, if some kernel of it is fit for
// it, and states what that kernel is known to make. Before the process has said
// what it has, it gets the job unseen.
func (p *Pool) suit(now time.Time) {
	r := &p.run
	job := r.given
	if job != nil && r.kernels != nil {
		k, ok := fitting(r.kernels, job)
		if !ok {
			job, r.jobErr = nil, fmt.Errorf("no kernel of this machine is fit for the job: %v", job.Algorithm)
		} else if r.learner.use(k.Name, k.Rate) {
			p.senses.share.Loosen()
			p.restate(now)
		}
	}
	if r.job != job {
		r.job, r.dirty = job, true
		p.appraise()
		p.sendJob()
	}
	switch {
	case r.job != nil:
		r.idleFrom = time.Time{}
	case r.idleFrom.IsZero():
		r.idleFrom = now
	}
}

// fitting is the kernel that the process takes for a job.
func fitting(kernels []kernelNotice, job *work.Job) (kernelNotice, bool) {
	for _, k := range kernels {
		if k.Algorithm == job.Algorithm && len(job.Versions(nil, k.Versions)) > 0 {
			return k, true
		}
	}
	return kernelNotice{}, false
}

// restate renews the operating points after what is known of them has moved.
func (p *Pool) restate(now time.Time) {
	r := &p.run
	r.points, r.dirty = p.model.points(r.learner.stated), true
	p.mu.Lock()
	p.learned = r.learner.all
	p.mu.Unlock()
	if own, ok := p.src.(*ownWork); ok {
		own.retarget(now, r.learner.stated.Rate.At(1))
	}
}
