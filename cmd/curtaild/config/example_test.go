package config

import (
	"io/fs"
	"os"
	"regexp"
	"strings"
	"testing"
	"testing/fstest"
	"time"
)

const examplePath = "../../../config.example.yaml"

// files opens the files that examples name under /etc/curtaild from memory,
// and all others from disk.
func files(mode fs.FileMode) func(string) (fs.File, error) {
	mem := fstest.MapFS{}
	for name, text := range map[string]string{
		"mqtt": "m0squitto\n", "rigs": "r1gs", "pool": "x\n", "influx": "t0ken\r\n",
		"secrets/mqtt": "m0squitto\n", "secrets/pool": "x\n", "secrets/node": "n0de\n", "secrets/influxdb": "t0ken\r\n",
		"ca.pem": "-----BEGIN CERTIFICATE-----\n-----END CERTIFICATE-----\n",
		"empty":  "", "blank": "\n", "lines": "a\nb\n", "big": strings.Repeat("x", maxSecret+1),
	} {
		mem[name] = &fstest.MapFile{Data: []byte(text), Mode: mode}
	}
	mem["open"] = &fstest.MapFile{Data: []byte("secret"), Mode: 0o644}
	mem["pipe"] = &fstest.MapFile{Mode: fs.ModeNamedPipe | 0o600}
	return func(path string) (fs.File, error) {
		if name, ok := strings.CutPrefix(path, "/etc/curtaild/"); ok {
			return mem.Open(name)
		}
		return os.Open(path)
	}
}

func options() Options {
	return Options{Open: files(0o600), Now: time.Date(2026, 4, 1, 0, 0, 0, 0, time.UTC)}
}

func TestExampleLoads(t *testing.T) {
	cfg, faults := Load(examplePath, options())
	if len(faults) > 0 {
		t.Fatal(faults)
	}
	if len(cfg.Rigs) != 42 || len(cfg.Policies) != 4 || len(cfg.Readings) != 9 || cfg.Hasher == nil || cfg.Influx == nil {
		t.Errorf("%d rigs, %d policies, %d readings, hasher %v, influx %v", len(cfg.Rigs), len(cfg.Policies), len(cfg.Readings), cfg.Hasher, cfg.Influx)
	}
}

// Every key that the loader asks for is in the example; one that would
// contradict another stands in a comment.
func TestExampleIsComplete(t *testing.T) {
	src, err := os.ReadFile(examplePath)
	if err != nil {
		t.Fatal(err)
	}
	l := newLoader(examplePath, options())
	if faults := l.load(examplePath, src); len(faults) > 0 {
		t.Fatal(faults)
	}
	for _, path := range l.doc.Unused() {
		name := path[strings.LastIndexByte(path, '.')+1:]
		if !regexp.MustCompile(`(?m)^ *# +(- )?` + name + `: `).Match(src) {
			t.Errorf("the example lacks %s", path)
		}
	}
}
