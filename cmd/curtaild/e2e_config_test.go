package main_test

import (
	"fmt"
	"strings"

	"github.com/curtaild/curtaild/internal/testbed"
)

// reserve is what the policy of these tests leaves to the site, in watts.
const reserve = 1000

const soakPolicy = `policies:
  - name: soak
    loads: [big, small]
    use: available
    start: {above: 3 kW, for: 1s}
    stop: {below: 1 kW, for: 1s}
    reserve: 1 kW
    on_stale: {keep: 4s, then: stop}
`

// settings are what differs from one config to the next.
type settings struct {
	mode   string
	minOn  string
	hasher bool              // one local worker
	broker *testbed.Broker   // nil: the embedded one
	db     *testbed.InfluxDB // nil: records stay on disk
}

// configure writes config.yaml and a policy, and returns where the broker is
// for whoever plays the plant.
func (w *world) configure(f *farm, s settings) (broker string) {
	w.t.Helper()
	var c strings.Builder
	line := func(format string, args ...any) { fmt.Fprintf(&c, format+"\n", args...) }
	line("site: {name: e2e, balance: grid, interval: 1m}")
	line("mode: %s", or(s.mode, "control"))
	if s.broker != nil {
		w.write("mqtt", s.broker.Password+"\n")
		line("mqtt: {broker: %q, username: %s, password_file: mqtt, ca_file: %s, prefix: curtaild/e2e}", s.broker.TLSURL, s.broker.User, s.broker.CAFile)
		broker = s.broker.URL
	} else {
		broker = "mqtt://" + testbed.FreeAddr(w.t)
		line("mqtt: {listen: %q, prefix: curtaild/e2e}", strings.TrimPrefix(broker, "mqtt://"))
	}
	line("readings:")
	line("  - {name: grid, role: grid, topic: plant/pcc, value: w, unit: W, sign: import_positive, time: ts, max_age: 3s, range: [-200 kW, 200 kW]}")
	line("signals: [{source: dso, kinds: [limit, stop, release, cancel], at: [flexible, pcc_import], values: [0 kW, 600 kW]}]")
	line("policies: policies/*.yaml")
	line("groups:")
	line("  - {name: big, on_exit: stop, min_on: %s, min_off: 1s}", or(s.minOn, "0s"))
	line("  - {name: small, on_exit: stop}")
	line("rigs:")
	for _, r := range f.rigs {
		// A luxos rig offers its levels up to the nominal one, not the highest.
		group, start, stop := "big", "11s", "300ms"
		if r.Family == "bitaxe" {
			group, start, stop = "small", "1s", "150ms"
		}
		line("  - {name: %s, group: %s, family: %s, hosts: [%q], start_time: %s, stop_time: %s, poll: 1s}", r.Name, group, r.Family, r.Addr, start, stop)
	}
	if s.hasher {
		line("hasher: {name: cpu, group: small, workers: 1, power: {model: {idle: 0 W, core: 10 W}}}")
	}
	if s.db != nil {
		w.write("influx", s.db.Token+"\n")
		line("influxdb: {url: %q, bucket: %s, token_file: influx}", s.db.URL, s.db.Bucket)
	}
	line("store: {path: state}")
	line("http: {socket: api.sock, listen: %q}", testbed.FreeAddr(w.t))
	line("exit_within: 20s")
	w.write("config.yaml", c.String())
	w.write("policies/soak.yaml", soakPolicy)
	return broker
}

func or(s, otherwise string) string {
	if s == "" {
		return otherwise
	}
	return s
}

// checked fails the test if the config has a fault.
func (w *world) checked() {
	w.t.Helper()
	if status, _, faults := w.run("check", "-c", w.path("config.yaml")); status != 0 {
		w.t.Fatalf("check: exit status %d: %s", status, faults)
	}
}
