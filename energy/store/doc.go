// Package store holds what curtaild keeps on disk: the log of records (the
// spool) and the state that is read back at start.
//
// The [Log] is a folder of segment files. Append puts points into memory; one
// goroutine writes them as compressed, checksummed blocks, one write and one
// fsync a second. A kill at any instant loses at most what came since the last
// write, and never more: a torn tail is cut off at the next start. A block
// holds records of one class, so that what is least dear can be dropped
// without touching the rest. Readers hold a [Cursor] each and are told of new
// blocks; they never hold up writing, and writing never waits for them.
//
// The [State] is a small key-value file: set-points, gates, latched stops.
//
// A folder belongs to one process: see [Lock].
package store
