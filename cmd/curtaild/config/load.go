package config

import (
	"crypto/sha256"
	"encoding/hex"
	"errors"
	"hash"
	"io/fs"
	"path/filepath"
	"slices"
	"time"
	_ "time/tzdata" // a small box may have no zone files

	"github.com/curtaild/curtaild/energy"
	"github.com/curtaild/curtaild/policies"
	"github.com/curtaild/curtaild/policies/strict"
)

// Options are what the program around the config can do.
type Options struct {
	Decoders []string                           // names of ready-made decoders; nil: those of [Decoders]
	Families []Family                           // of rigs; nil: those of [Families]
	Open     func(path string) (fs.File, error) // nil: from disk
	Now      time.Time                          // the clock changes of the years after it are looked at
	// Reading is asked of every reading that is in order otherwise: what the
	// MQTT client knows and the config does not.
	Reading func(*energy.ReadingSpec) error
	// Payout is asked of every address that blocks are to pay to.
	Payout func(address string) error
	// Offline leaves the files of secrets and certificates unread, for a command
	// that connects to nothing: they may be elsewhere, or another user's.
	Offline bool
}

type loader struct {
	opts    Options
	dir     string
	doc     *strict.Doc
	cfg     *Config
	sum     hash.Hash
	glob    func(pattern string) ([]string, error)
	loads   []policies.SiteLoad
	hosts   int // of all rigs, sound or not
	groups  []group
	names   map[string]taken
	others  strict.Faults // of the policies
	reading []*reading
	unread  bool // a reading is not even a mapping
	partial bool // a load that was meant is not among loads
	siteMap *strict.Map
}

// Load reads the config at path and the policies that it names. The config is
// nil if the faults hold an error; warnings come beside it.
func Load(path string, opts Options) (*Config, strict.Faults) {
	l := newLoader(path, opts)
	src, _, err := l.slurp(path, strict.MaxSize)
	if err != nil {
		var at *fs.PathError
		if errors.As(err, &at) {
			err = at.Err
		}
		return nil, strict.Faults{strict.At(strict.Pos{File: path, Line: 1, Column: 1}, strict.Error, "cannot be read: %v", err)}
	}
	faults := l.load(path, src)
	if faults.Err() != nil {
		return nil, faults
	}
	return l.cfg, faults
}

func newLoader(path string, opts Options) *loader {
	if opts.Decoders == nil {
		opts.Decoders = Decoders()
	}
	if opts.Families == nil {
		opts.Families = Families()
	}
	if opts.Now.IsZero() {
		opts.Now = time.Now()
	}
	if opts.Open == nil {
		opts.Open = open
	}
	return &loader{opts: opts, dir: filepath.Dir(path), cfg: &Config{}, sum: sha256.New(), glob: filepath.Glob, names: map[string]taken{}}
}

func (l *loader) load(path string, src []byte) strict.Faults {
	l.sum.Write(src)
	l.doc = strict.Parse(path, src)
	m := l.doc.Map()
	m.Require("site", "readings", "policies")
	l.siteMap = m.Map("site")
	l.site(l.siteMap)
	l.cfg.Mode = strict.Enum(m, "mode", defaultMode, Control, Observe)
	l.mqtt(m.Map("mqtt"))
	l.readings(m.At("readings"), m.Maps("readings"))
	l.balance(m)
	l.signals(m.Maps("signals"))
	l.partial = wrongList(m, "groups") || wrongList(m, "rigs")
	l.readGroups(m.Maps("groups"))
	l.rigs(m.Maps("rigs"))
	if m.Has("hasher") {
		l.hasher(m.Map("hasher"))
	}
	l.sinks(m)
	l.cfg.ExitWithin = positive(m, "exit_within", defaultExitWithin)
	files := l.policyFiles(m.At("policies"))
	m.Done()
	if l.doc.Readable() {
		l.policies(files)
	}
	if l.opts.Reading != nil && l.doc.Faults().Err() == nil {
		for _, r := range l.reading {
			if err := l.opts.Reading(&r.spec); err != nil {
				r.m.At("topic").Fault("%v", err)
			}
		}
	}
	l.cfg.SHA256 = hex.EncodeToString(l.sum.Sum(nil))
	return slices.Concat(l.doc.Faults(), l.others).Sorted()
}

// wrongList reports whether a key is there that is no list.
func wrongList(m *strict.Map, key string) bool { return m.Has(key) && !m.At(key).IsList() }

// positive is a duration above 0.
func positive(m *strict.Map, key string, def time.Duration) time.Duration {
	d := m.Duration(key, def)
	if d <= 0 && m.At(key).Valid() {
		m.At(key).Fault("must be longer than 0s")
		return def
	}
	return d
}
