package main

import (
	"math"

	"github.com/mmcloughlin/avo/build"
	"github.com/mmcloughlin/avo/operand"
	"github.com/mmcloughlin/avo/reg"
)

// A message of 16 words is expanded to 64, four at a time. Group g is words
// 4g to 4g+3, and with them rounds 4g to 4g+3.
const (
	groups = 16
	row    = 16 // bytes of a group
)

// What a kernel hands over, by byte: shaJob in hasher/kernel.
const (
	jobW16   = 0 // words 16 to 19 of a header's second block, without what the nonce adds
	jobW20   = jobW16 + row
	jobW28   = jobW20 + row
	jobLimit = jobW28 + row // what the hash's last word may be at most, four times
	jobMids  = jobLimit + row

	midStart = 0  // state after four rounds of the second block with nonce 0
	midEnd   = 32 // state after the first block, which is added at the second's end
	midSize  = 64
	cdghAt   = row // the second half of a state
)

// shaTable is the constants of SHA-256 and of the paddings of the two messages
// that are hashed after the first block: the header's last 16 bytes of 80, and
// a hash of 32.
type shaTable struct {
	k       operand.Mem // round constants
	wk1     operand.Mem // words 4 to 15 of the header's second block plus round constants
	wk2     operand.Mem // words 8 to 15 of the second hash plus round constants
	initial operand.Mem // ABEF, CDGH
	pad8    operand.Mem // words 8 to 11 of the second hash
	pad12   operand.Mem // words 12 to 15 of it
	last    operand.Mem // the initial state's last word, four times
	swap    operand.Mem // VPSHUFB's mask to swap the bytes of words
}

const (
	end       = 0x8000_0000 // the bit after a message's end
	bitsOuter = 256         // lengths of the two messages
	bitsInner = 640
)

func newShaTable(c *build.Context) shaTable {
	k, h := roundConstants(), initialState()
	wk1 := append([]uint32(nil), k[4:16]...)
	wk1[0] += end
	wk1[11] += bitsInner
	wk2 := append([]uint32(nil), k[8:16]...)
	wk2[0] += end
	wk2[7] += bitsOuter
	small := words(c, "small",
		h[5], h[4], h[1], h[0], h[7], h[6], h[3], h[2],
		end, 0, 0, 0,
		0, 0, 0, bitsOuter,
		h[7], h[7], h[7], h[7],
		0x00010203, 0x04050607, 0x08090a0b, 0x0c0d0e0f)
	return shaTable{
		k:       words(c, "k", k[:]...),
		wk1:     words(c, "wk1", wk1...),
		wk2:     words(c, "wk2", wk2...),
		initial: small,
		pad8:    small.Offset(2 * row),
		pad12:   small.Offset(3 * row),
		last:    small.Offset(4 * row),
		swap:    small.Offset(5 * row),
	}
}

// roundConstants are the first 32 bits of the fractions of the cube roots of
// the first 64 primes (FIPS 180-4, 4.2.2).
func roundConstants() (k [64]uint32) {
	for i, p := range primes(len(k)) {
		k[i] = fraction(math.Cbrt(p))
	}
	return k
}

// initialState is the same of square roots (5.3.3).
func initialState() (h [8]uint32) {
	for i, p := range primes(len(h)) {
		h[i] = fraction(math.Sqrt(p))
	}
	return h
}

func fraction(x float64) uint32 { return uint32((x - math.Floor(x)) * (1 << 32)) }

func primes(n int) (list []float64) {
next:
	for p := 2.0; len(list) < n; p++ {
		for _, q := range list {
			if math.Mod(p, q) == 0 {
				continue next
			}
		}
		list = append(list, p)
	}
	return list
}

// xmm is a vector register. Only the first 16 can be named by SHA
// instructions; the others hold what waits.
func xmm(i int) reg.Physical { return reg.Vector.Lookup(reg.Index(i), reg.S128) }

// wk is where SHA256RNDS2 looks for words and round constants, added up.
var wk = xmm(0)

// pool is registers that are free.
type pool []reg.Physical

func newPool(from, to int) *pool {
	var p pool
	for i := from; i < to; i++ {
		p = append(p, xmm(i))
	}
	return &p
}

func (p *pool) take() reg.Physical {
	if len(*p) == 0 {
		panic("out of registers")
	}
	r := (*p)[0]
	*p = (*p)[1:]
	return r
}

// give returns a register; memory is nobody's.
func (p *pool) give(o operand.Op) {
	if r, ok := o.(reg.Physical); ok {
		*p = append(*p, r)
	}
}

// sha emits SHA-256 for several streams at once: hashes that have nothing to do
// with each other, so that one's rounds fill the time in which
// another's wait.
type sha struct {
	*build.Context
	table shaTable
	job   operand.Mem // what the kernel hands over
	low   *pool       // free registers that SHA instructions can name
	high  *pool       // the others
	ring  operand.Mem // on the stack
	slots int         // of the ring
	slot  int         // next of them
}

// stream is one hash under way.
type stream struct {
	index      int
	abef, cdgh reg.Physical // they change places every two rounds
	words      reg.Physical // the newest group of the message
	prev       operand.Op   // the one before
	held       reg.Physical // the second group of a message that was a hash
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

// save copies a register to one of those that wait.
func (s *sha) save(r reg.Physical) reg.Physical {
	waits := s.high.take()
	s.VMOVDQA32(r, waits)
	return waits
}

// prepare readies the vector registers and a mask of one's second half.
func (s *sha) prepare(mask reg.Register) {
	s.Comment("SHA instructions wait where the upper halves of vector registers are in use.")
	s.VZEROUPPER()
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

// widen makes words 16 to 19 of the header's second block: the constant part
// and, of a nonce that is word 3, its sigma-0 in 18 and itself in 19. That is
// done in general registers, which have nothing else to do.
func (s *sha) widen(n nonce, words reg.Physical) {
	word, a, b := n.word.As32(), reg.EDX, reg.R8L
	s.RORXL(operand.Imm(7), word, a)
	s.RORXL(operand.Imm(18), word, b)
	s.SHRL(operand.Imm(3), word)
	s.XORL(b, a)
	s.XORL(word, a)
	s.ORQ(reg.RDX, n.pair)
	s.VPBROADCASTQ_Z(n.pair, n.upper, words)
	s.VPADDD(s.job.Offset(jobW16), words, words)
}

// fold compares: of up to four hashes the last word, which the target's first
// is held against. After 61 rounds it is in the lowest lane, as E, and
// three more rounds would only move it on; so they are left out. A bit
// for each hash that may meet the target comes out.
func (s *sha) fold(streams []*stream, out reg.Register) {
	newest := func(i int) reg.Physical { return streams[min(i, len(streams)-1)].abef }
	second := s.low.take()
	s.VPUNPCKLDQ(newest(1), newest(0), wk)
	s.VPUNPCKLDQ(newest(3), newest(2), second)
	s.VPUNPCKLQDQ(second, wk, wk)
	s.low.give(second)
	s.VPADDD(s.table.last, wk, wk)
	s.VPSHUFB(s.table.swap, wk, wk)
	s.VPCMPUD(operand.Imm(lessOrEqual), s.job.Offset(jobLimit), wk, reg.K2)
	s.KMOVW(reg.K2, out)
	s.TESTL(operand.U32(1<<len(streams)-1), out)
}

const lessOrEqual = 2 // of VPCMPUD

// What VSHUFPS takes of a state's two halves, ABEF and CDGH from the top down,
// to make a message's words of it.
const (
	wordsABCD = 0b10_11_10_11
	wordsEFGH = 0b00_01_00_01
)
