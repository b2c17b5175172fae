package kernel

import (
	"bytes"
	"encoding/binary"
	"encoding/hex"
	"slices"
	"testing"

	"github.com/curtaild/curtaild/hasher/work"
)

// Headers of the main chain, with the nonce that was found for them.
var blocks = []struct {
	name, prev, root string
	version, time    uint32
	bits, nonce      uint32
	hash             string
}{
	{
		"genesis", "0000000000000000000000000000000000000000000000000000000000000000",
		"4a5e1e4baab89f3a32518a88c31bc87f618f76673e2cc77ab2127b7afdeda33b",
		1, 1231006505, 0x1d00ffff, 2083236893,
		"000000000019d6689c085ae165831e934ff763ae46a2a6c172b3f1b60a8ce26f",
	},
	{
		"1", "000000000019d6689c085ae165831e934ff763ae46a2a6c172b3f1b60a8ce26f",
		"0e3e2357e806b6cdb1f70b54c3a3a17b6714ee1f0e68bebb44a74b1efd512098",
		1, 1231469665, 0x1d00ffff, 2573394689,
		"00000000839a8e6886ab5951d76f411475428afc90947ee320161bbf18eb6048",
	},
	{
		"125552", "00000000000008a3a41b85b8b29ad444def299fee21793cd8b9e567eab02cd81",
		"2b12fcf1b09288fcaff797d71e950e71ae42b91e8bdb2304758dfcffc2b620e3",
		1, 1305998791, 0x1a44b9f2, 2504433986,
		"00000000000000001e8d6829a8a21adc5d38d0a473b144b6765798e61f98bd1d",
	},
}

func reversed(t testing.TB, text string) []byte {
	t.Helper()
	b, err := hex.DecodeString(text)
	if err != nil {
		t.Fatal(err)
	}
	slices.Reverse(b)
	return b
}

// supported are the kinds that can be tried here.
func supported(t testing.TB) []Kind {
	t.Helper()
	return slices.DeleteFunc(Kinds(), func(k Kind) bool { return !k.Supported })
}

func newKernel(t testing.TB, kind Kind) Kernel {
	t.Helper()
	k, err := kind.New()
	if err != nil {
		t.Fatal(err)
	}
	return k
}

// versions are as many as the kind takes, with want among them.
func versions(kind Kind, want uint32) []uint32 {
	list := make([]uint32, kind.Versions)
	for i := range list {
		list[i] = want ^ uint32(i^kind.Versions/2)<<13
	}
	return list
}

func TestKernelsFindRealBlocks(t *testing.T) {
	for _, kind := range supported(t) {
		if kind.Algorithm != work.SHA256d {
			continue
		}
		k := newKernel(t, kind)
		for _, b := range blocks {
			w := Work{Versions: versions(kind, b.version)}
			copy(w.Header[4:], reversed(t, b.prev))
			copy(w.Header[36:], reversed(t, b.root))
			binary.LittleEndian.PutUint32(w.Header[68:], b.time)
			binary.LittleEndian.PutUint32(w.Header[72:], b.bits)
			want, err := hex.DecodeString(b.hash)
			if err != nil {
				t.Fatal(err)
			}
			exact := work.Target(want)
			for _, tc := range []struct {
				name   string
				target work.Target
				hit    bool
			}{{"difficulty 1", work.SHA256d.DifficultyTarget(1), true}, {"its own hash", exact, true}, {"one less", less(exact), false}} {
				w.Target = tc.target
				k.Begin(&w)
				hits, n := k.Scan(nil, b.nonce-1000, 2000)
				if n != 2000 || slices.Contains(hits, Hit{Version: b.version, Nonce: b.nonce}) != tc.hit || len(hits) > 1 {
					t.Errorf("%s: block %s, target %s: hits %v of %d", kind.Name, b.name, tc.name, hits, n)
				}
			}
		}
	}
}

