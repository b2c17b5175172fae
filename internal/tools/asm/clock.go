package main

import (
	"github.com/mmcloughlin/avo/build"
	"github.com/mmcloughlin/avo/operand"
	"github.com/mmcloughlin/avo/reg"
)

// chainLength is how many additions a turn of the chain has: so many that the
// loop around them costs nothing.
const chainLength = 100

// clock writes a chain of additions, each of which waits for the one before:
// a cycle each on every CPU, which is how a core's clock is measured.
// The addend is a register: some CPUs add up constants without executing them.
func clock(c *build.Context) {
	begin(c, "addChain", "func(turns uint64)")
	turns, sum, one := reg.RCX, reg.RAX, reg.RBX
	c.Load(c.Param("turns"), turns)
	c.XORQ(sum, sum)
	c.MOVQ(operand.U64(1), one)
	loop(c, "turn")
	for range chainLength {
		c.ADDQ(one, sum)
	}
	c.DECQ(turns)
	c.JNZ(operand.LabelRef("turn"))
	c.RET()
}
