package emulate

import (
	"time"

	"github.com/curtaild/curtaild/energy"
)

// Rig is an emulated rig. All methods are safe for concurrent use.
type Rig interface {
	Name() string
	Family() string
	Addr() string // host:port it listens on
	// Close stops listening, breaks every connection and waits for all that
	// the rig has going on.
	Close() error
	Meter() Meter
	Points() []energy.OperatingPoint // shared: do not write to it
	MAC() string
	Inject(Fault)
	ClearFaults()
	// OnCommand sets what is called with every request that was understood,
	// when it has been read and before it is carried out: "summary", "curtail
	// sleep", "profileset 290MHz", "POST /api/system/pause". It is called on
	// the connection's goroutine and must not block. Nil takes it away.
	OnCommand(func(cmd string, at time.Time))
}

// Meter is what a rig has truly drawn and done, whatever it reports on the
// wire. Nothing in it is reset by a reboot.
type Meter struct {
	Joules energy.Joules   `json:"joules"`
	Hashes float64         `json:"hashes"`
	Draw   energy.Watts    `json:"draw_w"`
	Rate   energy.HashRate `json:"rate_hs"`

	Starts       int `json:"starts"` // from off to any other point, reboots too
	Stops        int `json:"stops"`
	LevelChanges int `json:"level_changes"`

	Running bool `json:"running"` // told to hash, and not rebooting
	Point   int  `json:"point"`   // the operating point it is at or on its way to

	Accepted uint64 `json:"accepted"` // shares
	Rejected uint64 `json:"rejected"`

	Connections int `json:"connections"`
	Commands    int `json:"commands"` // requests understood
	Writes      int `json:"writes"`   // those of them that ask for a change of what the rig does

	LastWrite   string    `json:"last_write,omitempty"` // as given to OnCommand
	LastWriteAt time.Time `json:"last_write_at,omitzero"`
}

// Add is the sum of two meters, as the whole of several rigs. Of several,
// Point says nothing, Running says whether any runs, and the last write is the
// latest.
func (m Meter) Add(o Meter) Meter {
	last := m
	if o.LastWriteAt.After(m.LastWriteAt) {
		last = o
	}
	return Meter{
		LastWrite: last.LastWrite, LastWriteAt: last.LastWriteAt,
		Joules: m.Joules + o.Joules, Hashes: m.Hashes + o.Hashes,
		Draw: m.Draw + o.Draw, Rate: m.Rate + o.Rate,
		Starts: m.Starts + o.Starts, Stops: m.Stops + o.Stops, LevelChanges: m.LevelChanges + o.LevelChanges,
		Running:  m.Running || o.Running,
		Accepted: m.Accepted + o.Accepted, Rejected: m.Rejected + o.Rejected,
		Connections: m.Connections + o.Connections, Commands: m.Commands + o.Commands, Writes: m.Writes + o.Writes,
	}
}
