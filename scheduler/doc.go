// Package scheduler decides how much power each load may draw.
//
// [Decide] is a pure function: a time and an [Input] in, a [Plan] out. It reads
// no clock, touches no device and keeps nothing; what it has to remember goes
// out as a [Memory] and comes in again, so that a restart, a replay and a test
// are the same call. Every decision bears a reason, and Plan.Wake says when the
// same input would give another answer, so nothing ticks.
//
// A decision goes in steps, a file each: who may have anything at all (gate,
// calendar, admit), floors and ceilings (bounds), each policy's budget to its
// loads' operating points (allocate, over the order prepared in fleet), what
// must wait for draw that is on its way down (flight), and the words for it
// (explain).
//
// [Book] is the life of the signals from outside, a value too. [Loop] is the
// shell around both: one goroutine that owns all state, takes in readings,
// signals, statuses and what operators ask, and hands set-points to the loads,
// reductions first. It waits for no load, no database and no browser.
package scheduler
