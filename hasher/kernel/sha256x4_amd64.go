package kernel

// shaX4 hashes four nonces at a time.
type shaX4 struct {
	shaNI
	loop     loop
	assembly func(job *shaJob, nonce uint32, turns uint64) (left uint64)
}

func newShaX4(assembly func(job *shaJob, nonce uint32, turns uint64) (left uint64)) func() Kernel {
	return func() Kernel {
		k := &shaX4{shaNI: newShaNI(), assembly: assembly}
		k.loop = loop{lanes: 4, most: callHashes / 4, run: k.run}
		return k
	}
}

// scanX4 hashes 4 nonces a turn: see loop.
//
//go:noescape
func scanX4(job *shaJob, nonce uint32, turns uint64) (left uint64)

// scanX4AVX is the same without AVX-512.
//
//go:noescape
func scanX4AVX(job *shaJob, nonce uint32, turns uint64) (left uint64)

func (k *shaX4) run(from uint32, turns uint64) uint64 { return k.assembly(k.job, from, turns) }

func (k *shaX4) Scan(hits []Hit, from, n uint32) ([]Hit, uint64) {
	return k.loop.scan(k.work, hits, from, n)
}
