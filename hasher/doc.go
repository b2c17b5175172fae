// Package hasher is the local load: workers of this machine that do real
// proof of work, double SHA-256 or scrypt of 80-byte block headers, at a share
// of the CPU that follows a set-point.
//
// [Pool] is the load, and lives in the daemon. It takes work from mining
// pools (package stratum) or a node (package solo), or makes its own, and
// checks every share again. The hashing itself happens in a child process that
// runs [Worker] at the lowest priority, so that neither the daemon nor anything
// else on the machine waits for it; the two speak JSON lines over pipes. The
// child ends when its standard input does, so it never outlives the daemon.
//
// Power is a share of the CPU: in periods of 20 ms the workers together may
// use so much of the child's CPU clock, and what they use too much or too
// little is carried over. Energy is our part of what the machine's counters
// show (package power) and counts as measured, or that clock times the watts
// of a busy core, and then is an estimate. What each operating point draws and
// makes is learned, by kernel.
package hasher
