package kernel

import (
	"slices"
	"strings"
	"testing"

	"github.com/curtaild/curtaild/hasher/work"
)

// Every lane is used and left unused once.
func TestScryptBatches(t *testing.T) {
	for _, kind := range supported(t) {
		if !strings.HasPrefix(kind.Name, "scrypt-") {
			continue
		}
		w := Work{Versions: []uint32{0x20000000}, Target: work.Target{0: 0x7f}}
		k, ref := newKernel(t, kind), newReference(work.Scrypt)()
		ref.Begin(&w)
		const from = 1<<32 - 40
		all, _ := ref.Scan(nil, from, uint32(2*kind.Batch+1))
		k.Begin(&w)
		for n := range uint32(2*kind.Batch + 2) {
			got, tried := k.Scan(nil, from, n)
			want := slices.DeleteFunc(slices.Clone(all), func(h Hit) bool { return h.Nonce >= from+n })
			if order(got); tried != uint64(n) || !slices.Equal(got, want) {
				t.Errorf("%s: %d nonces: tried %d, hits %v, want %v", kind.Name, n, tried, got, want)
			}
		}
	}
}
