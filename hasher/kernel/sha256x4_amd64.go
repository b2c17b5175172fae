package kernel

// shaX4 hashes four nonces at a time.
type shaX4 struct {
	shaNI
	loop loop
}

func newShaX4() Kernel {
	k := &shaX4{shaNI: newShaNI()}
	k.loop = loop{lanes: 4, most: callHashes / 4, run: k.run}
	return k
}

// scanX4 hashes 4 nonces a turn: see loop.
//
//go:noescape
func scanX4(job *shaJob, nonce uint32, turns uint64) (left uint64)

func (k *shaX4) run(from uint32, turns uint64) uint64 { return scanX4(k.job, from, turns) }

func (k *shaX4) Scan(hits []Hit, from, n uint32) ([]Hit, uint64) {
	return k.loop.scan(k.work, hits, from, n)
}
