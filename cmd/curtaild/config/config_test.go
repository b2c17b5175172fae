package config

import (
	"bytes"
	"encoding/json"
	"errors"
	"fmt"
	"log/slog"
	"os"
	"path/filepath"
	"slices"
	"strings"
	"syscall"
	"testing"
	"time"

	"github.com/curtaild/curtaild/energy"
)

// parse loads a config from text, beside testdata/p.
func parse(t *testing.T, src string) *Config {
	t.Helper()
	l := newLoader("testdata/x.yaml", options())
	if faults := l.load("testdata/x.yaml", []byte(src)); faults.Err() != nil {
		t.Fatal(faults)
	}
	return l.cfg
}

const rest = `
site: {name: westfield}
policies: p/good.yaml
rigs: [{name: a, family: luxos, hosts: [h], labels: [box, cpu]}]
`

// Unit and sign become one factor: W, import and charging positive.
func TestFactor(t *testing.T) {
	for _, tt := range []struct {
		reading string
		want    float64
	}{
		{"role: grid, unit: W, sign: import_positive", 1},
		{"role: grid, unit: kW, sign: export_positive", -1e3},
		{"role: grid, unit: MW, sign: import_positive", 1e6},
		{"role: grid, decoder: shelly, sign: export_positive", -1},
		{"role: battery_power, unit: kW, sign: discharge_positive", -1e3},
		{"role: battery_power, unit: W, sign: charge_positive", 1},
		{"role: battery_soc, unit: '%'", 1},
		{"role: battery_soc, decoder: victron, unit: '%'", 1},
		{"role: export_price, unit: EUR/kWh", 1e3},
		{"role: carbon, unit: kg/MWh", 1},
	} {
		grid := "\n - {name: g, role: grid, topic: t, unit: W, sign: import_positive}"
		if strings.HasPrefix(tt.reading, "role: grid") {
			grid = ""
		}
		cfg := parse(t, rest+"readings:\n - {name: x, topic: t, "+tt.reading+"}"+grid)
		if got := cfg.Readings[0].Factor; got != tt.want {
			t.Errorf("%s: %v, want %v", tt.reading, got, tt.want)
		}
	}
}

func TestReading(t *testing.T) {
	cfg := parse(t, rest+`
readings:
  - {name: g, role: grid, topic: a//b, unit: kW, sign: export_positive, value: v, time: ts, window: 10s, max_age: 1m30s, range: [-2 MW, 600 kW],
     retained: accept, availability: {topic: on}, backup: s}
  - {name: s, role: grid, topic: +/rpc, decoder: shelly, sign: import_positive, combine: latest}
  - {name: c, role: curtailed, topic: c, unit: W, held_at: connection}
  - {name: p, role: import_price, topic: p, unit: EUR/MWh, range: [-500 EUR/MWh, 4 EUR/kWh]}
`)
	want := energy.ReadingSpec{
		Name: "g", Role: energy.RoleGrid, Topic: "a//b", Value: "v", Time: "ts", Factor: -1000, Window: 10 * time.Second, MaxAge: 90 * time.Second,
		Min: -2e6, Max: 6e5, AcceptRetained: true, Backup: "s",
	}
	got := cfg.Readings[0]
	if a := got.Availability; a == nil || *a != (energy.Availability{Topic: "on", Online: "online"}) {
		t.Errorf("availability %+v", a)
	}
	if got.Availability = nil; got != want {
		t.Errorf("got  %+v\nwant %+v", got, want)
	}
	if s := cfg.Readings[1]; s.Decoder != "shelly" || s.Combine != energy.CombineLatest || s.MaxAge != time.Minute || s.Factor != 1 {
		t.Errorf("%+v", s)
	}
	if p := cfg.Readings[3]; p.Min != -500 || p.Max != 4000 {
		t.Errorf("range of a price: %v to %v", p.Min, p.Max)
	}
	if b := cfg.Balance; b != (energy.BalanceSpec{Kind: energy.BalanceGrid, HeldAt: energy.HeldAtConnection, Follow: 30 * time.Second}) {
		t.Errorf("%+v", b)
	}
}

