package main

import (
	"errors"
	"io/fs"
	"time"

	"github.com/curtaild/curtaild/cmd/curtaild/config"
	"github.com/curtaild/curtaild/cmd/curtaild/simulate"
	"github.com/curtaild/curtaild/scheduler"
)

// knownLoads are the loads as the daemon last knew them, by name, and when it
// wrote that down: within the last hour that it ran. None is known where it
// has never run.
func knownLoads(dir string) (map[string]scheduler.Known, time.Time, error) {
	j, err := openJournal(dir)
	if errors.Is(err, fs.ErrNotExist) {
		return nil, time.Time{}, nil
	}
	if err != nil {
		return nil, time.Time{}, err
	}
	stream, segment, _, err := j.find(time.Now())
	if err != nil || stream == 0 {
		return nil, time.Time{}, err
	}
	var s scheduler.Stream
	known, at := map[string]scheduler.Known{}, time.Time{}
	err = j.frames(stream, segment, func(f scheduler.Frame) (bool, error) {
		if err := s.Add(f); err != nil {
			return true, err
		}
		var loads []scheduler.Known
		at, loads = s.Known()
		for _, l := range loads {
			known[l.Spec.Name] = l
		}
		return !at.IsZero(), nil
	})
	if errors.Is(err, scheduler.ErrGap) {
		return nil, time.Time{}, nil
	}
	return known, at, err
}

// teach gives loads the ramps and points that the daemon has learned of them,
// and tells of how many. What the config itself says stands.
func teach(loads []simulate.Load, known map[string]scheduler.Known, cfg *config.Config) (learned int) {
	for i := range loads {
		l := &loads[i]
		k, ok := known[l.Spec.Name]
		if !ok {
			continue
		}
		learned++
		spec := *l.Spec
		spec.Ramp, l.Points = k.Spec.Ramp, k.Points
		for r := range cfg.Rigs {
			if c := &cfg.Rigs[r]; c.Spec.Name == spec.Name && len(c.Points) > 1 {
				l.Points = c.Points
			}
		}
		l.Spec = &spec
	}
	return learned
}
