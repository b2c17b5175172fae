// Package influx brings the log of records into InfluxDB, 1.8 or later: a
// cursor of the store, read in batches, oldest first, each record at least
// once. A record's time and tags are its identity, so that a batch whose
// answer was lost is written again and changes nothing.
//
// What to do follows from the status. Accepted: on to the next. Too large:
// smaller batches. Refused for what is in it: the records at fault are found
// by halving, set aside in a file with the error, and the rest goes on.
// Anything else, a wrong token and a missing bucket included: the batch is
// kept and tried again, and [Stats] says since when and why. The writer drops
// nothing; the log is bounded, and that is where old records go.
package influx
