package scheduler

import (
	"bytes"
	"compress/flate"
	"encoding/json"
	"fmt"
	"io"
	"log/slog"
	"slices"
	"time"

	"github.com/curtaild/curtaild/energy"
)

// checkpoint is all that the loop's state is made of, at the start or just
// before a pass, when the last balance and plan do not matter any more: a site
// that is built from it goes on as the loop did, event for event. A stream of
// the journal begins with one.
type checkpoint struct {
	At      time.Time          `json:"at"`
	Version string             `json:"version"` // of the program
	Config  string             `json:"config"`  // SHA-256 of the config in force
	Setup   setupRecord        `json:"setup"`
	Specs   []*energy.LoadSpec `json:"specs"`
	Kept    KeptSite           `json:"kept"`
	Loads   []loadRecord       `json:"loads"`
	Board   energy.BoardState  `json:"board"`
	Draws   energy.DrawsState  `json:"draws"`
	Made    energy.DrawsState  `json:"made"`
	Grid    energy.DrawsState  `json:"grid"`
	Started time.Time          `json:"started"`
	Passed  time.Time          `json:"passed"`
	Drain   time.Time          `json:"drain,omitzero"`
	Decided bool               `json:"decided"`
}

// setupRecord is a setup whose time zone goes by its name.
type setupRecord struct {
	Setup
	Zone string
}

// loadRecord is a loadState.
type loadRecord struct {
	Points   []energy.OperatingPoint `json:"points,omitempty"`
	Status   energy.Status           `json:"status"`
	Setpoint energy.Setpoint         `json:"setpoint"`
	Since    time.Time               `json:"since,omitzero"`
	Course   energy.Course           `json:"course"`
	Lower    energy.Course           `json:"lower"`
	Awaited  bool                    `json:"awaited,omitempty"`
	Anchored time.Time               `json:"anchored,omitzero"`
	Decision energy.Decision         `json:"decision"`
	Lore     lore                    `json:"lore,omitzero"`
	Starts   Starts                  `json:"starts,omitzero"`
}

func (l *loadState) record() loadRecord {
	return loadRecord{
		Points: l.points, Status: l.status, Setpoint: l.setpoint, Since: l.since, Course: l.course, Lower: l.lower,
		Awaited: l.awaited, Anchored: l.anchored, Decision: l.decision, Lore: l.lore, Starts: l.starts,
	}
}

func (r *loadRecord) state() loadState {
	return loadState{
		points: r.Points, status: r.Status, setpoint: r.Setpoint, since: r.Since, course: r.Course, lower: r.Lower,
		awaited: r.Awaited, anchored: r.Anchored, decision: r.Decision, lore: r.Lore, starts: r.Starts,
	}
}

// checkpoint copies the site's state. What it shares with it is never written
// to.
func (s *site) checkpoint(now time.Time) *checkpoint {
	c := &checkpoint{
		At: now, Setup: setupRecord{s.Setup, s.Setup.Location.String()}, Specs: append([]*energy.LoadSpec(nil), s.specs...), Kept: *s.record(now),
		Loads: make([]loadRecord, len(s.loads)), Board: s.board.State(), Draws: s.draws.State(), Made: s.balancer.Made.State(), Grid: s.grid.State(),
		Started: s.started, Passed: s.passed, Drain: s.drain, Decided: s.decided,
	}
	c.Kept.Seen = s.kept.Seen
	for i := range s.loads {
		c.Loads[i] = s.loads[i].record()
	}
	return c
}

// site builds a site from the checkpoint. It commands nothing.
func (c *checkpoint) site() (*site, error) {
	loc, err := time.LoadLocation(c.Setup.Zone)
	if err != nil {
		return nil, fmt.Errorf("time zone on record: %w", err)
	}
	if len(c.Loads) != len(c.Specs) {
		return nil, fmt.Errorf("%w: %d loads, %d specs", errJournal, len(c.Loads), len(c.Specs))
	}
	l := &Loop{Setup: c.Setup.Setup, Specs: c.Specs, Loads: make([]Load, len(c.Specs)), Log: slog.New(slog.DiscardHandler)}
	l.Setup.Location = loc
	l.Answer = func(energy.SignalStatus, Notice) {}
	s := &site{
		Loop: l, log: l.Log, balancer: energy.Balancer{Spec: l.Setup.Balance, Memory: c.Kept.Balance}, kept: c.Kept, started: c.Started, passed: c.Passed, drain: c.Drain, decided: c.Decided,
		keep: func(_ Change, after func(error)) {
			if after != nil {
				after(nil)
			}
		},
		board: energy.NewBoard(l.Setup.Readings), index: make(map[string]int, len(c.Specs)), specs: c.Specs,
		loads: make([]loadState, len(c.Specs)), states: make([]LoadState, len(c.Specs)),
	}
	for i, spec := range c.Specs {
		s.index[spec.Name] = i
		s.loads[i] = c.Loads[i].state()
		l.Loads[i] = mute(spec.Name)
	}
	s.board.Restore(c.Board)
	s.draws.Restore(c.Draws)
	s.balancer.Made.Restore(c.Made)
	s.grid.Restore(c.Grid)
	return s, s.compile()
}

// mute is a load on record: what it is told, it was told long ago.
type mute string

func (m mute) Name() string        { return string(m) }
func (mute) Apply(energy.Setpoint) {}

// pack is the checkpoint as bytes.
func (c *checkpoint) pack() ([]byte, error) {
	var buf bytes.Buffer
	w, _ := flate.NewWriter(&buf, flate.BestSpeed) // the level is one that there is
	if err := json.NewEncoder(w).Encode(c); err != nil {
		return nil, fmt.Errorf("checkpoint: %w", err)
	}
	_ = w.Close() // into memory: it cannot fail
	return buf.Bytes(), nil
}

// maxCheckpoint bounds a checkpoint, unpacked: 10,000 loads are 15 MB.
const maxCheckpoint = 256 << 20

func unpackCheckpoint(b []byte) (*checkpoint, error) {
	c := new(checkpoint)
	r := io.LimitReader(flate.NewReader(bytes.NewReader(b)), maxCheckpoint)
	if err := json.NewDecoder(r).Decode(c); err != nil {
		return nil, fmt.Errorf("checkpoint: %w", err)
	}
	if len(c.Specs) < len(c.Loads) || slices.Contains(c.Specs, nil) {
		return nil, fmt.Errorf("checkpoint: %w", errJournal)
	}
	return c, nil
}

// heading is what follows from the checkpoint for the events after it.
func (c *checkpoint) heading() heading {
	h := heading{at: c.At}
	for _, r := range c.Setup.Readings {
		h.readings = append(h.readings, r.Name)
	}
	for i := range c.Loads {
		h.loads = append(h.loads, c.Specs[i].Name)
		h.last = append(h.last, c.Loads[i].Status)
	}
	return h
}
