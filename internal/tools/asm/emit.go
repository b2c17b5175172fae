package main

import (
	"go/token"
	gotypes "go/types"

	"github.com/mmcloughlin/avo/attr"
	"github.com/mmcloughlin/avo/build"
	avotypes "github.com/mmcloughlin/avo/gotypes"
	"github.com/mmcloughlin/avo/ir"
	"github.com/mmcloughlin/avo/operand"
)

// begin opens a function. Its declaration in Go is written by hand beside
// what calls it, and go vet compares the two. Types of hasher/kernel may
// be pointed to by their names.
func begin(c *build.Context, name, signature string, types ...string) {
	pkg := gotypes.NewPackage("kernel", "kernel")
	for _, name := range types {
		obj := gotypes.NewTypeName(token.NoPos, pkg, name, nil)
		gotypes.NewNamed(obj, gotypes.NewStruct(nil, nil), nil)
		pkg.Scope().Insert(obj)
	}
	s, err := avotypes.ParseSignatureInPackage(pkg, signature)
	if err != nil {
		panic(err) // ours, and fixed
	}
	c.Function(name)
	c.Signature(s)
}

// loop opens a loop at a cache line's beginning.
func loop(c *build.Context, label string) {
	c.Instruction(&ir.Instruction{Opcode: "PCALIGN", Operands: []operand.Op{operand.Imm(64)}})
	c.Label(label)
}

// words is read-only data: what does not change from job to job. The linker
// aligns it to 32 bytes if it is as long.
func words(c *build.Context, name string, list ...uint32) operand.Mem {
	m := c.StaticGlobal(name)
	c.DataAttributes(attr.RODATA | attr.NOPTR)
	for _, w := range list {
		c.AppendDatum(operand.U32(w))
	}
	return m
}
