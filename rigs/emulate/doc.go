// Package emulate holds emulated mining rigs. Each listens on a TCP port,
// speaks the wire protocol of its firmware with the quirks that real ones
// show, and counts the joules it draws: tests, the demo, `curtaild emulate`
// and load benchmarks run them in place of machines nobody has on the desk.
//
// An emulated rig is two things. The plant is physics: its draw follows the
// commanded operating point along straight ramps, and joules and hashes are
// the closed-form integrals of that course, so a rig at rest costs no CPU and
// its meter is exact at any instant. The firmware is what a client talks to:
// a family each ([LuxOS], [Bitaxe]), over one accept loop and one goroutine a
// connection. Faults, injected at will, come in between: a rig that hangs,
// answers garbage, or says yes and does nothing.
//
// The package imports neither drivers nor testing. What it knows of a
// firmware it knows from the firmware's documents and from recorded replies,
// never from the driver that is tested against it.
package emulate
