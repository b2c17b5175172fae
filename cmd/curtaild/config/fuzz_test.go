package config

import (
	"io/fs"
	"os"
	"path/filepath"
	"strings"
	"testing"

	"github.com/curtaild/curtaild/energy"
	"github.com/curtaild/curtaild/policies/strict"
)

// Whatever loads is valid, and whatever does not says where and why.
func FuzzLoadConfig(f *testing.F) {
	names, _ := filepath.Glob("testdata/*.yaml")
	for _, name := range append(names, examplePath) {
		src, err := os.ReadFile(name)
		if err != nil {
			f.Fatal(err)
		}
		f.Add(string(src))
	}
	opts := options()
	opts.Open = func(path string) (fs.File, error) {
		if path == "policy.yaml" {
			return os.Open("testdata/p/good.yaml")
		}
		if strings.HasPrefix(path, "/etc/curtaild/") {
			return files(0o600)(path)
		}
		return nil, fs.ErrNotExist
	}
	f.Fuzz(func(t *testing.T, src string) {
		l := newLoader("fuzz.yaml", opts)
		l.glob = func(string) ([]string, error) { return []string{"policy.yaml"}, nil }
		faults := l.load("fuzz.yaml", []byte(src))
		for _, f := range faults {
			if f.Line < 1 || f.Column < 1 || strings.ContainsFunc(f.String(), func(r rune) bool { return r < ' ' || r == 0x7f }) {
				t.Errorf("not fit for a terminal: %q", f.String())
			}
		}
		if faults.Err() == nil {
			checkConfig(t, l.cfg)
		}
	})
}

func checkConfig(t *testing.T, c *Config) {
	if c.Site.Name == "" || c.Site.Zone == nil || c.Balance.Kind == "" || c.ExitWithin <= 0 || len(c.Policies) == 0 {
		t.Errorf("incomplete: %+v", c)
	}
	for _, r := range c.Readings {
		if r.Name == "" || r.Topic == "" || r.Factor == 0 || r.MaxAge <= 0 || r.MaxAge < r.Window || r.Min >= r.Max ||
			wildcard(r.Topic) != (r.Combine != energy.CombineNone) {
			t.Errorf("reading %+v", r)
		}
	}
	seen := map[string]bool{}
	for _, r := range c.Rigs {
		if r.Spec.Name == "" || r.Spec.Family == "" || seen[r.Spec.Name] || seen[r.Address] || portless("tcp://"+r.Address) {
			t.Errorf("rig %+v", r)
		}
		seen[r.Spec.Name], seen[r.Address] = true, true
	}
	for _, s := range c.Signals {
		if s.Name == "" || len(s.Kinds) == 0 || s.Min < 0 || s.Max < s.Min {
			t.Errorf("source %+v", s)
		}
	}
}

// A megabyte is refused unread, and what is built to exhaust the loader costs
// little.
func TestHostile(t *testing.T) {
	for name, src := range map[string]string{
		"too large":    strings.Repeat("#", strict.MaxSize+1),
		"deep":         "site: " + strings.Repeat("{a: ", 20000),
		"many hosts":   "rigs: [{name: a, family: luxos, hosts: [" + strings.Repeat("10.0.0.0-10.0.7.255, ", 1000) + "]}]",
		"many rigs":    "rigs:\n" + strings.Repeat("- {name: a, family: luxos, hosts: [10.0.0.0-10.0.0.255]}\n", 100),
		"many backups": "readings:\n" + strings.Repeat("- {name: a, role: grid, topic: a, backup: a}\n", maxReadings),
	} {
		t.Run(name, func(t *testing.T) {
			l := newLoader("hostile.yaml", options())
			if faults := l.load("hostile.yaml", []byte(src)); faults.Err() == nil {
				t.Error("loaded")
			}
		})
	}
}
