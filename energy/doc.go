// Package energy holds the vocabulary that every other package speaks: power
// and energy, readings and signals, operating points, set-points, decisions
// and their reasons, and the balance that tells how much power is free.
//
// Sign convention, everywhere: grid power is positive when the site imports
// and negative when it exports; generation, load and draw are never negative;
// battery power is positive when charging. Power is in watts, energy in
// joules, hash rate in hashes per second, time in UTC.
//
// The package has no I/O, reads no clock and imports only the standard
// library. Whatever depends on the time takes it as an argument.
package energy
