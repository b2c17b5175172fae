package kernel

import (
	"crypto/sha256"
	"encoding/binary"

	"github.com/curtaild/curtaild/hasher/work"
)

// pbkdf2 is PBKDF2 with HMAC-SHA256 and one iteration (RFC 8018) as scrypt has
// it for headers. A header is password and salt of the first key, which
// is what scrypt mixes, and password of the second, whose salt is the mixture
// and which is the hash.
//
// The library's own is for any lengths, and takes twice as long.
type pbkdf2 struct {
	*compressor
	first  saved // after the header's first block, which no nonce changes
	head   [blockSize]byte
	tail   [blockSize]byte     // the header's last 16 bytes, padded: it is longer than a block, so its hash is HMAC's key
	salt   [blockSize]byte     // the same, number of the key's part, padded
	masked [blockSize]byte     // HMAC's key and a pad of its
	outer  [blockSize]byte     // what HMAC hashes at last: a hash, padded
	last   [3 * blockSize]byte // the mixture, number of the key's part, padded
}

const (
	numberSize  = 4 // of a key's part
	mixtureSize = 2 * blockSize
)

// keyed is HMAC's two states after a header's hash has become their key.
type keyed struct {
	inner, outer saved
}

func newPBKDF2() *pbkdf2 {
	d := &pbkdf2{compressor: newCompressor()}
	pad(&d.tail, tailSize, headerSize)
	pad(&d.salt, tailSize+numberSize, blockSize+headerSize+numberSize)
	pad(&d.outer, sha256.Size, blockSize+sha256.Size)
	end := (*[blockSize]byte)(d.last[mixtureSize:])
	pad(end, numberSize, blockSize+mixtureSize+numberSize)
	binary.BigEndian.PutUint32(end[:], 1)
	return d
}

// begin takes up a header whose nonces are to come.
func (d *pbkdf2) begin(h *work.Header) {
	copy(d.head[:], h[:])
	d.first = *d.compress(&d.initial, d.head[:])
	copy(d.tail[:], h[blockSize:])
	copy(d.salt[:], h[blockSize:])
}

// expand makes what scrypt mixes from the header with that nonce, and HMAC's
// states, which contract needs.
func (d *pbkdf2) expand(nonce uint32, mixture *[mixtureSize]byte) (k keyed) {
	binary.LittleEndian.PutUint32(d.tail[nonceAt:], nonce)
	binary.LittleEndian.PutUint32(d.salt[nonceAt:], nonce)
	key := *d.compress(&d.first, d.tail[:]).state()
	k.inner = *d.keyed(&key, 0x36)
	k.outer = *d.keyed(&key, 0x5c)
	salted := *d.compress(&k.inner, d.head[:])
	for i := range mixtureSize / sha256.Size {
		binary.BigEndian.PutUint32(d.salt[tailSize:], uint32(i+1))
		part := d.close(&k, d.compress(&salted, d.salt[:]))
		copy(mixture[i*sha256.Size:], part[:])
	}
	return k
}

// contract makes the hash of what scrypt has mixed.
func (d *pbkdf2) contract(k *keyed, mixture *[mixtureSize]byte) work.Hash {
	copy(d.last[:], mixture[:])
	return work.Hash(*d.close(k, d.compress(&k.inner, d.last[:])))
}

// keyed is the state after a block of HMAC's key and one of its pads.
func (d *pbkdf2) keyed(key *[sha256.Size]byte, with byte) *saved {
	for i := range d.masked {
		d.masked[i] = with
	}
	for i, b := range key {
		d.masked[i] ^= b
	}
	return d.compress(&d.initial, d.masked[:])
}

// close is HMAC's second hash, of the first.
func (d *pbkdf2) close(k *keyed, inner *saved) *[sha256.Size]byte {
	copy(d.outer[:], inner.state()[:])
	return d.compress(&k.outer, d.outer[:]).state()
}
