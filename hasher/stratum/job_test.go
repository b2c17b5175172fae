package stratum

import (
	"encoding/hex"
	"encoding/json"
	"math/big"
	"slices"
	"strings"
	"testing"

	"github.com/curtaild/curtaild/hasher/stratum/pooltest"
)

// Two blocks of the main chain, taken apart as a pool would: the extranonces
// are bytes from the middle of the coinbase's script.
var blocks = []struct {
	name                   string
	prev, coinbase         string
	branches               []string
	time, bits, nonce, hex string
}{
	{
		"genesis", strings.Repeat("0", 64),
		"01000000010000000000000000000000000000000000000000000000000000000000000000ffffffff4d04ffff001d0104455468652054696d65732030332f4a616e2f32303039204368616e63656c6c6f72206f6e206272696e6b206f66207365636f6e64206261696c6f757420666f722062616e6b73ffffffff0100f2052a01000000434104678afdb0fe5548271967f1a67130b7105cd6a828e03909a67962e0ea1f61deb649f6bc3f4cef38c4f35504e51ec112de5c384df7ba0b8d578a4c702b6bf11d5fac00000000",
		nil, "495fab29", "1d00ffff", "7c2bac1d",
		"000000000019d6689c085ae165831e934ff763ae46a2a6c172b3f1b60a8ce26f",
	},
	{
		"170", "000000002a22cfee1f2c846adbd12b3e183d4f97683f85dad08a79780a84bd55",
		"01000000010000000000000000000000000000000000000000000000000000000000000000ffffffff0704ffff001d0102ffffffff0100f2052a01000000434104d46c4968bde02899d2aa0963367c7a6ce34eec332b32e42e5f3407e052d64ac625da6f0718e7b302140434bd725706957c092db53805b821a85b23a7ac61725bac00000000",
		[]string{"169e1e83e930853391bc6f35f605c6754cfead57cf8387639d3b4096c54f18f4"},
		"496ab951", "1d00ffff", "709e3e28",
		"00000000d1145790a8694403d4063f323d499e655c83426834d4ce2f8dd4a2ee",
	},
}

func TestHistoricalBlocks(t *testing.T) {
	for _, b := range blocks {
		t.Run(b.name, func(t *testing.T) {
			const x1, x2 = 94, 102 // in hex digits: extranonce1 of 4 bytes ends where extranonce2 of 2 begins
			pj := pooltest.Job{
				ID: "h", Prev: b.prev, Coinbase1: b.coinbase[:x1-8], Coinbase2: b.coinbase[x2-4:],
				Branches: b.branches, Version: "00000001", Bits: b.bits, Time: b.time,
			}
			extranonces := b.coinbase[x1-8 : x2-4]
			if got := pooltest.HeaderHash(pj, extranonces, b.time, b.nonce); got != b.hex {
				t.Fatalf("the test's own pool hashes %s to %s", b.name, got)
			}
			j := parse(t, pj, extranonces[:8], 2, DifficultyTarget(1))
			x, _ := hex.DecodeString(extranonces[8:])
			nonce, _ := word(json.RawMessage(`"` + b.nonce + `"`))
			h := j.Header(x, j.Time, nonce)
			hash := Double(h[:])
			slices.Reverse(hash[:])
			if got := hex.EncodeToString(hash[:]); got != b.hex {
				t.Errorf("hash %s, want %s", got, b.hex)
			}
			var book Book
			held := book.Add(j, true)
			s := Share{Job: held.Seq, Extranonce2: x, Time: j.Time, Nonce: nonce}
			if _, err := book.Take(s); err != nil {
				t.Errorf("the block is no share of difficulty 1: %v", err)
			}
			if _, err := book.Take(s); err != ErrDuplicate {
				t.Errorf("again: %v, want duplicate", err)
			}
			s.Nonce++
			if _, err := book.Take(s); err != ErrLow {
				t.Errorf("another nonce: %v, want low", err)
			}
		})
	}
}

