package kernel

import (
	"encoding/binary"
)

// lanes is scrypt of several nonces at once, in assembly but for PBKDF2, which
// is a twenty-fifth of the work.
type lanes struct {
	core    scryptCore
	derive  *pbkdf2
	work    *Work
	pairs   []scryptPair
	tables  []scryptTable // one a lane
	keys    []keyed       // one a lane
	mixture [mixtureSize]byte
}

// scryptCore is the two loops of scryptROMix for so many pairs. Each lasts
// some hundred microseconds.
type scryptCore struct {
	pairs     int
	fill, mix func(pairs *scryptPair, table *scryptTable)
}

// scryptPair is two hashes under way, as the assembly has them: their blocks,
// laid out for it, and what it puts aside.
type scryptPair struct {
	block [2][diagonals][2][4]uint32 // by half, row, hash
	_     [diagonals][2][4]uint32
}

// A row is a diagonal of the matrix that Salsa20 makes of half a block.
const diagonals = 4

// scryptTable is scrypt's table for a hash, of 1024 blocks, and what the
// assembly needs beyond.
type scryptTable [1024 + 3][mixtureSize]byte

//go:noescape
func fillAVX512(pairs *scryptPair, table *scryptTable)

//go:noescape
func mixAVX512(pairs *scryptPair, table *scryptTable)

//go:noescape
func fillAVX2(pairs *scryptPair, table *scryptTable)

//go:noescape
func mixAVX2(pairs *scryptPair, table *scryptTable)

var (
	scryptAVX512 = scryptCore{pairs: 6, fill: fillAVX512, mix: mixAVX512}
	scryptAVX2   = scryptCore{pairs: 3, fill: fillAVX2, mix: mixAVX2}
)

func newLanes(core scryptCore) func() Kernel {
	return func() Kernel {
		return &lanes{
			core:   core,
			derive: newPBKDF2(),
			pairs:  make([]scryptPair, core.pairs),
			tables: make([]scryptTable, 2*core.pairs),
			keys:   make([]keyed, 2*core.pairs),
		}
	}
}

func (k *lanes) Begin(w *Work) {
	k.work = w
	h := w.header(w.Versions[0], 0)
	k.derive.begin(&h)
}

func (k *lanes) Scan(hits []Hit, from, n uint32) ([]Hit, uint64) {
	total := min(uint64(n), 1<<32-uint64(from))
	for done := uint64(0); done < total; done += uint64(len(k.keys)) {
		// Lanes beyond the last nonce mix what is left in them.
		used := min(int(total-done), len(k.keys))
		hits = k.batch(hits, from+uint32(done), used)
	}
	return hits, total
}

// batch tries as many nonces as there are lanes, or fewer.
func (k *lanes) batch(hits []Hit, from uint32, used int) []Hit {
	for i := range used {
		k.keys[i] = k.derive.expand(from+uint32(i), &k.mixture)
		k.pairs[i/2].put(i%2, &k.mixture)
	}
	// Two calls, between which Go may stop this goroutine.
	k.core.fill(&k.pairs[0], &k.tables[0])
	k.core.mix(&k.pairs[0], &k.tables[0])
	for i := range used {
		k.pairs[i/2].get(i%2, &k.mixture)
		if k.work.Target.Met(k.derive.contract(&k.keys[i], &k.mixture)) {
			hits = append(hits, Hit{Version: k.work.Versions[0], Nonce: from + uint32(i)})
		}
	}
	return hits
}

// put lays out a block: row r has the words of the diagonal that begins in row
// r of the matrix.
func (p *scryptPair) put(hash int, block *[mixtureSize]byte) {
	for half := range p.block {
		for row := range diagonals {
			for i := range p.block[half][row][hash] {
				p.block[half][row][hash][i] = binary.LittleEndian.Uint32(block[diagonalWord(half, row, i):])
			}
		}
	}
}

// get undoes put.
func (p *scryptPair) get(hash int, block *[mixtureSize]byte) {
	for half := range p.block {
		for row := range diagonals {
			for i, word := range p.block[half][row][hash] {
				binary.LittleEndian.PutUint32(block[diagonalWord(half, row, i):], word)
			}
		}
	}
}

// diagonalWord is where in a block a word of a row is, in bytes.
func diagonalWord(half, row, i int) int {
	return half*mixtureSize/2 + (4*row+5*i)%16*4
}
