package config

import (
	"errors"
	"fmt"
	"io"
	"io/fs"
	"os"
	"path/filepath"
	"strings"
	"syscall"

	"github.com/curtaild/curtaild/policies/strict"
)

// Secret is a password or token. It prints as stars, whatever the verb, and
// into JSON and logs too; only Reveal gives it away. It is held by a pointer,
// which is what package fmt prints where it heeds no method: in its complaints
// about a wrong verb.
type Secret struct{ value *string }

// Reveal is the secret itself, for the one call that needs it.
func (s Secret) Reveal() string {
	if s.value == nil {
		return ""
	}
	return *s.value
}

// Empty reports whether there is none.
func (s Secret) Empty() bool { return s.Reveal() == "" }

func (s Secret) String() string { return "***" }

// Format keeps the secret from every verb of package fmt.
func (s Secret) Format(f fmt.State, _ rune) { _, _ = io.WriteString(f, "***") }

// MarshalText keeps the secret from JSON and from log/slog.
func (s Secret) MarshalText() ([]byte, error) { return []byte("***"), nil }

// Bounds on the files that the config names.
const (
	maxSecret = 4 << 10
	maxCA     = 1 << 20
)

// open opens a file of the operator's. It does not wait for one that is a
// pipe.
func open(path string) (fs.File, error) {
	return os.OpenFile(path, os.O_RDONLY|syscall.O_NONBLOCK, 0)
}

// slurp reads a regular file of at most limit bytes.
func (l *loader) slurp(path string, limit int64) ([]byte, fs.FileMode, error) {
	f, err := l.opts.Open(path)
	if err != nil {
		return nil, 0, err
	}
	defer f.Close()
	info, err := f.Stat()
	if err != nil {
		return nil, 0, err
	}
	if !info.Mode().IsRegular() {
		return nil, 0, &fs.PathError{Op: "read", Path: path, Err: errors.New("not a regular file")}
	}
	data, err := io.ReadAll(io.LimitReader(f, limit+1))
	return data, info.Mode(), err
}

// beside is a path of the config, which is relative to the config's folder.
func (l *loader) beside(path string) string {
	if filepath.IsAbs(path) {
		return path
	}
	return filepath.Join(l.dir, path)
}

// file is what stands in the file that n names; nil if there is no n, or a
// fault, or nobody is going to need it.
func (l *loader) file(n strict.Node, limit int64) ([]byte, fs.FileMode) {
	path := n.String("")
	if path == "" || l.opts.Offline {
		return nil, 0
	}
	data, mode, err := l.slurp(l.beside(path), limit)
	var at *fs.PathError
	switch {
	case errors.As(err, &at):
		n.Fault("cannot read %q (%v): let the file be there, readable by curtaild", l.beside(path), at.Err)
	case err != nil:
		n.Fault("cannot read %q (%v)", l.beside(path), err)
	case int64(len(data)) > limit:
		n.Fault("%q is larger than %d bytes: name the right file", l.beside(path), limit)
	case len(data) == 0:
		n.Fault("%q is empty: write what it should hold into it", l.beside(path))
	default:
		return data, mode
	}
	return nil, 0
}

// secret reads a secret from the file that n names.
func (l *loader) secret(n strict.Node) Secret {
	data, mode := l.file(n, maxSecret)
	if data == nil {
		return Secret{}
	}
	s := strings.TrimRight(string(data), "\r\n")
	switch {
	case s == "" || strings.ContainsAny(s, "\r\n\x00"):
		n.Fault("%q does not hold one line: write the secret into it, and nothing else", l.beside(n.String("")))
		return Secret{}
	case mode.Perm()&0o004 != 0:
		n.Warn("%q can be read by every user: chmod o-r it", l.beside(n.String("")))
	}
	return Secret{&s}
}

// ca reads certificates from the file that n names.
func (l *loader) ca(n strict.Node) []byte {
	data, _ := l.file(n, maxCA)
	if data != nil && !strings.Contains(string(data), "-----BEGIN CERTIFICATE-----") {
		n.Fault("%q holds no certificate: want PEM", l.beside(n.String("")))
	}
	return data
}
