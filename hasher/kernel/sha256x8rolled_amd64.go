package kernel

// shaX8Rolled hashes eight nonces at a time with AVX2, with all versions before
// it goes on to the next.
type shaX8Rolled struct {
	shaWide
	mids [rolledVersions]shaMid // words in their own order
}

func newShaX8Rolled() Kernel { return &shaX8Rolled{shaWide: newShaWide()} }

func (k *shaX8Rolled) Begin(w *Work) {
	tail := k.begin(w)
	for i, v := range w.Versions {
		h := w.header(v, 0)
		end := k.first.midstate(&h)
		k.mids[i] = shaMid{start: fourRounds(end, tail), end: end}
	}
}

// scanX8Rolled hashes the nonces in the job with a version a turn. It stops at
// a turn with a hash that meets the target's first word, and tells how many
// turns were left, that one included.
//
//go:noescape
func scanX8Rolled(job *wideJob, mids *shaMid, turns uint64) (left uint64)

func (k *shaX8Rolled) Scan(hits []Hit, from, n uint32) ([]Hit, uint64) {
	const lanes = uint64(len(wide{}))
	total := min(uint64(n), 1<<32-uint64(from))
	for done := uint64(0); done < total; done += lanes {
		k.setNext(from + uint32(done))
		for at := uint64(0); at < rolledVersions; at++ {
			left := scanX8Rolled(k.job, &k.mids[at], rolledVersions-at)
			if left == 0 {
				break
			}
			at = rolledVersions - left
			for i := done; i < min(done+lanes, total); i++ {
				hits = k.work.check(hits, k.work.Versions[at], from+uint32(i))
			}
		}
	}
	return hits, total
}
