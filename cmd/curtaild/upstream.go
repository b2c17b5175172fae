package main

import (
	"crypto/x509"
	"errors"
	"strings"

	"github.com/curtaild/curtaild/cmd/curtaild/config"
	"github.com/curtaild/curtaild/hasher"
	"github.com/curtaild/curtaild/hasher/solo"
	"github.com/curtaild/curtaild/hasher/stratum"
	"github.com/curtaild/curtaild/hasher/work"
)

// agent is what we call ourselves at a pool.
func agent() string {
	number, _, _ := strings.Cut(version(), " ")
	return "curtaild/" + number
}

// upstream is where the local workers' work comes from, as the config has it.
func upstream(c *config.Pool) (hasher.Upstream, error) {
	var cas *x509.CertPool
	if len(c.CA) > 0 {
		cas = x509.NewCertPool()
		if !cas.AppendCertsFromPEM(c.CA) {
			return hasher.Upstream{}, errors.New("ca_file holds no certificate")
		}
	}
	var algorithm work.Algorithm
	if err := algorithm.UnmarshalText([]byte(c.Algorithm)); err != nil {
		return hasher.Upstream{}, err
	}
	if c.Payout == "" {
		return hasher.Upstream{Stratum: &stratum.Config{
			URL: c.URL, User: c.User, Password: c.Password.Reveal(), CAs: cas, Agent: agent(),
			Algorithm: algorithm, MinDifficulty: c.MinDifficulty,
		}}, nil
	}
	node := &solo.Config{URL: c.URL, User: c.User, Password: c.Password.Reveal(), CookieFile: c.CookieFile, CAs: cas, Payout: c.Payout, Algorithm: algorithm}
	return hasher.Upstream{Node: node}, nil
}

// payable reports why no block can pay to an address.
func payable(address string) error {
	_, err := solo.Script(address)
	return err
}
