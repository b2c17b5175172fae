package kernel

import (
	"cmp"
	"encoding/binary"
	"fmt"
	"slices"

	"github.com/curtaild/curtaild/hasher/work"
)

// trial is hashes of which one in so many meets the target.
type trial struct {
	hashes int
	oneIn  uint32
}

// trials are what a kernel is tried on: enough hits that every lane has some,
// and few enough that it goes on for long without one.
func (k Kind) trials() []trial {
	if k.Algorithm == work.Scrypt {
		return []trial{{32, 16}} // each takes as long as a thousand of the others
	}
	return []trial{{1024, 16}, {4096, 256}}
}

// verify compares the kernel's hits with the reference's on a fixed header.
func (k Kind) verify(kernel Kernel) error {
	var w Work
	for i := range w.Header {
		w.Header[i] = byte(i*i + 7)
	}
	for i := range k.Versions {
		w.Versions = append(w.Versions, 0x2000_0000|uint32(i)<<13)
	}
	for _, t := range k.trials() {
		w.Target = work.Target{31: 0xff}
		binary.BigEndian.PutUint32(w.Target[:], (1<<32-1)/t.oneIn)
		if err := k.try(kernel, &w, max(t.hashes/k.Versions, 4)+1); err != nil {
			return err
		}
	}
	return nil
}

// try compares hits of n nonces.
func (k Kind) try(kernel Kernel, w *Work, n int) error {
	const from = 0x0102_03f0 // carries into the second byte
	ref := newReference(k.Algorithm)()
	ref.Begin(w)
	kernel.Begin(w)
	want, _ := ref.Scan(nil, from, uint32(n))
	got, tried := kernel.Scan(nil, from, uint32(n))
	order(got)
	order(want)
	if tried != uint64(n) || len(want) == 0 || !slices.Equal(got, want) {
		return fmt.Errorf("kernel %s: finds %d hits where plain Go finds %d: it is not fit for this machine", k.Name, len(got), len(want))
	}
	return nil
}

func order(hits []Hit) {
	slices.SortFunc(hits, func(a, b Hit) int {
		return cmp.Or(cmp.Compare(a.Nonce, b.Nonce), cmp.Compare(a.Version, b.Version))
	})
}

// reference is the plain way: every header hashed whole.
type reference struct {
	algorithm work.Algorithm
	work      *Work
}

func newReference(a work.Algorithm) func() Kernel {
	return func() Kernel { return &reference{algorithm: a} }
}

func (k *reference) Begin(w *Work) { k.work = w }

func (k *reference) Scan(hits []Hit, from, n uint32) ([]Hit, uint64) {
	total := min(uint64(n), 1<<32-uint64(from))
	for i := range total {
		nonce := from + uint32(i)
		for _, v := range k.work.Versions {
			h := k.work.header(v, nonce)
			if k.work.Target.Met(k.algorithm.Sum(&h)) {
				hits = append(hits, Hit{Version: v, Nonce: nonce})
			}
		}
	}
	return hits, total
}
