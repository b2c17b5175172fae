package mqtt

import (
	"context"
	"crypto/subtle"
	"errors"
	"fmt"
	"log/slog"
	"net"
	"net/netip"

	mochi "github.com/mochi-mqtt/server/v2"
	"github.com/mochi-mqtt/server/v2/listeners"
	"github.com/mochi-mqtt/server/v2/packets"
)

// DefaultListen is where the embedded broker listens if nothing is configured.
const DefaultListen = "127.0.0.1:1883"

// BrokerConfig is what an embedded broker is made of.
type BrokerConfig struct {
	Listen   string // empty: [DefaultListen]
	Username string // needed beyond loopback
	Password string
}

// Broker is the broker inside the daemon, for sites that have none and for the
// demo. It keeps everything in memory: retained messages, sessions and what
// they have queued end with it, so a signal that is sent while the daemon is
// down is lost. A site whose signals must outlive that has a broker of its own.
type Broker struct {
	server *mochi.Server
	addr   string
}

// Bounds of the embedded broker: a site has tens of clients, and a client that
// does not read is cut off before it fills the memory.
const (
	brokerClients     = 256
	brokerPacket      = 2*MaxPayload + 1024
	brokerPending     = 1024
	brokerInflight    = 1024
	brokerSessionSecs = 24 * 3600
)

// CheckListen says what is wrong with where an embedded broker is to listen.
func CheckListen(listen string, withPassword bool) error {
	host, _, err := net.SplitHostPort(listen)
	if err != nil {
		return fmt.Errorf("listen %s: want host:port as in %q", clip(listen), DefaultListen)
	}
	addr, err := netip.ParseAddr(host)
	local := host == "localhost" || (err == nil && addr.IsLoopback())
	if !local && !withPassword {
		return fmt.Errorf("listen %s: beyond this machine the embedded broker needs a user name and a password", clip(listen))
	}
	return nil
}

// StartBroker starts a broker that listens when the call returns.
func StartBroker(cfg BrokerConfig, log *slog.Logger) (*Broker, error) {
	if cfg.Listen == "" {
		cfg.Listen = DefaultListen
	}
	if (cfg.Username == "") != (cfg.Password == "") {
		return nil, errors.New("embedded broker: a user name and a password go together")
	}
	if err := CheckListen(cfg.Listen, cfg.Password != ""); err != nil {
		return nil, fmt.Errorf("embedded broker: %w", err)
	}
	caps := mochi.NewDefaultServerCapabilities()
	caps.MaximumClients = brokerClients
	caps.MaximumPacketSize = brokerPacket
	caps.MaximumClientWritesPending = brokerPending
	caps.MaximumInflight = brokerInflight
	caps.MaximumSessionExpiryInterval = brokerSessionSecs
	server := mochi.New(&mochi.Options{Capabilities: caps, Logger: slog.New(quiet{log.Handler()})})
	if err := server.AddHook(&gate{user: []byte(cfg.Username), password: []byte(cfg.Password)}, nil); err != nil {
		return nil, fmt.Errorf("embedded broker: %w", err)
	}
	tcp := listeners.NewTCP(listeners.Config{ID: "tcp", Address: cfg.Listen})
	if err := server.AddListener(tcp); err != nil {
		server.Close()
		return nil, fmt.Errorf("embedded broker: listen on %s: %w", cfg.Listen, err)
	}
	if err := server.Serve(); err != nil {
		server.Close()
		return nil, fmt.Errorf("embedded broker: %w", err)
	}
	return &Broker{server: server, addr: tcp.Address()}, nil
}

// URL is where clients reach the broker.
func (b *Broker) URL() string { return "mqtt://" + b.addr }

// Close hangs up on all clients and waits until they have gone.
func (b *Broker) Close() error { return b.server.Close() }

// gate lets in whoever knows the user name and the password, if there is one.
type gate struct {
	mochi.HookBase
	user, password []byte
}

func (g *gate) ID() string { return "gate" }

func (g *gate) Provides(b byte) bool {
	return b == mochi.OnConnectAuthenticate || b == mochi.OnACLCheck
}

func (g *gate) OnConnectAuthenticate(_ *mochi.Client, pk packets.Packet) bool {
	if len(g.password) == 0 {
		return true
	}
	user := subtle.ConstantTimeCompare(pk.Connect.Username, g.user)
	return user&subtle.ConstantTimeCompare(pk.Connect.Password, g.password) == 1
}

func (g *gate) OnACLCheck(*mochi.Client, string, bool) bool { return true }

// quiet passes on the broker's warnings and errors alone: it tells of every
// client that comes and goes.
type quiet struct{ slog.Handler }

func (q quiet) Enabled(ctx context.Context, l slog.Level) bool {
	return l >= slog.LevelWarn && q.Handler.Enabled(ctx, l)
}

// Handle gives the library's messages, which may be empty, a name to be found
// by. That a connection ends when one of the two hangs up is no news.
func (q quiet) Handle(ctx context.Context, r slog.Record) error {
	if r.Message == "" {
		return nil
	}
	out := slog.NewRecord(r.Time, r.Level, "embedded broker", r.PC)
	out.AddAttrs(slog.String("says", r.Message))
	r.Attrs(func(a slog.Attr) bool { out.AddAttrs(a); return true })
	return q.Handler.Handle(ctx, out)
}

func (q quiet) WithAttrs(a []slog.Attr) slog.Handler { return quiet{q.Handler.WithAttrs(a)} }

func (q quiet) WithGroup(name string) slog.Handler { return quiet{q.Handler.WithGroup(name)} }
