package kernel

// shaX4 hashes four nonces at a time.
type shaX4 struct{ shaNI }

func newShaX4() Kernel { return &shaX4{newShaNI()} }

// scanX4 hashes 4 nonces a turn; after the last there is comes 0. It stops
// at a turn with a hash that meets the target's first word, and tells
// how many turns were left, that one included.
//
//go:noescape
func scanX4(job *shaJob, nonce uint32, turns uint64) (left uint64)

func (k *shaX4) Scan(hits []Hit, from, n uint32) ([]Hit, uint64) {
	const lanes = 4
	total := min(uint64(n), 1<<32-uint64(from))
	for done := uint64(0); done < total; {
		turns := min((total-done+lanes-1)/lanes, callHashes/lanes)
		left := scanX4(k.job, from+uint32(done), turns)
		done += (turns - left) * lanes
		if left == 0 {
			continue
		}
		for end := min(done+lanes, total); done < end; done++ {
			hits = k.check(hits, k.work.Versions[0], from+uint32(done))
		}
	}
	return hits, total
}
