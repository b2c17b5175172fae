package main

import (
	"github.com/mmcloughlin/avo/build"
	"github.com/mmcloughlin/avo/operand"
	"github.com/mmcloughlin/avo/reg"
)

// rolled hashes headers that differ in their version only, nonce after nonce.
// The version is in the header's first block, so that the schedule of the
// second, where the nonce is, is the same for all of them: it is made once, and
// a first hash is then nothing but rounds.
//
// Those leave the vector units idle, and second hashes keep them busy. So three
// first hashes run beside the second hashes of the three before: a turn takes
// up a triple of versions, and finishes the one that the turn before took up.
//
// X0 is words and constants of the next two rounds or, between rounds, a group
// in the making, X1 to X12 are states, X13 to X15 newest words, X16 to X31, or
// memory, what waits.
type rolled struct {
	sha
	first  []*stream // a state only
	second []*stream
	nonce  nonce
	next   reg.GPPhysical // nonce, once the triples of the present one are used up
	left   reg.GPPhysical // of its triples
	begun  reg.GPPhysical // as many of them there are when a nonce begins
	turns  reg.GPPhysical // left
	valid  reg.GPPhysical // mask of the second hashes: none in the first turn
	mids   operand.Mem    // of the triple to take up
	before operand.Mem    // of the triple to finish
	plan   operand.Mem    // words 16 to 63 of the first hash plus round constants
	add    operand.Mem    // what the nonce adds to a state after four rounds
}

const (
	versions = 48 // rolledVersions in hasher/kernel
	abreast  = 3
	triples  = versions / abreast
)

func sha256rolled(c *build.Context) {
	newRolled(c, newPool(registers(16, 32)...), true).function("scanRolled")
}

// sha256rolledAVX is for CPUs without AVX-512VL: what waits is in memory.
func sha256rolledAVX(c *build.Context) {
	newRolled(c, newPool(waitingRows()...), false).function("scanRolledAVX")
}

func newRolled(c *build.Context, high *pool, avx512 bool) *rolled {
	r := &rolled{
		sha:   sha{Context: c, avx512: avx512, table: newShaTable(c), job: operand.Mem{Base: jobBase}, low: newPool(registers(13, 16)...), high: high},
		nonce: nonce{word: reg.RAX, pair: reg.RBX, upper: reg.K1},
		next:  reg.RSI, turns: reg.RCX, begun: reg.R12, left: reg.R13, valid: reg.R9,
		mids: operand.Mem{Base: reg.R10}, before: operand.Mem{Base: reg.R11},
	}
	for i := range abreast {
		r.first = append(r.first, &stream{index: i, abef: xmm(1 + 4*i), cdgh: xmm(2 + 4*i)})
		r.second = append(r.second, &stream{index: i, abef: xmm(3 + 4*i), cdgh: xmm(4 + 4*i)})
	}
	return r
}

func (r *rolled) function(name string) {
	begin(r.Context, name, "func(job *shaJob, nonce uint32, first uint64, turns uint64) (left uint64)", "shaJob")
	r.enter()
	loop(r.Context, "turn")
	r.TESTQ(r.left, r.left)
	r.JNZ(operand.LabelRef("planned"))
	r.expand()
	r.Label("planned")
	r.DECQ(r.left)
	r.between()
	r.open()
	for g := range groups {
		r.group(g)
	}
	r.decide()
}

func (r *rolled) enter() {
	r.slots = 4 * abreast
	r.ring, r.plan, r.add = r.job.Offset(jobRing), r.job.Offset(jobPlan), r.job.Offset(jobAdd)
	r.Load(r.Param("job"), r.job.Base)
	r.Load(r.Param("nonce"), r.next.As32())
	r.Load(r.Param("first"), r.begun)
	r.Load(r.Param("turns"), r.turns)
	r.prepare(r.nonce.upper)
	r.Comment("No nonce is begun, and there is nothing to finish.")
	r.XORQ(r.left, r.left)
	r.XORQ(r.valid, r.valid)
	r.LEAQ(r.job.Offset(jobMids), r.before.Base)
}

// expand takes up a nonce: it makes the words that all versions share.
func (r *rolled) expand() {
	r.Comment("A nonce: what it adds to E and A after four rounds, and words 16 to 19.")
	r.MOVL(r.next.As32(), r.nonce.word.As32())
	r.INCL(r.next.As32())
	r.BSWAPL(r.nonce.word.As32())
	r.shift(r.nonce)
	r.both(r.nonce, wk)
	r.VMOVDQU(wk, r.add)
	st := &stream{words: r.low.take(), parts: [groups]operand.Op{7: r.job.Offset(jobW28)}}
	r.widen(r.nonce, st.words)
	r.Comment("The words up to 63, each plus its round constant.")
	for g := 4; g < groups; g++ {
		r.VPADDD(r.table.k.Offset(row*g), st.words, wk)
		r.VMOVDQU(wk, r.plan.Offset(row*(g-4)))
		ahead := r.words(g + 1)
		if g == 4 {
			ahead = r.words20
		}
		r.settle(g+1)(st, ahead(st))
	}
	r.Comment("Its first triple is as far from the last as there are triples to do.")
	r.MOVQ(r.begun, r.left)
	r.MOVQ(operand.U32(triples), r.begun)
	r.IMUL3Q(operand.I32(-abreast*midSize), r.left, r.mids.Base)
	r.LEAQ(r.job.Offset(jobMids+versions*midSize).Idx(r.mids.Base, 1), r.mids.Base)
}

