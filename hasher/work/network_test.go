package work

import (
	"encoding/hex"
	"math"
	"slices"
	"testing"
)

// unhex reads hex that the test itself has written.
func unhex(t testing.TB, s string) []byte {
	t.Helper()
	b, err := hex.DecodeString(s)
	if err != nil {
		t.Fatal(err)
	}
	return b
}

func TestCompactTarget(t *testing.T) {
	for _, tc := range []struct {
		bits uint32
		want string // without the zeros in front; empty: none
	}{
		{0x1d00ffff, "ffff0000000000000000000000000000000000000000000000000000"},
		{0x207fffff, "7fffff0000000000000000000000000000000000000000000000000000000000"},
		{0x1b0404cb, "0404cb000000000000000000000000000000000000000000000000"},
		{0x05009234, "92340000"},
		{0x03123456, "123456"},
		{0x02123456, "1234"},
		{0x01123456, "12"},
		{0x00123456, ""}, // nothing is left
		{0x1d000000, ""},
		{0x04923456, ""}, // negative
		{0x217fffff, ""}, // more than 256 bits
		{0x2100ffff, "ffff000000000000000000000000000000000000000000000000000000000000"},
		{0xff123456, ""},
	} {
		got, err := CompactTarget(tc.bits)
		if tc.want == "" {
			if err == nil {
				t.Errorf("%08x: %x, want none", tc.bits, got)
			}
			continue
		}
		want := unhex(t, tc.want)
		if err != nil || !slices.Equal(got[32-len(want):], want) || !slices.Equal(got[:32-len(want)], make([]byte, 32-len(want))) {
			t.Errorf("%08x: %x, %v, want %s", tc.bits, got, err, tc.want)
		}
	}
}

// The coinbase of block 100000 of Bitcoin's chain, cut where a pool would.
func TestYieldOfARealBlock(t *testing.T) {
	tx := unhex(t, "01000000010000000000000000000000000000000000000000000000000000000000000000ffffffff08044c86041b020602ffffffff0100f2052a01000000"+
		"4341041b0e8c2567c12536aa13357b79a073dc4444acb83c4ec7a0e2f99dd7457516c5817242da796924ca4e99947d087fedf9ce467cb9f7c6287078f801df276fdf84ac00000000")
	id := Double(tx)
	slices.Reverse(id[:])
	if hex.EncodeToString(id[:]) != "8c14f0db3df150123e6f3dbbf30f8b955a8249b62ac1d1ff16284aefa3d06d87" {
		t.Fatalf("not that transaction: %x", id)
	}
	j := Job{Coinbase1: tx[:47], Extranonce1: tx[47:48], Size2: 2, Coinbase2: tx[50:], Bits: 0x1b04864c}
	y, err := j.Yield()
	if err != nil || y.Height != 0 || y.Reward != 50e8 || math.Abs(y.Difficulty-14484.162361) > 1e-6 {
		t.Errorf("%+v, %v", y, err)
	}
	// 2^32 hashes a unit of difficulty, as is commonly said, but for 15 in a million.
	if hashes := 50e8 / y.PerHash; math.Abs(hashes/(14484.162361*math.Exp2(32))-1) > 2e-5 {
		t.Errorf("%v hashes a block", hashes)
	}
}

// job is one whose coinbase has that script (as it is counted and written), and
// those outputs.
func job(t testing.TB, script, outputs string) Job {
	return Job{
		Bits:      0x1d00ffff,
		Coinbase1: unhex(t, "0100000001"+"0000000000000000000000000000000000000000000000000000000000000000"+"ffffffff"+script),
		Coinbase2: unhex(t, "ffffffff"+outputs+"00000000"),
	}
}

func TestYield(t *testing.T) {
	const none = "0a" + "0000000000000000" + "00" // the first of ten outputs
	for name, tc := range map[string]struct {
		script, outputs string
		height          int64
		reward          uint64
		bad             bool
	}{
		"one output":         {"0101", "01" + "00f2052a01000000" + "0151", 0, 50e8, false},
		"two outputs":        {"0151", "02" + "00f2052a01000000" + "0151" + "e803000000000000" + "026a00", 1, 50e8 + 1000, false},
		"no outputs":         {"0160", "00", 16, 0, false},
		"height":             {"040340d10c", "00", 840000, 0, false},
		"height with sign":   {"03028000", "00", 128, 0, false},
		"negative height":    {"020181", "00", 0, 0, false},
		"cut height":         {"020340", "00", 0, 0, false},
		"no script":          {"00", "00", 0, 0, false},
		"cut":                {"00", none, 0, 0, true},
		"script beyond":      {"ff", "00", 0, 0, true},
		"outputs beyond":     {"00", "01" + "0000000000000000" + "ffffffffffffffffff", 0, 0, true},
		"more than all":      {"00", "02" + "ffffffffffffffff" + "00" + "0200000000000000" + "00", 0, 0, true},
		"millions announced": {"00", "fe00ffffff", 0, 0, true},
	} {
		j := job(t, tc.script, tc.outputs)
		y, err := j.Yield()
		if (err != nil) != tc.bad || y.Height != tc.height || !tc.bad && y.Reward != tc.reward {
			t.Errorf("%s: %+v, %v", name, y, err)
		}
	}
	j := job(t, "00", "00")
	j.Bits = 0
	if _, err := j.Yield(); err == nil {
		t.Error("bits of no target are taken")
	}
	j = job(t, "00", "01"+"00f2052a01000000"+"00")
	j.Algorithm = Scrypt
	if y, err := j.Yield(); err != nil || y.Difficulty != 1 || math.Abs(50e8/y.PerHash/math.Exp2(32)-1) > 2e-5 {
		t.Errorf("scrypt: %+v, %v", y, err)
	}
}

// Whatever a pool sends as a coinbase, reading it ends, and soon.
func FuzzYield(f *testing.F) {
	j := job(f, "040340d10c", "01"+"00f2052a01000000"+"0151")
	f.Add(j.Coinbase1, j.Coinbase2, j.Bits)
	f.Add([]byte{}, []byte{}, uint32(0))
	f.Fuzz(func(t *testing.T, before, after []byte, bits uint32) {
		j := Job{Coinbase1: before, Coinbase2: after, Size2: 4, Bits: bits}
		y, err := j.Yield()
		if err == nil && (y.Height < 0 || !(y.PerHash >= 0) || !(y.Difficulty > 0)) {
			t.Errorf("%+v", y)
		}
	})
}
