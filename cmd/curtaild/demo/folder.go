package demo

import (
	"bytes"
	"embed"
	"errors"
	"fmt"
	"io/fs"
	"os"
	"path/filepath"
	"strings"
	"text/template"
	"time"

	"github.com/curtaild/curtaild/energy"
	"github.com/curtaild/curtaild/rigs/emulate"
)

//go:embed folder
var folder embed.FS

// mark is how a config that we may write over begins.
const mark = "# Written by curtaild demo"

// TimeScale is how many times faster than real ones the emulated rigs ramp.
const TimeScale = 20

const exportLimit = energy.Watts(9e3)

// Site is what the config says that differs from one start to the next.
type Site struct {
	Broker, HTTP string // host:port to listen on
	ExportLimit  energy.Watts
	Rigs         []Rig
}

// Rig is one rig of the config.
type Rig struct {
	Name, Family, Group, Host string
	Start, Stop               time.Duration
	Points                    []energy.OperatingPoint
}

// NewSite describes the emulated rigs as an operator would, who has chosen a
// few operating points of each.
func NewSite(broker, http string, rigs []emulate.Rig) Site {
	s := Site{Broker: broker, HTTP: http, ExportLimit: exportLimit}
	for _, r := range rigs {
		rig := Rig{Name: r.Name(), Family: r.Family(), Host: r.Addr(), Group: "desk", Start: time.Second, Stop: 150 * time.Millisecond}
		points := r.Points()
		at := []int{energy.Off, 1, 3, len(points) - 1}
		if r.Family() == "luxos" { // of 25 profiles, those up to the nominal one
			rig.Group, rig.Start, rig.Stop = "container", 15*time.Second, 400*time.Millisecond
			at = []int{energy.Off, 1, 7, 12, 17}
		}
		for _, i := range at {
			rig.Points = append(rig.Points, points[min(i, len(points)-1)])
		}
		s.Rigs = append(s.Rigs, rig)
	}
	return s
}

// Write puts the config and its policies into dir and returns the path of the
// config. A config that somebody else has written is left alone.
func Write(dir string, s Site) (path string, err error) {
	path = filepath.Join(dir, "config.yaml")
	switch old, err := os.ReadFile(path); {
	case err == nil && !strings.HasPrefix(string(old), mark):
		return "", fmt.Errorf("%s is not the demo's: choose another folder", path)
	case err != nil && !errors.Is(err, fs.ErrNotExist):
		return "", fmt.Errorf("look for an older config: %w", err)
	}
	if err := os.MkdirAll(filepath.Join(dir, "policies"), 0o755); err != nil {
		return "", fmt.Errorf("make the folder: %w", err)
	}
	names, err := fs.Glob(folder, "folder/policies/*.yaml")
	if err != nil {
		return "", fmt.Errorf("list policies: %w", err)
	}
	for _, name := range names {
		src, err := folder.ReadFile(name)
		if err == nil {
			err = os.WriteFile(filepath.Join(dir, "policies", filepath.Base(name)), src, 0o644)
		}
		if err != nil {
			return "", fmt.Errorf("write policies: %w", err)
		}
	}
	src, err := render(s)
	if err == nil {
		err = os.WriteFile(path, src, 0o644)
	}
	if err != nil {
		return "", fmt.Errorf("write config: %w", err)
	}
	return path, nil
}

func render(s Site) ([]byte, error) {
	t, err := template.ParseFS(folder, "folder/config.yaml")
	if err != nil {
		return nil, err
	}
	var out bytes.Buffer
	err = t.Execute(&out, s)
	return out.Bytes(), err
}
