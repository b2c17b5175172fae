package solo

import (
	"context"
	"crypto/sha256"
	"encoding/binary"
	"encoding/hex"
	"log/slog"
	"slices"
	"testing"
	"time"

	"github.com/curtaild/curtaild/hasher/work"
	"github.com/curtaild/curtaild/internal/testbed"
)

// anyone is an address that anybody may spend from: P2WSH of the script that
// only says true. On btcd's simulation chain.
const anyone = "sb1qft5p2uhsdcdc3l2ua4ap5qqfg4pjaqlp250x7us7a8qqhrxrxfsq63aett"

// node is a real node with a client of ours that follows it.
func follow(t *testing.T, n *testbed.Bitcoind) *Client {
	t.Helper()
	c, err := New(Config{URL: n.URL, User: n.User, Password: n.Password, Payout: anyone, Log: slog.New(slog.NewTextHandler(t.Output(), nil))})
	if err != nil {
		t.Fatal(err)
	}
	c.easiest = all()
	start(t, c)
	return c
}

// start runs c until the test ends.
func start(t *testing.T, c *Client) {
	ctx, cancel := context.WithCancel(t.Context())
	done := make(chan error)
	go func() { done <- c.Run(ctx) }()
	t.Cleanup(func() {
		cancel()
		if err := <-done; err != nil {
			t.Errorf("run: %v", err)
		}
	})
}

// until waits for a state that is wanted.
func until(t *testing.T, c *Client, what string, want func(work.State) bool) work.State {
	t.Helper()
	late := time.After(30 * time.Second)
	for {
		if s := c.State(); want(s) {
			return s
		}
		select {
		case <-c.Changed():
		case <-late:
			t.Fatalf("%s: never; state %+v", what, c.State())
		}
	}
}

// dig looks for a share of j.
func dig(t *testing.T, j *work.Job) work.Share {
	t.Helper()
	s, _ := j.Variant(0)
	for ; s.Nonce < 1<<20; s.Nonce++ {
		h := j.Header(s)
		if j.Target.Met(j.Algorithm.Sum(&h)) {
			return s
		}
	}
	t.Fatal("no share in a million hashes")
	return s
}

func height(t *testing.T, n *testbed.Bitcoind) (count int64) {
	n.Call(t, &count, "getblockcount")
	return count
}

// mine finds a block of the template on top of height and has it accepted.
func mine(t *testing.T, c *Client, on int64) *work.Job {
	t.Helper()
	s := until(t, c, "template", func(s work.State) bool { return s.Job != nil && heightOf(t, s.Job) == on+1 })
	if err := c.Submit(dig(t, s.Job)); err != nil {
		t.Fatal(err)
	}
	if err := c.Submit(dig(t, s.Job)); err == nil {
		t.Error("a second block at the same height is sent")
	}
	until(t, c, "accepted", func(now work.State) bool {
		if now.Counts.Rejects() > 0 {
			t.Fatalf("rejected: %+v", now.Counts)
		}
		return now.Counts.Accepted > s.Counts.Accepted
	})
	return s.Job
}

func heightOf(t *testing.T, j *work.Job) int64 {
	y, err := j.Yield()
	if err != nil {
		t.Fatal(err)
	}
	return y.Height
}

// A real node takes our blocks: empty ones and ones with a segwit spend, before
// and after it was killed, and while somebody else finds some.
func TestRealNode(t *testing.T) {
	t.Parallel()
	n := testbed.Btcd(t, anyone)
	c := follow(t, n)
	first := mine(t, c, 0)
	for h := int64(1); h < 18; h++ { // past the heights that are pushed as opcodes
		mine(t, c, h)
	}
	// Another miner: long polling tells of it. Segwit is in force from 300 on.
	n.Call(t, nil, "generate", 300)
	tip := height(t, n)
	until(t, c, "the others' tip", func(s work.State) bool { return s.Job != nil && heightOf(t, s.Job) == tip+1 })
	if tip < 300 {
		t.Fatalf("height %d: segwit is not in force", tip)
	}

	txid := spend(t, n, 1)
	mine(t, c, tip) // the node keeps its template for a minute
	j := mine(t, c, tip+1)
	var b struct{ Tx []string }
	n.Call(t, &b, "getblock", blockAt(t, n, tip+2))
	if len(j.Branches) != 1 || !slices.Contains(b.Tx, txid) {
		t.Errorf("block has %v, want %s; branches %v", b.Tx, txid, j.Branches)
	}
	if y, err := j.Yield(); err != nil || y.Reward != 50e8+1000 || first.Bits != 0x207fffff {
		t.Errorf("yield %+v, %v", y, err)
	}

	for i, end := range []func(){func() { n.Stop(t) }, n.Kill} { // it forgets what it has not written down when killed
		before := c.State().Counts
		kept := height(t, n)
		end()
		until(t, c, "gone", func(s work.State) bool { return s.Job == nil && s.Err != nil })
		n.Start(t)
		h := height(t, n)
		if h < kept && i == 0 {
			t.Errorf("height %d, %d before it was stopped", h, kept)
		}
		mine(t, c, h)
		mine(t, c, h+1)
		s := c.State().Counts
		if now := height(t, n); now != h+2 || s.Accepted != before.Accepted+2 || s.Sessions != before.Sessions+1 {
			t.Errorf("height %d after %d; counts %+v", now, h, s)
		}
	}
	if s := c.State(); s.Latency.Median <= 0 || s.Counts.Faults["network"] == 0 {
		t.Errorf("state %+v", s)
	}
}

func blockAt(t *testing.T, n *testbed.Bitcoind, height int64) (hash string) {
	n.Call(t, &hash, "getblockhash", height)
	return hash
}

// spend spends the coinbase of the block at height, all but 1000 units, with
// a witness and no signature.
func spend(t *testing.T, n *testbed.Bitcoind, height int64) (txid string) {
	t.Helper()
	var b struct{ Tx []string }
	n.Call(t, &b, "getblock", blockAt(t, n, height))
	from, err := displayed(b.Tx[0])
	if err != nil {
		t.Fatal(err)
	}
	script, err := Script(anyone)
	if err != nil {
		t.Fatal(err)
	}
	tx := []byte{2, 0, 0, 0, 0, 1, 1}
	tx = append(append(tx, from[:]...), 0, 0, 0, 0, 0, 0xff, 0xff, 0xff, 0xff, 1)
	tx = binary.LittleEndian.AppendUint64(tx, 50e8-1000)
	tx = append(append(tx, byte(len(script))), script...)
	tx = append(tx, 1, 1, 0x51, 0, 0, 0, 0) // one item: the script
	n.Call(t, &txid, "sendrawtransaction", hex.EncodeToString(tx), true)
	return txid
}

func TestAnyone(t *testing.T) {
	script, err := Script(anyone)
	want := sha256.Sum256([]byte{0x51})
	if err != nil || hex.EncodeToString(script) != "0020"+hex.EncodeToString(want[:]) {
		t.Errorf("%x, %v", script, err)
	}
}
