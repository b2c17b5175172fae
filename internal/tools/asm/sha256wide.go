package main

import (
	"math/bits"
	"slices"

	"github.com/mmcloughlin/avo/build"
	"github.com/mmcloughlin/avo/operand"
	"github.com/mmcloughlin/avo/reg"
)

// wide emits SHA-256 with a hash in each lane of AVX2's registers. Half of them
// are the state, the others what a round works with; words are in memory.
type wide struct {
	*build.Context
	base   reg.GPPhysical // of the job
	k      reg.GPPhysical // of round constants
	index  reg.GPPhysical // in a loop, added to the places of both
	inLoop bool
	state  [stateSize]reg.VecPhysical // A to H, which change places every round
	ab, bc reg.VecPhysical            // A^B, and B^C, which was A^B a round before
	sum    reg.VecPhysical            // a word in the making
	tmp    [4]reg.VecPhysical

	planned bool // words come from the plan
	// What is known of the message: words that are 0 and sums of constants
	// are left out.
	kinds [4 * groups]kind
	fixed func(i int) operand.Mem // what of word i does not vary
}

// kind is what is known of a word.
type kind struct {
	varies bool // with the nonce; then the whole word is in memory
	fixed  bool // that which does not vary is not 0
}

// Places in the state.
const placeA, placeB, placeC, placeD, placeE, placeF, placeG, placeH = 0, 1, 2, 3, 4, 5, 6, 7

func newWide(c *build.Context) *wide {
	w := &wide{Context: c, base: reg.RDI, k: reg.RSI, index: reg.RAX}
	for i := range w.state {
		w.state[i] = ymm(i)
	}
	for i := range w.tmp {
		w.tmp[i] = ymm(stateSize + i)
	}
	w.ab, w.bc, w.sum = ymm(12), ymm(13), ymm(14)
	return w
}

// inLanes is read-only data with each word in all lanes.
func inLanes(c *build.Context, name string, list ...uint32) operand.Mem {
	var all []uint32
	for _, w := range list {
		all = append(all, slices.Repeat([]uint32{w}, lanesWide)...)
	}
	return words(c, name, all...)
}

func (w *wide) job(at, i int) operand.Mem { return operand.Mem{Base: w.base, Disp: at + i*vector} }

// slot is where word i is.
func (w *wide) slot(i int) operand.Mem { return w.indexed(w.job(wideWords, i)) }

// plan is where word i of a schedule that many hashes share is, with its round
// constant.
func (w *wide) plan(i int) operand.Mem { return w.indexed(w.job(widePlan, i)) }

func (w *wide) constant(i int) operand.Mem {
	return w.indexed(operand.Mem{Base: w.k, Disp: i * vector})
}

// indexed lets a place move with the turns of a loop.
func (w *wide) indexed(m operand.Mem) operand.Mem {
	if w.inLoop {
		m.Index, m.Scale = w.index, 1
	}
	return m
}

// roundLoop is rounds of words that all vary, in a loop: with every round
// written out there are more instructions than a CPU keeps decoded.
func (w *wide) roundLoop(label string, from, to int) {
	const turn = stateSize // after which all registers have their places again
	for i := from; i < to; i++ {
		w.kinds[i].varies = true
	}
	w.Commentf("Rounds %d to %d.", from, to-1)
	w.XORL(w.index.As32(), w.index.As32())
	loop(w.Context, label)
	w.inLoop = true
	w.rounds(from, from+turn)
	w.inLoop = false
	w.ADDQ(operand.U32(turn*vector), w.index)
	w.CMPQ(w.index, operand.U32((to-from)*vector))
	w.JNE(operand.LabelRef(label))
}

// begin readies what the first round needs of the one before.
func (w *wide) begin() { w.VPXOR(w.state[placeB], w.state[placeC], w.bc) }

func (w *wide) rounds(from, to int) {
	for i := from; i < to; i++ {
		w.Commentf("Round %d.", i)
		w.newE(i)
		w.newA()
		w.rename()
	}
}

