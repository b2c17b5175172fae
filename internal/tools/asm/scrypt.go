package main

import (
	"github.com/mmcloughlin/avo/build"
	"github.com/mmcloughlin/avo/operand"
	"github.com/mmcloughlin/avo/reg"
)

// Two hashes share vector registers: a pair. A block of 128 bytes has two
// halves of four rows of 16, which are the diagonals of Salsa20's matrix, as
// hasher/kernel lays them out; a register is the same row of both hashes.
const (
	rows     = 4
	rowPair  = 32 // bytes
	halfPair = rows * rowPair

	// What is kept of a pair, by byte: scryptPair in hasher/kernel.
	pairFirst = 0                    // the block's first half
	pairLast  = pairFirst + halfPair // and its last
	pairIn    = pairLast + halfPair  // what Salsa20/8 was given
	pairSize  = pairIn + halfPair

	// A hash's table, scryptTable in hasher/kernel: 1024 blocks, room for the
	// one that is written after the last, and two more, so that the same block
	// of several hashes does not compete for the same lines of the cache.
	tableBlocks = 1024
	blockShift  = 7
	blockSize   = 1 << blockShift
	halfBlock   = blockSize / 2
	tableSize   = (tableBlocks + 3) * blockSize
)

// Registers that both functions use.
var (
	pairsBase = reg.RDI
	tableBase = reg.RSI // the first hash's; while tables are filled, its block of this turn
	turnsLeft = reg.RCX
)

// salsa emits the core of scrypt (RFC 7914, scryptROMix with N=1024 and r=1).
//
// Salsa20/8 is a chain of 128 cycles, in which every instruction waits for the
// one before. So as many pairs go side by side as there are registers for: a
// pair alone would leave most of a core idle.
type salsa struct {
	*build.Context
	avx512 bool // 32 registers, and rotations in one instruction
	count  int  // of pairs
	lead   int  // of pairs (see skewed), found by trying
}

// scryptAVX512 has six pairs: 24 registers of rows and 6 for sums. Their tables
// are half as large again as the second-level cache of a Zen 4, and they are
// faster all the same than four pairs, whose tables fit.
func scryptAVX512(c *build.Context) {
	(&salsa{Context: c, avx512: true, count: 6, lead: 4}).functions("AVX512")
}

// scryptAVX2 has three pairs: 12 registers of rows, 3 for sums, and one for
// the half of a rotation.
func scryptAVX2(c *build.Context) {
	(&salsa{Context: c, count: 3, lead: 3}).functions("AVX2")
}

func (s *salsa) functions(suffix string) {
	s.function("fill"+suffix, (*pair).fill, func() { s.ADDQ(operand.U32(blockSize), tableBase) })
	s.function("mix"+suffix, (*pair).mix, func() {})
}

// function is a loop over all blocks of the tables.
func (s *salsa) function(name string, write func(*pair), advance func()) {
	begin(s.Context, name, "func(pairs *scryptPair, table *scryptTable)", "scryptPair", "scryptTable")
	s.Load(s.Param("pairs"), pairsBase)
	s.Load(s.Param("table"), tableBase)
	s.MOVQ(operand.U64(tableBlocks), turnsLeft)
	var turns []turn
	for i := range s.count {
		p := s.pair(i)
		write(p)
		turns = append(turns, p.turn)
	}
	skewed{Context: s.Context, turns: turns, lead: s.lead, left: turnsLeft, advance: advance}.write()
	s.VZEROUPPER()
	s.RET()
}

// fill fills the tables: a turn writes a block, which it then mixes to become
// the next.
func (p *pair) fill() {
	p.Commentf("Pair %d: the first block.", p.index)
	for half, at := range []int{pairFirst, pairLast} {
		for i, x := range p.x {
			p.load(p.kept(at, i), x)
			for hash := range 2 {
				p.tabulate(hash, half, i, 0)
			}
		}
	}
	for i, x := range p.x {
		p.then(func(int) { p.xor(p.kept(pairFirst, i), x) })
		p.then(func(int) { p.store(x, p.kept(pairIn, i)) })
	}
	p.mixBlock(func(half, i int) {
		for hash := range 2 {
			p.then(func(ahead int) { p.tabulate(hash, half, i, ahead+1) })
		}
	})
}

// mix mixes the block, each turn with that of the table which the block's own
// last half points to.
func (p *pair) mix() {
	p.Commentf("Pair %d.", p.index)
	for i, x := range p.x {
		p.load(p.kept(pairLast, i), x)
	}
	for hash, offset := range p.offsets {
		p.then(func(int) { p.MOVL(p.kept(pairLast, 0).Offset(hash*rowPair/2), offset.As32()) })
		p.then(func(int) { p.ANDL(operand.U32(tableBlocks-1), offset.As32()) })
		p.then(func(int) { p.SHLL(operand.U8(blockShift), offset.As32()) })
	}
	for i, x := range p.x {
		p.addTable(1, i)
		p.then(func(int) { p.store(x, p.kept(pairLast, i)) })
		p.addTable(0, i)
		p.then(func(int) { p.xor(p.kept(pairFirst, i), x) })
		p.then(func(int) { p.store(x, p.kept(pairIn, i)) })
	}
	p.mixBlock(func(half, i int) {})
}

// addTable adds a row of the blocks of both tables that the offsets point to.
func (p *pair) addTable(half, i int) {
	at := func(hash int) operand.Mem {
		m := p.block(hash, half, i, 0)
		m.Index, m.Scale = p.offsets[hash], 1
		return m
	}
	p.then(func(int) { p.load(at(0), p.sum.AsX()) })
	p.then(func(int) { p.loadUpper(at(1), p.sum) })
	p.then(func(int) { p.xor(p.sum, p.x[i]) })
}
