package mqtt

import (
	"context"
	"crypto/tls"
	"log/slog"
	"net"
	"net/url"
	"os"
	"testing"
	"time"

	"github.com/curtaild/curtaild/energy"
	"github.com/curtaild/curtaild/internal/testbed"
	paho "github.com/eclipse/paho.mqtt.golang"
)

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

func unixNow() string { return time.Now().UTC().Format(`"2006-01-02T15:04:05Z"`) }
