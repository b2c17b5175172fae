package main

import (
	"errors"
	"io"
	"io/fs"
	"time"

	"github.com/curtaild/curtaild/cmd/curtaild/config"
	"github.com/curtaild/curtaild/cmd/curtaild/simulate"
	"github.com/curtaild/curtaild/energy"
	"github.com/curtaild/curtaild/scheduler"
)

// recent is how many of the last streams of a journal are looked at: one is
// begun at each start of the daemon, and each hour that it runs.
const recent = 10

// knownLoads are the loads as the daemon last knew them, by name, and when it
// wrote that down: within the last hour that it ran. Where it has not run for
// so long, they are as they last described themselves, without anything
// learned. None is known where it has never run.
func knownLoads(dir string) (map[string]scheduler.Known, time.Time, error) {
	j, err := openJournal(dir)
	if errors.Is(err, fs.ErrNotExist) {
		return nil, time.Time{}, nil
	}
	if err != nil {
		return nil, time.Time{}, err
	}
	var said view
	for t, n := time.Now(), 0; n < recent; n++ {
		stream, segment, _, err := j.find(t)
		if err != nil {
			return nil, time.Time{}, err
		}
		if stream == 0 {
			break
		}
		knew, heard, err := j.loads(stream, segment, said.known == nil)
		if err != nil {
			return nil, time.Time{}, err
		}
		if knew.known != nil {
			return knew.known, knew.at, nil
		}
		if said.known == nil {
			said = heard
		}
		t = time.Unix(0, stream-1)
	}
	return said.known, said.at, nil
}

// view is how loads looked at a time; without any, its map is nil.
type view struct {
	known map[string]scheduler.Known
	at    time.Time
}

func (v *view) add(at time.Time, l scheduler.Known) {
	if v.known == nil {
		v.known = map[string]scheduler.Known{}
	}
	v.known[l.Spec.Name], v.at = l, at
}

// loads are those that a stream began with and, if asked for and there were
// none, those that described themselves in the course of it. A gap ends it.
func (j *journal) loads(stream int64, segment int, listen bool) (knew, heard view, err error) {
	var s scheduler.Stream
	err = j.frames(stream, segment, func(f scheduler.Frame) (bool, error) {
		if err := s.Add(f); err != nil {
			return true, err
		}
		at, loads := s.Known()
		for _, l := range loads {
			knew.add(at, l)
		}
		for listen && knew.known == nil {
			e, err := s.Next()
			if err != nil {
				return !errors.Is(err, io.EOF), nil
			}
			if st := &e.Status; e.Kind == scheduler.EventStatus && len(st.Points) > 1 {
				heard.add(e.At, scheduler.Known{Spec: &energy.LoadSpec{Name: st.Load, Ramp: st.Ramp}, Points: st.Points})
			}
		}
		return !at.IsZero() && !listen || knew.known != nil, nil
	})
	if errors.Is(err, scheduler.ErrGap) {
		err = nil
	}
	return knew, heard, err
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
		if l.Points = k.Points; k.Spec.Ramp != (energy.Ramp{}) {
			spec.Ramp = k.Spec.Ramp
		}
		for r := range cfg.Rigs {
			if c := &cfg.Rigs[r]; c.Spec.Name == spec.Name && len(c.Points) > 1 {
				l.Points = c.Points
			}
		}
		l.Spec = &spec
	}
	return learned
}
