package main

import (
	"context"
	"fmt"
	"log/slog"
	"net"
	"os"
	"path/filepath"
	"slices"
	"strings"
	"sync"
	"testing"
	"time"

	paho "github.com/eclipse/paho.mqtt.golang"

	"github.com/curtaild/curtaild/energy"
	"github.com/curtaild/curtaild/energy/mqtt"
	"github.com/curtaild/curtaild/rigs/emulate"
)

// startObserver serves a site that only observes one rig, which hashes. It
// returns when the rig has been read, with the address of the embedded broker.
func startObserver(t *testing.T, rig *emulate.LuxOS) (broker string, end func()) {
	t.Helper()
	l, err := net.Listen("tcp", "127.0.0.1:0")
	if err != nil {
		t.Fatal(err)
	}
	broker = l.Addr().String()
	l.Close()
	dir := t.TempDir()
	path := filepath.Join(dir, "config.yaml")
	policy := "policies: [{name: soak, loads: [a], use: available, start: {above: 1 kW, for: 1m}, stop: {below: 0 kW, for: 1m}}]\n"
	if err := os.WriteFile(filepath.Join(dir, "p.yaml"), []byte(policy), 0o600); err != nil {
		t.Fatal(err)
	}
	text := fmt.Sprintf(`
site: {name: w, time_zone: UTC, balance: grid}
mode: observe
mqtt: {listen: %q, prefix: curtaild/w}
readings: [{name: grid, role: grid, topic: plant/grid, unit: kW, sign: import_positive, max_age: 30s}]
policies: p.yaml
rigs: [{name: a, family: luxos, hosts: [%q]}]
store: {path: %q}
http: {socket: %q}
`, broker, rig.Addr(), filepath.Join(dir, "state"), filepath.Join(dir, "s"))
	if err := os.WriteFile(path, []byte(text), 0o600); err != nil {
		t.Fatal(err)
	}
	cfg, faults := loadConfig(path)
	if cfg == nil {
		t.Fatal(faults)
	}
	ctx, cancel := context.WithCancel(context.Background())
	done, read := make(chan error, 1), make(chan struct{})
	var once sync.Once
	go func() {
		done <- serve(ctx, path, cfg, slog.New(slog.DiscardHandler), func(s *energy.Snapshot) {
			if s.Loads[0].Status.Heard() {
				once.Do(func() { close(read) })
			}
		})
	}()
	end = sync.OnceFunc(func() {
		cancel()
		if err := <-done; err != nil {
			t.Error(err)
		}
	})
	t.Cleanup(end)
	select {
	case <-read:
	case <-time.After(20 * time.Second):
		t.Fatal("the rig is not read")
	}
	return broker, end
}

// Who only observes logs on to no rig: there is one session, and whoever
// commands needs it.
func TestPlantObserves(t *testing.T) {
	rig, err := emulate.NewLuxOS(emulate.Options{Running: true})
	if err != nil {
		t.Fatal(err)
	}
	defer rig.Close()
	var mu sync.Mutex
	var asked []string
	rig.OnCommand(func(cmd string, _ time.Time) { mu.Lock(); asked = append(asked, cmd); mu.Unlock() })
	broker, end := startObserver(t, rig)
	said := make(chan string, 8)
	c := paho.NewClient(paho.NewClientOptions().AddBroker("tcp://" + broker))
	if tok := c.Connect(); !tok.WaitTimeout(10*time.Second) || tok.Error() != nil {
		t.Fatal(tok.Error())
	}
	defer c.Disconnect(0)
	c.Subscribe("curtaild/w/availability", 1, func(_ paho.Client, m paho.Message) { said <- string(m.Payload()) })
	select {
	case got := <-said:
		if got != "online" {
			t.Errorf("availability is %q", got)
		}
	case <-time.After(10 * time.Second):
		t.Fatal("it does not say that it is there")
	}
	end()
	mu.Lock()
	defer mu.Unlock()
	if slices.ContainsFunc(asked, func(cmd string) bool { return strings.HasPrefix(cmd, "logon") }) {
		t.Errorf("the rig was asked %q", asked)
	}
}

// A reload is refused while the old plant runs, not found out after it ended.
func TestReloadNeedsItsPort(t *testing.T) {
	l, err := net.Listen("tcp", "127.0.0.1:0")
	if err != nil {
		t.Fatal(err)
	}
	defer l.Close()
	p := &plant{broker: &mqtt.BrokerConfig{Listen: l.Addr().String()}}
	if err := p.listens(&plant{}); err == nil {
		t.Error("somebody else listens there")
	}
	if err := p.listens(p); err != nil {
		t.Errorf("it listens there itself: %v", err)
	}
}

func TestScribeBehindKeepsTheLatest(t *testing.T) {
	s := &scribe{snapshots: make(chan *energy.Snapshot, waiting)}
	for i := range 5 * waiting {
		s.see(&energy.Snapshot{Plan: uint64(i)})
	}
	var last uint64
	for len(s.snapshots) > 0 {
		last = (<-s.snapshots).Plan
	}
	if last != 5*waiting-1 {
		t.Errorf("the last is %d", last)
	}
}
