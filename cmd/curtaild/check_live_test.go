package main

import (
	"context"
	"fmt"
	"log/slog"
	"net"
	"net/http"
	"net/http/httptest"
	"os"
	"path/filepath"
	"strings"
	"sync"
	"testing"
	"testing/synctest"
	"time"

	paho "github.com/eclipse/paho.mqtt.golang"

	"github.com/curtaild/curtaild/cmd/curtaild/config"
	"github.com/curtaild/curtaild/energy/mqtt"
	"github.com/curtaild/curtaild/internal/testbed"
	"github.com/curtaild/curtaild/rigs/emulate"
)

// plantOf publishes two meters again and again, until the test ends, on a
// broker of its own.
func plantOf(t *testing.T) *mqtt.Broker {
	t.Helper()
	b, err := mqtt.StartBroker(mqtt.BrokerConfig{Listen: "127.0.0.1:0"}, slog.New(slog.DiscardHandler))
	if err != nil {
		t.Fatal(err)
	}
	c := paho.NewClient(paho.NewClientOptions().AddBroker(strings.Replace(b.URL(), "mqtt:", "tcp:", 1)))
	if tok := c.Connect(); !tok.WaitTimeout(10*time.Second) || tok.Error() != nil {
		t.Fatal(tok.Error())
	}
	ctx, cancel := context.WithCancel(context.Background())
	var work sync.WaitGroup
	work.Go(func() {
		tick := time.NewTicker(50 * time.Millisecond)
		defer tick.Stop()
		for ctx.Err() == nil {
			c.Publish("plant/a", 0, false, "2.2")
			c.Publish("plant/b", 0, false, "1")
			select {
			case <-tick.C:
			case <-ctx.Done():
			}
		}
	})
	t.Cleanup(func() {
		cancel()
		work.Wait()
		c.Disconnect(0)
		_ = b.Close()
	})
	return b
}

// liveSite writes the config of a site with one rig that hashes and one that
// is not there, and an InfluxDB that answers with a status.
func liveSite(t *testing.T, broker string, status int) (path string, rig *emulate.LuxOS, gone, db string) {
	t.Helper()
	rig, err := emulate.NewLuxOS(emulate.Options{Running: true})
	if err != nil {
		t.Fatal(err)
	}
	t.Cleanup(func() { _ = rig.Close() })
	server := httptest.NewServer(http.HandlerFunc(func(w http.ResponseWriter, _ *http.Request) { w.WriteHeader(status) }))
	t.Cleanup(server.Close)
	gone = testbed.FreeAddr(t)
	path = writeSite(t, fmt.Sprintf(`site: {name: w, time_zone: UTC, balance: grid}
mqtt: {%s, prefix: curtaild/w}
readings: [{name: grid, role: grid, topic: plant/+, unit: kW, sign: import_positive, max_age: 10s, combine: sum}]
policies: p.yaml
rigs: [{name: a, family: luxos, hosts: [%q]}, {name: b, family: luxos, hosts: [%q]}]
influxdb: {url: %q, bucket: plant, token_file: token}
`, broker, rig.Addr(), gone, server.URL), strings.Replace(goodPolicy, "[a]", "[a, b]", 1))
	if err := os.WriteFile(filepath.Join(filepath.Dir(path), "token"), []byte("hush\n"), 0o600); err != nil {
		t.Fatal(err)
	}
	return path, rig, gone, server.URL
}

func TestCheckLive(t *testing.T) {
	t.Parallel()
	b := plantOf(t)
	path, rig, gone, db := liveSite(t, fmt.Sprintf("broker: %q", b.URL()), http.StatusNoContent)
	var mu sync.Mutex
	var asked []string
	rig.OnCommand(func(cmd string, _ time.Time) { mu.Lock(); asked = append(asked, cmd); mu.Unlock() })
	status, out, errs := command(t, "check", "-c", path, "--live", "--json")
	if status != 1 || !strings.Contains(errs, "not everything was reached") {
		t.Errorf("exit status %d: %s", status, errs)
	}
	got := oneObject(t, out)
	if got.OK || got.Faults == nil || len(got.Faults) > 0 {
		t.Errorf("%+v", got)
	}
	want := []finding{
		{"broker", b.URL(), true, "reached"},
		{"reading", "grid", true, "importing 3.2 kW, 0 s old, the sum of 2 topics"},
		{"rig", "a at " + rig.Addr(), true, "TH/s"},
		{"rig", "b at " + gone, false, "refused"},
		{"influxdb", db, true, "reached, takes records for bucket plant"},
	}
	tell(t, got.Findings, want)
	mu.Lock()
	defer mu.Unlock()
	for _, cmd := range asked {
		if strings.HasPrefix(cmd, "logon") || strings.HasPrefix(cmd, "curtail") {
			t.Errorf("the rig was asked %q", asked)
		}
	}
}

