package kernel

import (
	"crypto/sha256"
	"encoding"
	"encoding/binary"
	"hash"

	"github.com/curtaild/curtaild/hasher/work"
)

// std is the portable kernel: the standard library's SHA-256, which
// uses the CPU's instructions where it has them, started from the state
// after the header's first block (the midstate), which no nonce changes.
//
// Whole padded blocks are written and the state is read back from the
// digest's own serialization, which spares the library's copying and padding
// at every hash.
type std struct {
	work   *Work
	digest hash.Hash
	state  interface {
		encoding.BinaryUnmarshaler
		encoding.BinaryAppender
	}
	mid   []byte // serialized: after the first block
	fresh []byte // serialized: after nothing
	buf   []byte
	tail  [64]byte // second block of the header: 16 bytes and padding
	inner [64]byte // the first hash, and padding
}

// In a serialized digest the state of eight words follows a magic of four
// bytes.
const stateAt, stateEnd = 4, 36

func newStd() Kernel {
	k := &std{digest: sha256.New()}
	// All that follows is checked by what Kind.New compares.
	k.state = k.digest.(interface {
		encoding.BinaryUnmarshaler
		encoding.BinaryAppender
	})
	k.fresh, _ = k.state.AppendBinary(nil)
	k.tail[16] = 0x80
	binary.BigEndian.PutUint64(k.tail[56:], 80*8)
	k.inner[32] = 0x80
	binary.BigEndian.PutUint64(k.inner[56:], 32*8)
	return k
}

func (k *std) Begin(w *Work) {
	k.work = w
	h := w.header(w.Versions[0], 0)
	_ = k.state.UnmarshalBinary(k.fresh)
	k.digest.Write(h[:64])
	k.mid, _ = k.state.AppendBinary(k.mid[:0])
	copy(k.tail[:], h[64:76])
}

func (k *std) Scan(hits []Hit, from, n uint32) ([]Hit, uint64) {
	total := min(uint64(n), 1<<32-uint64(from))
	target := &k.work.Target
	top := binary.BigEndian.Uint64(target[:8])
	for i := range total {
		nonce := from + uint32(i)
		binary.LittleEndian.PutUint32(k.tail[12:], nonce)
		_ = k.state.UnmarshalBinary(k.mid)
		k.digest.Write(k.tail[:])
		k.buf, _ = k.state.AppendBinary(k.buf[:0])
		copy(k.inner[:32], k.buf[stateAt:stateEnd])
		_ = k.state.UnmarshalBinary(k.fresh)
		k.digest.Write(k.inner[:])
		k.buf, _ = k.state.AppendBinary(k.buf[:0])
		// The hash is a little-endian number: its last eight bytes weigh
		// most, and nearly always decide.
		if binary.LittleEndian.Uint64(k.buf[stateEnd-8:]) <= top && target.Met(work.Hash(k.buf[stateAt:stateEnd])) {
			hits = append(hits, Hit{Version: k.work.Versions[0], Nonce: nonce})
		}
	}
	return hits, total
}
