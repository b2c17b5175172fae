package work

import (
	"encoding/binary"
	"errors"
	"fmt"
	"math/bits"
	"slices"
)

// Header is a block header as it is hashed.
type Header = [80]byte

// Bounds on what a job may hold.
const (
	MaxExtranonce1 = 32
	MaxExtranonce2 = 16
	MaxBranches    = 32 // a tree of 2^32 transactions
	MaxCoinbase    = 100_000
	maxJobID       = 128
	// MaxRoll is how far ahead of a job's time, in seconds, its headers may
	// go once the extranonce is used up. Nodes refuse two hours.
	MaxRoll = 600
)

// Rollable are the bits of the version that BIP 320 leaves to miners.
const Rollable = 0x1fffe000

// Job is work: everything of a block but what the miner varies. It is never
// written to once made.
type Job struct {
	Seq         uint64 `json:"seq"` // ours, of the Book; a pool's ids may come again
	ID          string `json:"id"`  // the pool's
	Prev        Hash   `json:"prev"`
	Coinbase1   []byte `json:"coinbase1"`
	Coinbase2   []byte `json:"coinbase2"`
	Extranonce1 []byte `json:"extranonce1"`
	Size2       int    `json:"extranonce2_size"` // bytes
	Branches    []Hash `json:"branches"`
	Version     uint32 `json:"version"`
	Mask        uint32 `json:"mask"` // bits of the version that may be rolled (BIP 310)
	Bits        uint32 `json:"bits"`
	Time        uint32 `json:"time"` // unix seconds
	Target      Target `json:"target"`

	Algorithm Algorithm `json:"algorithm"`
}

// Share is a header of a job that meets the job's target.
type Share struct {
	Job         uint64 `json:"job"` // Seq
	Extranonce2 []byte `json:"extranonce2"`
	Version     uint32 `json:"version"` // whole, as it was hashed
	Time        uint32 `json:"time"`
	Nonce       uint32 `json:"nonce"`
}

// Check reports what is wrong with j as it came from outside.
func (j *Job) Check() error {
	switch {
	case len(j.ID) > maxJobID:
		return errors.New("job: id too long")
	case len(j.Extranonce1) > MaxExtranonce1:
		return fmt.Errorf("job: extranonce1 of %d bytes", len(j.Extranonce1))
	case j.Size2 < 0 || j.Size2 > MaxExtranonce2:
		return fmt.Errorf("job: extranonce2 of %d bytes", j.Size2)
	case len(j.Branches) > MaxBranches:
		return fmt.Errorf("job: %d merkle branches", len(j.Branches))
	case len(j.Coinbase1)+len(j.Coinbase2) > MaxCoinbase:
		return errors.New("job: coinbase too long")
	case len(j.Coinbase1)+len(j.Coinbase2) == 0:
		return errors.New("job: no coinbase")
	}
	return nil
}

// Coinbase is the block's first transaction with the given extranonce2,
// without witness.
func (j *Job) Coinbase(extranonce2 []byte) []byte {
	return slices.Concat(j.Coinbase1, j.Extranonce1, extranonce2, j.Coinbase2)
}

// Header assembles the header with what the share fills in.
func (j *Job) Header(s Share) Header {
	root := Double(j.Coinbase(s.Extranonce2))
	for _, b := range j.Branches {
		root = Join(root, b)
	}
	var h Header
	binary.LittleEndian.PutUint32(h[0:], s.Version)
	copy(h[4:], j.Prev[:])
	copy(h[36:], root[:])
	binary.LittleEndian.PutUint32(h[68:], s.Time)
	binary.LittleEndian.PutUint32(h[72:], j.Bits)
	binary.LittleEndian.PutUint32(h[76:], s.Nonce)
	return h
}

// Variant is the i-th way to fill in what is neither the nonce nor the
// version, which is the job's own: the extranonce2 first, then later and later
// times. It is false when j has no more of them.
func (j *Job) Variant(i uint64) (s Share, ok bool) {
	roll := uint64(0)
	if j.Size2 < 8 {
		space := uint64(1) << (8 * j.Size2)
		i, roll = i%space, i/space
	}
	if roll > MaxRoll || uint64(j.Time)+roll > 1<<32-1 {
		return Share{}, false
	}
	var b [8]byte
	binary.BigEndian.PutUint64(b[:], i)
	x2 := make([]byte, j.Size2)
	if j.Size2 >= 8 {
		copy(x2[j.Size2-8:], b[:])
	} else {
		copy(x2, b[8-j.Size2:])
	}
	return Share{Job: j.Seq, Extranonce2: x2, Version: j.Version, Time: j.Time + uint32(roll)}, true
}

// Versions appends n versions that j permits, all different, to list; nothing
// if it does not permit as many.
func (j *Job) Versions(list []uint32, n int) []uint32 {
	if n < 1 || n > 1<<bits.OnesCount32(j.Mask) {
		return list
	}
	for i := range uint32(n) {
		v := j.Version
		for mask := j.Mask; i > 0; mask &= mask - 1 { // its lowest bit takes i's lowest
			v ^= (i & 1) << bits.TrailingZeros32(mask)
			i >>= 1
		}
		list = append(list, v)
	}
	return list
}

// Permits reports whether a header of j may have that version.
func (j *Job) Permits(version uint32) bool { return (version^j.Version)&^j.Mask == 0 }
