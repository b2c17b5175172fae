package kernel

import (
	"crypto/sha256"
	"encoding"
	"encoding/binary"
	"hash"

	"github.com/curtaild/curtaild/hasher/work"
)

// A header is two blocks, of which the second has its last 16 bytes.
const (
	blockSize  = sha256.BlockSize
	headerSize = len(work.Header{})
	tailSize   = headerSize - blockSize
	nonceAt    = tailSize - 4 // in the second
)

// saved is the standard library's digest, serialized after whole blocks: a
// magic, the state of eight words, which is how a hash is written, a block
// that is empty then, and the length.
type saved [stateAt + sha256.Size + blockSize + 8]byte

const stateAt = 4

func (s *saved) state() *[sha256.Size]byte { return (*[sha256.Size]byte)(s[stateAt:]) }

// compressor is SHA-256's compression function by way of the standard
// library, which uses the CPU's instructions where it has them. Whole blocks
// are written and the state is read back from the digest's own serialization,
// which spares the library's copying and padding at every hash.
type compressor struct {
	digest hash.Hash
	serial interface {
		encoding.BinaryUnmarshaler
		encoding.BinaryAppender
	}
	initial saved // before the first block
	after   saved
	block   [blockSize]byte // that would otherwise be allocated for each header
}

func newCompressor() *compressor {
	c := &compressor{digest: sha256.New()}
	// All that follows is checked by what Kind.New compares.
	c.serial = c.digest.(interface {
		encoding.BinaryUnmarshaler
		encoding.BinaryAppender
	})
	_, _ = c.serial.AppendBinary(c.initial[:0])
	return c
}

// compress goes on with whole blocks. What it returns is valid until the next
// call.
func (c *compressor) compress(from *saved, blocks []byte) *saved {
	_ = c.serial.UnmarshalBinary(from[:])
	c.digest.Write(blocks)
	_, _ = c.serial.AppendBinary(c.after[:0])
	return &c.after
}

// pad ends a message of so many bytes in block, the last of which is used up
// to byte used.
func pad(block *[blockSize]byte, used, bytes int) {
	clear(block[used:])
	block[used] = 0x80
	binary.BigEndian.PutUint64(block[len(block)-8:], uint64(bytes)*8)
}
