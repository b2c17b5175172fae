package kernel

import "github.com/curtaild/curtaild/hasher/work"

// loop is a loop in assembly over nonces.
type loop struct {
	lanes uint64 // nonces a turn
	most  uint64 // turns a call, which nothing can interrupt: a millisecond on a slow CPU
	// run hashes nonces with the work's one version. It stops at a turn with a
	// hash that meets the target's first word, and tells how many turns were
	// left, that one included. After the last nonce there is comes 0.
	run func(from uint32, turns uint64) (left uint64)
}

// scan is Kernel.Scan.
func (l *loop) scan(w *Work, hits []Hit, from, n uint32) ([]Hit, uint64) {
	total := min(uint64(n), 1<<32-uint64(from))
	for done := uint64(0); done < total; {
		turns := min((total-done+l.lanes-1)/l.lanes, l.most)
		left := l.run(from+uint32(done), turns)
		done += (turns - left) * l.lanes
		if left == 0 {
			continue
		}
		for end := min(done+l.lanes, total); done < end; done++ {
			hits = w.check(hits, w.Versions[0], from+uint32(done))
		}
	}
	return hits, total
}

// check appends the header if it meets the target: what the assembly finds has
// met the target's first word.
func (w *Work) check(hits []Hit, version, nonce uint32) []Hit {
	if h := w.header(version, nonce); w.Target.Met(work.Double(h[:])) {
		hits = append(hits, Hit{Version: version, Nonce: nonce})
	}
	return hits
}
