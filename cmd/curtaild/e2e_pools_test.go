package main_test

import (
	"context"
	"fmt"
	"net"
	"strings"
	"syscall"
	"testing"
	"time"

	"github.com/curtaild/curtaild/api"
	"github.com/curtaild/curtaild/energy/store"
	"github.com/curtaild/curtaild/hasher/stratum/pooltest"
	"github.com/curtaild/curtaild/internal/testbed"
)

const poolsConfig = `site: {name: e2e, balance: grid}
mqtt: {listen: %q}
readings: [{name: grid, role: grid, topic: plant/pcc, unit: W, sign: import_positive, max_age: 1m}]
policies: policies/*.yaml
hasher:
  workers: 1
  leave_after: 1s
  return_after: 2s
  power: {counter: none, model: {core: 10 W}}
  pools:
    - {url: "stratum+tcp://%s", user: site.cpu}
    - {url: "stratum+tcp://%s", user: site.cpu}
store: {path: state}
http: {socket: api.sock, listen: %q}
`

// workForPools hashes for the second pool while the first is not there, and
// then for the first.
func workForPools(t *testing.T, w *world) {
	pools := [2]*pooltest.Pool{pooltest.New("site.cpu", 4), pooltest.New("site.cpu", 4)}
	for i, p := range pools {
		p.Difficulty("0.001") // a share every four million hashes
		p.Job(pooltest.Example(fmt.Sprint("job", i), true))
		defer p.Close()
	}
	first := testbed.FreeAddr(t)
	second, err := net.Listen("tcp", "127.0.0.1:0")
	if err != nil {
		t.Fatal(err)
	}
	pools[1].Listen(second)
	broker := testbed.FreeAddr(t)
	w.write("config.yaml", fmt.Sprintf(poolsConfig, broker, first, second.Addr(), testbed.FreeAddr(t)))
	w.write("policies/all.yaml", "policies: [{name: all, loads: [cpu], use: available}]\n")
	w.checked()
	d := w.daemon()
	client := w.connect("mqtt://"+broker, nil)
	w.until("the second pool takes shares", time.Minute, func() bool {
		client.Publish("plant/pcc", 0, false, "-5000")
		p := w.load("cpu").Pools
		return len(p) == 2 && p[1].State == api.PoolInUse && p[1].Accepted > 0
	})
	if p := w.load("cpu").Pools[0]; p.State != api.PoolDown || p.Faults["network"] == 0 || !strings.Contains(p.Error, "refused") {
		t.Errorf("the first pool: %+v", p)
	}
	if text := w.command("status"); !strings.Contains(text, "POOL ") || !strings.Contains(text, first+"  down") {
		t.Errorf("status:\n%s", text)
	}

	l, err := net.Listen("tcp", first)
	if err != nil {
		t.Fatal(err)
	}
	pools[0].Listen(l)
	w.until("the first takes over", 2*time.Minute, func() bool {
		client.Publish("plant/pcc", 0, false, "-5000")
		p := w.load("cpu").Pools[0]
		return p.State == api.PoolInUse && p.Accepted > 0 && p.AnswerP50S > 0
	})
	d.signal(syscall.SIGTERM)
	if status := d.ends(30 * time.Second); status != 0 {
		t.Errorf("exit status %d after SIGTERM", status)
	}
	for i, p := range pools {
		for len(p.Events()) > 0 {
			if e := <-p.Events(); e.Kind == "rejected" || e.Kind == "violation" {
				t.Errorf("pool %d saw %+v", i, e)
			}
		}
	}
	if n := poolsOnRecord(t, w.path("state"), first); n == 0 {
		t.Error("the first pool is not on record")
	}
}

// poolsOnRecord counts the records of a pool in a state folder.
func poolsOnRecord(t *testing.T, dir, pool string) (n int) {
	t.Helper()
	st, err := store.Open(store.LogOptions{Dir: dir})
	if err != nil {
		t.Fatal(err)
	}
	defer st.Close()
	all, err := st.Log.Cursor("test")
	if err != nil {
		t.Fatal(err)
	}
	ctx, cancel := context.WithTimeout(t.Context(), 5*time.Second)
	defer cancel()
	b, err := all.Next(ctx, 1<<20)
	if err != nil {
		t.Fatal(err)
	}
	for _, line := range b.Lines {
		if strings.HasPrefix(string(line), "pool,pool="+pool+",rig=cpu,site=e2e ") {
			n++
		}
	}
	return n
}
