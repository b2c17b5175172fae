package testbed

import (
	"errors"
	"fmt"
	"os"
	"os/exec"
	"path/filepath"
	"runtime"
	"testing"
)

// goTool builds a program from the module of its name beside this file, which
// pins it and all it needs, and gives the path of the binary.
func goTool(t testing.TB, name, version, tool, takes string) (string, error) {
	dir, err := Once(name+"-"+version, func(dir string) error {
		Say(t, "building %s %s from its Go module into %s, once: %s", name, version, dir, takes)
		_, here, _, ok := runtime.Caller(0)
		if !ok {
			return errors.New("cannot tell where the testbed's source is")
		}
		cmd := exec.Command("go", "build", "-C", filepath.Join(filepath.Dir(here), name), "-mod=readonly", "-trimpath",
			"-o", filepath.Join(dir, name), tool)
		cmd.Env = append(os.Environ(), "GOWORK=off", "GOFLAGS=")
		if out, err := cmd.CombinedOutput(); err != nil {
			return fmt.Errorf("go build: %w: %s", err, out)
		}
		return nil
	})
	return filepath.Join(dir, name), err
}
