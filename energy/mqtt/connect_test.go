package mqtt

import (
	"context"
	"errors"
	"io"
	"log/slog"
	"net"
	"strings"
	"testing"

	"github.com/curtaild/curtaild/energy"
	"github.com/curtaild/curtaild/internal/testbed"
)

func TestProbeSaysWhatHelps(t *testing.T) {
	t.Parallel()
	b := testbed.Mosquitto(t, testbed.BrokerOptions{})
	good := mosquitto(t, b)
	closed, err := net.Listen("tcp", "127.0.0.1:0")
	if err != nil {
		t.Fatal(err)
	}
	closed.Close()
	for _, tc := range []struct {
		name string
		edit func(*Config)
		want string // in the error; empty: no error
	}{
		{"good", func(*Config) {}, ""},
		{"plain port", func(c *Config) { c.Broker, c.CA = b.URL, nil }, ""},
		{"wrong password", func(c *Config) { c.Password = "x" }, "mqtt.password_file"},
		{"no password", func(c *Config) { c.Username, c.Password = "", "" }, "mqtt.username"},
		{"unknown authority", func(c *Config) { c.CA = nil }, "mqtt.ca_file"},
		{"nothing there", func(c *Config) { c.Broker = "mqtts://" + closed.Addr().String() }, "nothing listens"},
		{"TLS on a plain port", func(c *Config) { c.Broker = "mqtts://" + b.URL[len("mqtt://"):] }, "hangs up"},
		{"plain on a TLS port", func(c *Config) { c.Broker, c.CA = "mqtt://"+b.TLSURL[len("mqtts://"):], nil }, "mqtts://"},
	} {
		t.Run(tc.name, func(t *testing.T) {
			cfg := good
			tc.edit(&cfg)
			err := Probe(t.Context(), cfg)
			if tc.want == "" && err != nil || tc.want != "" && (err == nil || !strings.Contains(err.Error(), tc.want)) {
				t.Errorf("%v, want %q", err, tc.want)
			}
			if unauthorized := strings.HasSuffix(tc.name, "password"); errors.Is(err, ErrUnauthorized) != unauthorized {
				t.Errorf("ErrUnauthorized in %v", err)
			}
		})
	}
}

func TestProbeEndsWithItsContext(t *testing.T) {
	l, err := net.Listen("tcp", "127.0.0.1:0") // accepts, and never says a word
	if err != nil {
		t.Fatal(err)
	}
	defer l.Close()
	ctx, cancel := context.WithCancel(t.Context())
	go func() {
		if c, err := l.Accept(); err == nil {
			cancel()
			io.Copy(io.Discard, c)
			c.Close()
		}
	}()
	if err := Probe(ctx, Config{Broker: "mqtt://" + l.Addr().String()}); !errors.Is(err, context.Canceled) {
		t.Errorf("%v", err)
	}
}

func TestWrongPasswordShowsInStats(t *testing.T) {
	t.Parallel()
	cfg := plant(mosquitto(t, testbed.Mosquitto(t, testbed.BrokerOptions{})))
	p := newPeer(t, cfg)
	cfg.Password = "x"
	c := start(t, cfg)
	s := c.Stats().Connection
	for ; s.Err == ""; s = c.Stats().Connection {
		p.publish("plant/nobody/listens", "")
	}
	if s.Connected || !strings.Contains(s.Err, "mqtt.password_file") {
		t.Errorf("%+v", s)
	}
}

func TestForbiddenByAccessList(t *testing.T) {
	t.Parallel()
	acl := "user curtaild\ntopic readwrite curtaild/test/#\ntopic read plant/pv/#\ntopic write plant/#\n"
	cfg := plant(mosquitto(t, testbed.Mosquitto(t, testbed.BrokerOptions{ACL: acl})))
	c := start(t, cfg)
	p := newPeer(t, cfg)
	c.ready(t, p)
	p.publish("plant/grid", "1") // may not be read by us: the broker drops it without a word
	p.publish("plant/pv/1/power", "2")
	if r := next(t, "reading", c.got.readings); r.Name != "pv" {
		t.Errorf("%+v", r)
	}
	if err := c.Publish("elsewhere", 1, true, []byte("x")); err != nil {
		t.Fatal(err)
	}
	watch := newPeer(t, cfg, "curtaild/test/state")
	if err := c.PublishState(1); err != nil {
		t.Fatal(err)
	}
	watch.await("curtaild/test/state", "1") // the forbidden one held up nothing
	s := c.Stats()
	if s.Readings["grid"].Taken != 0 || !s.Readings["grid"].Last.IsZero() || !s.Connection.Connected {
		t.Errorf("%+v", s)
	}
}

func TestUpdateChangesSubscriptions(t *testing.T) {
	t.Parallel()
	cfg := plant(counterparts()[0].start(t))
	c := start(t, cfg)
	p := newPeer(t, cfg, "curtaild/test/probe")
	c.ready(t, p)
	p.publish("plant/grid", "1")
	next(t, "grid", c.got.readings)
	specs := []energy.ReadingSpec{{Name: "grid", Topic: "plant/other", Factor: 1}}
	if err := c.Update([]energy.ReadingSpec{{Name: "x", Topic: "a/#/b"}}, nil); err == nil {
		t.Error("a bad filter was taken")
	}
	if err := c.Update(specs, []string{"vpp"}); err != nil {
		t.Fatal(err)
	}
	r := energy.Reading{}
	for r.Part != "plant/other" { // until the broker has the new subscription
		p.publish("plant/grid", "3")
		p.publish("plant/other", "4")
		select {
		case r = <-c.got.readings:
		default:
		}
	}
	if r.Value != 4 || c.Stats().Readings["grid"].Taken < 2 {
		t.Errorf("%+v, counters %+v", r, c.Stats().Readings["grid"])
	}
	for s := (energy.Signal{}); s.Source != "vpp"; {
		p.publish("curtaild/test/signal/vpp", `{"kind":"stop"}`)
		p.publish("curtaild/test/signal/dso", `{"kind":"stop"}`)
		select {
		case s = <-c.got.signals:
		default:
		}
		if s.Source == "dso" {
			t.Error("a source that is no longer configured was heard")
		}
	}
}

