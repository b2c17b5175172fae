package main_test

import (
	"bytes"
	"encoding/json"
	"fmt"
	"os"
	"os/exec"
	"path/filepath"
	"slices"
	"strconv"
	"strings"
	"testing"
	"time"

	paho "github.com/eclipse/paho.mqtt.golang"

	"github.com/curtaild/curtaild/api"
	"github.com/curtaild/curtaild/energy"
	"github.com/curtaild/curtaild/internal/testbed"
	"github.com/curtaild/curtaild/rigs/emulate"
)

// install is the real binary with a config of its own, and emulated rigs in
// another process.
type install struct {
	b                testing.TB
	bin, dir, broker string
	rigs             int
}

// build makes the binary as it is shipped.
func build(b *testing.B) string {
	b.Helper()
	bin := filepath.Join(b.TempDir(), "curtaild")
	cmd := exec.Command("go", "build", "-trimpath", "-ldflags", "-s -w", "-o", bin, ".")
	cmd.Env = append(os.Environ(), "CGO_ENABLED=0")
	if out, err := cmd.CombinedOutput(); err != nil {
		b.Fatalf("build curtaild: %v\n%s", err, out)
	}
	return bin
}

func newInstall(b testing.TB, bin string, rigs int) *install {
	b.Helper()
	dir, err := os.MkdirTemp("", "curtaild") // short enough for a socket
	if err != nil {
		b.Fatal(err)
	}
	b.Cleanup(func() { os.RemoveAll(dir) })
	in := &install{b: b, bin: bin, dir: dir, rigs: rigs, broker: testbed.FreeAddr(b)}
	var c strings.Builder
	fmt.Fprintf(&c, "site: {name: footprint, balance: grid}\nmqtt: {listen: %q}\n", in.broker)
	fmt.Fprintln(&c, `readings: [{name: grid, role: grid, topic: grid, unit: W, sign: import_positive, max_age: 60s}]`)
	fmt.Fprintf(&c, "policies: soak.yaml\ngroups: [{name: farm, on_exit: keep}]\nstore: {path: state}\nhttp: {socket: api.sock}\nrigs:\n")
	for _, addr := range in.emulate() {
		fmt.Fprintf(&c, "  - {name: rig-%s, group: farm, family: luxos, hosts: [%q], start_time: 2s, stop_time: 1s}\n", addr[strings.LastIndex(addr, ":")+1:], addr)
	}
	policy := "policies: [{name: soak, loads: [farm], use: available, start: {above: 3 kW, for: 1s}, stop: {below: 1 kW, for: 1s}}]\n"
	for name, text := range map[string]string{"config.yaml": c.String(), "soak.yaml": policy} {
		if err := os.WriteFile(filepath.Join(dir, name), []byte(text), 0o600); err != nil {
			b.Fatal(err)
		}
	}
	return in
}

// emulate starts the rigs, and returns where they are.
func (in *install) emulate() (addrs []string) {
	in.b.Helper()
	cmd := exec.Command(in.bin, "emulate", "--rigs", strconv.Itoa(in.rigs), "--family", "luxos", "--time-scale", "20")
	out, err := cmd.StdoutPipe()
	if err != nil {
		in.b.Fatal(err)
	}
	if err := cmd.Start(); err != nil {
		in.b.Fatal(err)
	}
	in.b.Cleanup(func() { end(cmd) })
	lines := json.NewDecoder(out)
	for range in.rigs {
		var a emulate.Announcement
		if err := lines.Decode(&a); err != nil {
			in.b.Fatal(err)
		}
		addrs = append(addrs, a.Addr)
	}
	return addrs
}

// end ends a process of ours by its own pid, and waits for it.
func end(cmd *exec.Cmd) {
	_ = cmd.Process.Kill() // it may have ended
	_ = cmd.Wait()         // killed, as it should be
}

// run starts the daemon. The caller ends it.
func (in *install) run() (cmd *exec.Cmd, log *bytes.Buffer) {
	in.b.Helper()
	log = new(bytes.Buffer)
	cmd = exec.Command(in.bin, "run", "-c", filepath.Join(in.dir, "config.yaml"))
	cmd.Stderr = log
	if err := cmd.Start(); err != nil {
		in.b.Fatal(err)
	}
	return cmd, log
}

