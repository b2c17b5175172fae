package hasher

import (
	"fmt"
	"time"

	"github.com/curtaild/curtaild/energy"
	"github.com/curtaild/curtaild/hasher/work"
)

// poolState is what Run's goroutine owns.
type poolState struct {
	points  []energy.OperatingPoint
	learner learner
	dirty   bool // there is a status to send

	child    *child
	born     time.Time
	heard    time.Time // last figures
	births   uint64
	backoff  time.Duration
	childErr error
	ready    bool // the child has said hello
	kernels  []kernelNotice
	kernel   string // the one that the job is for
	last     statsNotice

	target   int             // point asked for
	setpoint energy.Setpoint // that asked for it
	dutySeq  uint64          // of the last duty order
	inForce  bool            // the child has confirmed it
	seq      uint64          // of the last set-point that came into force
	point    int             // that came into force with it
	active   bool            // hashing was asked for and possible when last looked

	job      *work.Job
	jobErr   error
	idleFrom time.Time // without work since; zero: has work

	draw   energy.Watts
	rate   energy.HashRate
	idleAt time.Time // idle energy is counted up to here
	base   Counters  // shares from before this run
}

func (p *Pool) begin(now time.Time) {
	r := &p.run
	r.learner.rate = defaultRate
	r.points = p.model.points(defaultRate)
	r.idleAt, r.dirty, r.draw = now, true, p.cfg.Idle
	r.base = p.Counters()
	r.idleFrom = now
	p.work(now)
}

// launch starts a worker process.
func (p *Pool) launch(now time.Time) error {
	c, err := startChild(p.cfg.Command(), p.cfg.Workers)
	if err != nil {
		return err
	}
	r := &p.run
	r.child, r.born, r.heard, r.ready, r.last = c, now, now, false, statsNotice{}
	r.births++
	if r.job != nil {
		p.sendJob()
	}
	p.sendDuty()
	return nil
}

// failed notes why there is no process, and says when to try again.
func (p *Pool) failed(err error) time.Duration {
	r := &p.run
	r.backoff = min(max(2*r.backoff, minRestart), maxRestart)
	r.childErr, r.dirty = err, true
	p.cfg.Log.Error("worker process failed", "load", p.cfg.Name, "err", err, "retry_in", r.backoff)
	return r.backoff
}

// buried takes leave of a process that has ended.
func (p *Pool) buried(now time.Time) time.Duration {
	r := &p.run
	err := p.lastWords(now)
	if now.Sub(r.born) > longLife {
		r.backoff = 0
	}
	return p.failed(err)
}

// lastWords counts all that the process has used and forgets it.
func (p *Pool) lastWords(now time.Time) error {
	r := &p.run
	c := r.child
	c.stop()
	for drained := false; !drained; {
		select {
		case n := <-c.notices:
			p.hear(now, n)
		default:
			drained = true
		}
	}
	// What it used after its last figures, if it was killed.
	if rest := c.cpu - time.Duration(r.last.CPU); rest > 0 {
		p.count(func(t *Counters) { t.Energy += p.cfg.Core.Over(rest.Seconds()) })
	}
	err := fmt.Errorf("worker process ended: %v", c.err)
	if text := c.stderr.String(); text != "" {
		err = fmt.Errorf("%w: %q", err, text)
	}
	r.child, r.ready, r.inForce = nil, false, r.target == energy.Off
	r.draw, r.rate = p.cfg.Idle, 0
	p.look()
	return err
}

func (p *Pool) end() {
	if p.run.child != nil {
		_ = p.lastWords(time.Now()) // it was told to end
	}
	status := p.status(time.Now())
	select {
	case p.cfg.Statuses <- status:
	default:
	}
}

