package config

import (
	"strings"
	"time"

	"github.com/curtaild/curtaild/policies/strict"
)

// Bounds on the pools of the local workers, and when one is left for another.
const (
	maxPools      = 16
	defaultLeave  = 5 * time.Second
	defaultReturn = time.Minute
	maxPatience   = 24 * time.Hour

	leastDifficulty = 1e-9
	mostDifficulty  = 1e12
)

// pools reads where the local workers' work comes from.
func (l *loader) pools(m *strict.Map, h *Hasher) {
	h.Leave, h.Return = patience(m, "leave_after", defaultLeave), patience(m, "return_after", defaultReturn)
	list := m.At("pools").List()
	if at := m.At("pools"); at.Valid() && len(list) == 0 {
		at.Fault("is empty: name a pool, or remove this to hash block headers of our own making")
	}
	for i, n := range list {
		if i == maxPools {
			n.Fault("is one more than %d pools: remove it", maxPools)
			return
		}
		h.Pools = append(h.Pools, l.pool(n, h.Algorithm))
	}
}

func patience(m *strict.Map, name string, def time.Duration) time.Duration {
	d := m.Duration(name, def)
	if d < time.Second || d > maxPatience {
		m.At(name).Fault("%v is out of range: want 1s to 1d", d)
	}
	return d
}

// pool reads one of them; algorithm is that of all where it says no other.
func (l *loader) pool(n strict.Node, algorithm string) Pool {
	m := n.Map()
	if scheme, _, _ := strings.Cut(m.String("url", ""), ":"); scheme == "http" || scheme == "https" {
		return l.node(m, algorithm)
	}
	m.Require("url", "user")
	p := Pool{
		URL:           address(m.At("url"), "stratum+tls://pool.example:3334", "stratum+tcp", "stratum+tls", "http", "https"),
		User:          m.String("user", ""),
		Password:      l.secret(m.At("password_file")),
		CA:            l.ca(m.At("ca_file")),
		Algorithm:     strict.Enum(m, "algorithm", algorithm, sha256d, scrypt),
		MinDifficulty: m.Number("minimum_difficulty", 0),
	}
	if d := p.MinDifficulty; m.At("minimum_difficulty").Valid() && !(d >= leastDifficulty && d <= mostDifficulty) {
		m.At("minimum_difficulty").Fault("%g is no difficulty of shares: want %g to %g", d, leastDifficulty, mostDifficulty)
	}
	if p.CA != nil && strings.HasPrefix(p.URL, "stratum+tcp:") {
		m.At("ca_file").Fault("is of use only with stratum+tls: change the url, or remove this")
	}
	if p.URL != "" && portless(p.URL) {
		m.At("url").Fault("%q has no port: add it, as in :3333", p.URL)
	}
	m.Done()
	return p
}
