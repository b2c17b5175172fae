package main

import (
	"github.com/mmcloughlin/avo/operand"
	"github.com/mmcloughlin/avo/reg"
)

// pair is two hashes under way.
type pair struct {
	*salsa
	index   int
	x       [rows]reg.VecPhysical // what is mixed
	sum     reg.VecPhysical
	shifted reg.VecPhysical  // of all pairs
	offsets [2]reg.GPVirtual // in bytes, of a block in its table
	turn    turn
}

func (s *salsa) pair(index int) *pair {
	p := &pair{salsa: s, index: index, sum: ymm(rows*s.count + index), shifted: ymm((rows + 1) * s.count)}
	for i := range p.x {
		p.x[i] = ymm(rows*index + i)
	}
	for hash := range p.offsets {
		p.offsets[hash] = s.GP64()
	}
	return p
}

func ymm(i int) reg.VecPhysical {
	return reg.Vector.Lookup(reg.Index(i), reg.S256).(reg.VecPhysical)
}

// then appends an instruction to the pair's turn.
func (p *pair) then(step func(ahead int)) { p.turn = append(p.turn, step) }

// mixBlock is scryptBlockMix, given the sum of the block's halves in x and in
// pairIn. done is called with each row of the new block while x has it.
// It leaves the block's last half in x.
func (p *pair) mixBlock(done func(half, i int)) {
	p.salsa20()
	for i, x := range p.x {
		p.then(func(int) { p.VPADDD(p.kept(pairIn, i), x, x) })
		p.then(func(int) { p.store(x, p.kept(pairFirst, i)) })
		done(0, i)
		p.then(func(int) { p.xor(p.kept(pairLast, i), x) })
		p.then(func(int) { p.store(x, p.kept(pairIn, i)) })
	}
	p.salsa20()
	for i, x := range p.x {
		p.then(func(int) { p.VPADDD(p.kept(pairIn, i), x, x) })
		p.then(func(int) { p.store(x, p.kept(pairLast, i)) })
		done(1, i)
	}
}

// salsa20 is the eight rounds of Salsa20/8. Rows that are diagonals make a
// round four steps on whole rows; between rounds they are turned, so that
// columns become rows and rows columns.
func (p *pair) salsa20() {
	x := p.x
	const by1, by2, by3 = 0b10_01_00_11, 0b01_00_11_10, 0b00_11_10_01 // VPSHUFD's
	for range 4 {
		p.step(x[1], x[0], x[3], 7)
		p.step(x[2], x[1], x[0], 9)
		p.step(x[3], x[2], x[1], 13)
		p.turnRow(x[1], by1)
		p.step(x[0], x[3], x[2], 18)
		p.turnRow(x[2], by2)
		p.turnRow(x[3], by3)
		p.step(x[3], x[0], x[1], 7)
		p.step(x[2], x[3], x[0], 9)
		p.step(x[1], x[2], x[3], 13)
		p.turnRow(x[3], by1)
		p.step(x[0], x[1], x[2], 18)
		p.turnRow(x[2], by2)
		p.turnRow(x[1], by3)
	}
}

// step is to ^= (a + b) <<< n.
func (p *pair) step(to, a, b reg.VecPhysical, n int) {
	p.then(func(int) { p.VPADDD(a, b, p.sum) })
	if p.avx512 {
		p.then(func(int) { p.VPROLD(operand.U8(n), p.sum, p.sum) })
	} else {
		// The bits that go left are added at once, for their register is
		// everybody's, and then those that come round from the right.
		p.then(func(int) {
			p.VPSLLD(operand.U8(n), p.sum, p.shifted)
			p.xor(p.shifted, to)
		})
		p.then(func(int) { p.VPSRLD(operand.U8(32-n), p.sum, p.sum) })
	}
	p.then(func(int) { p.xor(p.sum, to) })
}

func (p *pair) turnRow(x reg.VecPhysical, order int) {
	p.then(func(int) { p.VPSHUFD(operand.U8(order), x, x) })
}

// kept is a row of what is kept of the pair.
func (p *pair) kept(at, i int) operand.Mem {
	return operand.Mem{Base: pairsBase, Disp: p.index*pairSize + at + i*rowPair}
}

// block is a row of a block in the table of one of the pair's hashes.
func (p *pair) block(hash, half, i, block int) operand.Mem {
	return operand.Mem{Base: tableBase, Disp: (2*p.index+hash)*tableSize + block*blockSize + half*halfBlock + i*rowPair/2}
}

// tabulate writes a row to that block of a hash's table.
func (p *pair) tabulate(hash, half, i, block int) {
	m := p.block(hash, half, i, block)
	switch {
	case hash == 0:
		p.store(p.x[i].AsX(), m)
	case p.avx512:
		p.VEXTRACTI32X4(operand.U8(1), p.x[i], m)
	default:
		p.VEXTRACTI128(operand.U8(1), p.x[i], m)
	}
}

// The upper 16 of AVX-512's registers need instructions of their own.

func (s *salsa) xor(from operand.Op, to reg.VecPhysical) {
	if s.avx512 {
		s.VPXORD(from, to, to)
	} else {
		s.VPXOR(from, to, to)
	}
}

func (s *salsa) move(from, to operand.Op) {
	if s.avx512 {
		s.VMOVDQU32(from, to)
	} else {
		s.VMOVDQU(from, to)
	}
}

func (s *salsa) load(from operand.Mem, to reg.Register)  { s.move(from, to) }
func (s *salsa) store(from reg.Register, to operand.Mem) { s.move(from, to) }

// loadUpper loads the upper half of a register and keeps its lower.
func (s *salsa) loadUpper(from operand.Mem, to reg.VecPhysical) {
	if s.avx512 {
		s.VINSERTI32X4(operand.U8(1), from, to, to)
	} else {
		s.VINSERTI128(operand.U8(1), from, to, to)
	}
}
