package hasher

import (
	"time"

	"github.com/curtaild/curtaild/energy"
)

func (p *Pool) count(add func(*Counters)) {
	p.mu.Lock()
	defer p.mu.Unlock()
	add(&p.totals)
}

// figures accounts for what the process has done since the figures before.
func (p *Pool) figures(now time.Time, s statsNotice) {
	r := &p.run
	if s.CPU < r.last.CPU || s.Hashes < r.last.Hashes || s.Wall < r.last.Wall {
		return // totals do not fall
	}
	if !possible(s, p.cfg.Workers) {
		p.cfg.Log.Warn("figures of the worker process left out", "load", p.cfg.Name, "cpu_ns", s.CPU, "wall_ns", s.Wall, "hashes", s.Hashes)
		return
	}
	used := time.Duration(s.CPU - r.last.CPU)
	cpu := used.Seconds()
	wall := time.Duration(s.Wall - r.last.Wall).Seconds()
	hashes := float64(s.Hashes - r.last.Hashes)
	sameDuty := r.last.Seq == s.Seq
	if f, ok := p.src.(*failover); ok && s.Dropped > r.last.Dropped {
		f.missed(s.Dropped - r.last.Dropped)
	}
	if s.Wrong > r.last.Wrong {
		p.cfg.Log.Error("kernel finds shares that are none", "load", p.cfg.Name, "wrong", s.Wrong)
	}
	r.last = s
	p.count(func(t *Counters) { t.Hashes, t.Earned = t.Hashes+hashes, t.Earned+hashes*r.yield.PerHash })
	r.cpu, r.pending = r.cpu+used, r.pending+used
	p.perceive(now)
	if s.Seq == r.dutySeq && !r.inForce {
		p.confirm(now)
		return
	}
	if !sameDuty || wall < 0.05 {
		return
	}
	core := p.coreDraw()
	if r.source = energy.Estimated; p.senses.sure(now) {
		r.source = energy.Measured
		if r.core > 0 {
			core = r.core
		}
	}
	r.draw = p.cfg.Power.Idle + core*energy.Watts(cpu/wall)
	r.rate = energy.HashRate(hashes / wall)
	if r.active && r.learner.work(p.model.duty(r.target), hashes, cpu) {
		p.restate(now)
	}
}

// possible reports whether so many workers, and the runtime beside them, can
// have used that CPU time since the process began, and made as many hashes.
func possible(s statsNotice, workers int) bool {
	const startup = 1 // seconds
	cpu := time.Duration(s.CPU).Seconds()
	return cpu <= startup+time.Duration(s.Wall).Seconds()*float64(workers+2) && float64(s.Hashes) <= maxRate*(cpu+startup)
}

// confirm notes that the set-point has come into force, and states what the
// points say of it until there are figures.
func (p *Pool) confirm(now time.Time) {
	r := &p.run
	r.inForce, r.dirty, r.dutyAt = true, true, now
	r.seq, r.point = r.setpoint.Seq, r.effective()
	r.draw, r.rate, r.source = p.cfg.Power.Idle, 0, energy.Estimated
	if r.point != energy.Off && r.job != nil {
		r.draw, r.rate = r.points[r.point].Draw, r.points[r.point].Rate
	}
}

// look counts a start whenever hashing begins: a set-point above off, a
// process and work have come together.
func (p *Pool) look() {
	r := &p.run
	active := r.effective() != energy.Off && r.ready && r.job != nil
	if active && !r.active {
		p.count(func(t *Counters) { t.Starts++ })
	}
	r.active = active
}

// status is what there is to say now.
func (p *Pool) status(now time.Time) energy.Status {
	r := &p.run
	p.count(func(t *Counters) {
		t.Energy += p.cfg.Power.Idle.Over(now.Sub(r.idleAt).Seconds())
	})
	r.idleAt = now
	t := p.Counters()
	s := energy.Status{
		// The points are our own findings: who learns from draws must not
		// learn them again, and would not know when the kernel changes.
		Load: p.cfg.Name, At: now, Points: r.points, Stated: true, Draw: r.draw, Source: r.source, Rate: r.rate, TempC: p.senses.guard.TempC(now),
		Energy: t.Energy, Hashes: t.Hashes, Earned: t.Earned, PerHash: r.perHash, Accepted: t.Accepted, Rejected: t.Rejected, Starts: t.Starts,
		Model: "cpu", Seq: r.seq, Point: r.point,
	}
	if !r.ready || r.job == nil {
		s.Point = energy.Off // whatever was asked for
	}
	s.State = p.state(now)
	switch {
	case r.childErr != nil:
		s.Err = r.childErr.Error()
	case r.job == nil && r.jobErr != nil:
		s.Err = r.jobErr.Error()
	case r.hold != "":
		s.Err = "paused: " + r.hold
	case r.last.Spent && r.active:
		s.Err = "the pool's job has no headers left to try"
	}
	return s
}

// state is what the load does. Without work for a while is a fault, at
// whatever set-point: it could not start.
func (p *Pool) state(now time.Time) energy.State {
	r := &p.run
	switch {
	case r.childErr != nil:
		return energy.StateFault
	case !r.ready:
		return energy.StateUnknown
	case r.job == nil && now.Sub(r.idleFrom) > workGrace:
		return energy.StateFault
	case r.effective() == energy.Off && !r.inForce:
		return energy.StateStopping
	case r.hold != "":
		return energy.StatePaused
	case r.target == energy.Off:
		return energy.StateIdle
	case r.job == nil || !r.inForce:
		return energy.StateStarting
	default:
		return energy.StateRunning
	}
}
