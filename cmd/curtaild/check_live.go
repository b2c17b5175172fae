package main

import (
	"context"
	"errors"
	"fmt"
	"log/slog"
	"net"
	"os"
	"slices"
	"sync"
	"syscall"
	"time"

	"github.com/curtaild/curtaild/cmd/curtaild/config"
	"github.com/curtaild/curtaild/energy"
	"github.com/curtaild/curtaild/energy/influx"
	"github.com/curtaild/curtaild/energy/mqtt"
	"github.com/curtaild/curtaild/rigs"
)

const (
	// listenFor is how long a live check waits for readings.
	listenFor = 15 * time.Second
	// settleFor is how long no further topic of a sum may have come for the
	// sum to be whole: nobody knows how many there are.
	settleFor = 3 * time.Second
	// dialFor bounds each attempt to reach something.
	dialFor = 5 * time.Second
	// dialAtOnce is how many rigs are tried at the same time.
	dialAtOnce = 64
)

// finding is one line of a live check.
type finding struct {
	Kind string `json:"kind"` // broker, reading, rig, influxdb; pool, counter and pause of the local workers
	Name string `json:"name"`
	OK   bool   `json:"ok"`
	Says string `json:"says"`
}

// checkLive connects to all that the config names and tells what it found. It
// commands nothing and publishes nothing.
func checkLive(ctx context.Context, cfg *config.Config) []finding {
	ctx, cancel := context.WithTimeout(ctx, patience(len(cfg.Rigs)))
	defer cancel()
	var found [4][]finding
	var work sync.WaitGroup
	work.Go(func() { found[0] = tryBroker(ctx, cfg.MQTT, cfg.Readings) })
	work.Go(func() { found[1] = tryRigs(ctx, cfg.Rigs, tryRig) })
	work.Go(func() { found[2] = tryInflux(ctx, cfg.Influx) })
	work.Go(func() { found[3] = tryPools(ctx, cfg.Hasher) })
	work.Wait()
	return append(slices.Concat(found[:]...), tryLocal(os.DirFS("/"), cfg.Hasher)...)
}

// patience bounds a live check: every rig has its turn, though all before it
// be silent.
func patience(n int) time.Duration {
	turns := (n + dialAtOnce - 1) / dialAtOnce
	return max(listenFor, time.Duration(turns)*dialFor) + 2*dialFor
}

func tryBroker(ctx context.Context, c config.MQTT, specs []energy.ReadingSpec) []finding {
	conf := mqtt.Config{
		Broker: c.Broker, Username: c.Username, Password: c.Password.Reveal(), CA: c.CA,
		Prefix: c.Prefix, Specs: specs, Watch: true,
		ClientID: fmt.Sprintf("curtaild-check-%d", time.Now().UnixNano()%1e6),
	}
	f := finding{"broker", c.Broker, true, "reached"}
	embedded := c.Broker == ""
	if embedded {
		conf.Broker = "mqtt://" + dialable(c.Listen)
		f.Name, f.Says = c.Listen, "embedded: reached, in the daemon that runs"
	}
	dial, cancel := context.WithTimeout(ctx, dialFor)
	defer cancel()
	err := mqtt.Probe(dial, conf)
	switch {
	case embedded && errors.Is(err, syscall.ECONNREFUSED):
		f.Says = "embedded: it starts with the daemon, so no reading can be heard now"
		return []finding{f}
	case err != nil:
		f.OK, f.Says = false, err.Error()
		return []finding{f}
	}
	heard, err := listen(ctx, conf)
	if err != nil {
		f.OK, f.Says = false, err.Error()
		return []finding{f}
	}
	return append([]finding{f}, heard...)
}

// dialable is where one who listens on an address is reached from this
// machine.
func dialable(listen string) string {
	host, port, err := net.SplitHostPort(listen)
	if err != nil {
		return listen
	}
	switch ip := net.ParseIP(host); {
	case host == "", ip != nil && ip.IsUnspecified() && ip.To4() != nil:
		host = "127.0.0.1"
	case ip != nil && ip.IsUnspecified():
		host = "::1"
	}
	return net.JoinHostPort(host, port)
}

// listen hears the readings until each can be acted on, or the time is over.
func listen(ctx context.Context, conf mqtt.Config) ([]finding, error) {
	ctx, cancel := context.WithTimeout(ctx, listenFor)
	defer cancel()
	h := newHearing(conf.Specs)
	client, err := mqtt.New(conf, h, slog.New(slog.DiscardHandler))
	if err != nil {
		return nil, err
	}
	var work sync.WaitGroup
	work.Go(func() { client.Run(ctx) })
	h.wait(ctx)
	out := h.report(time.Now(), client.Stats().Readings) // before the end of the link ages them
	cancel()
	work.Wait()
	return out, nil
}

func tryRigs(ctx context.Context, list []config.Rig, try func(context.Context, config.Rig) finding) []finding {
	out := make([]finding, len(list))
	slots := make(chan struct{}, dialAtOnce)
	var work sync.WaitGroup
	for i, r := range list {
		slots <- struct{}{}
		work.Go(func() {
			defer func() { <-slots }()
			ctx, cancel := context.WithTimeout(ctx, dialFor)
			defer cancel()
			out[i] = try(ctx, r)
		})
	}
	work.Wait()
	return out
}

func tryRig(ctx context.Context, r config.Rig) finding {
	f := finding{Kind: "rig", Name: r.Spec.Name + " at " + r.Address}
	d := families()[r.Spec.Family].driver(r)
	if c, ok := d.(rigs.Closer); ok {
		defer func() { _ = c.Close(ctx) }() // nothing was changed that could be left behind
	}
	id, err := d.Identify(ctx)
	if err != nil {
		f.Says = err.Error()
		return f
	}
	rep, err := d.Status(ctx)
	if err != nil {
		f.Says = fmt.Sprintf("%s, %s: %v", id.Model, id.ID, err)
		return f
	}
	f.OK, f.Says = true, fmt.Sprintf("%s, %s, %s, drawing %v (%s), %v", id.Model, id.ID, rep.State, rep.Draw, rep.Source, rep.Rate)
	return f
}

func tryInflux(ctx context.Context, c *config.Influx) []finding {
	if c == nil {
		return nil
	}
	ctx, cancel := context.WithTimeout(ctx, dialFor)
	defer cancel()
	err := influx.Probe(ctx, influx.Config{URL: c.URL, Org: c.Org, Bucket: c.Bucket, Token: c.Token.Reveal(), CA: c.CA})
	if err != nil {
		return []finding{{"influxdb", c.URL, false, err.Error()}}
	}
	return []finding{{"influxdb", c.URL, true, "reached, takes records for bucket " + c.Bucket}}
}