// until asks the daemon how things are until every load is as wanted.
func (in *install) until(cmd *exec.Cmd, log *bytes.Buffer, every time.Duration, wanted func(api.Load) bool) {
	in.b.Helper()
	client := api.Dial(filepath.Join(in.dir, "api.sock"))
	tick := time.NewTicker(every)
	defer tick.Stop()
	late := time.After(2 * time.Minute)
	for {
		s, err := client.Status(in.b.Context())
		if err == nil && len(s.Loads) == in.rigs && !slices.ContainsFunc(s.Loads, func(l api.Load) bool { return !wanted(l) }) {
			return
		}
		select {
		case <-tick.C:
		case <-late:
			end(cmd)
			in.b.Fatalf("the daemon does not come to it: %v\n%s", err, log)
		}
	}
}

// surplus has the meter say, again and again, that every rig may run. The
// caller ends it.
func (in *install) surplus() (stop func()) {
	in.b.Helper()
	c := paho.NewClient(paho.NewClientOptions().AddBroker("tcp://" + in.broker).SetClientID("meter").
		SetConnectRetry(true).SetConnectRetryInterval(20 * time.Millisecond))
	if token := c.Connect(); !token.WaitTimeout(20*time.Second) || token.Error() != nil {
		in.b.Fatalf("connect to %s: %v", in.broker, token.Error())
	}
	ended, done := make(chan struct{}), make(chan struct{})
	go func() {
		defer close(done)
		tick := time.NewTicker(100 * time.Millisecond)
		defer tick.Stop()
		for {
			c.Publish("grid", 0, false, strconv.Itoa(-5000*in.rigs))
			select {
			case <-tick.C:
			case <-ended:
				return
			}
		}
	}()
	return func() { close(ended); <-done; c.Disconnect(0) }
}

// BenchmarkMemory is the anonymous memory of the daemon with its embedded
// broker and so many rigs, once every one of them was commanded and runs.
func BenchmarkMemory(b *testing.B) {
	bin := build(b)
	for _, rigs := range []int{10, 1000} {
		b.Run("rigs="+strconv.Itoa(rigs), func(b *testing.B) {
			in := newInstall(b, bin, rigs)
			var most float64
			for b.Loop() {
				cmd, log := in.run()
				stop := in.surplus()
				in.until(cmd, log, 250*time.Millisecond, func(l api.Load) bool {
					return l.Point != "" && l.Point != "off" && l.State == energy.StateRunning
				})
				most = max(most, anonymous(b, cmd.Process.Pid))
				stop()
				end(cmd)
			}
			b.ReportMetric(most, "MB/max")
		})
	}
}

// anonymous is a process's RssAnon, in MB.
func anonymous(b *testing.B, pid int) float64 {
	b.Helper()
	raw, err := os.ReadFile(fmt.Sprintf("/proc/%d/status", pid))
	if err != nil {
		b.Skip("no /proc: ", err)
	}
	for line := range strings.Lines(string(raw)) {
		if f := strings.Fields(line); len(f) > 1 && f[0] == "RssAnon:" {
			kb, err := strconv.Atoi(f[1])
			if err != nil {
				b.Fatal(err)
			}
			return float64(kb) / 1024
		}
	}
	b.Skip("no RssAnon in /proc/PID/status")
	return 0
}

// BenchmarkStart is the time from the start of the process, whose meter speaks
// ten times a second, to its first answer in which every load has a decision, and to the first in which every rig has
// been heard.
func BenchmarkStart(b *testing.B) {
	bin := build(b)
	for _, rigs := range []int{10, 1000} {
		b.Run("rigs="+strconv.Itoa(rigs), func(b *testing.B) {
			in := newInstall(b, bin, rigs)
			var decided, heard time.Duration
			n := 0
			for b.Loop() {
				from := time.Now()
				cmd, log := in.run()
				stop := in.surplus() // without a reading, it gives the meter ten seconds
				in.until(cmd, log, time.Millisecond, func(l api.Load) bool { return l.Reason != "" })
				decided += time.Since(from)
				in.until(cmd, log, 20*time.Millisecond, func(l api.Load) bool { return l.State.Heard() })
				heard += time.Since(from)
				n++
				b.StopTimer()
				stop()
				end(cmd)
				b.StartTimer()
			}
			b.ReportMetric(float64(decided.Microseconds())/1000/float64(n), "ms/decided")
			b.ReportMetric(float64(heard.Microseconds())/1000/float64(n), "ms/heard")
		})
	}
}
