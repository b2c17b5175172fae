package testbed

import (
	"bytes"
	"context"
	"fmt"
	"os"
	"os/exec"
	"path/filepath"
	"strings"
	"testing"
	"time"
)

// mosquittoBin is where the broker's programs are, and the libraries that they
// need beside the machine's own.
type mosquittoBin struct {
	dirs []string
	libs string
}

func (m mosquittoBin) command(name string, args ...string) *exec.Cmd {
	path := name
	for _, d := range m.dirs {
		if p := filepath.Join(d, name); executable(p) {
			path = p
			break
		}
	}
	cmd := exec.Command(path, args...)
	if m.libs != "" {
		cmd.Env = append(os.Environ(), "LD_LIBRARY_PATH="+m.libs)
	}
	return cmd
}

func executable(path string) bool {
	st, err := os.Stat(path)
	return err == nil && st.Mode().IsRegular() && st.Mode()&0o111 != 0
}

// findMosquitto looks on the PATH and where Debian puts daemons, and else
// unpacks the package.
func findMosquitto(t testing.TB) (mosquittoBin, error) {
	own := mosquittoBin{dirs: append(filepath.SplitList(os.Getenv("PATH")), "/usr/sbin", "/usr/local/sbin")}
	if own.has("mosquitto") && own.has("mosquitto_passwd") {
		return own, nil
	}
	dir, err := Once("mosquitto", func(dir string) error { return unpackMosquitto(t, dir) })
	if err != nil {
		return mosquittoBin{}, err
	}
	libs, err := filepath.Glob(filepath.Join(dir, "root", "usr", "lib", "*-linux-*"))
	if err != nil {
		return mosquittoBin{}, err
	}
	more, err := filepath.Glob(filepath.Join(dir, "root", "lib", "*-linux-*"))
	if err != nil {
		return mosquittoBin{}, err
	}
	return mosquittoBin{
		dirs: []string{filepath.Join(dir, "root/usr/sbin"), filepath.Join(dir, "root/usr/bin")},
		libs: strings.Join(append(libs, more...), ":"),
	}, nil
}

func (m mosquittoBin) has(name string) bool {
	for _, d := range m.dirs {
		if executable(filepath.Join(d, name)) {
			return true
		}
	}
	return false
}

// unpackMosquitto downloads Debian's package with the libraries it names.
func unpackMosquitto(t testing.TB, dir string) error {
	if _, err := exec.LookPath("apt-get"); err != nil {
		return fmt.Errorf("no apt-get here to download it with; install mosquitto 2: %w", err)
	}
	Say(t, "downloading mosquitto from Debian into %s (once)", dir)
	if err := download(dir, "mosquitto"); err != nil {
		if os.Getuid() != 0 {
			return err
		}
		Say(t, "apt-get update, for it is not known here yet")
		if _, err := run(dir, "apt-get", "update", "-q"); err != nil {
			return err
		}
		if err := download(dir, "mosquitto"); err != nil {
			return err
		}
	}
	needs, err := dependencies(dir, "mosquitto")
	if err != nil {
		return err
	}
	if err := download(dir, needs...); err != nil {
		return err
	}
	debs, err := filepath.Glob(filepath.Join(dir, "*.deb"))
	if err != nil {
		return err
	}
	for _, deb := range debs {
		if _, err := run(dir, "dpkg", "-x", deb, filepath.Join(dir, "root")); err != nil {
			return err
		}
	}
	return nil
}

// dependencies lists the libraries a package wants, but the C library.
func dependencies(dir, pkg string) ([]string, error) {
	out, err := run(dir, "apt-cache", "depends", "--important", pkg)
	if err != nil {
		return nil, err
	}
	var libs []string
	for line := range strings.Lines(out) {
		name, ok := strings.CutPrefix(strings.TrimSpace(line), "Depends: ")
		if ok && strings.HasPrefix(name, "lib") && name != "libc6" {
			libs = append(libs, name)
		}
	}
	return libs, nil
}

func download(dir string, pkgs ...string) error {
	_, err := run(dir, "apt-get", append([]string{"download", "-q"}, pkgs...)...)
	return err
}

// run runs a program in dir, for two minutes at most.
func run(dir, name string, args ...string) (string, error) {
	ctx, cancel := context.WithTimeout(context.Background(), 2*time.Minute)
	defer cancel()
	cmd := exec.CommandContext(ctx, name, args...)
	cmd.Dir = dir
	out, err := cmd.CombinedOutput()
	if err != nil {
		return "", fmt.Errorf("%s %s: %w: %s", name, strings.Join(args, " "), err, bytes.TrimSpace(out))
	}
	return string(out), nil
}