// parse sends a job through the protocol's text.
func parse(t testing.TB, j pooltest.Job, x1 string, size2 int, target Target) Job {
	t.Helper()
	raw, _ := hex.DecodeString(x1)
	got, _, err := parseNotify(notifyParams(t, j), subscription{extranonce1: raw, size2: size2}, target)
	if err != nil {
		t.Fatal(err)
	}
	return got
}

func notifyParams(t testing.TB, j pooltest.Job) []json.RawMessage {
	t.Helper()
	prev, _ := hex.DecodeString(j.Prev)
	slices.Reverse(prev)
	for w := range slices.Chunk(prev, 4) {
		slices.Reverse(w)
	}
	var params []json.RawMessage
	for _, v := range []any{j.ID, hex.EncodeToString(prev), j.Coinbase1, j.Coinbase2, append([]string{}, j.Branches...), j.Version, j.Bits, j.Time, j.Clean} {
		b, err := json.Marshal(v)
		if err != nil {
			t.Fatal(err)
		}
		params = append(params, b)
	}
	return params
}

func TestParseNotifyRefuses(t *testing.T) {
	good := pooltest.Example("j", true)
	cases := map[string]func(p []json.RawMessage) []json.RawMessage{
		"too few":           func(p []json.RawMessage) []json.RawMessage { return p[:7] },
		"id a number":       set(0, `7`),
		"id too long":       set(0, `"`+strings.Repeat("x", 200)+`"`),
		"prev short":        set(1, `"00"`),
		"prev null":         set(1, `null`),
		"coinbase odd":      set(2, `"012"`),
		"coinbase not hex":  set(3, `"zz"`),
		"coinbase too long": set(2, `"`+strings.Repeat("00", maxCoinbase+1)+`"`),
		"branches text":     set(4, `"x"`),
		"branch short":      set(4, `["00"]`),
		"branch null":       set(4, `[null]`),
		"a thousand":        set(4, `[`+strings.Repeat(`"`+strings.Repeat("0", 64)+`",`, 999)+`"`+strings.Repeat("0", 64)+`"]`),
		"version a number":  set(5, `536870912`),
		"bits short":        set(6, `"1d00ff"`),
		"time negative":     set(7, `"-0000001"`),
		"clean not a truth": set(8, `"true"`),
		"nothing but nulls": func(p []json.RawMessage) []json.RawMessage { return make([]json.RawMessage, 9) },
		"coinbase of nulls": func(p []json.RawMessage) []json.RawMessage { return set(3, `""`)(set(2, `""`)(p)) },
	}
	for name, change := range cases {
		t.Run(name, func(t *testing.T) {
			if _, _, err := parseNotify(change(notifyParams(t, good)), subscription{}, Target{}); err == nil {
				t.Error("taken")
			}
		})
	}
}

func set(i int, raw string) func([]json.RawMessage) []json.RawMessage {
	return func(p []json.RawMessage) []json.RawMessage {
		p[i] = json.RawMessage(raw)
		return p
	}
}

func TestVariants(t *testing.T) {
	for _, tc := range []struct {
		size int
		i    uint64
		x2   string
		roll uint32
		ok   bool
	}{
		{0, 0, "", 0, true},
		{0, 5, "", 5, true},
		{0, 600, "", 600, true},
		{0, 601, "", 0, false},
		{1, 255, "ff", 0, true},
		{1, 256, "00", 1, true},
		{4, 1 << 31, "80000000", 0, true},
		{7, 1<<56 + 1, "00000000000001", 1, true},
		{8, 1<<64 - 1, "ffffffffffffffff", 0, true},
		{16, 258, "00000000000000000000000000000102", 0, true},
	} {
		j := Job{Size2: tc.size, Time: 1000}
		x2, at, ok := j.Variant(tc.i)
		if ok != tc.ok || ok && (hex.EncodeToString(x2) != tc.x2 || at != 1000+tc.roll) {
			t.Errorf("size %d, variant %d: %x, %d, %v", tc.size, tc.i, x2, at, ok)
		}
	}
	late := Job{Time: 1<<32 - 1}
	if _, _, ok := late.Variant(1); ok {
		t.Error("time has wrapped around")
	}
}