// between makes the first hashes of the turn before the messages of second ones.
func (r *rolled) between() {
	r.Comment("The first hashes become messages: two shuffles, no bytes swapped.")
	for i, st := range r.second {
		from, end := r.first[i], r.before.Offset(midSize*i+midEnd)
		r.VPADDD(end, from.abef, from.abef)
		r.VPADDD(end.Offset(cdghAt), from.cdgh, from.cdgh)
		st.words = r.low.take()
		r.VSHUFPS(operand.Imm(wordsABCD), from.cdgh, from.abef, st.words)
		r.VSHUFPS(operand.Imm(wordsEFGH), from.cdgh, from.abef, wk)
		st.held = r.save(wk)
		r.VMOVDQU(r.table.initial, st.abef)
		r.VMOVDQU(r.table.initial.Offset(cdghAt), st.cdgh)
		st.parts = [groups]operand.Op{6: r.table.pad8}
	}
}

// open loads the states of the next triple after four rounds and adds the nonce.
func (r *rolled) open() {
	r.Comment("The next three versions.")
	r.VMOVDQU(r.add, wk)
	for i, st := range r.first {
		start := r.mids.Offset(midSize*i + midStart)
		r.VPADDD(start, wk, st.abef)
		r.VMOVDQU(start.Offset(cdghAt), st.cdgh)
	}
	r.MOVQ(r.mids.Base, r.before.Base)
	r.ADDQ(operand.U32(abreast*midSize), r.mids.Base)
}

// group does four rounds of the second hashes, and beside them four of the
// first hashes, which are four rounds ahead. What the next group needs is begun
// between the two pairs, of which the second waits for the first: for all
// streams before any goes on, which takes a cycle less a hash than
// stream by stream.
func (r *rolled) group(g int) {
	r.Commentf("Rounds %d to %d of the second hashes, and four more of the first.", 4*g, 4*g+3)
	var halves [abreast]operand.Mem
	for i, st := range r.second {
		halves[i] = r.firstHalf(g, st)
		r.two(st)
	}
	if g == groups-1 { // the last two rounds would only move the word that is looked at
		r.release()
		return
	}
	r.pair(2 * g)
	for _, st := range r.second {
		r.ahead(g, st)
	}
	for i, st := range r.second {
		r.VMOVQ(halves[i], wk)
		r.two(st)
	}
	r.pair(2*g + 1)
}

// pair does two rounds of the first hashes, the i-th two after round 4.
func (r *rolled) pair(i int) {
	const padding = 6
	if i < padding {
		r.VMOVQ(r.table.wk1.Offset(row/2*i), wk)
	} else {
		r.VMOVQ(r.plan.Offset(row/2*(i-padding)), wk)
	}
	for _, st := range r.first {
		r.two(st)
	}
}

// firstHalf readies the first two rounds of a group of a second hash, and tells
// where the words of the other two are.
func (r *rolled) firstHalf(g int, st *stream) (half operand.Mem) {
	if g == 2 || g == 3 {
		words := r.table.wk2.Offset(row * (g - 2))
		r.VMOVQ(words, wk)
		return words.Offset(row / 2)
	}
	return r.addK(g, st.words).Offset(row / 2)
}

// ahead makes what comes after group g of a second hash.
func (r *rolled) ahead(g int, st *stream) {
	switch g {
	case 0:
		r.move(st.held, wk)
		r.high.give(st.held)
		r.part(st, 4, wk)
		r.VMOVDQA(wk, st.words)
	case 1:
		r.part(st, 5, r.table.pad8)
	case 2:
		r.move(st.parts[4], st.words)
		r.high.give(st.parts[4])
		r.words16(st)
	case 3:
	default:
		r.wordsAhead(g+1, st)
	}
}

// wordsAhead makes group g, and of the two before what later groups need.
// Between rounds wk is free.
func (r *rolled) wordsAhead(g int, st *stream) {
	r.VPALIGNR(operand.Imm(4), st.prev, st.words, wk)
	if part := st.parts[g]; part != nil {
		r.VPADDD(part, wk, wk)
		r.high.give(part)
	}
	r.SHA256MSG2(st.words, wk)
	r.high.give(st.prev)
	if g+1 < groups {
		st.prev = r.save(st.words)
	}
	if g+3 < groups && st.parts[g+3] == nil {
		r.part(st, g+3, wk)
	}
	r.VMOVDQA(wk, st.words)
}

// release frees what the second hashes are done with.
func (r *rolled) release() {
	for _, st := range r.second {
		r.low.give(st.words)
	}
}

// decide leaves the loop at a triple that may have a hit, or after the last
// turn. A turn that may have one is not counted.
func (r *rolled) decide() {
	r.Comment("The hashes' last words, bytes swapped, against the target's first.")
	hits := reg.EAX
	r.fold(r.second, hits)
	r.Comment("The first turn has finished nothing.")
	r.TESTL(r.valid.As32(), hits)
	r.MOVL(operand.U32(1<<abreast-1), r.valid.As32())
	r.JNZ(operand.LabelRef("done"))
	r.DECQ(r.turns)
	r.JNZ(operand.LabelRef("turn"))
	r.Label("done")
	r.Store(r.turns, r.Return("left"))
	r.RET()
}
