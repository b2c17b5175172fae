package kernel

import (
	"slices"
	"testing"

	"github.com/curtaild/curtaild/hasher/work"
)

// A hit that is the only one is found wherever it is: in every lane, at every
// version, and in the last hash of a scan, which a kernel that works
// ahead finishes last.
func TestKernelsFindALoneHit(t *testing.T) {
	for _, kind := range supported(t) {
		k := newKernel(t, kind)
		nonces := uint32(max(1, 16/kind.Versions))
		places := int(nonces) * kind.Versions
		if kind.Algorithm == work.Scrypt {
			places /= 2 // the rest would take seconds
		}
		seen := map[int]bool{}
		for seed := uint32(0); len(seen) < places; seed++ {
			w := Work{Versions: versions(kind, seed)}
			place, hit := smallest(kind.Algorithm, &w, seed, nonces)
			if seen[place] {
				continue
			}
			seen[place] = true
			k.Begin(&w)
			if got, _ := k.Scan(nil, seed, nonces); !slices.Equal(got, []Hit{hit}) {
				t.Errorf("%s: hits %v, want %v alone", kind.Name, got, hit)
			}
		}
	}
}

// smallest makes the smallest of the work's hashes the target, and tells which
// of them it is.
func smallest(a work.Algorithm, w *Work, from, n uint32) (place int, hit Hit) {
	for i := range w.Target {
		w.Target[i] = 0xff
	}
	for i := range int(n) * len(w.Versions) {
		this := Hit{Version: w.Versions[i%len(w.Versions)], Nonce: from + uint32(i/len(w.Versions))}
		h := w.header(this.Version, this.Nonce)
		if sum := a.Sum(&h); w.Target.Met(sum) {
			slices.Reverse(sum[:])
			w.Target, place, hit = work.Target(sum), i, this
		}
	}
	return place, hit
}

// Scans that are longer than one call of the assembly go on in the middle of a
// nonce's versions, and lose no hit there.
func TestKernelsScanFar(t *testing.T) {
	for _, kind := range supported(t) {
		if kind.Algorithm != work.SHA256d {
			continue
		}
		k, ref := newKernel(t, kind), newReference(kind.Algorithm)()
		w := Work{Versions: versions(kind, 3), Target: work.Target{0: 0x00, 1: 0x40}} // one in 1,024
		k.Begin(&w)
		ref.Begin(&w)
		n := uint32(100_003 / kind.Versions)
		got, tried := k.Scan(nil, 1<<31-500, n)
		want, _ := ref.Scan(nil, 1<<31-500, n)
		order(got)
		order(want)
		if len(want) == 0 || tried != uint64(n) || !slices.Equal(got, want) {
			t.Errorf("%s: tried %d, %d hits, want %d", kind.Name, tried, len(got), len(want))
		}
	}
}
