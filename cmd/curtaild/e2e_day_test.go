package main_test

import (
	"encoding/json"
	"fmt"
	"math"
	"slices"
	"sync"
	"syscall"
	"testing"
	"time"

	paho "github.com/eclipse/paho.mqtt.golang"

	"github.com/curtaild/curtaild/api"
	"github.com/curtaild/curtaild/energy"
	"github.com/curtaild/curtaild/internal/testbed"
)

// playDay plays a stretch of a plant with clouds to twenty rigs, and holds the
// books against what they drew.
func playDay(t *testing.T, w *world) {
	broker, db := testbed.Mosquitto(t, testbed.BrokerOptions{}), testbed.Influxd(t)
	f := w.farm(20)
	w.configure(f, settings{broker: broker, db: db, minOn: "5s", hasher: true})
	w.checked()
	client := w.connect(broker.URL, broker)
	states := w.follow(client, "curtaild/e2e/signal/dso/ev-1/status")

	d := w.daemon()
	before := f.total()
	p := w.play(f, client, recorded(t, 860, 250), 2)
	watch := w.watchGrants()
	w.until("a fifth of full power is drawn", time.Minute, func() bool { return f.total().Draw > 10e3 })
	w.until("the limit fits in", time.Minute, func() bool { return w.status().Power.GrantedW > 15e3 })
	client.Publish("curtaild/e2e/signal/dso", 1, false, limit("ev-1", 8, "PT15S"))
	<-p.over
	watch()
	imported, exported := p.energy()
	d.signal(syscall.SIGTERM)
	if status := d.ends(30 * time.Second); status != 0 {
		t.Fatalf("exit status %d after SIGTERM", status)
	}
	meter := f.total()
	p.end()

	if meter.Running || meter.Draw > 300 {
		t.Errorf("after the end rigs still draw %v", meter.Draw)
	}
	l := ledger{t, db}
	drawn := (meter.Joules - before.Joules).WattHours()
	l.agrees("rig", drawn, sum(l.rigs(20)))
	drawn += l.local()
	l.agrees("site_interval", drawn, l.sum("site_interval", "flexible_wh"))
	l.agrees("use_interval", drawn, l.sum("use_interval", "absorbed_wh", "battery_wh", "imported_wh", "unattributed_wh"))
	t.Logf("site: imported %.1f Wh, in the books %.1f; exported %.1f Wh, in the books %.1f",
		imported, l.sum("site_interval", "import_wh"), exported, l.sum("site_interval", "export_wh"))
	l.documented()
	l.reasoned()
	l.granted()
	if gaps := l.gaps(); len(gaps) > 0 {
		t.Errorf("site points are missing at %v", gaps)
	}
	l.lived("ev-1", states())
	left := w.follow(w.connect(broker.URL, broker), "curtaild/e2e/signal/dso/ev-1/status")
	w.until("the last status is retained", 10*time.Second, func() bool { return slices.Equal(left(), []energy.SignalState{energy.SignalCompleted}) })
	l.drained(w.path("state"))
	if n := len(d.grep("level=ERROR")); n > 0 {
		t.Errorf("the daemon logged errors: %q", d.grep("level=ERROR"))
	}
}

// limit is the command of a limit on our loads that starts now.
func limit(id string, kw int, lasts string) string {
	return fmt.Sprintf(`{"v":1,"id":%q,"revision":1,"issued":%q,"kind":"limit","at":"flexible","unit":"kW","intervals":[{"start":"now","duration":%q,"value":%d}],"deadline_s":10}`,
		id, time.Now().UTC().Format(time.RFC3339), lasts, kw)
}

// follow collects the states that a signal's status topic shows.
func (w *world) follow(c paho.Client, topic string) (states func() []energy.SignalState) {
	w.t.Helper()
	var mu sync.Mutex
	var list []energy.SignalState
	token := c.Subscribe(topic, 1, func(_ paho.Client, m paho.Message) {
		var st energy.SignalStatus
		if err := json.Unmarshal(m.Payload(), &st); err == nil {
			mu.Lock()
			list = append(list, st.State)
			mu.Unlock()
		}
	})
	if !token.WaitTimeout(10*time.Second) || token.Error() != nil {
		w.t.Fatalf("subscribe to %s: %v", topic, token.Error())
	}
	return func() []energy.SignalState {
		mu.Lock()
		defer mu.Unlock()
		return append([]energy.SignalState(nil), list...)
	}
}

// watchGrants looks at the daemon's status again and again, until it is told
// to stop: what policies grant is never more than what is available less the
// reserve, but for floors.
func (w *world) watchGrants() (stop func()) {
	quit, done := make(chan struct{}), make(chan struct{})
	looked, worst := 0, math.Inf(-1)
	go func() {
		defer close(done)
		tick := time.NewTicker(100 * time.Millisecond)
		defer tick.Stop()
		for {
			select {
			case <-quit:
				return
			case <-tick.C:
			}
			s, err := api.Dial(w.path("api.sock")).Status(w.t.Context())
			if err != nil || !s.Power.OK {
				continue
			}
			looked++
			over := s.Power.GrantedW - floors(s) - max(0, s.Power.AvailableW-reserve)
			worst = max(worst, over)
			if over > 1 {
				w.t.Errorf("granted %.0f W of %.0f W available less %d W, %.0f W of it floors", s.Power.GrantedW, s.Power.AvailableW, reserve, floors(s))
			}
		}
	}()
	return func() {
		close(quit)
		<-done
		if looked == 0 {
			w.t.Error("grants were never seen")
		}
		w.t.Logf("granted power: looked %d times, at most %.1f W above available less reserve and floors", looked, worst)
	}
}

// floors is what loads are granted that have to stay on, or that cannot be
// reached.
func floors(s api.Status) (sum float64) {
	for _, l := range s.Loads {
		if l.Reason == energy.MinOn || l.Reason == energy.Unreachable {
			sum += l.SetpointW
		}
	}
	return sum
}
