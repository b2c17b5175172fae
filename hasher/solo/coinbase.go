package solo

import (
	"encoding/binary"
	"fmt"
	"math/bits"
	"slices"
)

const (
	extranonce1 = 4
	extranonce2 = 8
	maxScript   = 100 // of a coinbase (a rule of consensus)
	maxAux      = 40
	// MaxTag is how long our mark in the coinbase may be, in bytes: height and
	// extranonces take 19, aux the rest.
	MaxTag = 40
)

// coinbase is what a block's first transaction is made of.
type coinbase struct {
	height     int64
	value      uint64
	script     []byte // that is paid to
	tag        string
	aux        []byte
	commitment []byte // script of the witness commitment; nil: none
}

// parts are the transaction before its extranonces, and after them, without
// witness. Everything of ours in its script is pushed: bytes that stood free
// could count as signature checks.
func (c *coinbase) parts(size1 int) (before, after []byte, err error) {
	script := pushHeight(c.height)
	script = append(script, c.aux...)
	if c.tag != "" {
		script = append(append(script, byte(len(c.tag))), c.tag...)
	}
	nonces := size1 + extranonce2
	script = append(script, byte(nonces))
	if size := len(script) + nonces; size > maxScript {
		return nil, nil, fmt.Errorf("coinbase script of %d bytes: at most %d", size, maxScript)
	}
	before = binary.LittleEndian.AppendUint32(nil, 2) // version
	before = append(before, 1)                        // input, from nowhere
	before = append(before, make([]byte, 32)...)
	before = binary.LittleEndian.AppendUint32(before, 1<<32-1)
	before = append(before, byte(len(script)+nonces))
	before = append(before, script...)

	after = binary.LittleEndian.AppendUint32(nil, 1<<32-1) // sequence
	outputs := []output{{c.value, c.script}}
	if c.commitment != nil {
		outputs = append(outputs, output{0, c.commitment})
	}
	after = append(after, byte(len(outputs)))
	for _, o := range outputs {
		after = binary.LittleEndian.AppendUint64(after, o.value)
		after = append(append(after, byte(len(o.script))), o.script...)
	}
	return before, binary.LittleEndian.AppendUint32(after, 0), nil // lock time
}

type output struct {
	value  uint64
	script []byte
}

// pushHeight is the height as a script pushes it: as short as it can be, and
// with room for a sign (BIP 34).
func pushHeight(height int64) []byte {
	if height <= 16 {
		return []byte{smallInt(byte(height))}
	}
	var b [8]byte
	binary.LittleEndian.PutUint64(b[:], uint64(height))
	n := bits.Len64(uint64(height))/8 + 1
	return append([]byte{byte(n)}, b[:n]...)
}

// withWitness is a coinbase with the reserved value for its witness (BIP 144):
// a marker after the version, and one item of 32 zeros before the lock time.
func withWitness(plain []byte) []byte {
	const version, lockTime = 4, 4
	end := len(plain) - lockTime
	return slices.Concat(plain[:version], []byte{0, 1}, plain[version:end], []byte{1, 32}, make([]byte, 32), plain[end:])
}
