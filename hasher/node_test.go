package hasher

import (
	"fmt"
	"log/slog"
	"math"
	"testing"

	"github.com/curtaild/curtaild/energy"
	"github.com/curtaild/curtaild/hasher/solo"
	"github.com/curtaild/curtaild/internal/testbed"
)

// toAnyone is an address that anybody may spend from, on btcd's simulation
// chain: P2WSH of the script that only says true.
const toAnyone = "sb1qft5p2uhsdcdc3l2ua4ap5qqfg4pjaqlp250x7us7a8qqhrxrxfsq63aett"

// From a real node's template to its chain, through the real worker process:
// the height grows by what is accepted, also after the node was away.
func TestPoolMinesForARealNode(t *testing.T) {
	t.Parallel()
	n := testbed.Btcd(t, toAnyone)
	height := func() (h uint64) {
		n.Call(t, &h, "getblockcount")
		return h
	}
	r := run(t, func(c *Config) {
		c.Log = slog.New(slog.NewTextHandler(t.Output(), &slog.HandlerOptions{Level: slog.LevelWarn}))
		c.Upstreams = []Upstream{{Node: &solo.Config{URL: n.URL, User: n.User, Password: n.Password, Payout: toAnyone}}}
	})
	r.apply(1, 5)
	before := uint64(0)
	for seq := range uint64(2) {
		s := r.until("blocks", func(s energy.Status) bool { return s.Accepted >= before+20 && s.State == energy.StateRunning })
		r.apply(10+2*seq, energy.Off)
		s = r.until("off, and all blocks counted", func(s energy.Status) bool {
			return s.State == energy.StateIdle && s.Seq == 10+2*seq && s.Accepted == height()
		})
		if s.Rejected != 0 || s.Starts != 1+2*seq {
			t.Errorf("status %+v", s)
		}
		var block struct {
			RawTx []struct {
				Vout []struct{ ScriptPubKey struct{ Addresses []string } }
			}
		}
		var hash string
		n.Call(t, &hash, "getblockhash", s.Accepted)
		n.Call(t, &block, "getblock", hash, 2)
		if got := fmt.Sprint(block.RawTx[0].Vout[0].ScriptPubKey.Addresses); got != "["+toAnyone+"]" {
			t.Errorf("the block pays to %s", got)
		}
		// Half of all hashes make a block of 50 coins.
		if math.Abs(s.PerHash/25e8-1) > 1e-6 || math.Abs(s.Earned/(s.Hashes*25e8)-1) > 1e-6 || s.Hashes == 0 {
			t.Errorf("%v a hash expected, %v of %v hashes", s.PerHash, s.Earned, s.Hashes)
		}
		before = s.Accepted
		r.apply(11+2*seq, 5)
		if seq == 0 {
			n.Stop(t)
			s = r.until("away", func(s energy.Status) bool { return s.Err != "" })
			if s.Point != energy.Off || s.State == energy.StateRunning {
				t.Errorf("status %+v", s)
			}
			n.Start(t)
		}
	}
}
