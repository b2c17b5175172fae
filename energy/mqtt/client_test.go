package mqtt

import (
	"context"
	"crypto/tls"
	"errors"
	"log/slog"
	"net"
	"net/url"
	"os"
	"strings"
	"testing"
	"time"

	"github.com/curtaild/curtaild/energy"
	"github.com/curtaild/curtaild/internal/testbed"
	paho "github.com/eclipse/paho.mqtt.golang"
)

// patience is how long a test waits for something that must come; it never
// asserts how long it took.
const patience = 60 * time.Second

// recorder is a sink that passes on what it is given.
type recorder struct {
	readings  chan energy.Reading
	presences chan energy.Presence
	signals   chan energy.Signal
	accept    func(energy.Signal) error // nil: all
}

func newRecorder() *recorder {
	return &recorder{
		readings:  make(chan energy.Reading, 4096),
		presences: make(chan energy.Presence, 4096),
		signals:   make(chan energy.Signal, 4096),
	}
}

func (r *recorder) Readings(_ context.Context, all []energy.Reading) {
	for _, x := range all {
		r.readings <- x
	}
}
func (r *recorder) Presence(_ context.Context, p energy.Presence) { r.presences <- p }
func (r *recorder) Signal(_ context.Context, s energy.Signal) error {
	if r.accept != nil {
		if err := r.accept(s); err != nil {
			return err
		}
	}
	r.signals <- s
	return nil
}

// next takes the next value from a channel.
func next[T any](t *testing.T, what string, c <-chan T) T {
	t.Helper()
	select {
	case v := <-c:
		return v
	case <-time.After(patience):
		t.Fatalf("no %s came", what)
		panic("unreachable")
	}
}

// running is a client under test.
type running struct {
	*Client
	got  *recorder
	stop func()
}

func start(t *testing.T, cfg Config) *running { return startWith(t, cfg, newRecorder()) }

func startWith(t *testing.T, cfg Config, sink *recorder) *running {
	t.Helper()
	c, err := New(cfg, sink, slog.New(slog.DiscardHandler))
	if err != nil {
		t.Fatal(err)
	}
	ctx, cancel := context.WithCancel(context.Background())
	ended := make(chan struct{})
	go func() { defer close(ended); c.Run(ctx) }()
	r := &running{Client: c, got: sink, stop: func() { cancel(); <-ended }}
	t.Cleanup(r.stop)
	return r
}

// ready waits until both connections are subscribed. Each turn asks the broker
// something, so that it is no busy wait.
func (r *running) ready(t *testing.T, p *peer) {
	t.Helper()
	for s := r.Stats(); !s.Connection.Connected || !s.Signaling.Connected; s = r.Stats() {
		p.publish("plant/nobody/listens", "")
	}
}

// peer is somebody else on the broker: a meter, a grid operator.
type peer struct {
	t *testing.T
	paho.Client
	got chan paho.Message
}

func newPeer(t *testing.T, cfg Config, filters ...string) *peer {
	t.Helper()
	e, err := parseBroker(cfg.Broker, cfg.CA)
	if err != nil {
		t.Fatal(err)
	}
	p := &peer{t: t, got: make(chan paho.Message, 4096)}
	o := paho.NewClientOptions().AddBroker("tcp://" + e.addr).SetUsername(cfg.Username).SetPassword(cfg.Password)
	o.SetAutoReconnect(false).SetProtocolVersion(4)
	o.SetDefaultPublishHandler(func(_ paho.Client, m paho.Message) { p.got <- m })
	o.SetCustomOpenConnectionFn(func(*url.URL, paho.ClientOptions) (net.Conn, error) {
		if e.tls != nil {
			return tls.Dial("tcp", e.addr, e.tls)
		}
		return net.Dial("tcp", e.addr)
	})
	p.Client = paho.NewClient(o)
	p.done(p.Connect())
	t.Cleanup(func() { p.Disconnect(100) })
	for _, f := range filters {
		p.done(p.Subscribe(f, 1, nil))
	}
	return p
}

func (p *peer) done(token paho.Token) {
	p.t.Helper()
	select {
	case <-token.Done():
		if token.Error() != nil {
			p.t.Fatal(token.Error())
		}
	case <-time.After(patience):
		p.t.Fatal("the broker does not answer")
	}
}

func (p *peer) publish(topic, payload string) {
	p.t.Helper()
	p.done(p.Publish(topic, 1, false, payload))
}
func (p *peer) retain(topic, payload string) {
	p.t.Helper()
	p.done(p.Publish(topic, 1, true, payload))
}

// await takes messages until one on topic has the payload.
func (p *peer) await(topic, payload string) paho.Message {
	p.t.Helper()
	for {
		m := next(p.t, topic+" "+payload, p.got)
		if m.Topic() == topic && string(m.Payload()) == payload {
			return m
		}
	}
}

// counterpart is a broker of one make.
type counterpart struct {
	name  string
	start func(t *testing.T) Config
}

// counterparts are the brokers that the contract is tested against.
func counterparts() []counterpart {
	return []counterpart{
		{"embedded", func(t *testing.T) Config {
			b, err := StartBroker(BrokerConfig{Listen: "127.0.0.1:0", Username: "u", Password: "p"}, slog.New(slog.DiscardHandler))
			if err != nil {
				t.Fatal(err)
			}
			t.Cleanup(func() { b.Close() })
			return Config{Broker: b.URL(), Username: "u", Password: "p"}
		}},
		{"mosquitto", func(t *testing.T) Config { return mosquitto(t, testbed.Mosquitto(t, testbed.BrokerOptions{})) }},
	}
}

func mosquitto(t *testing.T, b *testbed.Broker) Config {
	t.Helper()
	ca, err := os.ReadFile(b.CAFile)
	if err != nil {
		t.Fatal(err)
	}
	return Config{Broker: b.TLSURL, Username: b.User, Password: b.Password, CA: ca}
}

// plant is a boring site on a broker.
func plant(cfg Config) Config {
	cfg.Prefix = "curtaild/test"
	cfg.Sources = []string{"dso"}
	cfg.Specs = []energy.ReadingSpec{
		{Name: "grid", Role: energy.RoleGrid, Topic: "plant/grid", Factor: 1000, MaxAge: time.Minute, Min: -600e3, Max: 600e3,
			Availability: &energy.Availability{Topic: "plant/status", Online: "online"}},
		{Name: "pv", Role: energy.RoleGeneration, Topic: "plant/pv/+/power", Factor: 1, MaxAge: time.Minute, Combine: energy.CombineSum},
		{Name: "price", Role: energy.RoleImportPrice, Topic: "plant/price", Value: "eur", Time: "at", Factor: 1, MaxAge: time.Hour, AcceptRetained: true},
	}
	return cfg
}

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

func unixNow() string { return time.Now().UTC().Format(`"2006-01-02T15:04:05Z"`) }

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