func TestDifficulty(t *testing.T) {
	one := new(big.Int).Lsh(big.NewInt(0xffff), 208)
	for _, tc := range []struct {
		text string
		want *big.Int
	}{
		{"1", one},
		{"2", new(big.Int).Rsh(one, 1)},
		{"3", new(big.Int).Quo(one, big.NewInt(3))},
		{"0.5", new(big.Int).Lsh(one, 1)},
		{"65535", new(big.Int).Lsh(big.NewInt(1), 208)},
		{"1e3", new(big.Int).Quo(one, big.NewInt(1000))},
		{"0.1", new(big.Int).Mul(one, big.NewInt(10))},
		{"1e-9", new(big.Int).Mul(one, big.NewInt(1e9))},
	} {
		got, err := ParseDifficulty(tc.text)
		if err != nil {
			t.Errorf("%s: %v", tc.text, err)
			continue
		}
		want := tc.want
		if all := new(big.Int).Sub(new(big.Int).Lsh(big.NewInt(1), 256), big.NewInt(1)); want.Cmp(all) > 0 {
			want = all
		}
		if new(big.Int).SetBytes(got[:]).Cmp(want) != 0 {
			t.Errorf("%s: %x, want %x", tc.text, got, want)
		}
	}
	for _, bad := range []string{"0", "-1", "1e-10", "1e31", "1e999999999", "-0.0", "NaN", "Inf", "", `"1"`, "null", "0x10", "1/3", strings.Repeat("1", 100)} {
		if got, err := ParseDifficulty(bad); err == nil {
			t.Errorf("difficulty %q taken as %x", bad, got)
		}
	}
	if got, want := DifficultyTarget(0.5), mustDifficulty(t, "0.5"); got != want {
		t.Errorf("own difficulty: %x, want %x", got, want)
	}
}

func mustDifficulty(t testing.TB, s string) Target {
	t.Helper()
	got, err := ParseDifficulty(s)
	if err != nil {
		t.Fatal(err)
	}
	return got
}

func TestTargetMet(t *testing.T) {
	target := Target{5: 7, 31: 9}
	var h Hash // little-endian
	h[26], h[0] = 7, 9
	if !target.Met(h) {
		t.Error("equal is met")
	}
	if h[0]++; target.Met(h) {
		t.Error("one more is not met")
	}
	h[0], h[26] = 0xff, 6
	if !target.Met(h) {
		t.Error("less is met")
	}
}

func TestBook(t *testing.T) {
	all := DifficultyTarget(0)
	for i := range all {
		all[i] = 0xff
	}
	j := Job{Coinbase1: []byte{1}, Size2: 1, Target: all, Time: 100}
	var b Book
	first := b.Add(j, false)
	second := b.Add(j, false)
	share := func(j *Job, nonce uint32) Share {
		return Share{Job: j.Seq, Extranonce2: []byte{0}, Time: 100, Nonce: nonce}
	}
	take := func(s Share, want error) {
		t.Helper()
		if _, err := b.Take(s); err != want {
			t.Errorf("%v, want %v", err, want)
		}
	}
	take(share(first, 1), nil)
	take(share(second, 1), nil)
	take(share(first, 1), ErrDuplicate)
	for _, bad := range []Share{
		{Job: first.Seq, Extranonce2: []byte{}, Time: 100},
		{Job: first.Seq, Extranonce2: []byte{0, 0}, Time: 100},
		{Job: first.Seq, Extranonce2: []byte{0}, Time: 99},
		{Job: first.Seq, Extranonce2: []byte{0}, Time: 701},
	} {
		take(bad, ErrMalformed)
	}
	third := b.Add(j, true)
	take(share(first, 2), ErrStale)
	take(share(third, 2), nil)
	for range keepJobs {
		b.Add(j, false)
	}
	take(share(third, 3), ErrStale)
	if b.Alive(third.Seq) || !b.Alive(third.Seq+keepJobs) {
		t.Error("the oldest job goes first")
	}
	b.Clear()
	if next := b.Add(j, false); next.Seq <= third.Seq+keepJobs {
		t.Error("numbers are used again")
	}
}
