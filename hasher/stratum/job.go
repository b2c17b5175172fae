package stratum

import (
	"encoding/binary"
	"errors"
	"fmt"
)

// Header is a block header as it is hashed.
type Header = [80]byte

// Bounds on what a job may hold.
const (
	maxExtranonce1 = 32
	maxExtranonce2 = 16
	maxBranches    = 32 // a tree of 2^32 transactions
	maxCoinbase    = 100_000
	maxJobID       = 128
	// maxRoll is how far ahead of a job's time, in seconds, its headers may
	// go once the extranonce is used up. Nodes refuse two hours.
	maxRoll = 600
)

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
	Bits        uint32 `json:"bits"`
	Time        uint32 `json:"time"` // unix seconds
	Target      Target `json:"target"`
}

// Share is a header of a job that meets the job's target.
type Share struct {
	Job         uint64 `json:"job"` // Seq
	Extranonce2 []byte `json:"extranonce2"`
	Time        uint32 `json:"time"`
	Nonce       uint32 `json:"nonce"`
}

// Check reports what is wrong with j as it came from outside.
func (j *Job) Check() error {
	switch {
	case len(j.ID) > maxJobID:
		return errors.New("job: id too long")
	case len(j.Extranonce1) > maxExtranonce1:
		return fmt.Errorf("job: extranonce1 of %d bytes", len(j.Extranonce1))
	case j.Size2 < 0 || j.Size2 > maxExtranonce2:
		return fmt.Errorf("job: extranonce2 of %d bytes", j.Size2)
	case len(j.Branches) > maxBranches:
		return fmt.Errorf("job: %d merkle branches", len(j.Branches))
	case len(j.Coinbase1)+len(j.Coinbase2) > maxCoinbase:
		return errors.New("job: coinbase too long")
	case len(j.Coinbase1)+len(j.Coinbase2) == 0:
		return errors.New("job: no coinbase")
	}
	return nil
}

// Header assembles the header with the given extranonce2, time and nonce.
func (j *Job) Header(extranonce2 []byte, time, nonce uint32) Header {
	tx := make([]byte, 0, len(j.Coinbase1)+len(j.Extranonce1)+len(extranonce2)+len(j.Coinbase2))
	tx = append(tx, j.Coinbase1...)
	tx = append(tx, j.Extranonce1...)
	tx = append(tx, extranonce2...)
	tx = append(tx, j.Coinbase2...)
	root := Double(tx)
	for _, b := range j.Branches {
		var pair [64]byte
		copy(pair[:32], root[:])
		copy(pair[32:], b[:])
		root = Double(pair[:])
	}
	var h Header
	binary.LittleEndian.PutUint32(h[0:], j.Version)
	copy(h[4:], j.Prev[:])
	copy(h[36:], root[:])
	binary.LittleEndian.PutUint32(h[68:], time)
	binary.LittleEndian.PutUint32(h[72:], j.Bits)
	binary.LittleEndian.PutUint32(h[76:], nonce)
	return h
}

// Variant is the i-th way to fill in what is not the nonce: the extranonce2
// first, then later and later times. It is false when j has no more of them.
func (j *Job) Variant(i uint64) (extranonce2 []byte, time uint32, ok bool) {
	roll := uint64(0)
	if j.Size2 < 8 {
		space := uint64(1) << (8 * j.Size2)
		i, roll = i%space, i/space
	}
	if roll > maxRoll || uint64(j.Time)+roll > 1<<32-1 {
		return nil, 0, false
	}
	var b [8]byte
	binary.BigEndian.PutUint64(b[:], i)
	extranonce2 = make([]byte, j.Size2)
	if j.Size2 >= 8 {
		copy(extranonce2[j.Size2-8:], b[:])
	} else {
		copy(extranonce2, b[8-j.Size2:])
	}
	return extranonce2, j.Time + uint32(roll), true
}
