package main

import (
	"github.com/mmcloughlin/avo/build"
	"github.com/mmcloughlin/avo/operand"
	"github.com/mmcloughlin/avo/reg"
)

// turn is what one stream does in a turn of a loop, an instruction after the
// other. Each is told how many turns its stream is ahead of the loop: none or
// one.
type turn []func(ahead int)

// skewed is a loop over several streams, an instruction of the first, one of
// the second and so on. Each is ahead of the one before it, so that they do not
// all load, or all compute, at the same time. Their turns are of one length.
type skewed struct {
	*build.Context
	turns   []turn
	lead    int            // of each stream, in eighths of its share of a turn
	left    reg.GPPhysical // turns, two or more
	advance func()         // at the end of a turn of the loop
}

func (s skewed) write() {
	size := len(s.turns[0])
	ahead := func(stream int) int { return size * stream * s.lead / (8 * len(s.turns)) }
	s.Comment("Streams that are ahead begin their first turn.")
	for i, t := range s.turns {
		for _, step := range t[:ahead(i)] {
			step(0)
		}
	}
	s.DECQ(s.left)
	loop(s.Context, "turn")
	for k := range size {
		for i, t := range s.turns {
			at := k + ahead(i)
			t[at%size](at / size)
		}
	}
	s.advance()
	s.DECQ(s.left)
	s.JNZ(operand.LabelRef("turn"))
	s.Comment("The last turn, which streams that are ahead have begun.")
	for k := range size {
		for i, t := range s.turns {
			if at := k + ahead(i); at < size {
				t[at](0)
			}
		}
	}
}