// Litecoin's first block.
func TestScryptFindsARealBlock(t *testing.T) {
	hash, err := hex.DecodeString("0000050c34a64b415b6b15b37f2216634b5b1669cb9a2e38d76f7213b0671e00")
	if err != nil {
		t.Fatal(err)
	}
	w := Work{Versions: []uint32{1}, Target: work.Target(hash)}
	copy(w.Header[36:], reversed(t, "97ddfbbae6be97fd6cdf3e7ca13232a3afff2353e29badfab7f73011edd4ced9"))
	binary.LittleEndian.PutUint32(w.Header[68:], 1317972665)
	binary.LittleEndian.PutUint32(w.Header[72:], 0x1e0ffff0)
	const nonce = 2084524493
	for _, kind := range supported(t) {
		if kind.Algorithm != work.Scrypt {
			continue
		}
		k := newKernel(t, kind)
		k.Begin(&w)
		if hits, _ := k.Scan(nil, nonce-7, 9); !slices.Equal(hits, []Hit{{1, nonce}}) {
			t.Errorf("%s: hits %v", kind.Name, hits)
		}
		missed := w
		missed.Target = less(w.Target)
		k.Begin(&missed)
		if hits, _ := k.Scan(nil, nonce-7, 9); len(hits) != 0 {
			t.Errorf("%s: one less: hits %v", kind.Name, hits)
		}
	}
}

func less(t work.Target) work.Target {
	for i := len(t) - 1; i >= 0; i-- {
		t[i]--
		if t[i] != 0xff {
			break
		}
	}
	return t
}

func TestKernelsStopAtTheLastNonce(t *testing.T) {
	for _, kind := range supported(t) {
		k := newKernel(t, kind)
		k.Begin(&Work{Versions: versions(kind, 4), Target: work.Target(bytes.Repeat([]byte{0xff}, 32))})
		const last = 1<<32 - 1
		before := Hit{Version: 1, Nonce: 7}
		hits, n := k.Scan([]Hit{before}, last-2, 100)
		if n != 3 || len(hits) != 1+3*kind.Versions || hits[0] != before {
			t.Errorf("%s: tried %d, %d hits", kind.Name, n, len(hits))
		}
		for _, h := range hits[1:] {
			if h.Nonce < last-2 {
				t.Errorf("%s: hit %v was not asked for", kind.Name, h)
			}
		}
		if hits, n := k.Scan(nil, 5, 0); n != 0 || hits != nil {
			t.Errorf("%s: nothing asked for: tried %d, hits %v", kind.Name, n, hits)
		}
	}
}

// A scan goes on where the one before has ended, whatever their lengths, and
// work that is begun anew leaves nothing of the old behind.
func TestKernelsInPieces(t *testing.T) {
	for _, kind := range supported(t) {
		k, ref := newKernel(t, kind), newReference(kind.Algorithm)()
		pieces := []uint32{1, 2, 3, 4, 5, 7, 8, 13, 31, 64, 65}
		if kind.Algorithm == work.Scrypt {
			pieces = pieces[:7]
		}
		for round := range 2 {
			w := Work{Versions: versions(kind, uint32(round)), Target: work.Target{0: 0x3f}}
			w.Header[70] = byte(round)
			k.Begin(&w)
			ref.Begin(&w)
			from := uint32(0xfffe)
			for _, n := range pieces {
				got, tried := k.Scan(nil, from, n)
				want, _ := ref.Scan(nil, from, n)
				order(got)
				order(want)
				if !slices.Equal(got, want) || tried != uint64(n) {
					t.Errorf("%s: %d nonces from %d: tried %d, hits %v, want %v", kind.Name, n, from, tried, got, want)
				}
				from += n
			}
		}
	}
}

