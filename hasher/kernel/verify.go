package kernel

import (
	"cmp"
	"fmt"
	"slices"

	"github.com/curtaild/curtaild/hasher/work"
)

// verifyHashes is how many hashes a kernel is tried on, of a target that one
// in sixteen meets: enough that every lane of every kernel has hits.
const verifyHashes = 1024

// verify compares the kernel's hits with the reference's on a fixed header.
func (k Kind) verify(kernel Kernel) error {
	w := Work{Target: work.Target{0: 0x0f, 31: 0xff}}
	for i := range w.Header {
		w.Header[i] = byte(i*i + 7)
	}
	for i := range k.Versions {
		w.Versions = append(w.Versions, 0x2000_0000|uint32(i)<<13)
	}
	hashes := verifyHashes
	if k.Algorithm == work.Scrypt {
		hashes = 32 // each as long as a thousand of the others
	}
	const from = 0x0102_03f0 // carries into the second byte
	n := uint32(max(hashes/k.Versions, 4) + 1)
	ref := newReference(k.Algorithm)()
	ref.Begin(&w)
	kernel.Begin(&w)
	want, _ := ref.Scan(nil, from, n)
	got, tried := kernel.Scan(nil, from, n)
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
