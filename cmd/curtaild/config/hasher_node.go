package config

import (
	"strings"

	"github.com/curtaild/curtaild/policies/strict"
)

// The proofs of work that there are.
const (
	sha256d = "sha256d"
	scrypt  = "scrypt"
)

// node reads a node of one's own among the pools: getblocktemplate over
// JSON-RPC.
func (l *loader) node(m *strict.Map, algorithm string) Pool {
	m.Require("url", "payout")
	p := Pool{
		URL:        address(m.At("url"), "http://127.0.0.1:8332", "http", "https"),
		Payout:     m.String("payout", ""),
		Algorithm:  strict.Enum(m, "algorithm", algorithm, sha256d, scrypt),
		User:       m.String("user", ""),
		Password:   l.secret(m.At("password_file")),
		CookieFile: m.String("cookie_file", ""),
		CA:         l.ca(m.At("ca_file")),
	}
	if p.URL != "" && portless(p.URL) {
		m.At("url").Fault("%q has no port: add it, as in :8332", p.URL)
	}
	if p.Payout != "" && l.opts.Payout != nil {
		if err := l.opts.Payout(p.Payout); err != nil {
			m.At("payout").Fault("%v", err)
		}
	}
	if p.CookieFile != "" { // the node writes it when it starts: it need not be there yet
		p.CookieFile = l.beside(p.CookieFile)
		m.Refuse("of no use beside cookie_file, which holds both: remove it", "user", "password_file")
	} else {
		m.Require("user", "password_file")
	}
	if p.CA != nil && strings.HasPrefix(p.URL, "http:") {
		m.At("ca_file").Fault("is of use only with https: change the url, or remove this")
	}
	m.Done()
	return p
}
