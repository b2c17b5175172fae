package scheduler

import "time"

// Memory is what one decision leaves to the next. It is a value: Decide takes
// one and returns another, and it survives a restart as JSON. The zero Memory
// is that of a new installation.
type Memory struct {
	Gates map[string]Gate      `json:"gates,omitempty"` // by policy
	Stale map[string]time.Time `json:"stale,omitempty"` // by policy: since when its inputs have been stale
	Probe Probe                `json:"probe,omitzero"`
	// Rising and Falling are where policies are on their ramps.
	Rising  map[string]Slope    `json:"rising,omitempty"`
	Falling map[string]Slope    `json:"falling,omitempty"`
	Beliefs map[string]Belief   `json:"beliefs,omitempty"` // by policy
	Bridges map[string]Bridging `json:"bridges,omitempty"` // by policy that may buy
}

// believe keeps what has been learned of a policy's budget.
func (m *Memory) believe(policy string, b Belief) {
	if m.Beliefs == nil {
		m.Beliefs = make(map[string]Belief)
	}
	m.Beliefs[policy] = b
}

func (m *Memory) bridge(policy string, b Bridging) {
	if m.Bridges == nil {
		m.Bridges = make(map[string]Bridging)
	}
	m.Bridges[policy] = b
}

// newMemory makes room for a decision's memory of n policies.
func newMemory(n int) Memory {
	return Memory{Gates: make(map[string]Gate, n)}
}

// stale notes since when a policy has had stale inputs.
func (m *Memory) stale(policy string, since time.Time) {
	if m.Stale == nil {
		m.Stale = make(map[string]time.Time)
	}
	m.Stale[policy] = since
}

func (m *Memory) rising(policy string, s Slope) {
	if m.Rising == nil {
		m.Rising = make(map[string]Slope)
	}
	m.Rising[policy] = s
}

func (m *Memory) falling(policy string, s Slope) {
	if m.Falling == nil {
		m.Falling = make(map[string]Slope)
	}
	m.Falling[policy] = s
}
