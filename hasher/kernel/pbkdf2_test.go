package kernel

import (
	"bytes"
	stdlib "crypto/pbkdf2"
	"crypto/sha256"
	"encoding/binary"
	"testing"

	"github.com/curtaild/curtaild/hasher/work"
)

func FuzzPBKDF2(f *testing.F) {
	f.Add(bytes.Repeat([]byte{7}, headerSize), uint32(1<<32-1), []byte("mixture"))
	f.Add([]byte{}, uint32(0x01020304), []byte{})
	f.Fuzz(func(t *testing.T, head []byte, nonce uint32, mixed []byte) {
		var h work.Header
		copy(h[:], head)
		d := newPBKDF2()
		d.begin(&h)
		binary.LittleEndian.PutUint32(h[headerSize-4:], nonce)
		var mixture [mixtureSize]byte
		keyed := d.expand(nonce, &mixture)
		want, err := stdlib.Key(sha256.New, string(h[:]), h[:], 1, mixtureSize)
		if err != nil || !bytes.Equal(mixture[:], want) {
			t.Errorf("first key %x, want %x, %v", mixture, want, err)
		}
		copy(mixture[:], mixed)
		hash := d.contract(&keyed, &mixture)
		want, err = stdlib.Key(sha256.New, string(h[:]), mixture[:], 1, len(hash))
		if err != nil || !bytes.Equal(hash[:], want) {
			t.Errorf("second key %x, want %x, %v", hash, want, err)
		}
	})
}
