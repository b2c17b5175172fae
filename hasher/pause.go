package hasher

import (
	"time"

	"github.com/curtaild/curtaild/energy"
)

// pause takes up another reason to stand still, or that there is none any more.
func (p *Pool) pause(why string) {
	r := &p.run
	was := r.hold != ""
	r.hold, r.dirty = why, true
	switch is := why != ""; {
	case is == was:
		return
	case is:
		p.cfg.Log.Info("local workers pause", "load", p.cfg.Name, "why", why)
	default:
		p.cfg.Log.Info("local workers may go on", "load", p.cfg.Name)
	}
	p.sendDuty()
}

// perceive looks at the machine. What it measures of our draw becomes energy,
// and teaches what a busy core draws.
func (p *Pool) perceive(now time.Time) {
	r := &p.run
	g, ok := p.senses.look(now, r.cpu)
	if !ok {
		if p.senses.counter == nil || p.senses.blind {
			p.settle(p.coreDraw()) // nothing will come to measure it by
		}
		return
	}
	cores := g.ours.Seconds() / g.length.Seconds()
	if !g.sure || cores <= 0 {
		p.settle(p.coreDraw())
		return
	}
	each := g.draw / energy.Watts(cores)
	p.settle(each)
	if cores < few {
		return
	}
	r.core = each
	steady := r.inForce && !now.Add(-g.length).Before(r.dutyAt)
	if steady && r.active && r.learner.draw(p.model.duty(r.target), each) {
		p.restate(now)
	}
}

// settle makes energy of the CPU time that waits for it.
func (p *Pool) settle(core energy.Watts) {
	r := &p.run
	spent := r.pending
	r.pending = 0
	p.count(func(t *Counters) { t.Energy += core.Over(spent.Seconds()) })
}

// coreDraw is what a busy core is taken to draw now.
func (p *Pool) coreDraw() energy.Watts {
	r := &p.run
	return p.model.coreAt(r.learner.stated, p.model.duty(r.effective()))
}