func TestBalanceKinds(t *testing.T) {
	for src, want := range map[string]energy.BalanceSpec{
		"- {name: s, role: surplus, topic: a, unit: W, includes_loads: true}": {Kind: energy.BalanceSurplus, SurplusIncludesLoads: true},
		"- {name: g, role: generation, topic: a, unit: W}\n- {name: l, role: load, topic: a, unit: W, includes_loads: true}": {
			Kind: energy.BalanceGenerationLoad, LoadIncludesLoads: true},
	} {
		if got := parse(t, rest+"readings:\n"+src).Balance; got != want {
			t.Errorf("%s: %+v", src, got)
		}
	}
}

func TestRigs(t *testing.T) {
	cfg := parse(t, `
site: {name: westfield}
policies: p/good.yaml
readings: [{name: g, role: grid, topic: t, unit: W, sign: import_positive}]
groups: [{name: box, min_on: 10m, min_off: 5m, max_starts_per_day: 6, on_exit: stop}]
rigs:
  - {name: a, family: luxos, hosts: [10.1.0.255-10.1.1.1, "rig.lan:4029", "fe80::1"], group: box, labels: [s19], min_off: 1m}
  - name: b
    family: bitaxe
    hosts: [10.0.0.1]
    points: [{name: off, draw: 2 W}, {name: lo, draw: 12 W, rate: 500 GH/s}, {name: hi, draw: 22 W, rate: 1 TH/s}]
    start_time: 10s
    poll: 5s
hasher: {group: box, max_starts_per_day: 9}
`)
	var got []string
	for _, r := range cfg.Rigs {
		got = append(got, r.Spec.Name+" "+r.Address)
	}
	want := []string{"a-1 10.1.0.255:4028", "a-2 10.1.1.0:4028", "a-3 10.1.1.1:4028", "a-4 rig.lan:4029", "a-5 [fe80::1]:4028", "b 10.0.0.1:80"}
	if !slices.Equal(got, want) {
		t.Errorf("got %q, want %q", got, want)
	}
	s := cfg.Rigs[1].Spec
	if s.Group != "box" || s.MinOn != 10*time.Minute || s.MinOff != time.Minute || s.MaxStarts != 6 || s.OnExit != energy.ExitStop || !slices.Equal(s.Labels, []string{"s19", "a"}) {
		t.Errorf("%+v", s)
	}
	b := cfg.Rigs[5]
	if b.Spec.Ramp != (energy.Ramp{Up: 2}) || len(b.Points) != 3 || b.Points[0].Draw != 2 || b.Spec.OnExit != energy.ExitKeep || b.Spec.MaxStarts != 0 || b.Poll != 5*time.Second {
		t.Errorf("%+v", b)
	}
	if h := cfg.Hasher; h.Spec.Name != "cpu" || h.Spec.Family != "local" || h.Spec.MaxStarts != 9 || h.Workers != 1 || h.Algorithm != "sha256d" || h.Power != (HasherPower{Levels: 20, Counter: "auto", Supply: 100, Core: 10}) || len(h.Pools) != 0 {
		t.Errorf("%+v", h)
	}
}

func TestDefaults(t *testing.T) {
	cfg := parse(t, rest+"readings: [{name: g, role: grid, topic: t, unit: W, sign: import_positive}]\n")
	want := MQTT{ClientID: "curtaild-westfield", Prefix: "curtaild/westfield", Listen: "127.0.0.1:1883"}
	if got := fmt.Sprintf("%+v", cfg.MQTT); got != fmt.Sprintf("%+v", want) {
		t.Errorf("%s", got)
	}
	if cfg.Mode != Control || cfg.Site.Zone != time.UTC || cfg.Site.ImportLimit != nil || cfg.Site.Interval != 15*time.Minute || cfg.ExitWithin != 20*time.Second ||
		cfg.HTTP.Listen != "127.0.0.1:7070" || cfg.Store.Path != "/var/lib/curtaild" || cfg.Influx != nil || cfg.Hasher != nil || len(cfg.SHA256) != 64 {
		t.Errorf("%+v", cfg)
	}
}