// take takes up the latest set-point.
func (p *Pool) take() {
	p.mu.Lock()
	sp := p.want
	p.want = nil
	p.mu.Unlock()
	r := &p.run
	if sp == nil || sp.Seq != 0 && sp.Seq == r.setpoint.Seq {
		return
	}
	point, ok := resolve(r.points, *sp)
	if !ok {
		p.cfg.Log.Warn("set-point names no operating point", "load", p.cfg.Name, "point", sp.Point, "name", sp.Name)
		return
	}
	r.setpoint, r.target, r.dirty = *sp, point, true
	p.sendDuty()
}

func (p *Pool) sendDuty() {
	r := &p.run
	r.dutySeq++
	// Where no process runs, off is in force already.
	r.inForce = false
	switch {
	case r.child != nil:
		r.child.send(order{Duty: &dutyOrder{Seq: r.dutySeq, Duty: p.model.duty(r.target)}})
	case r.target == energy.Off:
		p.confirm()
	}
	p.look()
}

// work follows the source: its job, or why there is none.
func (p *Pool) work(now time.Time) {
	r := &p.run
	s := p.src.State()
	p.count(func(t *Counters) {
		t.Accepted = r.base.Accepted + s.Counts.Accepted
		t.Rejected = r.base.Rejected + s.Counts.Rejects()
	})
	if r.job != s.Job {
		r.job, r.dirty = s.Job, true
		p.sendJob()
		p.suit(now)
	}
	r.jobErr = s.Err
	switch {
	case r.job != nil:
		r.idleFrom = time.Time{}
	case r.idleFrom.IsZero():
		r.idleFrom = now
	}
	p.look()
}

// sendJob gives the process its job. One that has followed another begins
// elsewhere in the extranonce, not to find the same shares again.
func (p *Pool) sendJob() {
	r := &p.run
	if r.child == nil {
		return
	}
	o := jobOrder{Job: r.job}
	if r.job != nil && r.job.Size2 >= 4 {
		o.First = (r.births - 1) % (1 << 15) << 16
	}
	r.child.send(order{Job: &o})
}

// hear takes in what the process says.
func (p *Pool) hear(now time.Time, n notice) {
	r := &p.run
	switch {
	case n.Hello != nil:
		r.ready, r.dirty, r.childErr, r.heard = true, true, nil, now
		r.kernels = n.Hello.Kernels
		p.cfg.Log.Info("worker process ready", "load", p.cfg.Name, "workers", p.cfg.Workers, "kernels", r.kernels)
		if n.Hello.Priority != "" {
			p.cfg.Log.Warn("worker process keeps its priority", "load", p.cfg.Name, "err", n.Hello.Priority)
		}
		p.suit(now)
		p.look()
	case n.Stats != nil:
		r.heard = now
		p.figures(now, *n.Stats)
	case n.Share != nil:
		if err := p.src.Submit(*n.Share); err != nil {
			p.cfg.Log.Debug("share not sent", "load", p.cfg.Name, "err", err)
		}
	}
}

// suit restates the rate when another kernel than before takes up the job.
func (p *Pool) suit(now time.Time) {
	r := &p.run
	if r.job == nil {
		return
	}
	for _, k := range r.kernels {
		if k.Algorithm == r.job.Algorithm && len(r.job.Versions(nil, k.Versions)) > 0 {
			if k.Name != r.kernel {
				r.kernel = k.Name
				p.restate(now, r.learner.state(k.Rate))
			}
			return
		}
	}
}

// restate renews the operating points after the rate has moved.
func (p *Pool) restate(now time.Time, moved bool) {
	r := &p.run
	if !moved {
		return
	}
	r.points, r.dirty = p.model.points(r.learner.rate), true
	if own, ok := p.src.(*ownWork); ok {
		own.retarget(now, r.learner.rate)
	}
}

// watch looks after what does not announce itself.
func (p *Pool) watch(now time.Time) {
	r := &p.run
	r.dirty = true
	if r.child != nil && now.Sub(r.heard) > hungAfter {
		p.cfg.Log.Error("worker process hangs", "load", p.cfg.Name, "silent_for", now.Sub(r.heard))
		r.heard = now
		r.child.kill()
	}
}
