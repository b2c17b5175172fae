package main

import (
	"slices"

	"github.com/mmcloughlin/avo/build"
	"github.com/mmcloughlin/avo/operand"
	"github.com/mmcloughlin/avo/reg"
)

// xmm is a vector register. Only the first 16 can be named by SHA
// instructions; the others hold what waits.
func xmm(i int) reg.Physical { return reg.Vector.Lookup(reg.Index(i), reg.S128) }

// wk is where SHA256RNDS2 looks for words and round constants, added up.
var wk = xmm(0)

// pool is places that are free, of those it owns: registers, or rows in memory.
type pool struct {
	free, own []operand.Op
}

func newPool(places ...operand.Op) *pool { return &pool{free: places, own: slices.Clone(places)} }

func registers(from, to int) (list []operand.Op) {
	for i := from; i < to; i++ {
		list = append(list, xmm(i))
	}
	return list
}

// waitingRows is where what waits is, of kernels that have not enough registers.
func waitingRows() (list []operand.Op) {
	for i := range waiting {
		list = append(list, operand.Mem{Base: jobBase, Disp: jobWaits + i*row})
	}
	return list
}

func (p *pool) take() operand.Op {
	if len(p.free) == 0 {
		panic("out of places")
	}
	o := p.free[0]
	p.free = p.free[1:]
	return o
}

// give returns a place; constants are nobody's.
func (p *pool) give(o operand.Op) {
	if slices.Contains(p.own, o) {
		p.free = append(p.free, o)
	}
}

// sha emits SHA-256 for several streams at once: hashes that have nothing to do
// with each other, so that one's rounds fill the time in which
// another's wait.
type sha struct {
	*build.Context
	// avx512 is for AVX-512VL's instructions and its other 16 registers.
	avx512 bool
	table  shaTable
	job    operand.Mem // what the kernel hands over
	low    *pool       // free registers that SHA instructions can name
	high   *pool       // the others, or memory
	ring   operand.Mem // groups that are read again soon
	slots  int         // of the ring
	slot   int         // next of them
}

// stream is one hash under way.
type stream struct {
	index      int
	abef, cdgh operand.Op // they change places every two rounds
	words      operand.Op // the newest group of the message
	prev       operand.Op // the one before
	held       operand.Op // the second group of a message that was a hash
	// parts are what groups to come have of the groups four and three before
	// them: the result of SHA256MSG1, or a constant, or nothing where that is 0.
	parts [groups]operand.Op
}

// two does two rounds with the words in wk.
func (s *sha) two(st *stream) {
	s.SHA256RNDS2(wk, st.abef, st.cdgh)
	st.abef, st.cdgh = st.cdgh, st.abef
}

// addK makes a group ready for its first two rounds and puts it in the ring,
// from where half reads what the other two need: a load of eight bytes
// keeps the vector units free, which a shuffle would not.
func (s *sha) addK(g int, w operand.Op) (slot operand.Mem) {
	slot = s.ring.Offset(row * s.slot)
	s.slot = (s.slot + 1) % s.slots
	s.VPADDD(s.table.k.Offset(row*g), w, wk)
	s.VMOVDQU(wk, slot)
	return slot
}

// half readies words 2 and 3 of a slot.
func (s *sha) half(slot operand.Mem) { s.VMOVQ(slot.Offset(row/2), wk) }

// words20 makes words 20 to 23 of the header's second block, of which all but
// the last step is constant.
func (s *sha) words20(st *stream) operand.Op {
	fresh := s.low.take()
	s.VMOVDQU(s.job.Offset(jobW20), fresh)
	s.SHA256MSG2(st.words, fresh)
	return fresh
}

// words makes group g, if there is one.
func (s *sha) words(g int) func(*stream) operand.Op {
	if g == groups {
		return func(*stream) operand.Op { return nil }
	}
	return func(st *stream) operand.Op {
		fresh := s.low.take()
		s.VPALIGNR(operand.Imm(4), st.prev, st.words, fresh)
		if part := st.parts[g]; part != nil {
			s.VPADDD(part, fresh, fresh)
			s.high.give(part)
		}
		s.SHA256MSG2(st.words, fresh)
		return fresh
	}
}

// settle makes the fresh group g the newest, and of the one before, which it
// destroys, what later groups need: a copy, and a part with the fresh one.
func (s *sha) settle(g int) func(*stream, operand.Op) {
	return func(st *stream, fresh operand.Op) {
		s.high.give(st.prev)
		st.prev = nil
		if g+1 < groups {
			st.prev = s.save(st.words)
		}
		if g+3 < groups && st.parts[g+3] == nil {
			s.part(st, g+3, fresh)
		}
		s.low.give(st.words)
		st.words = fresh
	}
}

