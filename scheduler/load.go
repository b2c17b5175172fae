package scheduler

import "github.com/curtaild/curtaild/energy"

// Load is anything that can be told how much to draw: a rig, the pool of
// local hashing workers. What a load learns of itself comes back as
// [energy.Status] values on one channel that all loads share.
type Load interface {
	Name() string
	// Apply hands over a set-point and returns at once: a load has a mailbox
	// in which the latest set-point wins.
	Apply(energy.Setpoint)
}
