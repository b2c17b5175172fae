package record

import (
	"encoding/json"
	"errors"
	"fmt"
	"time"
)

// errCheckpoint means that a checkpoint is not one of ours.
var errCheckpoint = errors.New("record: checkpoint of another version")

const (
	checkpointVersion = 1
	maxCheckpoint     = 64 << 20 // bytes
)

// checkpoint is what survives a restart: the running interval, and how far
// each load's counters have been accounted for.
type checkpoint struct {
	V      int                   `json:"v"`
	Cursor time.Time             `json:"cursor"`
	Run    *tally                `json:"run,omitempty"`
	Uses   []savedUse            `json:"uses,omitempty"`
	Loads  map[string][5]float64 `json:"loads,omitempty"` // J counted and booked, H counted and booked, starts
}

type savedUse struct {
	Policy string `json:"policy"`
	Group  string `json:"group,omitempty"`
	energies
}

// Checkpoint is the recorder's memory, for [Recorder.Restore]. Saved every
// second, a SIGKILL costs no more than that second.
func (r *Recorder) Checkpoint() ([]byte, error) {
	c := checkpoint{V: checkpointVersion, Cursor: r.cursor, Run: r.run, Loads: make(map[string][5]float64, len(r.loads))}
	if r.run != nil {
		for _, u := range r.run.sorted() {
			c.Uses = append(c.Uses, savedUse{u.Policy, u.Group, *r.run.uses[u]})
		}
	}
	for name, l := range r.loads {
		if !l.started {
			continue
		}
		ahead := r.watched - l.mark
		c.Loads[name] = [5]float64{
			l.energy.base, l.energy.booked + l.watts*ahead,
			l.hashes.base, l.hashes.booked + l.rate*ahead,
			float64(l.starts),
		}
	}
	out, err := json.Marshal(c)
	if err != nil {
		return nil, fmt.Errorf("record: write checkpoint: %w", err)
	}
	return out, nil
}

// Restore takes up where a checkpoint left off. It is called once, before
// anything is observed. On an error the recorder is as new.
func (r *Recorder) Restore(data []byte) error {
	var c checkpoint
	if len(data) > maxCheckpoint {
		return fmt.Errorf("record: read checkpoint: %d bytes are too many", len(data))
	}
	if err := json.Unmarshal(data, &c); err != nil {
		return fmt.Errorf("record: read checkpoint: %w", err)
	}
	if c.V != checkpointVersion {
		return errCheckpoint
	}
	if c.Run != nil && (c.Run.Len <= 0 || c.Run.Start.IsZero()) {
		return errCheckpoint
	}
	if c.Run != nil {
		c.Run.Start = c.Run.Start.UTC()
		c.Run.uses = make(map[use]*energies, len(c.Uses))
		for _, u := range c.Uses {
			e := u.energies
			c.Run.uses[use{u.Policy, u.Group}] = &e
		}
		r.run, r.cursor = c.Run, c.Cursor.UTC()
	}
	for name, v := range c.Loads {
		r.loads[name] = &load{
			name: name, starts: uint64(max(0, v[4])), started: true,
			energy: counter{base: v[0], booked: v[1], known: true}, hashes: counter{base: v[2], booked: v[3], known: true},
		}
	}
	return nil
}
