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

	cpu     time.Duration // of all processes so far, as they told it
	pending time.Duration // of it, not yet accounted as energy
	core    energy.Watts  // draw of a busy core when last measured; 0: not known
	hold    string        // why the load is paused; empty: it is not

	child    *child
	born     time.Time
	heard    time.Time // last figures
	orders   uint64    // jobs that processes were given
	backoff  time.Duration
	childErr error
	ready    bool // the child has said hello
	kernels  []kernelNotice
	last     statsNotice

	target   int             // point asked for
	setpoint energy.Setpoint // that asked for it
	dutySeq  uint64          // of the last duty order
	inForce  bool            // the child has confirmed it
	dutyAt   time.Time       // when it did
	unheeded time.Time       // since when off has been seen unconfirmed; zero: it is not
	seq      uint64          // of the last set-point that came into force
	point    int             // that came into force with it
	active   bool            // hashing was asked for and possible when last looked

	given    *work.Job // by the source
	job      *work.Job // the same, if some kernel fits it
	jobErr   error
	yield    work.Yield // of the last job that there was
	perHash  float64    // of it, as stated
	idleFrom time.Time  // without work since; zero: has work

	draw   energy.Watts
	source energy.PowerSource // of draw
	rate   energy.HashRate
	idleAt time.Time // idle energy is counted up to here
	base   Counters  // shares from before this run
}

func (p *Pool) begin(now time.Time) {
	r := &p.run
	r.points = p.model.points(r.learner.stated)
	r.idleAt, r.dirty, r.draw, r.source = now, true, p.cfg.Power.Idle, energy.Estimated
	p.pause(p.senses.pause(now))
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
		r.cpu, r.pending = r.cpu+rest, r.pending+rest
	}
	p.settle(p.coreDraw())
	err := fmt.Errorf("worker process ended: %v", c.err)
	if text := c.stderr.String(); text != "" {
		err = fmt.Errorf("%w: %q", err, text)
	}
	r.child, r.ready, r.inForce = nil, false, false
	r.draw, r.rate, r.source = p.cfg.Power.Idle, 0, energy.Estimated
	if r.effective() == energy.Off {
		p.confirm(now) // no doubt of that
	}
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

// effective is the point that the workers are to be at: a pause stands above
// every set-point.
func (r *poolState) effective() int {
	if r.hold != "" {
		return energy.Off
	}
	return r.target
}

func (p *Pool) sendDuty() {
	r := &p.run
	r.dutySeq++
	r.learner.rest()
	// Where no process runs, off is in force already.
	r.inForce = false
	switch {
	case r.child != nil:
		r.child.send(order{Duty: &dutyOrder{Seq: r.dutySeq, Duty: p.model.duty(r.effective())}})
	case r.effective() == energy.Off:
		p.confirm(time.Now())
	}
	p.look()
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

// watch looks after what does not announce itself.
func (p *Pool) watch(now time.Time) {
	r := &p.run
	r.dirty = true
	if r.child == nil {
		p.perceive(now)
	}
	if hold := p.senses.pause(now); hold != r.hold {
		p.pause(hold)
	}
	if r.child == nil {
		return
	}
	switch {
	case !r.ready || r.effective() != energy.Off || r.inForce:
		r.unheeded = time.Time{}
	case r.unheeded.IsZero():
		r.unheeded = now
	}
	disobeys := !r.unheeded.IsZero() && now.Sub(r.unheeded) > offWithin
	if silent := now.Sub(r.heard); silent > hungAfter || disobeys {
		p.cfg.Log.Error("worker process hangs", "load", p.cfg.Name, "silent_for", silent, "told_off", disobeys)
		r.heard, r.unheeded = now, time.Time{}
		r.child.kill()
	}
}