// A secret gets into nothing that is printed, logged or encoded.
func TestSecretHides(t *testing.T) {
	cfg, faults := Load(examplePath, options())
	if faults.Err() != nil {
		t.Fatal(faults)
	}
	if got := cfg.MQTT.Password.Reveal(); got != "m0squitto" {
		t.Errorf("password %q", got)
	}
	if got := cfg.Influx.Token.Reveal(); got != "t0ken" {
		t.Errorf("token %q", got)
	}
	var out bytes.Buffer
	for _, verb := range []string{"%v", "%+v", "%#v", "%s", "%q", "%x", "%d"} {
		fmt.Fprintf(&out, verb+verb+verb+verb, *cfg, cfg.MQTT, cfg.MQTT.Password, *cfg.Influx)
	}
	slog.New(slog.NewTextHandler(&out, nil)).Info("x", "cfg", cfg.MQTT, "secret", cfg.MQTT.Password)
	slog.New(slog.NewJSONHandler(&out, nil)).Info("x", "cfg", cfg.MQTT, "secret", cfg.MQTT.Password)
	if err := json.NewEncoder(&out).Encode([]any{cfg.MQTT, cfg.Influx}); err != nil {
		t.Fatal(err)
	}
	for _, secret := range []string{"m0squitto", fmt.Sprintf("%x", "m0squitto"), "t0ken", fmt.Sprintf("%x", "t0ken")} {
		if strings.Contains(out.String(), secret) {
			i := strings.Index(out.String(), secret)
			t.Errorf("%q shows: %s", secret, out.String()[max(0, i-60):i+20])
		}
	}
}

// From disk: paths are relative to the config, and a pipe does not hold it up.
func TestLoadFromDisk(t *testing.T) {
	dir := t.TempDir()
	write := func(name, text string) {
		if err := os.WriteFile(filepath.Join(dir, name), []byte(text), 0o600); err != nil {
			t.Fatal(err)
		}
	}
	write("config.yaml", "site: {name: w}\nreadings: [{name: g, role: grid, topic: t, unit: W, sign: import_positive}]\n"+
		"mqtt: {broker: \"mqtts://b\", username: u, password_file: pw}\npolicies: [b-*.yaml, a.yaml, b-1.yaml]\nrigs: [{name: a, family: luxos, hosts: [h]}]\nstore: {path: data}\n")
	for i, name := range []string{"b-2.yaml", "b-1.yaml", "a.yaml"} {
		write(name, fmt.Sprintf("policies: [{name: p%d, loads: [a]}]\n", i))
	}
	write("pw", "hunter2\n")
	path := filepath.Join(dir, "config.yaml")
	cfg, faults := Load(path, Options{})
	if len(faults) > 0 {
		t.Fatal(faults)
	}
	if len(cfg.Policies) != 3 || cfg.Policies[0].Name != "p2" || cfg.Policies[1].Name != "p1" || cfg.Store.Path != filepath.Join(dir, "data") || cfg.MQTT.Password.Reveal() != "hunter2" {
		t.Errorf("%+v", cfg)
	}
	if err := os.Remove(filepath.Join(dir, "pw")); err != nil {
		t.Fatal(err)
	}
	if err := syscall.Mkfifo(filepath.Join(dir, "pw"), 0o600); err != nil {
		t.Fatal(err)
	}
	if cfg, faults := Load(path, Options{}); cfg != nil || !strings.Contains(faults.Error(), "not a regular file") {
		t.Errorf("a pipe for a secret: %v", faults)
	}
	if cfg, faults := Load(filepath.Join(dir, "none.yaml"), Options{}); cfg != nil || faults.Err() == nil {
		t.Errorf("a config that is not there: %v", faults)
	}
	if _, faults := Load(dir, Options{}); faults.Err() == nil {
		t.Error("loaded a folder")
	}
}

