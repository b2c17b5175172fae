package work

import (
	"encoding/binary"
	"errors"
	"fmt"
	"math/big"
)

// Yield is what a job says of its chain, and of what hashing for it brings.
type Yield struct {
	Height     int64   // of the block; 0 if the job does not say
	Reward     uint64  // all that the block pays its finder, fees included, in the coin's smallest unit
	Difficulty float64 // of the block as nodes count it, whatever the algorithm: 1 takes 2^32 hashes
	PerHash    float64 // smallest units expected for each hash: the reward by the hashes that a block takes
}

// Yield reads the job's bits and coinbase transaction. A pool's fee, and what
// a pool pays out as it sees fit, are not in it.
func (j *Job) Yield() (Yield, error) {
	var y Yield
	t, err := CompactTarget(j.Bits)
	if err != nil {
		return y, err
	}
	if y.Reward, y.Height, err = readCoinbase(j.Coinbase(make([]byte, j.Size2))); err != nil {
		return y, fmt.Errorf("coinbase: %w", err)
	}
	n := new(big.Int).SetBytes(t[:])
	one, _ := new(big.Float).SetInt(SHA256d.one()).Float64()
	target, _ := new(big.Float).SetInt(n).Float64()
	y.Difficulty = one / target
	chance := new(big.Float).SetInt(n.Add(n, big.NewInt(1)))
	chance.SetMantExp(chance, -256) // of one hash to be a block
	f, _ := chance.Float64()
	y.PerHash = float64(y.Reward) * f
	return y, nil
}

// CompactTarget is the target that a header's bits stand for: a mantissa of
// three bytes, and how many bytes the number has.
func CompactTarget(compact uint32) (Target, error) {
	var t Target
	mantissa, size := int64(compact&0x7fffff), uint(compact>>24)
	n := big.NewInt(mantissa)
	if size < 3 {
		n.Rsh(n, 8*(3-size))
	} else {
		n.Lsh(n, 8*(size-3))
	}
	if compact&0x800000 != 0 || n.Sign() == 0 || n.BitLen() > 256 {
		return t, fmt.Errorf("bits %08x are no target", compact)
	}
	n.FillBytes(t[:])
	return t, nil
}

var errCut = errors.New("ends too early")

// cursor reads a transaction; once it is cut short, all that follows is zero.
type cursor struct {
	rest []byte
	cut  bool
}

func (c *cursor) take(n uint64) []byte {
	if c.cut || n > uint64(len(c.rest)) {
		c.cut = true
		return nil
	}
	b := c.rest[:n]
	c.rest = c.rest[n:]
	return b
}

// number reads n bytes, little-endian.
func (c *cursor) number(n uint64) uint64 {
	var b [8]byte
	copy(b[:], c.take(n))
	return binary.LittleEndian.Uint64(b[:])
}

// count reads a number as transactions count.
func (c *cursor) count() uint64 {
	switch v := c.number(1); v {
	case 0xfd:
		return c.number(2)
	case 0xfe:
		return c.number(4)
	case 0xff:
		return c.number(8)
	default:
		return v
	}
}

// readCoinbase sums the outputs of a transaction without witness, and reads
// the height that its script begins with (BIP 34).
func readCoinbase(tx []byte) (reward uint64, height int64, err error) {
	c := cursor{rest: tx}
	const version, outpoint, sequence = 4, 36, 4
	c.take(version)
	inputs := c.count()
	c.take(outpoint)
	script := c.take(c.count())
	c.take(sequence)
	if !c.cut && inputs != 1 {
		return 0, 0, fmt.Errorf("%d inputs: want 1", inputs)
	}
	for n := c.count(); n > 0 && !c.cut; n-- {
		value := c.number(8)
		c.take(c.count())
		if reward+value < reward {
			return 0, 0, errors.New("outputs are beyond all coins")
		}
		reward += value
	}
	if c.cut {
		return 0, 0, errCut
	}
	return reward, pushedHeight(script), nil
}

// pushedHeight is the number that a script pushes first; 0 if it pushes none
// that could be a height, as in blocks from before BIP 34.
func pushedHeight(script []byte) int64 {
	const one, sixteen, longest, highest = 0x51, 0x60, 5, 1e8
	c := cursor{rest: script}
	op := c.number(1)
	switch {
	case op >= one && op <= sixteen:
		return int64(op - one + 1)
	case op >= 1 && op <= longest:
		if v := int64(c.number(op)); !c.cut && v <= highest && v < 1<<(8*op-1) { // its sign bit is clear
			return v
		}
	}
	return 0
}
