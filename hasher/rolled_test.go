package hasher

import (
	"net"
	"strings"
	"testing"

	"github.com/curtaild/curtaild/energy"
	"github.com/curtaild/curtaild/hasher/kernel"
	"github.com/curtaild/curtaild/hasher/stratum"
	"github.com/curtaild/curtaild/hasher/stratum/pooltest"
	"github.com/curtaild/curtaild/hasher/work"
)

// server is a pool on a real socket.
func server(t *testing.T, change func(*pooltest.Pool)) (*pooltest.Pool, Upstream) {
	t.Helper()
	l, err := net.Listen("tcp", "127.0.0.1:0")
	if err != nil {
		t.Fatal(err)
	}
	p := pooltest.New("site.cpu", 4)
	p.Difficulty("0.0005") // a share every two million hashes
	if change != nil {
		change(p)
	}
	p.Listen(l)
	t.Cleanup(p.Close)
	return p, Upstream{Stratum: &stratum.Config{URL: "stratum+tcp://" + l.Addr().String(), User: "site.cpu", Password: "x"}}
}

// taken waits for the next share that the pool takes, and reads the load's
// statuses meanwhile. Shares that were under way when the pool changed its mind
// may be turned down.
func taken(t *testing.T, p *pooltest.Pool, r *running, changed bool) pooltest.Event {
	t.Helper()
	for {
		select {
		case <-r.statuses:
		case e := <-p.Events():
			late := changed && (strings.Contains(e.Text, "outside of mask") || strings.Contains(e.Text, "not known"))
			switch {
			case e.Kind == "accepted":
				return e
			case e.Kind == "violation", e.Kind == "rejected" && !late:
				t.Fatalf("pool saw %+v", e)
			}
		}
	}
}

// Through the real worker process: rolled versions are found, sent with their
// bits, and taken; and no longer rolled once the pool says so.
func TestRolledVersionsAreMined(t *testing.T) {
	t.Parallel()
	kind, ok := kernel.Pick(work.SHA256d, true)
	if !ok {
		t.Skip("no kernel of this CPU rolls versions")
	}
	p, up := server(t, func(p *pooltest.Pool) { p.Mask = "1fffe000" })
	p.Job(pooltest.Example("rolled", true))
	r := run(t, func(c *Config) { c.Upstreams = []Upstream{up} })
	r.apply(1, 10)
	seen := map[string]bool{}
	for len(seen) < 3 {
		seen[taken(t, p, r, false).Version] = true
	}
	t.Logf("%s: versions %v", kind.Name, seen)
	p.VersionMask("00000000")
	p.Job(pooltest.Example("plain", true))
	for {
		if e := taken(t, p, r, true); e.Text == "plain" {
			if e.Version != "20000000" {
				t.Errorf("version %s", e.Version)
			}
			break
		}
	}
}

// The first pool goes, the second takes over, and the first is returned to,
// through the real worker process.
func TestFailoverMines(t *testing.T) {
	t.Parallel()
	first, up1 := server(t, nil)
	second, up2 := server(t, nil)
	first.Job(pooltest.Example("a", true))
	second.Job(pooltest.Example("b", true))
	r := run(t, func(c *Config) {
		c.Upstreams, c.Leave, c.Return = []Upstream{up1, up2}, 1, 1
	})
	r.apply(1, 10)
	r.until("accepted", func(s energy.Status) bool { return s.Accepted >= 2 })
	first.Mute(true)
	first.Hangup()
	r.until("the second's", func(energy.Status) bool {
		list := r.Upstreams()
		return list[1].InUse && list[1].State.Counts.Accepted > 0
	})
	first.Mute(false)
	first.Hangup() // what was asked meanwhile is not answered any more
	before := r.Upstreams()[0].State.Counts.Accepted
	r.until("the first's again", func(energy.Status) bool {
		list := r.Upstreams()
		return list[0].InUse && list[0].State.Counts.Accepted > before
	})
	list := r.Upstreams()
	if sum := list[0].State.Counts.Plus(list[1].State.Counts); sum.Rejects() != 0 || r.Shares().Accepted < sum.Accepted || list[0].State.Latency.Median <= 0 {
		t.Errorf("upstreams %+v", list)
	}
}
