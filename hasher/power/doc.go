// Package power is what a machine tells of its own power: how much energy it
// has drawn ([Counter]), how much of that was for the local workers
// ([Share]), and whether it is a machine that should hash now ([Guard]: on
// mains, cool, idle).
//
// All of it is read from the files that Linux keeps below /sys and /proc, on a
// file system that the caller hands in: /, or one of a test. Machines differ in
// what they have of it. What is missing is an error that says so, and never a
// figure that was made up.
package power
