package kernel

// chainLength is how many cycles a turn of addChain takes.
const chainLength = 100

// addChain adds up: chainLength additions a turn, each of which waits for the
// one before, and at least one turn.
//
//go:noescape
func addChain(turns uint64)

// clockRate is the core's clock at this moment, in cycles a second of CPU time.
// It takes a tenth of a millisecond. The calling goroutine has its thread for
// itself.
func clockRate() float64 {
	const turns = 4000
	start := threadCPU()
	addChain(turns)
	spent := threadCPU() - start
	if spent <= 0 {
		return 0
	}
	return turns * chainLength / spent.Seconds()
}
