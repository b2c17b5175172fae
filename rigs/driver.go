package rigs

import (
	"context"
	"time"

	"github.com/curtaild/curtaild/energy"
)

// Driver is the least that a firmware must be able to do. Every method honours
// the context's deadline and its cancellation, and may be called again after
// an error. A rig calls its driver from one goroutine at a time.
type Driver interface {
	Identify(ctx context.Context) (Identity, error)
	Status(ctx context.Context) (Report, error)
	// Pause stops hashing. Pausing a paused device is no error.
	Pause(ctx context.Context) error
	// Resume starts hashing at the level that is set. Resuming a device that
	// hashes is no error.
	Resume(ctx context.Context) error
}

// Leveler is a driver whose firmware can hash at several levels.
type Leveler interface {
	// Levels are the operating points by rising draw, without "off".
	Levels(ctx context.Context) ([]energy.OperatingPoint, error)
	// SetLevel takes the name of one of the levels.
	SetLevel(ctx context.Context, name string) error
}

// Readier is a driver that can keep at hand what a command needs (a session),
// so that a command takes one connection. Calling it again is cheap.
type Readier interface {
	Ready(ctx context.Context) error
}

// Carrier is a driver that holds something at the device which outlives this
// process, and which the next one must know of: a session that would lock it
// out after a crash. Carry is called once, before anything else.
type Carrier interface {
	Carried() string
	Carry(string)
}

// Closer is a driver that has something to give back when it goes: a session,
// a setting that it changed. The device goes on hashing, or not, as it is.
type Closer interface {
	Close(ctx context.Context) error
}

// Identity is who a device is.
type Identity struct {
	ID       string // MAC address or serial number, lower case; what makes it this device and no other
	Model    string
	Firmware string
}

// What one device can draw and do at the very most. A driver takes a number
// beyond for none: what is added to a total stays there.
const (
	MaxDraw energy.Watts    = 1e6
	MaxRate energy.HashRate = 1e18
)

// Report is what a device says of itself. What it does not say is left at the
// zero value, and State at unknown.
type Report struct {
	ID     string       // of the device, if this reply bears it
	At     time.Time    // when Draw was read; zero: when the report arrived
	State  energy.State // idle, starting, running, stopping, fault or unknown
	Level  string       // the level that is set, also while paused
	Draw   energy.Watts
	Source energy.PowerSource // empty: the device does not tell its draw
	Rate   energy.HashRate    // over a short window
	RateAt time.Time          // when Rate was read; zero: when the report arrived
	TempC  float64            // hottest sensor
	// Accepted and Rejected are the device's own counts of shares, which start
	// anew when it does.
	Accepted, Rejected uint64
	Uptime             time.Duration // of the miner; zero: not said this time
	Fault              string        // what ails it, with State fault
}

// On reports whether the device is awake, or says that it is about to be.
func (r Report) On() bool {
	switch r.State {
	case energy.StateStarting, energy.StateRunning, energy.StateThrottled:
		return true
	}
	return false
}

// Paused reports whether the device says that it was told to stop.
func (r Report) Paused() bool {
	return r.State == energy.StateIdle || r.State == energy.StateStopping
}
