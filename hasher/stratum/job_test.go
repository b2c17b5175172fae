package stratum

import (
	"encoding/hex"
	"encoding/json"
	"errors"
	"slices"
	"strings"
	"testing"

	"github.com/curtaild/curtaild/hasher/stratum/pooltest"
	"github.com/curtaild/curtaild/hasher/work"
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
			j := parse(t, pj, extranonces[:8], 2, work.SHA256d.DifficultyTarget(1))
			x, _ := hex.DecodeString(extranonces[8:])
			nonce, _ := word(json.RawMessage(`"` + b.nonce + `"`))
			s := work.Share{Extranonce2: x, Version: j.Version, Time: j.Time, Nonce: nonce}
			h := j.Header(s)
			hash := work.Double(h[:])
			slices.Reverse(hash[:])
			if got := hex.EncodeToString(hash[:]); got != b.hex {
				t.Errorf("hash %s, want %s", got, b.hex)
			}
			var book work.Book
			held := book.Add(j, true)
			s.Job = held.Seq
			if _, err := book.Take(s); err != nil {
				t.Errorf("the block is no share of difficulty 1: %v", err)
			}
			if _, err := book.Take(s); err != work.ErrDuplicate {
				t.Errorf("again: %v, want duplicate", err)
			}
			s.Nonce++
			if _, err := book.Take(s); err != work.ErrLow {
				t.Errorf("another nonce: %v, want low", err)
			}
		})
	}
}

// parse sends a job through the protocol's text.
func parse(t testing.TB, j pooltest.Job, x1 string, size2 int, target work.Target) work.Job {
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
	cases := map[string]struct {
		change func(p []json.RawMessage) []json.RawMessage
		want   string
	}{
		"too few":           {func(p []json.RawMessage) []json.RawMessage { return p[:7] }, "at least 8"},
		"id a number":       {set(0, `7`), "parameter 0"},
		"id empty":          {set(0, `""`), "parameter 0"},
		"id null":           {set(0, `null`), "parameter 0"},
		"id no plain text":  {set(0, `"a\u0000"`), "parameter 0"},
		"id not ASCII":      {set(0, `"\ud800"`), "parameter 0"},
		"coinbase null":     {set(2, `null`), "parameter 2"},
		"time a number":     {set(7, `-1`), "parameter 7"},
		"id too long":       {set(0, `"`+strings.Repeat("x", 200)+`"`), "error: job: id too long"},
		"prev short":        {set(1, `"00"`), "parameter 1"},
		"prev null":         {set(1, `null`), "parameter 1"},
		"coinbase odd":      {set(2, `"012"`), "parameter 2"},
		"coinbase not hex":  {set(3, `"zz"`), "parameter 3"},
		"coinbase too long": {set(2, `"`+strings.Repeat("00", work.MaxCoinbase+1)+`"`), "parameter 2"},
		"branches text":     {set(4, `"x"`), "parameter 4"},
		"branch short":      {set(4, `["00"]`), "parameter 4"},
		"branch null":       {set(4, `[null]`), "parameter 4"},
		"a thousand":        {set(4, `[`+strings.Repeat(`"`+strings.Repeat("0", 64)+`",`, 999)+`"`+strings.Repeat("0", 64)+`"]`), "parameter 4"},
		"version a number":  {set(5, `536870912`), "parameter 5"},
		"bits short":        {set(6, `"1d00ff"`), "parameter 6"},
		"time negative":     {set(7, `"-0000001"`), "parameter 7"},
		"clean not a truth": {set(8, `"true"`), "parameter 8"},
		"nothing but nulls": {func(p []json.RawMessage) []json.RawMessage { return make([]json.RawMessage, 9) }, "parameter 0"},
		"coinbase of nulls": {func(p []json.RawMessage) []json.RawMessage { return set(3, `""`)(set(2, `""`)(p)) }, "error: job: no coinbase"},
	}
	for name, tc := range cases {
		t.Run(name, func(t *testing.T) {
			_, _, err := parseNotify(tc.change(notifyParams(t, good)), subscription{}, work.Target{})
			if !errors.Is(err, errProtocol) || !strings.Contains(err.Error(), tc.want) {
				t.Errorf("%v, want one that says %q", err, tc.want)
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
