package main

import (
	"github.com/mmcloughlin/avo/build"
	"github.com/mmcloughlin/avo/operand"
	"github.com/mmcloughlin/avo/reg"
)

// sha256x8rolled hashes eight nonces with one version after the other. As in
// rolled, the schedule of the header's second block is the same for all of
// them; here it is made once a call.
func sha256x8rolled(c *build.Context) {
	f := newEightfold(c)
	mids := operand.Mem{Base: reg.RDX} // of this turn's version
	begin(c, "scanX8Rolled", "func(job *wideJob, mids *shaMid, turns uint64) (left uint64)", "wideJob", "shaMid")
	f.enter()
	c.Load(c.Param("mids"), mids.Base)
	f.expand()
	loop(c, "turn")
	f.shared(mids.Offset(midStart))
	f.between(func(i int) operand.Op {
		c.VPBROADCASTD(mids.Offset(midEnd+4*i), f.sum)
		return f.sum
	})
	f.outer()
	f.decide()
	c.ADDQ(operand.U32(midSize), mids.Base)
	f.again()
}

// expand makes the plan: all words, each plus its round constant, and the
// nonces in the place of the word that they are.
func (f *eightfold) expand() {
	sum := f.state[placeA]
	f.header()
	f.VMOVDQU(f.sum, f.plan(3))
	for i := 4; i < 4*groups; i++ {
		f.Commentf("Word %d.", i)
		f.VPXOR(sum, sum, sum)
		f.addWord(i, sum)
		f.VMOVDQU(sum, f.plan(i))
	}
}

// shared hashes the header's second block after the plan.
func (f *eightfold) shared(start operand.Mem) {
	f.Comment("The state after four rounds, to which the nonces are added in A and E.")
	for i, r := range f.state {
		f.VPBROADCASTD(start.Offset(4*i), r)
	}
	f.VPADDD(f.plan(3), f.state[placeA], f.state[placeA])
	f.VPADDD(f.plan(3), f.state[placeE], f.state[placeE])
	f.planned = true
	f.begin()
	f.rounds(4, 8)
	f.roundLoop("inner", 8, 4*groups)
	f.planned = false
}
