package config

import (
	"github.com/curtaild/curtaild/energy"
	"github.com/curtaild/curtaild/policies"
	"github.com/curtaild/curtaild/policies/strict"
)

// maxWorkers bounds the local hashing workers.
const maxWorkers = 1024

func (l *loader) hasher(m *strict.Map) {
	g := l.groupOf(m.At("group"))
	h := &Hasher{Spec: spec(g, readLimits(m, g.wear)), Workers: m.Int("workers", defaultWorkers)}
	if h.Workers < 1 || h.Workers > maxWorkers {
		m.At("workers").Fault("%d is out of range: want 1 to %d", h.Workers, maxWorkers)
	}
	h.Spec.Family, h.Spec.OnExit = "local", energy.ExitStop // the workers end with the daemon
	if h.Spec.Name = defaultHasher; m.Has("name") {
		h.Spec.Name = policies.Name(m.At("name"))
	}
	pw := m.Map("power")
	model := pw.Map("model")
	h.Idle, h.Core = model.Watts("idle", defaultIdle), model.Watts("core", defaultCore)
	if h.Idle < 0 {
		model.At("idle").Fault("%v is negative: want 0 W or more", h.Idle)
	}
	if h.Core <= 0 {
		model.At("core").Fault("%v is no draw of a worker: want more than 0 W", h.Core)
	}
	model.Done()
	pw.Done()
	l.pools(m, h)
	m.Done()
	if m.Present() && l.take(m.At("name"), h.Spec.Name, "load") {
		l.cfg.Hasher = h
		l.enter(h.Spec, nil, m.At("name"))
	}
}
