package mqtt

import (
	"context"
	"errors"
	"log/slog"
	"strings"
	"testing"
	"time"

	"github.com/curtaild/curtaild/energy"
	"github.com/curtaild/curtaild/internal/testbed"
)

// patience is how long a test waits for something that must come; it never
// asserts how long it took.
const patience = 60 * time.Second

func TestClientOnEveryBroker(t *testing.T) {
	for _, b := range counterparts() {
		t.Run(b.name, func(t *testing.T) {
			t.Parallel()
			cfg := plant(b.start(t))
			p := newPeer(t, cfg, "curtaild/test/#")
			p.retain("plant/grid", "99") // a leftover, which must not be taken
			p.retain("plant/status", "online")
			p.retain("plant/price", `{"eur": 42, "at": `+unixNow()+`}`)
			c := start(t, cfg)
			if m := p.await("curtaild/test/availability", "online"); m.Retained() {
				t.Error("availability came as a leftover")
			}

			if got := next(t, "presence", c.got.presences); got.Name != "grid" || !got.Online {
				t.Errorf("presence: %+v", got)
			}
			if r := next(t, "price", c.got.readings); r.Name != "price" || r.Value != 42 {
				t.Errorf("price that is accepted though retained: %+v", r)
			}
			reading := func(name string) energy.Reading { // a broker may send a retained price twice
				r := next(t, name, c.got.readings)
				for r.Name == "price" {
					r = next(t, name, c.got.readings)
				}
				return r
			}
			p.publish("plant/grid", "-1.5")
			if r := reading("grid"); r.Name != "grid" || r.Value != -1500 || r.Arrived.IsZero() {
				t.Errorf("grid: %+v", r)
			}
			p.publish("plant/pv/2/power", "700")
			if r := reading("pv"); r.Part != "plant/pv/2/power" || r.Value != 700 {
				t.Errorf("pv: %+v", r)
			}
			for _, bad := range []string{"", "NaN", "{}", "7000", strings.Repeat("1", MaxPayload+1), strings.Repeat("1", 3*MaxPayload/2)} {
				p.publish("plant/grid", bad)
			}
			p.publish("plant/grid", "2")
			if r := reading("grid"); r.Value != 2000 {
				t.Errorf("after bad payloads: %+v", r)
			}
			want := map[Cause]uint64{Retained: 1, Empty: 1, NotANumber: 1, WrongType: 1, OutOfRange: 1, Oversize: 2}
			got := c.Stats().Readings["grid"].Refused
			for cause, n := range want {
				if got[cause] != n {
					t.Errorf("refused for %s: %d, want %d (%v)", cause, got[cause], n, got)
				}
			}

			c.ready(t, p)
			testSignals(t, c, p)

			c.stop()
			p.await("curtaild/test/availability", "offline")
		})
	}
}

func testSignals(t *testing.T, c *running, p *peer) {
	t.Helper()
	p.publish("curtaild/test/signal/dso", `{"v":1,"id":"ev-1","kind":"limit","at":"flexible","unit":"kW","intervals":[{"start":"now","duration":"PT30M","value":120}]}`)
	if s := next(t, "signal", c.got.signals); s.ID != "ev-1" || s.Fault != "" || s.Max != 120_000 || s.Source != "dso" {
		t.Errorf("limit: %+v", s)
	}
	p.publish("curtaild/test/signal/dso", `{"v":1,"id":"ev-2","kind":"setpoint"}`)
	if s := next(t, "signal", c.got.signals); s.ID != "ev-2" || s.Fault == "" {
		t.Errorf("unsupported: %+v", s)
	}
	p.publish("curtaild/test/signal/dso/stop", `{"kind":"st`)
	if s := next(t, "stop", c.got.signals); s.Kind != energy.KindStop || s.Fault != "" || s.ID == "" {
		t.Errorf("stop that cannot be read: %+v", s)
	}
	st := energy.SignalStatus{V: 1, Source: "dso", ID: "ev-1", State: energy.SignalAccepted, Received: time.Unix(1700000000, 0).UTC()}
	if err := c.PublishStatus(st); err != nil {
		t.Fatal(err)
	}
	p.await("curtaild/test/signal/dso/ev-1/status", `{"v":1,"id":"ev-1","revision":0,"state":"accepted","received":"2023-11-14T22:13:20Z","violation_s":0,"max_over_kw":0}`)
	if err := c.ClearStatus("dso", "ev-1"); err != nil {
		t.Fatal(err)
	}
	p.await("curtaild/test/signal/dso/ev-1/status", "")
	if err := c.PublishStatus(energy.SignalStatus{Source: "dso", ID: "a/+/b"}); err == nil {
		t.Error("an id with topic characters was published")
	}
	if err := c.PublishState(map[string]int{"draw_w": 7}); err != nil {
		t.Fatal(err)
	}
	p.await("curtaild/test/state", `{"draw_w":7}`)
}