func TestVictronIsKeptAlive(t *testing.T) {
	t.Parallel()
	cfg := plant(counterparts()[0].start(t))
	cfg.Specs = []energy.ReadingSpec{
		{Name: "grid", Topic: "N/c0619ab1/system/0/Ac/Grid/L1/Power", Decoder: DecoderVictron, MaxAge: 1e9},
		{Name: "pv", Topic: "N/c0619ab1/system/0/Dc/Pv/Power", Decoder: DecoderVictron, MaxAge: 1e9},
	}
	p := newPeer(t, cfg, "R/#")
	c := start(t, cfg)
	p.await("R/c0619ab1/keepalive", "")
	p.publish("N/c0619ab1/system/0/Dc/Pv/Power", `{"value": 812.5}`)
	if r := next(t, "pv", c.got.readings); r.Name != "pv" || r.Value != 812.5 {
		t.Errorf("%+v", r)
	}
}

func TestWatchLeavesNoTrace(t *testing.T) {
	t.Parallel()
	cfg := plant(counterparts()[0].start(t))
	p := newPeer(t, cfg, "curtaild/test/#")
	cfg.Watch, cfg.ClientID = true, "looker"
	c := start(t, cfg)
	for s := c.Stats(); !s.Connection.Connected; s = c.Stats() {
		p.publish("plant/nobody/listens", "")
	}
	p.publish("plant/grid", "1")
	next(t, "grid", c.got.readings)
	if err := c.PublishState(1); err != nil {
		t.Fatal(err)
	}
	c.stop()
	p.publish("curtaild/test/mark", "last")
	if m := next(t, "mark", p.got); m.Topic() != "curtaild/test/mark" {
		t.Errorf("%s was published", m.Topic())
	}
}

func TestEmbeddedBroker(t *testing.T) {
	log := slog.New(slog.DiscardHandler)
	for _, bad := range []BrokerConfig{
		{Listen: "0.0.0.0:0"}, {Listen: ":1883"}, {Listen: "1883"}, {Listen: "127.0.0.1:0", Username: "u"},
	} {
		if b, err := StartBroker(bad, log); err == nil {
			b.Close()
			t.Errorf("%+v was started", bad)
		}
	}
	b, err := StartBroker(BrokerConfig{Listen: "127.0.0.1:0", Username: "u", Password: "p"}, log)
	if err != nil {
		t.Fatal(err)
	}
	cfg := Config{Broker: b.URL(), Username: "u", Password: "p"}
	if err := Probe(t.Context(), cfg); err != nil {
		t.Error(err)
	}
	cfg.Password = "q"
	if err := Probe(t.Context(), cfg); !errors.Is(err, ErrUnauthorized) {
		t.Errorf("wrong password: %v", err)
	}
	if _, err := StartBroker(BrokerConfig{Listen: strings.TrimPrefix(b.URL(), "mqtt://")}, log); err == nil {
		t.Error("two brokers on one port")
	}
	if err := b.Close(); err != nil {
		t.Error(err)
	}
	if err := Probe(t.Context(), cfg); err == nil || !strings.Contains(err.Error(), "nothing listens") {
		t.Errorf("closed: %v", err)
	}
}

func TestNewRefusesBadConfig(t *testing.T) {
	good := Config{Broker: "mqtt://h", Prefix: "p", ClientID: "x"}
	for name, edit := range map[string]func(*Config){
		"scheme":        func(c *Config) { c.Broker = "tcp://h:1" },
		"no scheme":     func(c *Config) { c.Broker = "h:1883" },
		"password":      func(c *Config) { c.Broker = "mqtt://u:secret@h" },
		"CA and plain":  func(c *Config) { c.CA = []byte("x") },
		"CA no PEM":     func(c *Config) { c.Broker, c.CA = "mqtts://h", []byte("x") },
		"no prefix":     func(c *Config) { c.Prefix = "" },
		"prefix":        func(c *Config) { c.Prefix = "a/+/b" },
		"prefix slash":  func(c *Config) { c.Prefix = "a/" },
		"source":        func(c *Config) { c.Sources = []string{"a/b"} },
		"reading topic": func(c *Config) { c.Specs = []energy.ReadingSpec{{Topic: "a#"}} },
	} {
		cfg := good
		edit(&cfg)
		if _, err := New(cfg, newRecorder(), slog.New(slog.DiscardHandler)); err == nil {
			t.Errorf("%s: taken", name)
		} else if strings.Contains(err.Error(), "secret") {
			t.Errorf("%s: the error tells a secret: %v", name, err)
		}
	}
	if _, err := New(good, newRecorder(), slog.New(slog.DiscardHandler)); err != nil {
		t.Error(err)
	}
}