// part makes what group g has of the two groups that precede it by four and
// three, in the place of the first.
func (s *sha) part(st *stream, g int, second operand.Op) {
	s.SHA256MSG1(second, st.words)
	st.parts[g] = s.save(st.words)
}

// words16 makes words 16 to 19 of the second hash of their part, in its place:
// the two groups before them are padding. So is the first of the two that make
// the part of words 28 to 31. Between rounds wk is free.
func (s *sha) words16(st *stream) {
	s.SHA256MSG2(s.table.pad12, st.words)
	s.VMOVDQU(s.table.pad12, wk)
	s.SHA256MSG1(st.words, wk)
	st.parts[7] = s.save(wk)
	st.prev = s.table.pad12
}

// save copies a register to where it waits.
func (s *sha) save(r operand.Op) operand.Op {
	waits := s.high.take()
	s.move(r, waits)
	return waits
}

// restore copies what waits to a register, and gives its place back.
func (s *sha) restore(waits operand.Op) operand.Op {
	r := s.low.take()
	s.move(waits, r)
	s.high.give(waits)
	return r
}

func (s *sha) move(from, to operand.Op) {
	if s.avx512 {
		s.VMOVDQA32(from, to)
	} else {
		s.VMOVDQU(from, to)
	}
}

// prepare readies the vector registers and a mask of one's second half.
func (s *sha) prepare(mask reg.Register) {
	s.Comment("SHA instructions wait where the upper halves of vector registers are in use.")
	s.VZEROUPPER()
	if !s.avx512 {
		return
	}
	s.MOVL(operand.U32(0b10), reg.EAX)
	s.KMOVW(reg.EAX, mask)
}

// nonce is where the registers are that a nonce goes through.
type nonce struct {
	word  reg.GPPhysical // the header's last word, as SHA-256 reads it
	pair  reg.GPPhysical // what is broadcast
	upper reg.Register   // mask of the second half of a vector register
}

// shift puts the nonce into the upper half of the pair: what it adds to E and
// A in the fourth round, where a word enters linearly.
func (s *sha) shift(n nonce) {
	s.MOVQ(n.word, n.pair)
	s.SHLQ(operand.Imm(32), n.pair)
}

// both puts the pair into both halves of a register.
func (s *sha) both(n nonce, to operand.Op) {
	if s.avx512 {
		s.VPBROADCASTQ(n.pair, to)
		return
	}
	s.VMOVQ(n.pair, to)
	s.VPUNPCKLQDQ(to, to, to)
}

// widen makes words 16 to 19 of the header's second block: the constant part
// and, of a nonce that is word 3, its sigma-0 in 18 and itself in 19. That is
// done in general registers, which have nothing else to do.
func (s *sha) widen(n nonce, words operand.Op) {
	word, a, b := n.word.As32(), reg.EDX, reg.R8L
	s.RORXL(operand.Imm(7), word, a)
	s.RORXL(operand.Imm(18), word, b)
	s.SHRL(operand.Imm(3), word)
	s.XORL(b, a)
	s.XORL(word, a)
	s.ORQ(reg.RDX, n.pair)
	if s.avx512 {
		s.VPBROADCASTQ_Z(n.pair, n.upper, words)
	} else {
		s.VMOVQ(n.pair, words)
		s.VPSLLDQ(operand.Imm(8), words, words)
	}
	s.VPADDD(s.job.Offset(jobW16), words, words)
}

// fold compares: of up to four hashes the last word, which the target's first
// is held against. After 61 rounds it is in the lowest lane, as E, and
// three more rounds would only move it on; so they are left out. A bit
// for each hash that may meet the target comes out.
func (s *sha) fold(streams []*stream, out reg.Register) {
	newest := func(i int) operand.Op { return streams[min(i, len(streams)-1)].abef }
	second := s.low.take()
	s.VPUNPCKLDQ(newest(1), newest(0), wk)
	s.VPUNPCKLDQ(newest(3), newest(2), second)
	s.VPUNPCKLQDQ(second, wk, wk)
	s.low.give(second)
	s.VPADDD(s.table.last, wk, wk)
	s.VPSHUFB(s.table.swap, wk, wk)
	if s.avx512 {
		s.VPCMPUD(operand.Imm(lessOrEqual), s.job.Offset(jobLimit), wk, reg.K2)
		s.KMOVW(reg.K2, out)
		return
	}
	s.VPMINUD(s.job.Offset(jobLimit), wk, second)
	s.VPCMPEQD(wk, second, second)
	s.VMOVMSKPS(second, out)
}

const lessOrEqual = 2 // of VPCMPUD

// What VSHUFPS takes of a state's two halves, ABEF and CDGH from the top down,
// to make a message's words of it.
const (
	wordsABCD = 0b10_11_10_11
	wordsEFGH = 0b00_01_00_01
)
