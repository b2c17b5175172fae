package energy

import (
	"slices"
	"time"
)

// BoardState is what a board holds, to be put on record and taken up again.
// What was refused is counted for people, and is not part of it.
type BoardState map[string]LineState

// LineState is what a board holds of one reading.
type LineState struct {
	Parts   []PartState `json:"parts,omitempty"` // in the order in which they were first heard
	Online  bool        `json:"online,omitempty"`
	Offline bool        `json:"offline,omitempty"`
}

// PartState is the last value from one topic.
type PartState struct {
	Topic   string    `json:"topic,omitempty"`
	Value   float64   `json:"value"`
	At      time.Time `json:"at"`
	Arrived time.Time `json:"arrived,omitzero"`
	Gone    bool      `json:"gone,omitempty"`

	Forecast *Forecast `json:"forecast,omitempty"`
}

// State copies what the board holds.
func (b *Board) State() BoardState {
	out := make(BoardState, len(b.lines))
	for i := range b.lines {
		l := &b.lines[i]
		parts := make([]PartState, len(l.parts))
		for topic, j := range l.byTopic {
			p := l.parts[j]
			parts[j] = PartState{Topic: topic, Value: p.value, At: p.at, Arrived: p.arrived, Gone: p.gone, Forecast: p.said}
		}
		out[l.spec.Name] = LineState{Parts: parts, Online: l.online, Offline: l.offline}
	}
	return out
}

// Restore puts what another board held in the place of what this one does.
// Readings that it has no contract for are left out.
func (b *Board) Restore(s BoardState) {
	for name, from := range s {
		i, ok := b.byName[name]
		if !ok {
			continue
		}
		l := &b.lines[i]
		l.online, l.offline = from.Online, from.Offline
		l.parts, l.byTopic = nil, make(map[string]int, len(from.Parts))
		for _, p := range from.Parts[:min(len(from.Parts), maxParts)] {
			l.byTopic[p.Topic] = len(l.parts)
			l.parts = append(l.parts, part{value: p.Value, at: p.At, arrived: p.Arrived, gone: p.Gone, said: p.Forecast})
		}
	}
}

// Shift moves the times of arrival: the wall clock has been set by so much,
// and nothing has grown older by that.
func (b *Board) Shift(by time.Duration) {
	for i := range b.lines {
		for j := range b.lines[i].parts {
			if p := &b.lines[i].parts[j]; !p.arrived.IsZero() {
				p.arrived = p.arrived.Add(by)
			}
		}
	}
}

// Known reports whether a reading has that name.
func (b *Board) Known(name string) bool {
	_, ok := b.byName[name]
	return ok
}

// DrawsState is a course of draws, to be put on record and taken up again:
// every sample's time, its draw, and the energy up to it.
type DrawsState struct {
	Source PowerSource `json:"source,omitempty"`
	Ns     []int64     `json:"ns,omitempty"` // unix
	W      []float64   `json:"w,omitempty"`
	J      []float64   `json:"j,omitempty"`
}

// State copies the course.
func (d *Draws) State() DrawsState {
	s := DrawsState{Source: d.Source}
	for _, x := range d.s {
		s.Ns, s.W, s.J = append(s.Ns, x.ns), append(s.W, x.w), append(s.J, x.since)
	}
	return s
}

// Restore puts another course in this one's place. Columns of unequal length
// give no course.
func (d *Draws) Restore(s DrawsState) {
	*d = Draws{Source: s.Source}
	if len(s.W) != len(s.Ns) || len(s.J) != len(s.Ns) || !slices.IsSorted(s.Ns) {
		return
	}
	for i := range s.Ns {
		d.s = append(d.s, drawn{s.Ns[i], s.W[i], s.J[i]})
	}
}
