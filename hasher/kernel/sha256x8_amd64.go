package kernel

import "encoding/binary"

// wide is a word, or one of eight nonces, in each lane of a vector register.
type wide [8]uint32

func broadcast(word uint32) (v wide) {
	for i := range v {
		v[i] = word
	}
	return v
}

// wideJob is what the assembly reads of work, at the same places as its
// generator does.
type wideJob struct {
	start [8]wide   // state after four rounds of the header's second block, with nonce 0
	end   [8]wide   // state after the first block: added at the second's end
	fixed [34]wide  // words of the second block, or what of them does not depend on the nonce
	limit wide      // the target's first word
	next  wide      // nonces
	_     [128]wide // the assembly's scratch space
}

// shaWide is what kernels with a hash in each lane have in common.
type shaWide struct {
	work  *Work
	job   *wideJob    // no pointers in it, so that the allocator aligns it to vectors
	first *compressor // of first blocks
}

func newShaWide() shaWide { return shaWide{job: new(wideJob), first: newCompressor()} }

// begin takes up what all versions have in common, and returns the first words
// of their second block.
func (k *shaWide) begin(w *Work) (tail [4]uint32) {
	k.work = w
	for i := range 3 {
		tail[i] = binary.BigEndian.Uint32(w.Header[blockSize+4*i:])
	}
	for i, word := range fixedWords(tail) {
		k.job.fixed[i] = broadcast(word)
	}
	k.job.limit = broadcast(binary.BigEndian.Uint32(w.Target[:]))
	return tail
}

// setNext sets the nonces that are tried next.
func (k *shaWide) setNext(from uint32) {
	for i := range k.job.next {
		k.job.next[i] = from + uint32(i)
	}
}

// shaX8 hashes eight nonces at a time with AVX2.
type shaX8 struct {
	shaWide
	loop loop
}

func newShaX8() Kernel {
	k := &shaX8{shaWide: newShaWide()}
	const slower = 3 // than the SHA instructions
	k.loop = loop{lanes: 8, most: callHashes / 8 / slower, run: k.run}
	return k
}

func (k *shaX8) Begin(w *Work) {
	tail := k.begin(w)
	h := w.header(w.Versions[0], 0)
	end := k.first.midstate(&h)
	for i, word := range fourRounds(end, tail) {
		k.job.start[i] = broadcast(word)
		k.job.end[i] = broadcast(end[i])
	}
}

// fixedWords is the message schedule (FIPS 180-4, 6.2.2) of a header's second
// block without what depends on the nonce, which is word 3. Words from 34 on
// depend on it in all their parts.
func fixedWords(tail [4]uint32) (words [34]uint32) {
	var varies [len(words)]bool
	copy(words[:], tail[:])
	varies[3] = true
	words[4], words[15] = 1<<31, uint32(headerSize)*8
	for i := 16; i < len(words); i++ {
		add := func(from int, part uint32) {
			if varies[from] {
				varies[i] = true
			} else {
				words[i] += part
			}
		}
		add(i-16, words[i-16])
		add(i-15, sigma0(words[i-15]))
		add(i-7, words[i-7])
		add(i-2, sigma1(words[i-2]))
	}
	return words
}

// scanX8 hashes 8 nonces a turn, from those in the job on: see loop.
//
//go:noescape
func scanX8(job *wideJob, turns uint64) (left uint64)

func (k *shaX8) Scan(hits []Hit, from, n uint32) ([]Hit, uint64) {
	return k.loop.scan(k.work, hits, from, n)
}

func (k *shaX8) run(from uint32, turns uint64) uint64 {
	k.setNext(from)
	return scanX8(k.job, turns)
}
