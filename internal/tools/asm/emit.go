package main

import (
	"github.com/mmcloughlin/avo/build"
	"github.com/mmcloughlin/avo/ir"
	"github.com/mmcloughlin/avo/operand"
)

// begin opens a function. Its declaration in Go is written by hand beside
// what calls it, and go vet compares the two.
func begin(c *build.Context, name, signature string) {
	c.Function(name)
	c.SignatureExpr(signature)
}

// loop opens a loop at a cache line's beginning.
func loop(c *build.Context, label string) {
	c.Instruction(&ir.Instruction{Opcode: "PCALIGN", Operands: []operand.Op{operand.Imm(64)}})
	c.Label(label)
}
