package main

import (
	"fmt"
	"net"
	"os"
	"path/filepath"
	"strings"
	"testing"

	"github.com/curtaild/curtaild/hasher/stratum/pooltest"
	"github.com/curtaild/curtaild/internal/testbed"
)

// poolWithWork is the address of a pool that has a job, and takes some methods
// as the map says.
func poolWithWork(t *testing.T, unknown map[string]string) string {
	t.Helper()
	l, err := net.Listen("tcp", "127.0.0.1:0")
	if err != nil {
		t.Fatal(err)
	}
	p := pooltest.New("site.cpu", 4)
	p.Unknown = unknown
	p.Job(pooltest.Example("a", true))
	p.Listen(l)
	t.Cleanup(p.Close)
	return l.Addr().String()
}

// What a live check says of pools and nodes: what they have us look for, or why
// they do not.
func TestPoolsAreTried(t *testing.T) {
	t.Parallel()
	const payout = "sb1qft5p2uhsdcdc3l2ua4ap5qqfg4pjaqlp250x7us7a8qqhrxrxfsq63aett"
	n := testbed.Btcd(t, payout)
	pool := poolWithWork(t, nil)
	old := poolWithWork(t, map[string]string{"mining.configure": "silence"})
	rude := poolWithWork(t, map[string]string{"mining.configure": "hangup"})
	silent, err := net.Listen("tcp", "127.0.0.1:0")
	if err != nil {
		t.Fatal(err)
	}
	defer silent.Close()
	if got := tryPools(t.Context(), nil); got != nil {
		t.Errorf("no workers: %+v", got)
	}
	dir := t.TempDir()
	for name, text := range map[string]string{
		"secret": n.Password, "wrong": "x", "policies.yaml": "policies: [{name: soak, loads: [cpu], use: available, start: {above: 1 kW, for: 3m}, stop: {below: 500 W, for: 1m}}]",
		"config.yaml": fmt.Sprintf(`
site: {name: westfield}
policies: policies.yaml
readings: [{name: grid, role: grid, topic: g, unit: W, sign: import_positive}]
hasher:
  pools:
    - {url: %[1]q, user: %[2]s, password_file: secret, payout: %[3]s}
    - {url: %[1]q, user: %[2]s, password_file: secret, payout: 1A1zP1eP5QGefi2DMPTfTL5SLmv7DivfNa}
    - {url: %[1]q, user: %[2]s, password_file: wrong, payout: %[3]s}
    - {url: "stratum+tcp://%[4]s", user: site.cpu, password_file: wrong}
    - {url: "stratum+tcp://%[5]s", user: u}
    - {url: "stratum+tcp://%[6]s", user: site.cpu}
    - {url: "stratum+tcp://%[7]s", user: site.cpu}
    - {url: "stratum+tcp://127.0.0.1:1", user: u}
`, n.URL, n.User, payout, pool, silent.Addr(), old, rude),
	} {
		if err := os.WriteFile(filepath.Join(dir, name), []byte(text), 0o600); err != nil {
			t.Fatal(err)
		}
	}
	cfg, faults := loadConfig(filepath.Join(dir, "config.yaml"))
	if cfg == nil {
		t.Fatal(faults)
	}
	got := tryPools(t.Context(), cfg.Hasher)
	for i, want := range []struct {
		ok   bool
		says string
	}{
		{true, "block 1 of difficulty 4.657e-10"}, {false, "not of its chain"}, {false, "refuses user or password"},
		{true, "has work"}, {false, "no work within 8s"}, {true, "has work"}, {true, "has work"}, {false, "connection refused"},
	} {
		if f := got[i]; f.OK != want.ok || !strings.Contains(f.Says, want.says) || f.Kind != "pool" || !strings.Contains(f.Name, "127.0.0.1") {
			t.Errorf("pool %d: %+v, want %q", i, f, want.says)
		}
	}
}