// newE adds to H what becomes the first part of the new A, and that to D, which
// becomes the new E.
func (w *wide) newE(i int) {
	e, f, g, h := w.state[placeE], w.state[placeF], w.state[placeG], w.state[placeH]
	w.addWord(i, h)
	w.rotations(e, w.tmp[0], 6, 11, 25)
	w.VPADDD(w.tmp[0], h, h)
	choice := w.tmp[1] // G, or F where E has a bit
	w.VPXOR(f, g, choice)
	w.VPAND(e, choice, choice)
	w.VPXOR(g, choice, choice)
	w.VPADDD(choice, h, h)
	w.VPADDD(h, w.state[placeD], w.state[placeD])
}

// addWord adds word i and its round constant.
func (w *wide) addWord(i int, to reg.VecPhysical) {
	if w.planned {
		w.VPADDD(w.plan(i), to, to)
		return
	}
	w.word(i)
	w.VPADDD(w.constant(i), to, to)
	switch {
	case w.kinds[i].varies:
		w.VPADDD(w.slot(i), to, to)
	case w.kinds[i].fixed:
		w.VPADDD(w.fixed(i), to, to)
	}
}

// newA makes the new A in H's place.
func (w *wide) newA() {
	a, b, h := w.state[placeA], w.state[placeB], w.state[placeH]
	w.rotations(a, w.tmp[0], 2, 13, 22)
	w.VPADDD(w.tmp[0], h, h)
	// The majority of A, B and C is B, or A where B differs from C and
	// from A. That A differs from B is the next round's B from C.
	w.VPXOR(a, b, w.ab)
	w.VPAND(w.ab, w.bc, w.bc)
	w.VPXOR(b, w.bc, w.bc)
	w.VPADDD(w.bc, h, h)
	w.ab, w.bc = w.bc, w.ab
}

// rename lets every register be what it is a round later.
func (w *wide) rename() {
	last := w.state[placeH]
	copy(w.state[1:], w.state[:])
	w.state[placeA] = last
}

// word makes word i of those sixteen to two words back (FIPS 180-4, 6.2.2), if
// it is not given.
func (w *wide) word(i int) {
	if i < given {
		return
	}
	terms := []struct {
		word  int
		sigma []int // two rotations and a shift, or nothing
	}{{i - 16, nil}, {i - 15, []int{7, 18, 3}}, {i - 7, nil}, {i - 2, []int{17, 19, 10}}}
	started := false
	kind := &w.kinds[i]
	for _, t := range terms {
		if k := w.kinds[t.word]; !k.varies {
			kind.fixed = kind.fixed || k.fixed
			continue
		}
		kind.varies = true
		if t.sigma == nil {
			w.add(&started, w.slot(t.word))
			continue
		}
		w.VMOVDQU(w.slot(t.word), w.tmp[1])
		w.rotations(w.tmp[1], w.tmp[0], t.sigma[0], t.sigma[1])
		w.VPSRLD(operand.U8(t.sigma[2]), w.tmp[1], w.tmp[1])
		w.VPXOR(w.tmp[1], w.tmp[0], w.tmp[0])
		w.add(&started, w.tmp[0])
	}
	if !kind.varies {
		return
	}
	if kind.fixed {
		w.add(&started, w.fixed(i))
	}
	w.VMOVDQU(w.sum, w.slot(i))
}

// add adds a term to the sum, or starts it.
func (w *wide) add(started *bool, term operand.Op) {
	if *started {
		w.VPADDD(term, w.sum, w.sum)
	} else {
		w.VMOVDQU(term, w.sum)
	}
	*started = true
}

// rotations makes the exclusive sum of rotations of x by n bits to the right.
func (w *wide) rotations(x, to reg.VecPhysical, n ...int) {
	for i, n := range n {
		part := to
		if i > 0 {
			part = w.tmp[2]
		}
		w.VPSRLD(operand.U8(n), x, part)
		w.VPSLLD(operand.U8(32-n), x, w.tmp[3])
		w.VPXOR(w.tmp[3], part, part)
		if i > 0 {
			w.VPXOR(part, to, to)
		}
	}
}

func sigma0(x uint32) uint32 {
	return bits.RotateLeft32(x, -7) ^ bits.RotateLeft32(x, -18) ^ x>>3
}

func sigma1(x uint32) uint32 {
	return bits.RotateLeft32(x, -17) ^ bits.RotateLeft32(x, -19) ^ x>>10
}
