package kernel

import (
	"crypto/sha256"
	"encoding/binary"

	"github.com/curtaild/curtaild/hasher/work"
)

// std is the portable kernel: the standard library's compression function,
// started from the state after the header's first block (the midstate), which
// no nonce changes.
type std struct {
	*compressor
	work  *Work
	mid   saved
	tail  [blockSize]byte // second block of the header: 16 bytes and padding
	inner [blockSize]byte // the first hash, and padding
}

func newStd() Kernel {
	k := &std{compressor: newCompressor()}
	pad(&k.tail, tailSize, headerSize)
	pad(&k.inner, sha256.Size, sha256.Size)
	return k
}

func (k *std) Begin(w *Work) {
	k.work = w
	h := w.header(w.Versions[0], 0)
	k.mid = *k.compress(&k.initial, h[:blockSize])
	copy(k.tail[:tailSize], h[blockSize:])
}

func (k *std) Scan(hits []Hit, from, n uint32) ([]Hit, uint64) {
	total := min(uint64(n), 1<<32-uint64(from))
	target := &k.work.Target
	top := binary.BigEndian.Uint64(target[:8])
	for i := range total {
		nonce := from + uint32(i)
		binary.LittleEndian.PutUint32(k.tail[nonceAt:], nonce)
		copy(k.inner[:], k.compress(&k.mid, k.tail[:]).state()[:])
		hash := k.compress(&k.initial, k.inner[:]).state()
		// The hash is a little-endian number: its last eight bytes weigh
		// most, and nearly always decide.
		if binary.LittleEndian.Uint64(hash[len(hash)-8:]) <= top && target.Met(work.Hash(*hash)) {
			hits = append(hits, Hit{Version: k.work.Versions[0], Nonce: nonce})
		}
	}
	return hits, total
}
