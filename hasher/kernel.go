package hasher

import (
	"crypto/sha256"
	"encoding"
	"encoding/binary"
	"fmt"
	"hash"

	"github.com/curtaild/curtaild/hasher/stratum"
)

// Kernel tries nonces. One kernel belongs to one worker at a time.
type Kernel interface {
	Name() string
	// Scan hashes header with the n nonces that follow from, which is one of
	// them, stopping short at the last nonce there is. It appends the nonces
	// whose hash meets the target to hits, and tells how many it tried. The
	// header's own nonce does not matter. The caller chooses n so that a
	// call lasts at most a millisecond.
	Scan(hits []uint32, header *stratum.Header, target *stratum.Target, from, n uint32) ([]uint32, uint64)
}

// stdKernel is the portable kernel: the standard library's SHA-256, which
// uses the CPU's instructions where it has them, started from the state
// after the header's first block (the midstate), which no nonce changes.
//
// Whole padded blocks are written and the state is read back from the
// digest's own serialization, which spares the library's copying and padding
// at every hash.
type stdKernel struct {
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

func newStdKernel() (*stdKernel, error) {
	k := &stdKernel{digest: sha256.New()}
	var ok bool
	if k.state, ok = k.digest.(interface {
		encoding.BinaryUnmarshaler
		encoding.BinaryAppender
	}); !ok {
		return nil, fmt.Errorf("kernel: the library's digest %T does not serialize", k.digest)
	}
	var err error
	if k.fresh, err = k.state.AppendBinary(nil); err != nil {
		return nil, fmt.Errorf("kernel: serialize digest: %w", err)
	}
	k.tail[16] = 0x80
	binary.BigEndian.PutUint64(k.tail[56:], 80*8)
	k.inner[32] = 0x80
	binary.BigEndian.PutUint64(k.inner[56:], 32*8)
	return k, k.selfTest()
}

func (k *stdKernel) Name() string { return "stdlib-midstate" }

func (k *stdKernel) Scan(hits []uint32, header *stratum.Header, target *stratum.Target, from, n uint32) ([]uint32, uint64) {
	total := min(uint64(n), 1<<32-uint64(from))
	// The digest takes only bytes it has written itself, so nothing here
	// can fail; selfTest has seen it work.
	_ = k.state.UnmarshalBinary(k.fresh)
	k.digest.Write(header[:64])
	k.mid, _ = k.state.AppendBinary(k.mid[:0])
	copy(k.tail[:], header[64:76])
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
		if binary.LittleEndian.Uint64(k.buf[stateEnd-8:]) <= top && target.Met(stratum.Hash(k.buf[stateAt:stateEnd])) {
			hits = append(hits, nonce)
		}
	}
	return hits, total
}

// selfTest compares one hash with the plain way, so that a library whose
// serialization changes is noticed before a share is lost.
func (k *stdKernel) selfTest() error {
	header := stratum.Header{1, 2, 3}
	binary.LittleEndian.PutUint32(header[76:], 7)
	want := stratum.Double(header[:])
	target := stratum.Target(want)
	for i := range 16 {
		target[i], target[31-i] = target[31-i], target[i]
	}
	lower := target
	for i := len(lower) - 1; ; i-- {
		lower[i]--
		if lower[i] != 0xff || i == 0 {
			break
		}
	}
	at, _ := k.Scan(nil, &header, &target, 7, 1)
	under, _ := k.Scan(nil, &header, &lower, 7, 1)
	if len(at) != 1 || len(under) != 0 {
		return fmt.Errorf("kernel %s: wrong hash in self-test", k.Name())
	}
	return nil
}