func TestPick(t *testing.T) {
	for _, a := range work.Algorithms() {
		kind, ok := Pick(a, false)
		if !ok || kind.Versions != 1 || kind.Algorithm != a || !kind.Supported {
			t.Errorf("%v: %+v, %v", a, kind, ok)
		}
	}
	if kind, ok := Pick(work.SHA256d, true); ok && kind.Versions < 2 {
		t.Errorf("rolled: %+v", kind)
	}
	if _, err := (Kind{Name: "alien"}).New(); err == nil {
		t.Error("a kernel that the CPU does not support was made")
	}
}

func TestWholeBatches(t *testing.T) {
	for _, tc := range []struct {
		batch   int
		n, want uint32
	}{
		{0, 0, 1}, {0, 7, 7}, {1, 7, 7},
		{12, 0, 12}, {12, 1, 12}, {12, 17, 12}, {12, 18, 24}, {12, 24, 24},
	} {
		if got := (Kind{Batch: tc.batch}).Whole(tc.n); got != tc.want {
			t.Errorf("%d in batches of %d: %d, want %d", tc.n, tc.batch, got, tc.want)
		}
	}
}

// A kernel that errs is found out before it is used.
func TestVerifyFindsErrors(t *testing.T) {
	for name, spoil := range map[string]func(hits []Hit, n uint64) ([]Hit, uint64){
		"one missed": func(hits []Hit, n uint64) ([]Hit, uint64) { return hits[:len(hits)-1], n },
		"one false":  func(hits []Hit, n uint64) ([]Hit, uint64) { hits[0].Nonce++; return hits, n },
		"count":      func(hits []Hit, n uint64) ([]Hit, uint64) { return hits, n + 1 },
	} {
		kind := Kind{Name: name, Versions: 1, Supported: true, make: func() Kernel {
			return &spoiled{Kernel: newReference(work.SHA256d)(), spoil: spoil}
		}}
		if _, err := kind.New(); err == nil {
			t.Errorf("%s: not found out", name)
		}
	}
}

type spoiled struct {
	Kernel
	spoil func([]Hit, uint64) ([]Hit, uint64)
}

func (s *spoiled) Scan(hits []Hit, from, n uint32) ([]Hit, uint64) {
	return s.spoil(s.Kernel.Scan(hits, from, n))
}

func FuzzKernels(f *testing.F) {
	f.Add(bytes.Repeat([]byte{1}, 80), uint32(0), uint8(3), []byte{0x08})
	f.Add(bytes.Repeat([]byte{2}, 80), uint32(1<<32-16), uint8(255), []byte{0xf0})
	f.Add(bytes.Repeat([]byte{0xff}, 80), uint32(1<<32-5), uint8(9), []byte{0xff, 0xff, 0xff})
	f.Add([]byte{}, uint32(77), uint8(255), []byte{0x7f, 0, 0, 0, 0, 0, 0, 0, 1})
	type pair struct {
		kind      Kind
		kernel, r Kernel
	}
	var all []pair
	for _, kind := range supported(f) {
		all = append(all, pair{kind, newKernel(f, kind), newReference(kind.Algorithm)()})
	}
	f.Fuzz(func(t *testing.T, head []byte, from uint32, n uint8, aim []byte) {
		var w Work
		copy(w.Header[:], head)
		copy(w.Target[:], aim)
		for _, p := range all {
			n := uint32(n)
			switch {
			case p.kind.Versions > 1:
				n %= 8 // times all versions
			case p.kind.Algorithm == work.Scrypt && from%16 > 0:
				continue // each takes as long as a thousand of the others
			case p.kind.Algorithm == work.Scrypt:
				n %= 8
			}
			w.Versions = versions(p.kind, binary.BigEndian.Uint32(w.Header[:]))
			p.kernel.Begin(&w)
			p.r.Begin(&w)
			got, tried := p.kernel.Scan(nil, from, n)
			want, all := p.r.Scan(nil, from, n)
			order(got)
			order(want)
			if !slices.Equal(got, want) || tried != all {
				t.Errorf("%s: hits %v of %d, want %v of %d", p.kind.Name, got, tried, want, all)
			}
		}
	})
}
