package solo

import (
	"encoding/binary"
	"slices"
	"time"

	"github.com/curtaild/curtaild/hasher/work"
)

// block is a whole block, as submitblock wants it.
type block struct {
	hash   work.Hash // of its header
	height int64
	workID string
	raw    []byte
	found  time.Time
	tries  int // that ended without an answer
}

// block fills in what a share has found.
func (t *template) block(j *work.Job, s work.Share) *block {
	h := j.Header(s)
	first := j.Coinbase(s.Extranonce2)
	if t.witness {
		first = withWitness(first)
	}
	raw := appendCount(h[:], len(t.txs)+1)
	raw = append(raw, first...)
	raw = append(raw, slices.Concat(t.txs...)...)
	return &block{hash: work.Double(h[:]), height: t.height, workID: t.workID, raw: raw, found: time.Now()}
}

// String is the block's hash as it is shown: backwards.
func (b *block) String() string {
	h := b.hash
	slices.Reverse(h[:])
	text, _ := h.MarshalText() // never fails
	return string(text)
}

// appendCount writes n as blocks and transactions count.
func appendCount(b []byte, n int) []byte {
	switch {
	case n < 0xfd:
		return append(b, byte(n))
	case n <= 0xffff:
		return binary.LittleEndian.AppendUint16(append(b, 0xfd), uint16(n))
	default:
		return binary.LittleEndian.AppendUint32(append(b, 0xfe), uint32(n))
	}
}
