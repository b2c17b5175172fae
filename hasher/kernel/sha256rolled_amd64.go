package kernel

// shaRolled hashes all versions of a nonce before it goes on to the next, three
// versions at a time.
type shaRolled struct {
	shaNI
	scan func(job *shaJob, nonce uint32, first uint64, turns uint64) (left uint64)
}

func newShaRolled(scan func(*shaJob, uint32, uint64, uint64) uint64) func() Kernel {
	return func() Kernel { return &shaRolled{newShaNI(), scan} }
}

const (
	abreast = 3
	triples = rolledVersions / abreast // of a nonce
)

// scanRolled hashes a triple of versions a turn: as many of the nonce as first
// says, which are its last, and then all of the nonces that follow. A turn
// finishes what the one before has begun, so that the first finishes nothing.
// It stops at a turn that finishes a hash that meets the target's first word,
// and tells how many turns were left, that one included.
//
//go:noescape
func scanRolled(job *shaJob, nonce uint32, first uint64, turns uint64) (left uint64)

// scanRolledAVX is the same without AVX-512.
//
//go:noescape
func scanRolledAVX(job *shaJob, nonce uint32, first uint64, turns uint64) (left uint64)

func (k *shaRolled) Scan(hits []Hit, from, n uint32) ([]Hit, uint64) {
	total := min(uint64(n), 1<<32-uint64(from)) * triples
	for done := uint64(0); done < total; {
		todo := min(total-done, callHashes/abreast)
		left := k.scan(k.job, from+uint32(done/triples), triples-done%triples, todo+1)
		done += todo - left
		if left == 0 {
			continue
		}
		at := done % triples * abreast
		for _, v := range k.work.Versions[at : at+abreast] {
			hits = k.work.check(hits, v, from+uint32(done/triples))
		}
		done++
	}
	return hits, total / triples
}
