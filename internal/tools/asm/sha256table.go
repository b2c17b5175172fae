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
	jobLimit = jobW28 + row   // what the hash's last word may be at most, four times
	jobRing  = jobLimit + row // room for what is stored and loaded again, aligned as a stack would not be
	jobPlan  = jobRing + 16*row
	jobAdd   = jobPlan + (groups-4)*row
	jobWaits = jobAdd + row // for kernels without registers for what waits
	jobMids  = jobWaits + (waiting+3)*row

	waiting = 16 // rows

	midStart = 0  // state after four rounds of the second block with nonce 0
	midEnd   = 32 // state after the first block, which is added at the second's end
	midSize  = 64
	cdghAt   = row // the second half of a state
)

// jobBase is where it is.
var jobBase = reg.RDI

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
