package main

import (
	"github.com/mmcloughlin/avo/build"
	"github.com/mmcloughlin/avo/operand"
	"github.com/mmcloughlin/avo/reg"
)

const (
	lanesWide = 8
	vector    = 4 * lanesWide // bytes
	stateSize = 8             // words
	given     = 16            // words of a message

	// What the kernel hands over, by byte: wideJob in hasher/kernel. All of it is
	// there once for every lane.
	wideStart = 0                            // state after four rounds of the header's second block, with nonce 0
	wideEnd   = wideStart + stateSize*vector // state after the first block, which is added at the second's end
	wideFixed = wideEnd + stateSize*vector   // words of the second block, or what of them does not depend on the nonce
	wideLimit = wideFixed + 34*vector        // what the hash's last word may be at most
	wideNext  = wideLimit + vector           // nonces, as they lie in the header
	wideWords = wideNext + vector            // room for words
	widePlan  = wideWords + 4*groups*vector  // and for a schedule that is shared
)

// eightfold hashes eight nonces at once, each in a lane of every register: for
// CPUs without SHA instructions. The instructions of a round and of a word
// wait so little for each other that one stream is enough.
type eightfold struct {
	*wide
	turns     reg.GPPhysical // left
	constants struct{ initial, padding, swap, last, lanes, k operand.Mem }
}

func sha256x8(c *build.Context) {
	f := newEightfold(c)
	begin(c, "scanX8", "func(job *wideJob, turns uint64) (left uint64)", "wideJob")
	f.enter()
	loop(c, "turn")
	f.inner()
	f.between(func(i int) operand.Op { return f.job(wideEnd, i) })
	f.outer()
	f.decide()
	f.Comment("The next nonces.")
	f.VMOVDQU(f.job(wideNext, 0), f.sum)
	f.VPADDD(f.constants.lanes, f.sum, f.sum)
	f.VMOVDQU(f.sum, f.job(wideNext, 0))
	f.again()
}

func newEightfold(c *build.Context) *eightfold {
	f := &eightfold{wide: newWide(c), turns: reg.RCX}
	h := initialState()
	f.constants.initial = inLanes(c, "initial", h[:]...)
	f.constants.padding = inLanes(c, "padding", outerPadding()...)
	f.constants.last = f.constants.initial.Offset((stateSize - 1) * vector)
	f.constants.lanes = inLanes(c, "lanes", lanesWide)
	k := roundConstants()
	f.constants.k = inLanes(c, "k", k[:]...)
	f.constants.swap = words(c, "swap",
		0x00010203, 0x04050607, 0x08090a0b, 0x0c0d0e0f, 0x00010203, 0x04050607, 0x08090a0b, 0x0c0d0e0f)
	return f
}

func (f *eightfold) enter() {
	f.Load(f.Param("job"), f.base)
	f.Load(f.Param("turns"), f.turns)
	f.LEAQ(f.constants.k, f.k)
}

// header is the second block: words 0 to 2 are of the job, 3 is the nonce, and 4
// to 15 are padding.
func (f *eightfold) header() {
	f.fixed = func(i int) operand.Mem { return f.job(wideFixed, i) }
	f.kinds = [4 * groups]kind{0: {fixed: true}, 1: {fixed: true}, 2: {fixed: true}, 3: {varies: true}, 4: {fixed: true}, 15: {fixed: true}}
	f.VMOVDQU(f.job(wideNext, 0), f.sum)
	f.VPSHUFB(f.constants.swap, f.sum, f.sum)
	f.VMOVDQU(f.sum, f.slot(3))
}

// inner hashes the header's second block.
func (f *eightfold) inner() {
	f.header()
	f.Comment("The state after four rounds, to which the nonces are added in A and E.")
	for i, r := range f.state {
		if i == placeA || i == placeE {
			f.VPADDD(f.job(wideStart, i), f.sum, r)
		} else {
			f.VMOVDQU(f.job(wideStart, i), r)
		}
	}
	f.begin()
	f.rounds(4, 40)
	f.roundLoop("inner", 40, 4*groups)
}

// between adds the state after the first block, and makes the sum, which is the
// first hash, the message of the second.
func (f *eightfold) between(end func(i int) operand.Op) {
	f.Comment("The first hash becomes the second's message.")
	f.fixed = func(i int) operand.Mem { return f.constants.padding.Offset((i - stateSize) * vector) }
	f.kinds = [4 * groups]kind{8: {fixed: true}, 15: {fixed: true}}
	for i, r := range f.state {
		f.VPADDD(end(i), r, r)
		f.VMOVDQU(r, f.slot(i))
		f.VMOVDQU(f.constants.initial.Offset(i*vector), r)
		f.kinds[i] = kind{varies: true}
	}
}

// outer hashes the hash, as far as it takes to know its last word: that is E
// after 61 rounds, and three more would only move it on. Of the last four of
// those only E is needed.
func (f *eightfold) outer() {
	const last = 61
	f.begin()
	f.rounds(0, 32)
	f.roundLoop("outer", 32, 56)
	f.rounds(56, last-4)
	for i := last - 4; i < last; i++ {
		f.Commentf("Round %d.", i)
		f.newE(i)
		f.rename()
	}
}

// decide leaves the loop at a hash that may meet the target. A turn that may
// have a hit is not counted.
func (f *eightfold) decide() {
	f.Comment("The hashes' last words, bytes swapped, against the target's first.")
	f.VPADDD(f.constants.last, f.state[placeE], f.sum)
	f.VPSHUFB(f.constants.swap, f.sum, f.sum)
	f.VPMINUD(f.job(wideLimit, 0), f.sum, f.tmp[0])
	f.VPCMPEQD(f.sum, f.tmp[0], f.tmp[0])
	f.VMOVMSKPS(f.tmp[0], reg.EAX)
	f.TESTL(reg.EAX, reg.EAX)
	f.JNZ(operand.LabelRef("done"))
}

// again leaves the loop after the last turn.
func (f *eightfold) again() {
	f.DECQ(f.turns)
	f.JNZ(operand.LabelRef("turn"))
	f.Label("done")
	f.VZEROUPPER()
	f.Store(f.turns, f.Return("left"))
	f.RET()
}

// outerPadding is words 8 to 31 of the second hash, or what of them does not
// depend on the first.
func outerPadding() []uint32 {
	var w [32]uint32
	w[8], w[15] = end, bitsOuter
	w[17] = sigma1(w[15])
	w[22] = w[15]
	w[23] = sigma0(w[8])
	w[24] = w[8]
	w[30] = sigma0(w[15])
	w[31] = w[15]
	return w[8:]
}
