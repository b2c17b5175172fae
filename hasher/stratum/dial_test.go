package stratum

import (
	"strings"
	"testing"
)

func TestURL(t *testing.T) {
	for raw, ok := range map[string]bool{
		"stratum+tcp://pool.example:3333":    true,
		"stratum+tls://[::1]:3334/":          true,
		"stratum+ssl://pool.example:3334":    true,
		"pool.example:3333":                  false,
		"http://pool.example:3333":           false,
		"stratum+tcp://pool.example":         false,
		"stratum+tcp://:3333":                false,
		"stratum+tcp://pool.example:0":       false,
		"stratum+tcp://pool.example:70000":   false,
		"stratum+tcp://u:p@pool.example:333": false,
		"stratum+tcp://pool.example:333/x":   false,
		"stratum+tcp://pool.example:333?x=1": false,
		"":                                   false,
	} {
		if _, err := New(Config{URL: raw}); (err == nil) != ok {
			t.Errorf("%q: %v", raw, err)
		}
		if _, err := New(Config{URL: raw}); err != nil && strings.Contains(err.Error(), "u:p@") {
			t.Errorf("the password is in the error: %v", err)
		}
	}
}
