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
	h.Algorithm = strict.Enum(m, "algorithm", sha256d, sha256d, scrypt)
	h.Power = readHasherPower(m)
	l.pools(m, h)
	h.CoinPrice = l.coinPrice(m.At("coin_price"))
	m.Done()
	if m.Present() && l.take(m.At("name"), h.Spec.Name, "load") {
		l.cfg.Hasher = h
		l.enter(h.Spec, nil, m.At("name"))
	}
}