// tell compares findings; of what they say, a part.
func tell(t *testing.T, got, want []finding) {
	t.Helper()
	if len(got) != len(want) {
		t.Fatalf("%+v", got)
	}
	for i, w := range want {
		if g := got[i]; g.Kind != w.Kind || g.Name != w.Name || g.OK != w.OK || !strings.Contains(g.Says, w.Says) {
			t.Errorf("%+v, want %+v", g, w)
		}
	}
}

// The embedded broker of a daemon that runs is listened to.
func TestCheckLiveBesideTheDaemon(t *testing.T) {
	t.Parallel()
	addr := strings.TrimPrefix(plantOf(t).URL(), "mqtt://")
	path, _, gone, db := liveSite(t, fmt.Sprintf("listen: %q", addr), http.StatusUnauthorized)
	status, out, errs := command(t, "check", "-c", path, "--live")
	if status != 1 || !strings.HasPrefix(errs, "listening to 1 readings for up to 15s, asking 2 rigs\n") {
		t.Errorf("exit status %d: %s", status, errs)
	}
	for _, want := range []string{
		path + ": ok: 1 readings, 2 loads, 1 policies\n",
		"\nok    broker   " + addr + ": embedded: reached, in the daemon that runs\n",
		"\nok    reading  grid: importing 3.2 kW, 0 s old, the sum of 2 topics\n",
		"\nok    rig      a at ", "\nFAULT rig      b at " + gone + ": ",
		"\nFAULT influxdb " + db + ": influxdb: 401 Unauthorized: the token in influxdb.token_file",
	} {
		if !strings.Contains(out, want) {
			t.Errorf("it does not say %q:\n%s", want, out)
		}
	}
}

func TestTryBroker(t *testing.T) {
	t.Parallel()
	closed := testbed.FreeAddr(t)
	other, err := net.Listen("tcp", "127.0.0.1:0") // hangs up on whoever comes
	if err != nil {
		t.Fatal(err)
	}
	var work sync.WaitGroup
	work.Go(func() {
		for c, err := other.Accept(); err == nil; c, err = other.Accept() {
			_ = c.Close()
		}
	})
	defer work.Wait()
	defer other.Close()
	taken := other.Addr().String()
	for _, tc := range []struct {
		name string
		c    config.MQTT
		want finding
	}{
		{"the daemon does not run", config.MQTT{Listen: closed}, finding{"broker", closed, true, "it starts with the daemon"}},
		{"something else has the port", config.MQTT{Listen: taken}, finding{"broker", taken, false, "connect to broker " + taken}},
		{"nothing there", config.MQTT{Broker: "mqtt://" + closed}, finding{"broker", "mqtt://" + closed, false, "nothing listens there"}},
	} {
		t.Run(tc.name, func(t *testing.T) {
			tc.c.Prefix = "curtaild/w"
			tell(t, tryBroker(t.Context(), tc.c, nil), []finding{tc.want})
		})
	}
}

func TestDialable(t *testing.T) {
	for listen, want := range map[string]string{
		"127.0.0.1:1883": "127.0.0.1:1883", ":1883": "127.0.0.1:1883", "0.0.0.0:1883": "127.0.0.1:1883",
		"[::]:1883": "[::1]:1883", "10.0.0.7:1": "10.0.0.7:1", "localhost:1883": "localhost:1883",
	} {
		if got := dialable(listen); got != want {
			t.Errorf("%s: %s, want %s", listen, got, want)
		}
	}
}

// However many rigs are silent, the one that is not has its turn.
func TestEveryRigHasItsTurn(t *testing.T) {
	for _, n := range []int{0, 1, 64, 65, 321, 1000} {
		synctest.Test(t, func(t *testing.T) {
			list := make([]config.Rig, n+1)
			list[n].Address = "healthy"
			ctx, cancel := context.WithTimeout(t.Context(), patience(len(list)))
			defer cancel()
			got := tryRigs(ctx, list, func(ctx context.Context, r config.Rig) finding {
				if r.Address != "healthy" {
					<-ctx.Done()
				}
				return finding{OK: ctx.Err() == nil}
			})
			for i, f := range got {
				if f.OK != (i == n) {
					t.Fatalf("%d silent rigs: rig %d: %+v", n, i, f)
				}
			}
			if ctx.Err() != nil {
				t.Errorf("%d silent rigs: the whole check is out of time", n)
			}
		})
	}
}
