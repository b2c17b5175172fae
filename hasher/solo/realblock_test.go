package solo

import (
	"encoding/hex"
	"math"
	"strings"
	"testing"

	"github.com/curtaild/curtaild/hasher/work"
)

// Block 2383209 of Litecoin's chain: its coinbase, and the hashes of its other
// transactions without and with witness.
const (
	realCoinbase = "01000000" + "0001" + "01" + "0000000000000000000000000000000000000000000000000000000000000000" + "ffffffff" + "44" +
		"03695d2404639298d92cfabe6d6d1e23af416843a2d70d14e4284862000316492776d9762b1c4c92d945c8891f4f4000000000000000042f4c502f082300026d1a000000" +
		"ffffffff" + "02" + "48e3814a00000000" + "1976a91457757ed9e2fa7d86636bdd8066078e22cfa1924488ac" +
		"0000000000000000" + "266a24aa21a9edb30c08bcb1da7d33ef9feb9282b0ba792b4d69fd2f33c9fbff2567725499aa8c" +
		"0120" + "0000000000000000000000000000000000000000000000000000000000000000" + "00000000"
	realTxids = `237f0d5ef5a58ed285623f67bf4d1ebcc520c5370fac0cfb10c4e00753f96aeb
		1e447efc190e81933c59652f8bfd3ee9a09405dba4a7480f5f27cec7fa954b88
		1ea32ada0ac03ede6df9cbb22b00c620e618a61c66b166996b4861a716cb6317
		efae3cce0283dcb9ed698bbce59e3545a2086d8772dc23bf19520ac58a451f4e
		12c31af07ceb2db08e3493b3022b399d660ca06844a9aab56647d534933b1017
		1187a66260e18bdc1185f805964fc9b53c584e2b328616c25ea441a56ec4fcbc
		fbcbab14f31bc094410e300b0e7be55c415a18bdee5a5285df52b17acda245df`
	realWtxids = `237f0d5ef5a58ed285623f67bf4d1ebcc520c5370fac0cfb10c4e00753f96aeb
		1e447efc190e81933c59652f8bfd3ee9a09405dba4a7480f5f27cec7fa954b88
		1ea32ada0ac03ede6df9cbb22b00c620e618a61c66b166996b4861a716cb6317
		a21fbd9a88562c395f3d1fa72e9c8ffab55b597fc39f1e55efa73cc8fa0a51b3
		138f3d0c62d682bd38e11501f161f8d744ac21245f091f19758cfc62e69496ef
		de4f709d17b330fb7debc313a02983b0833ea849f967fb4c1206224e4a4d3d0f
		fbcbab14f31bc094410e300b0e7be55c415a18bdee5a5285df52b17acda245df`
)

func hashes(t *testing.T, list string) []work.Hash {
	t.Helper()
	var out []work.Hash
	for s := range strings.FieldsSeq(list) {
		h, err := displayed(s)
		if err != nil {
			t.Fatal(err)
		}
		out = append(out, h)
	}
	return out
}

// What we make of a real block's parts is the block: its commitment, its
// coinbase, its header with the proof of work, and what it paid.
func TestRealSegwitBlock(t *testing.T) {
	if got := hex.EncodeToString(witnessCommitment(hashes(t, realWtxids))); !strings.Contains(realCoinbase, got) {
		t.Errorf("commitment %s", got)
	}
	full := mustHex(t, realCoinbase)
	plain := append(append([]byte{}, full[:4]...), full[6:len(full)-38]...)
	plain = append(plain, full[len(full)-4:]...)
	if got := hex.EncodeToString(withWitness(plain)); got != realCoinbase {
		t.Errorf("coinbase %s", got)
	}
	// Cut somewhere, as a pool cuts it.
	j := work.Job{
		Prev:      hashes(t, "d01b594f0540457648f21cfc6ae1e65bc04324d55e551deeaa276da18993ed4b")[0],
		Coinbase1: plain[:86], Extranonce1: plain[86:90], Size2: 4, Coinbase2: plain[94:],
		Branches: branch(hashes(t, realTxids)), Version: 0x20000000, Bits: 0x1a00d3d8, Time: 1670551769, Algorithm: work.Scrypt,
	}
	h := j.Header(work.Share{Extranonce2: plain[90:94], Version: j.Version, Time: j.Time, Nonce: 3451752041})
	if work.Double(h[:]) != hashes(t, "0e6ab03c6ffc04a9bd9dc85a3e216a09f8d42b6f0bf0ce009c47c2c1347e11c2")[0] {
		t.Errorf("header %x", h)
	}
	target, err := work.CompactTarget(j.Bits)
	if err != nil || !target.Met(j.Algorithm.Sum(&h)) {
		t.Errorf("proof of work %x, target %x, %v", j.Algorithm.Sum(&h), target, err)
	}
	y, err := j.Yield()
	if err != nil || y.Height != 2383209 || y.Reward != 1250026312 || math.Abs(y.Difficulty-20273913.01371884) > 1e-6 {
		t.Errorf("%+v, %v", y, err)
	}
}
