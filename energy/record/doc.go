// Package record turns what happens into points and accounts for energy. It is
// pure: a [Recorder] is a value that one goroutine owns, it reads no clock and
// does no I/O. Snapshots of the site go in, points come out.
//
// Between two snapshots the last values hold: a reading until it goes stale,
// the draw of loads for a minute at most (the loop looks in every 10 s; a
// longer silence means that nobody was watching). The energy of a load that
// keeps a counter is booked as its draw goes on, and set right whenever its
// counter moves; so intervals add up to the counters, and what a boundary cuts
// is off by one poll's worth of estimate at most. Such a correction belongs to
// the interval in which the counter was read.
//
// Seconds in which the balance was not known are not covered: what was drawn
// in them is energy of no known origin, never zero and never guessed.
package record
