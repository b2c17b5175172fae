package main_test

import (
	"fmt"
	"maps"
	"regexp"
	"slices"
	"strconv"
	"syscall"
	"testing"
	"time"

	"github.com/curtaild/curtaild/energy"
	"github.com/curtaild/curtaild/internal/testbed"
	"github.com/curtaild/curtaild/rigs/emulate"
)

// playKills takes away, while twenty rigs run, the database for 30 s, the
// broker for 20 s of them, two rigs and the daemon itself.
func playKills(t *testing.T, w *world) {
	broker, db := testbed.Mosquitto(t, testbed.BrokerOptions{}), testbed.Influxd(t)
	f := w.farm(20)
	w.configure(f, settings{broker: broker, db: db})
	w.checked()
	first := w.daemon()
	before := f.meters()
	client := w.connect(broker.URL, broker)
	p := w.play(f, client, recorded(t, 440, 240), 1)
	w.until("most rigs run", time.Minute, func() bool { return f.total().Draw > 20e3 })

	hung, mad := f.rigs[0].Name, f.rigs[2].Name
	f.fault(hung, "hang")
	f.fault(mad, "garbage")
	db.Kill()
	w.pass(5 * time.Second)
	broker.Kill()
	w.until("rigs that answer are stopped for want of a reading", 15*time.Second, func() bool { return running(f, hung, mad) == 0 })
	w.pass(13 * time.Second)
	broker.Start()
	w.until("rigs run again", time.Minute, func() bool { return running(f, hung, mad) > 12 })
	if err := db.Start(t.Context()); err != nil {
		t.Fatal(err)
	}
	f.clear(hung)
	f.clear(mad)
	w.until("both rigs answer again", time.Minute, func() bool { return w.load(hung).Error == "" && w.load(mad).Error == "" })
	w.until("most power is drawn again", time.Minute, func() bool { return f.total().Draw > 20e3 })
	w.until("InfluxDB has caught up", time.Minute, func() bool { return w.status().Influx.Behind < 100 })

	w.awaitGrid(time.Second)
	states := w.follow(client, "curtaild/e2e/signal/dso/ev-k/status")
	client.Publish("curtaild/e2e/signal/dso", 1, false, limit("ev-k", 15, "PT30S"))
	w.until("the limit is kept", 20*time.Second, func() bool { return slices.Contains(states(), energy.SignalAchieved) })
	w.pass(2500 * time.Millisecond) // the last second before a kill may be lost
	atKill := f.meters()
	killed := time.Now()
	first.signal(syscall.SIGKILL)
	first.ends(5 * time.Second)
	second := w.daemon()
	w.until("all rigs have answered", 20*time.Second, func() bool { return answered(w) == len(f.rigs) })
	back := time.Now()
	w.pass(12 * time.Second) // beyond the grace after a start
	resumed(t, atKill, f.meters(), starts(t, second))
	if draw := f.total().Draw; draw > 15e3 {
		t.Errorf("%v are drawn under a limit of 15 kW that was sent before the kill", draw)
	}
	w.until("the limit ends and power rises", time.Minute, func() bool { return f.total().Draw > 20e3 })

	if s := w.status(); s.Influx.Rejected > 0 || len(s.Spool.Dropped) > 0 {
		t.Errorf("records were lost: %+v %+v", s.Influx, s.Spool)
	}
	second.signal(syscall.SIGTERM)
	if status := second.ends(30 * time.Second); status != 0 {
		t.Fatalf("exit status %d after SIGTERM", status)
	}
	p.end()
	l := ledger{t, db}
	for _, gap := range l.gaps() {
		if gap.Before(killed.Add(-time.Second)) || gap.After(back) {
			t.Errorf("the site point of %v is missing", gap)
		}
	}
	l.lived("ev-k", states())
	l.drained(w.path("state"))
	l.reasoned()
	l.granted()
	n := l.complete(first, func(at time.Time) bool { return at.Before(killed.Add(-time.Second)) })
	n += l.complete(second, func(time.Time) bool { return true })
	t.Logf("%d set-points in the logs, each has its decision and its rig point on record", n)
	ordered := starts(t, first)
	for name, k := range starts(t, second) {
		ordered[name] += k
	}
	for name, m := range f.meters() {
		if m.Starts > ordered[name] {
			t.Errorf("%s was started %d times, but told to only %d times", name, m.Starts, ordered[name])
		}
	}
	books := l.rigs(20)
	drawn, recorded := 0.0, 0.0
	for name, m := range f.meters() {
		if name != hung && name != mad { // what those drew meanwhile they told nobody
			drawn += (m.Joules - before[name].Joules).WattHours()
			recorded += books[name]
		}
	}
	l.agrees("rig", drawn, recorded)
	all := sum(books)
	l.agrees("site_interval", all, l.sum("site_interval", "flexible_wh"))
	l.agrees("use_interval", all, l.sum("use_interval", "absorbed_wh", "battery_wh", "imported_wh", "unattributed_wh"))
}