func TestPools(t *testing.T) {
	cfg, faults := Load("testdata/hasher-good-pools.yaml", options())
	if len(faults) > 0 {
		t.Fatal(faults)
	}
	h := cfg.Hasher
	if len(h.Pools) != 2 || h.Leave != 30*time.Second || h.Return != time.Minute {
		t.Errorf("%+v", h)
	}
	if p := h.Pools[0]; p.User != "a.b" || p.Password.Reveal() != "x" || len(p.CA) == 0 || p.Algorithm != "sha256d" || p.MinDifficulty != 0 {
		t.Errorf("%+v", p)
	}
	if p := h.Pools[1]; p.URL != "stratum+tcp://[::1]:3333" || !p.Password.Empty() || p.Algorithm != "scrypt" || p.MinDifficulty != 0.125 {
		t.Errorf("%+v", p)
	}
}

// A node among the pools is told by its URL; whether its address can be paid
// to is asked of whoever knows.
func TestNode(t *testing.T) {
	o := options()
	o.Payout = func(address string) error {
		if !strings.HasPrefix(address, "1A1") {
			return errors.New("no such address")
		}
		return nil
	}
	cfg, faults := Load("testdata/hasher-good-node.yaml", o)
	if len(faults) > 0 {
		t.Fatal(faults)
	}
	n := cfg.Hasher.Pools
	if n[0].CookieFile != "/var/lib/bitcoind/.cookie" || n[0].Algorithm != "sha256d" || n[1].Algorithm != "scrypt" || n[1].Password.Empty() || n[2].Payout != "" {
		t.Errorf("%+v", n)
	}
	_, faults = Load("testdata/hasher-node.yaml", o)
	if n := strings.Count(faults.Error(), "payout: no such address"); n != 3 {
		t.Errorf("%d addresses refused: %v", n, faults)
	}
}

// A policy that goes by the work needs somebody to have it from, and a price.
func TestHashesValuedByTheWork(t *testing.T) {
	const rest = "site: {name: westfield}\npolicies: node/work.yaml\nreadings: [{name: g, role: grid, topic: t, unit: W, sign: import_positive}, {name: p, role: export_price, topic: p, unit: EUR/MWh}]\n"
	const pools = `pools: [{url: "stratum+tcp://a:1", user: u}]`
	for text, ok := range map[string]bool{"": false, pools: false, "coin_price: 60000 EUR": false, "coin_price: 60000 EUR, " + pools: true} {
		l := newLoader("testdata/x.yaml", options())
		faults := l.load("testdata/x.yaml", []byte(rest+"hasher: {name: cpu, "+text+"}\n"))
		if (len(faults) == 0) != ok || !ok && !strings.Contains(faults.Error(), "coin_price") {
			t.Errorf("%q: %v", text, faults)
		}
	}
}

func TestCoinPrice(t *testing.T) {
	const rest = "site: {name: westfield, currency: CHF}\npolicies: node/soak.yaml\nreadings: [{name: g, role: grid, topic: t, unit: W, sign: import_positive}]\n"
	for text, want := range map[string]float64{"": -1, "60000 CHF": 60000, "0.25CHF": 0.25, "60000": -1, "0 CHF": -1, "-1 CHF": -1, "6e4 CHF": -1, "60000 EUR": -1, "1 chf": -1} {
		l := newLoader("testdata/x.yaml", options())
		faults := l.load("testdata/x.yaml", []byte(rest+fmt.Sprintf("hasher: {coin_price: %q}\n", text)))
		if want < 0 && (len(faults) != 1 || !strings.Contains(faults.Error(), "hasher.coin_price")) {
			t.Errorf("%q: %v", text, faults)
		} else if want >= 0 && (len(faults) > 0 || l.cfg.Hasher.CoinPrice != want) {
			t.Errorf("%q: %v, %v", text, l.cfg.Hasher.CoinPrice, faults)
		}
	}
}
