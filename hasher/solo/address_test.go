package solo

import (
	"encoding/hex"
	"strings"
	"testing"
)

// The segwit addresses are those of BIP 173 and BIP 350; the others are well
// known.
func TestScript(t *testing.T) {
	for address, want := range map[string]string{
		"1A1zP1eP5QGefi2DMPTfTL5SLmv7DivfNa":                                         "76a91462e907b15cbf27d5425399ebf6f0fb50ebb88f1888ac", // the first block's
		"1BvBMSEYstWetqTFn5Au4m4GFg7xJaNVN2":                                         "76a91477bff20c60e522dfaa3350c39b030a5d004e839a88ac",
		"3J98t1WpEZ73CNmQviecrnyiWrnqRhWNLy":                                         "a914b472a266d0bd89c13706a4132ccfb16f7c3b9fcb87",
		"mipcBbFg9gMiCh81Kj8tqqdgoZub1ZJRfn":                                         "76a914243f1394f44554f4ce3fd68649c19adc483ce92488ac",
		"1111111111111111111114oLvT2":                                                "76a914" + strings.Repeat("00", 20) + "88ac",
		"BC1QW508D6QEJXTDG4Y5R3ZARVARY0C5XW7KV8F3T4":                                 "0014751e76e8199196d454941c45d1b3a323f1433bd6",
		"tb1qrp33g0q5c5txsp9arysrx4k6zdkfs4nce4xj0gdcccefvpysxf3q0sl5k7":             "00201863143c14c5166804bd19203356da136c985678cd4d27a1b8c6329604903262",
		"bc1pw508d6qejxtdg4y5r3zarvary0c5xw7kw508d6qejxtdg4y5r3zarvary0c5xw7kt5nd6y": "5128751e76e8199196d454941c45d1b3a323f1433bd6751e76e8199196d454941c45d1b3a323f1433bd6",
		"BC1SW50QGDZ25J":                       "6002751e",
		"bc1zw508d6qejxtdg4y5r3zarvaryvaxxpcs": "5210751e76e8199196d454941c45d1b3a323",
		"tb1qqqqqp399et2xygdj5xreqhjjvcmzhxw4aywxecjdzew6hylgvsesrxh6hy": "0020000000c4a5cad46221b2a187905e5266362b99d5e91c6ce24d165dab93e86433",
		"bc1p0xlxvlhemja6c4dqv22uapctqupfhlxm9h8z3k2e72q4k9hcz7vqzk5jj0": "512079be667ef9dcbbac55a06295ce870b07029bfcdb2dce28d959f2815b16f81798",
	} {
		got, err := Script(address)
		if err != nil || hex.EncodeToString(got) != want {
			t.Errorf("%s: %x, %v, want %s", address, got, err, want)
		}
	}
}

func TestScriptRefuses(t *testing.T) {
	for _, address := range []string{
		"",
		"1A1zP1eP5QGefi2DMPTfTL5SLmv7DivfNb", // checksum
		"1A1zP1eP5QGefi2DMPTfTL5SLmv7DivfN0", // no digit
		"A1zP1eP5QGefi2DMPTfTL5SLmv7DivfNa",  // its zero is missing
		"5Kd3NBUAdUnhyzenEwVLy9pBKxSwXvE9FMPyR4UKZvpe6E3AgLr", // a private key
		"1", "11111",
		strings.Repeat("1", 91),
		"bc1p0xlxvlhemja6c4dqv22uapctqupfhlxm9h8z3k2e72q4k9hcz7vqh2y7hd", // bech32 where bech32m is due
		"tb1z0xlxvlhemja6c4dqv22uapctqupfhlxm9h8z3k2e72q4k9hcz7vqglt7rf",
		"BC1S0XLXVLHEMJA6C4DQV22UAPCTQUPFHLXM9H8Z3K2E72Q4K9HCZ7VQ54WELL",
		"bc1qw508d6qejxtdg4y5r3zarvary0c5xw7kemeawh", // bech32m where bech32 is due
		"tb1q0xlxvlhemja6c4dqv22uapctqupfhlxm9h8z3k2e72q4k9hcz7vq24jc47",
		"bc1p38j9r5y49hruaue7wxjce0updqjuyyx0kh56v8s25huc6995vvpql3jow4", // no digit
		"BC130XLXVLHEMJA6C4DQV22UAPCTQUPFHLXM9H8Z3K2E72Q4K9HCZ7VQ7ZWS8R", // version 17
		"bc1pw5dgrnzv", // one byte
		"bc1p0xlxvlhemja6c4dqv22uapctqupfhlxm9h8z3k2e72q4k9hcz7v8n0nx0muaewav253zgeav", // 41 bytes
		"BC1QR508D6QEJXTDG4Y5R3ZARVARYV98GJ9P",                                         // version 0, 16 bytes
		"tb1p0xlxvlhemja6c4dqv22uapctqupfhlxm9h8z3k2e72q4k9hcz7vq47Zagq",               // mixed
		"bc1p0xlxvlhemja6c4dqv22uapctqupfhlxm9h8z3k2e72q4k9hcz7v07qwwzcrf",             // a digit too many
		"tb1p0xlxvlhemja6c4dqv22uapctqupfhlxm9h8z3k2e72q4k9hcz7vpggkg4j",               // bits left over
		"bc1gmk9yu", "bc1", "bc1qqqqqqq",
		"xx1qw508d6qejxtdg4y5r3zarvary0c5xw7kv8f3t4",
	} {
		if got, err := Script(address); err == nil {
			t.Errorf("%s is taken, as %x", address, got)
		}
	}
}

func FuzzScript(f *testing.F) {
	f.Add("1A1zP1eP5QGefi2DMPTfTL5SLmv7DivfNa")
	f.Add("BC1SW50QGDZ25J")
	f.Add("bcrt1qft5p2uhsdcdc3l2ua4ap5qqfg4pjaqlp250x7us7a8qqhrxrxfsqseac85")
	f.Fuzz(func(t *testing.T, s string) {
		if got, err := Script(s); err == nil && (len(got) < 4 || len(got) > 42) {
			t.Errorf("%q: %x", s, got)
		}
	})
}
