package main

import (
	"crypto/x509"
	"errors"
	"strings"

	"github.com/curtaild/curtaild/cmd/curtaild/config"
	"github.com/curtaild/curtaild/hasher"
	"github.com/curtaild/curtaild/hasher/stratum"
)

// agent is what we call ourselves at a pool.
func agent() string {
	number, _, _ := strings.Cut(version(), " ")
	return "curtaild/" + number
}

// upstream is where the local workers' work comes from, as the config has it.
func upstream(c *config.Pool) (hasher.Upstream, error) {
	pool := &stratum.Config{URL: c.URL, User: c.User, Password: c.Password.Reveal(), Agent: agent()}
	if len(c.CA) > 0 {
		pool.CAs = x509.NewCertPool()
		if !pool.CAs.AppendCertsFromPEM(c.CA) {
			return hasher.Upstream{}, errors.New("ca_file holds no certificate")
		}
	}
	return hasher.Upstream{Stratum: pool}, nil
}
