// Package work is what miners work on, whoever hands it out: a [Job] is
// everything of a block but what a miner varies, a [Share] one way to fill
// that in that meets the job's [Target], and a [Book] knows which jobs are
// alive and which shares were seen. Shares are checked here in plain Go, and slowly:
// those who look for them are faster, and may be wrong.
package work
