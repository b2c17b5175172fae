package kernel

import (
	"encoding/binary"
	"math/bits"

	"github.com/curtaild/curtaild/hasher/work"
)

// shaJob is what the assembly reads of work, at the same places as its
// generator does. Words are numbers, groups of them as they lie in a vector
// register; the two halves of a state are F, E, B, A and H, G, D, C, as the SHA
// instructions want them.
type shaJob struct {
	// What of the message schedule of the header's second block is neither
	// padding nor depends on the nonce. It is the same for all versions.
	w16, w20, w28 [4]uint32
	limit         [4]uint32 // the target's first word, for four hashes
	_             [768]byte // the assembly's scratch space
	mids          [rolledVersions]shaMid
}

// shaMid is where hashing starts for one version.
type shaMid struct {
	start [8]uint32 // after four rounds of the second block, with nonce 0
	end   [8]uint32 // after the first block: added at the second's end
}

// rolledVersions is how many versions share a message schedule: so many that
// it costs next to nothing, and few enough that a pool's 16 bits make
// hundreds of such sets.
const rolledVersions = 48

// shaNI is what kernels with the SHA instructions have in common.
type shaNI struct {
	work  *Work
	job   *shaJob     // no pointers in it, so that the allocator aligns it to cache lines
	first *compressor // of first blocks
}

func newShaNI() shaNI { return shaNI{job: new(shaJob), first: newCompressor()} }

func (k *shaNI) Begin(w *Work) {
	k.work = w
	var tail [4]uint32
	for i := range 3 {
		tail[i] = binary.BigEndian.Uint32(w.Header[blockSize+4*i:])
	}
	const length = 8 * uint32(headerSize)
	w16 := tail[0] + sigma0(tail[1])
	w17 := tail[1] + sigma0(tail[2]) + sigma1(length)
	k.job.w16 = [4]uint32{w16, w17, tail[2] + sigma1(w16), sigma0(1<<31) + sigma1(w17)}
	k.job.w20 = [4]uint32{1 << 31, 0, length, w16}
	k.job.w28 = [4]uint32{0, 0, sigma0(length), length + sigma0(w16)}
	limit := binary.BigEndian.Uint32(w.Target[:])
	k.job.limit = [4]uint32{limit, limit, limit, limit}
	for i, v := range w.Versions {
		h := w.header(v, 0)
		s := k.first.midstate(&h)
		k.job.mids[i] = shaMid{start: halves(fourRounds(s, tail)), end: halves(s)}
	}
}

// callHashes is how many hashes a call of the assembly makes, which
// nothing can interrupt: at 100 cycles each, a millisecond even at 1.6 GHz.
const callHashes = 16_384

// midstate is the state after a header's first block.
func (c *compressor) midstate(h *work.Header) (words [8]uint32) {
	copy(c.block[:], h[:])
	state := c.compress(&c.initial, c.block[:]).state()
	for i := range words {
		words[i] = binary.BigEndian.Uint32(state[4*i:])
	}
	return words
}

// halves orders a state as the SHA instructions want it.
func halves(s [8]uint32) [8]uint32 { return [8]uint32{s[5], s[4], s[1], s[0], s[7], s[6], s[3], s[2]} }

// fourRounds does the first four rounds of SHA-256 (FIPS 180-4, 6.2.2).
func fourRounds(s [8]uint32, words [4]uint32) [8]uint32 {
	for i, k := range [4]uint32{0x428a2f98, 0x71374491, 0xb5c0fbcf, 0xe9b5dba5} {
		a, e := s[0], s[4]
		sum1 := rotr(e, 6) ^ rotr(e, 11) ^ rotr(e, 25)
		choice := e&s[5] ^ ^e&s[6]
		sum0 := rotr(a, 2) ^ rotr(a, 13) ^ rotr(a, 22)
		majority := a&s[1] ^ a&s[2] ^ s[1]&s[2]
		t := s[7] + sum1 + choice + k + words[i]
		s = [8]uint32{t + sum0 + majority, a, s[1], s[2], s[3] + t, e, s[5], s[6]}
	}
	return s
}

func sigma0(x uint32) uint32 { return rotr(x, 7) ^ rotr(x, 18) ^ x>>3 }
func sigma1(x uint32) uint32 { return rotr(x, 17) ^ rotr(x, 19) ^ x>>10 }

func rotr(x uint32, n int) uint32 { return bits.RotateLeft32(x, -n) }