// resumed fails where a rig that ran over the kill was started anew.
func resumed(t *testing.T, was, is map[string]emulate.Meter, ordered map[string]int) {
	t.Helper()
	ran := 0
	for name, m := range was {
		if m.Running {
			ran++
		}
		if n := is[name].Starts - m.Starts; n > ordered[name] {
			t.Errorf("%s (running: %v) was started %d times after the kill, but told to %d times", name, m.Running, n, ordered[name])
		}
		if m.Running && is[name].Starts > m.Starts && is[name].Stops == m.Stops {
			t.Errorf("%s ran when the daemon was killed, and was started again", name)
		}
	}
	t.Logf("%d rigs ran when the daemon was killed; %v were told to start after", ran, ordered)
	if ran == 0 {
		t.Error("no rig ran when the daemon was killed: the test shows nothing")
	}
}

// running counts the rigs that hash, but for those named.
func running(f *farm, but ...string) (n int) {
	all := f.meters()
	maps.DeleteFunc(all, func(name string, m emulate.Meter) bool {
		for _, b := range but {
			if name == b {
				return true
			}
		}
		return !m.Running
	})
	return len(all)
}

func answered(w *world) (n int) {
	for _, l := range w.status().Loads {
		if l.State.Heard() {
			n++
		}
	}
	return n
}

// pass lets time go by: how long an outage lasts.
func (w *world) pass(d time.Duration) {
	w.t.Helper()
	timer := time.NewTimer(d)
	defer timer.Stop()
	select {
	case <-timer.C:
	case <-w.t.Context().Done():
	}
}

// awaitGrid waits until it is that long past a point on the grid of site
// records.
func (w *world) awaitGrid(past time.Duration) {
	const grid = 10 * time.Second
	now := time.Now()
	next := now.Truncate(grid).Add(past)
	if !next.After(now) {
		next = next.Add(grid)
	}
	w.pass(next.Sub(now))
}

// order is a set-point as the daemon's log tells it.
type order struct {
	at       time.Time
	load     string
	plan     int
	from, to float64 // W
}

var setPoint = regexp.MustCompile(`^time=(\S+) .*msg=set-point load=(\S+) from="?([-\d.]+ ?k?W)"? to="?([-\d.]+ ?k?W)"? .*plan=(\d+)`)

func orders(t *testing.T, p *process) (list []order) {
	t.Helper()
	for _, line := range p.grep("msg=set-point") {
		m := setPoint.FindStringSubmatch(line)
		if m == nil {
			t.Fatalf("cannot read %q", line)
		}
		at, err := time.Parse(time.RFC3339Nano, m[1])
		if err != nil {
			t.Fatal(err)
		}
		plan, _ := strconv.Atoi(m[5]) // digits, by the pattern
		list = append(list, order{at: at, load: m[2], plan: plan, from: watts(t, m[3]), to: watts(t, m[4])})
	}
	return list
}

func watts(t *testing.T, s string) (w float64) {
	t.Helper()
	var unit string
	if _, err := fmt.Sscanf(s, "%g %s", &w, &unit); err != nil {
		t.Fatalf("power %q: %v", s, err)
	}
	if unit == "kW" {
		w *= 1000
	}
	return w
}

// starts counts how often each rig was told to go from off to on. Off draws a
// third of the lowest point at most.
func starts(t *testing.T, p *process) map[string]int {
	t.Helper()
	n := map[string]int{}
	for _, o := range orders(t, p) {
		if o.from < o.to && (o.from <= 3 || o.from >= 20 && o.from < 100) {
			n[o.load]++
		}
	}
	return n
}

// complete fails unless each set-point in the log that counts has a decision
// and a point of its rig on record, and returns how many it held against it.
func (l ledger) complete(p *process, counts func(time.Time) bool) (n int) {
	l.t.Helper()
	type key struct {
		load string
		plan int
	}
	decided, written := map[key]bool{}, map[string][]time.Time{}
	for _, r := range l.query(`SELECT "plan" FROM "decision" GROUP BY "rig"`) {
		decided[key{text(r["rig"]), int(number(r["plan"]))}] = true
	}
	for _, r := range l.query(`SELECT "setpoint_w" FROM "rig" GROUP BY "rig"`) {
		written[text(r["rig"])] = append(written[text(r["rig"])], at(r))
	}
	for _, o := range orders(l.t, p) {
		if !counts(o.at) {
			continue
		}
		n++
		if !decided[key{o.load, o.plan}] {
			l.t.Errorf("no decision on record for %s of plan %d at %v", o.load, o.plan, o.at)
		}
		near := false
		for _, x := range written[o.load] {
			near = near || x.Sub(o.at).Abs() < time.Second
		}
		if !near {
			l.t.Errorf("no point of %s on record for its set-point of plan %d at %v", o.load, o.plan, o.at)
		}
	}
	if n == 0 {
		l.t.Error("no set-point in the log")
	}
	return n
}