func TestBrokerOutage(t *testing.T) {
	t.Parallel()
	b := testbed.Mosquitto(t, testbed.BrokerOptions{})
	cfg := plant(mosquitto(t, b))
	cfg.Specs[0].Availability.Liveness = true
	p := newPeer(t, cfg, "curtaild/test/availability")
	p.retain("plant/status", "online")
	c := start(t, cfg)
	p.await("curtaild/test/availability", "online")
	next(t, "presence", c.got.presences)
	p.publish("plant/grid", "1")
	next(t, "grid", c.got.readings)

	b.Stop()
	if got := next(t, "presence", c.got.presences); got.Online {
		t.Error("without a broker, a reading that lives by its availability is still there")
	}
	st := energy.SignalStatus{V: 1, Source: "dso", ID: "ev-9", State: energy.SignalStarted}
	if err := c.PublishStatus(st); err != nil { // must not be lost
		t.Fatal(err)
	}
	b.Start()

	p = newPeer(t, cfg, "curtaild/test/#")
	for want := map[string]bool{"curtaild/test/availability": true, "curtaild/test/signal/dso/ev-9/status": true}; len(want) > 0; {
		m := next(t, "status and availability", p.got)
		if string(m.Payload()) != "offline" {
			delete(want, m.Topic())
		}
	}
	for !next(t, "presence", c.got.presences).Online {
	}
	p.publish("plant/grid", "2")
	if r := next(t, "grid", c.got.readings); r.Value != 2000 {
		t.Errorf("after the outage: %+v", r)
	}
	if s := c.Stats(); !s.Connection.Connected || s.Connection.Connects < 2 {
		t.Errorf("connection: %+v", s.Connection)
	}
}

func TestLastWill(t *testing.T) {
	t.Parallel()
	cfg := plant(mosquitto(t, testbed.Mosquitto(t, testbed.BrokerOptions{})))
	p := newPeer(t, cfg, "curtaild/test/availability")
	c, err := New(cfg, newRecorder(), slog.New(slog.DiscardHandler))
	if err != nil {
		t.Fatal(err)
	}
	ctx, cancel := context.WithCancel(t.Context())
	ended := make(chan struct{})
	serve := c.readings.serve
	var last *link
	c.readings.serve = func(ctx context.Context, l *link) error {
		last = l
		return serve(ctx, l)
	}
	go func() { defer close(ended); c.Run(ctx) }()
	p.await("curtaild/test/availability", "online")
	last.conn.close() // as if the daemon had died
	p.await("curtaild/test/availability", "offline")
	p.await("curtaild/test/availability", "online") // and it is back
	cancel()
	<-ended
}

func TestStopWhileAway(t *testing.T) {
	t.Parallel()
	cfg := plant(mosquitto(t, testbed.Mosquitto(t, testbed.BrokerOptions{})))
	c := start(t, cfg)
	p := newPeer(t, cfg)
	c.ready(t, p)
	p.publish("curtaild/test/signal/dso", `{"kind":"stop","id":"first"}`)
	next(t, "stop", c.got.signals)
	c.stop()

	p.publish("curtaild/test/signal/dso", `{"kind":"stop","id":"second"}`)
	p.publish("plant/grid", "5") // an old reading, which must not be queued

	c = start(t, cfg)
	if s := next(t, "stop", c.got.signals); s.ID != "second" || s.Kind != energy.KindStop {
		t.Errorf("after the restart: %+v", s)
	}
	c.ready(t, p)
	p.publish("plant/pv/1/power", "1")
	for r := next(t, "reading", c.got.readings); r.Name != "pv"; r = next(t, "reading", c.got.readings) {
		t.Errorf("a reading was queued for us: %+v", r)
	}
}

func TestSignalIsAcknowledgedOnlyOnceTaken(t *testing.T) {
	t.Parallel()
	cfg := plant(mosquitto(t, testbed.Mosquitto(t, testbed.BrokerOptions{})))
	asked := make(chan struct{}, 16)
	sink := newRecorder()
	sink.accept = func(energy.Signal) error {
		asked <- struct{}{}
		return errors.New("the disk is full")
	}
	c := startWith(t, cfg, sink)
	p := newPeer(t, cfg)
	c.ready(t, p)
	p.publish("curtaild/test/signal/dso", `{"kind":"stop","id":"s"}`)
	next(t, "first try", asked)
	next(t, "second try, for the first was not acknowledged", asked)
	c.stop()

	c = start(t, cfg)
	if s := next(t, "stop", c.got.signals); s.ID != "s" {
		t.Errorf("%+v", s)
	}
}
