package hasher

import (
	"bytes"
	"encoding/binary"
	"encoding/hex"
	"slices"
	"testing"

	"github.com/curtaild/curtaild/hasher/stratum"
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

func TestKernelFindsRealBlocks(t *testing.T) {
	k, err := newStdKernel()
	if err != nil {
		t.Fatal(err)
	}
	for _, b := range blocks {
		var h stratum.Header
		binary.LittleEndian.PutUint32(h[0:], b.version)
		copy(h[4:], reversed(t, b.prev))
		copy(h[36:], reversed(t, b.root))
		binary.LittleEndian.PutUint32(h[68:], b.time)
		binary.LittleEndian.PutUint32(h[72:], b.bits)
		want, err := hex.DecodeString(b.hash)
		if err != nil {
			t.Fatal(err)
		}
		exact := stratum.Target(want)
		for _, tc := range []struct {
			name   string
			target stratum.Target
			hit    bool
		}{{"difficulty 1", stratum.DifficultyTarget(1), true}, {"its own hash", exact, true}, {"one less", less(exact), false}} {
			hits, n := k.Scan(nil, &h, &tc.target, b.nonce-1000, 2000)
			if n != 2000 || slices.Contains(hits, b.nonce) != tc.hit || len(hits) > 1 {
				t.Errorf("block %s, target %s: hits %v of %d", b.name, tc.name, hits, n)
			}
		}
	}
}

func less(t stratum.Target) stratum.Target {
	for i := len(t) - 1; i >= 0; i-- {
		t[i]--
		if t[i] != 0xff {
			break
		}
	}
	return t
}

func TestKernelStopsAtTheLastNonce(t *testing.T) {
	k, err := newStdKernel()
	if err != nil {
		t.Fatal(err)
	}
	target := stratum.Target(bytes.Repeat([]byte{0xff}, 32))
	hits, n := k.Scan([]uint32{7}, &stratum.Header{}, &target, 1<<32-3, 100)
	if n != 3 || !slices.Equal(hits, []uint32{7, 1<<32 - 3, 1<<32 - 2, 1<<32 - 1}) {
		t.Errorf("tried %d, hits %v", n, hits)
	}
	if hits, n := k.Scan(nil, &stratum.Header{}, &target, 5, 0); n != 0 || hits != nil {
		t.Errorf("nothing asked for: tried %d, hits %v", n, hits)
	}
}

// naive is the reference: every header hashed whole.
func naive(header stratum.Header, target stratum.Target, from, n uint32) (hits []uint32) {
	for i := range uint64(n) {
		if uint64(from)+i > 1<<32-1 {
			break
		}
		binary.LittleEndian.PutUint32(header[76:], from+uint32(i))
		if target.Met(stratum.Double(header[:])) {
			hits = append(hits, from+uint32(i))
		}
	}
	return hits
}

func FuzzKernel(f *testing.F) {
	f.Add(bytes.Repeat([]byte{1}, 80), uint32(0), uint8(3), []byte{0x08})
	f.Add(bytes.Repeat([]byte{0xff}, 80), uint32(1<<32-5), uint8(9), []byte{0xff, 0xff, 0xff})
	f.Add([]byte{}, uint32(77), uint8(255), []byte{0x7f, 0, 0, 0, 0, 0, 0, 0, 1})
	k, err := newStdKernel()
	if err != nil {
		f.Fatal(err)
	}
	f.Fuzz(func(t *testing.T, head []byte, from uint32, n uint8, aim []byte) {
		var h stratum.Header
		var target stratum.Target
		copy(h[:], head)
		copy(target[:], aim)
		hits, tried := k.Scan(nil, &h, &target, from, uint32(n))
		if want := naive(h, target, from, uint32(n)); !slices.Equal(hits, want) || tried != min(uint64(n), 1<<32-uint64(from)) {
			t.Errorf("hits %v of %d, want %v", hits, tried, want)
		}
	})
}
