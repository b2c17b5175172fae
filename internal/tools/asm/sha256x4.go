package main

import (
	"github.com/mmcloughlin/avo/build"
	"github.com/mmcloughlin/avo/operand"
	"github.com/mmcloughlin/avo/reg"
)

// fourfold hashes four nonces at once. SHA256RNDS2 takes four cycles, and one
// can start every cycle: with four streams one nearly always does.
//
// X0 is words and constants of the next two rounds, X1 to X8 are states, X9 to
// X15 newest words and the group in the making, X16 to X31, or memory, what
// waits.
type fourfold struct {
	sha
	streams []*stream
	nonce   nonce
	next    reg.GPPhysical // nonce of the first stream
	turns   reg.GPPhysical // left
}

func sha256x4(c *build.Context) {
	newFourfold(c, newPool(registers(16, 32)...), true).function("scanX4")
}

// sha256x4AVX is for CPUs without AVX-512VL: what waits is in memory.
func sha256x4AVX(c *build.Context) {
	newFourfold(c, newPool(waitingRows()...), false).function("scanX4AVX")
}

func newFourfold(c *build.Context, high *pool, avx512 bool) *fourfold {
	f := &fourfold{
		sha:   sha{Context: c, avx512: avx512, table: newShaTable(c), job: operand.Mem{Base: jobBase}, low: newPool(registers(9, 16)...), high: high},
		nonce: nonce{word: reg.RAX, pair: reg.RBX, upper: reg.K1},
		next:  reg.RSI, turns: reg.RCX,
	}
	for i := range 4 {
		f.streams = append(f.streams, &stream{index: i, abef: xmm(1 + 2*i), cdgh: xmm(2 + 2*i)})
	}
	return f
}

func (f *fourfold) function(name string) {
	c := f.Context
	begin(c, name, "func(job *shaJob, nonce uint32, turns uint64) (left uint64)", "shaJob")
	f.slots = 4 * len(f.streams)
	f.ring = f.job.Offset(jobRing)
	c.Load(c.Param("job"), f.job.Base)
	c.Load(c.Param("nonce"), f.next.As32())
	c.Load(c.Param("turns"), f.turns)
	f.prepare(f.nonce.upper)
	loop(c, "turn")
	f.inner()
	f.between()
	f.outer()
	f.decide()
}

// inner hashes the header's second block.
func (f *fourfold) inner() {
	for _, st := range f.streams {
		f.open(st)
	}
	f.Comment("First hash, rounds 4 to 15: the words are padding, and constant.")
	for pair := range 6 {
		f.padding(f.table.wk1.Offset(row / 2 * pair))
	}
	for g := 4; g < groups; g++ {
		f.Commentf("First hash, rounds %d to %d.", 4*g, 4*g+3)
		if g == 4 {
			f.group(g, f.words20, f.settle(g+1))
		} else {
			f.group(g, f.words(g+1), f.settle(g+1))
		}
	}
}

// open loads the state after four rounds, adds the nonce, and makes the first
// words that depend on it.
func (f *fourfold) open(st *stream) {
	f.Commentf("Nonce %d: added to E and A after four rounds, and in words 18 and 19.", st.index)
	f.LEAL(operand.Mem{Base: f.next, Disp: st.index}, f.nonce.word.As32())
	f.BSWAPL(f.nonce.word.As32())
	f.shift(f.nonce)
	st.words = f.low.take()
	f.both(f.nonce, st.words)
	f.VPADDD(f.job.Offset(jobMids+midStart), st.words, st.abef)
	f.VMOVDQU(f.job.Offset(jobMids+midStart+cdghAt), st.cdgh)
	f.widen(f.nonce, st.words)
	st.parts = [groups]operand.Op{7: f.job.Offset(jobW28)}
}

// padding does two rounds of every stream with words that are constant.
func (f *fourfold) padding(words operand.Mem) {
	f.VMOVQ(words, wk)
	for _, st := range f.streams {
		f.two(st)
	}
}

// group does four rounds of every stream. What must be done ahead of the next
// group is done between the two pairs, of which the second waits for the first.
func (f *fourfold) group(g int, ahead func(*stream) operand.Op, after func(*stream, operand.Op)) {
	for _, st := range f.streams {
		slot := f.addK(g, st.words)
		f.two(st)
		fresh := ahead(st)
		f.half(slot)
		f.two(st)
		after(st, fresh)
	}
}

// between adds the state after the first block, and makes the sum, which is the
// first hash, the message of the second.
func (f *fourfold) between() {
	f.Comment("The first hash becomes the second's message: two shuffles, no bytes swapped.")
	for _, st := range f.streams {
		mid := f.job.Offset(jobMids + midEnd)
		f.VPADDD(mid, st.abef, st.abef)
		f.VPADDD(mid.Offset(cdghAt), st.cdgh, st.cdgh)
		st.words = f.low.take()
		f.VSHUFPS(operand.Imm(wordsABCD), st.cdgh, st.abef, st.words)
		f.VSHUFPS(operand.Imm(wordsEFGH), st.cdgh, st.abef, wk)
		st.held = f.save(wk)
		f.VMOVDQU(f.table.initial, st.abef)
		f.VMOVDQU(f.table.initial.Offset(cdghAt), st.cdgh)
		st.parts = [groups]operand.Op{6: f.table.pad8}
	}
}

// outer hashes the hash, as far as it takes to know its last word.
func (f *fourfold) outer() {
	f.Comment("Second hash, rounds 0 to 3.")
	f.group(0, func(st *stream) operand.Op { return f.restore(st.held) }, func(st *stream, second operand.Op) {
		f.part(st, 4, second)
		f.low.give(st.words)
		st.words = second
	})
	f.Comment("Second hash, rounds 4 to 7.")
	f.group(1, none, func(st *stream, _ operand.Op) {
		f.part(st, 5, f.table.pad8)
		f.low.give(st.words)
	})
	f.Comment("Second hash, rounds 8 to 15: the words are padding, and constant.")
	f.padding(f.table.wk2)
	for _, st := range f.streams {
		st.words = f.restore(st.parts[4])
		f.words16(st)
	}
	for pair := 1; pair < 4; pair++ {
		f.padding(f.table.wk2.Offset(row / 2 * pair))
	}
	for g := 4; g < groups-1; g++ {
		f.Commentf("Second hash, rounds %d to %d.", 4*g, 4*g+3)
		f.group(g, f.words(g+1), f.settle(g+1))
	}
	f.Comment("Second hash, rounds 60 and 61: the last two would move its last word only.")
	for _, st := range f.streams {
		f.VPADDD(f.table.k.Offset(row*(groups-1)), st.words, wk)
		f.two(st)
		f.low.give(st.words)
	}
}

func none(*stream) operand.Op { return nil }

// decide leaves the loop at a hash that may meet the target, or after the last
// turn. A turn that may have a hit is not counted.
func (f *fourfold) decide() {
	f.Comment("The hashes' last words, bytes swapped, against the target's first.")
	f.fold(f.streams, reg.EAX)
	f.TESTL(reg.EAX, reg.EAX)
	f.JNZ(operand.LabelRef("done"))
	f.ADDL(operand.U32(len(f.streams)), f.next.As32())
	f.DECQ(f.turns)
	f.JNZ(operand.LabelRef("turn"))
	f.Label("done")
	f.Store(f.turns, f.Return("left"))
	f.RET()
}
