package main

import (
	"context"
	"errors"
	"fmt"
	"log/slog"
	"maps"
	"net"
	"os"
	"os/exec"
	"slices"
	"sync/atomic"

	"github.com/curtaild/curtaild/cmd/curtaild/config"
	"github.com/curtaild/curtaild/energy"
	"github.com/curtaild/curtaild/energy/influx"
	"github.com/curtaild/curtaild/energy/mqtt"
	"github.com/curtaild/curtaild/energy/record"
	"github.com/curtaild/curtaild/energy/store"
	"github.com/curtaild/curtaild/hasher"
	"github.com/curtaild/curtaild/policies"
	"github.com/curtaild/curtaild/rigs"
	"github.com/curtaild/curtaild/scheduler"
)

// plant is everything that is built from one config. A reload builds another
// and puts it in its place, as a restart of the daemon would; the store, its
// lock and the API stay.
type plant struct {
	cfg    *config.Config
	store  *store.Store
	log    *slog.Logger
	loop   *scheduler.Loop
	fleet  *rigs.Fleet
	pool   *hasher.Pool // nil: none
	client *mqtt.Client
	broker *mqtt.BrokerConfig // of the embedded one; nil: none
	influx *influx.Writer     // nil: none
	scribe *scribe

	last atomic.Pointer[energy.Snapshot]
	seen func(*energy.Snapshot) // also told of every snapshot; may be nil
}

// build makes a plant that has not been started. What can fail, fails here.
func build(cfg *config.Config, st *store.Store, log *slog.Logger) (*plant, error) {
	p := &plant{cfg: cfg, store: st, log: log}
	kept, err := readKept(st.State)
	if err != nil {
		return nil, err
	}
	statuses := make(chan energy.Status, 64)
	loads, specs, err := p.buildLoads(statuses)
	if err != nil {
		return nil, err
	}
	p.warnOfLeft(kept, specs)
	in := newSink()
	if err := p.buildMQTT(in); err != nil {
		return nil, err
	}
	if err := p.buildInflux(); err != nil {
		return nil, err
	}
	p.scribe = newScribe(recordConfig(cfg), st, p.keepCounters(), log)
	if p.pool != nil {
		p.scribe.pools = func() []record.PoolStatus { return poolRecords(p.pool.Name(), p.pool.Upstreams()) }
	}
	p.loop = scheduler.New(scheduler.Loop{
		Setup: setup(cfg, specs), Loads: loads, Specs: specs, Kept: kept, Keep: keep(st.State),
		Readings: in.readings, Presence: in.presence, Signals: in.signals, Statuses: statuses,
		Publish: p.publish, Answer: p.answer, Log: log, Journal: scheduler.NewJournal(version(), cfg.SHA256),
	})
	return p, nil
}

// run starts everything, decides until ctx ends or the plant is drained, and
// leaves the loads in their on-exit state. A reload keeps them all.
func (p *plant) run(ctx context.Context) error {
	if p.broker != nil {
		b, err := mqtt.StartBroker(*p.broker, p.log)
		if err != nil {
			return err
		}
		defer b.Close() // after the client, which has a last word
	}
	var work tasks
	defer work.stop()
	if p.influx != nil {
		work.start(ctx, func(ctx context.Context) {
			if err := p.influx.Run(ctx); err != nil {
				p.log.Error("bring records to InfluxDB", "err", err)
			}
		})
		work.start(ctx, func(end context.Context) {
			<-end.Done()
			if !errors.Is(context.Cause(ctx), scheduler.ErrHandOver) { // then the next plant brings them
				p.bringLast(context.WithoutCancel(end))
			}
		})
	}
	p.scribe.meta(p.cfg.SHA256)
	work.start(ctx, p.scribe.run)
	work.start(ctx, p.writeJournal)
	work.start(ctx, func(ctx context.Context) {
		if err := p.fleet.Run(ctx); err != nil {
			p.log.Warn("leave rigs", "err", err)
		}
	})
	if p.pool != nil {
		work.start(ctx, func(ctx context.Context) {
			if err := p.pool.Run(ctx); err != nil {
				p.log.Error("local workers", "err", err)
			}
		})
	}
	work.start(ctx, p.client.Run)
	work.start(ctx, p.publishState)
	return p.loop.Run(ctx, p.cfg.ExitWithin)
}

// warnOfLeft names the loads that were told to run and are no longer in the
// config: nobody commands them any more.
func (p *plant) warnOfLeft(kept scheduler.Kept, specs []*energy.LoadSpec) {
	known := make(map[string]bool, len(specs))
	for _, s := range specs {
		known[s.Name] = true
	}
	for name, l := range kept.Loads {
		if !known[name] && l.Setpoint.Point != energy.Off {
			p.log.Warn("load is no longer in the config, and may go on running", "load", name, "was told", l.Setpoint.Name)
		}
	}
}

// listens reports whether p could run its broker once old has ended.
func (p *plant) listens(old *plant) error {
	if p.broker == nil || old.broker != nil && old.broker.Listen == p.broker.Listen {
		return nil
	}
	l, err := net.Listen("tcp", p.broker.Listen)
	if err != nil {
		return fmt.Errorf("embedded broker: %w", err)
	}
	return l.Close()
}

func (p *plant) buildLoads(statuses chan<- energy.Status) ([]scheduler.Load, []*energy.LoadSpec, error) {
	counters, err := store.LoadAs[rigs.Counters](p.store.State, bucketCounters)
	if err != nil {
		return nil, nil, fmt.Errorf("read counters: %w", err)
	}
	var loads []scheduler.Load
	var specs []*energy.LoadSpec
	var fleet []*rigs.Rig
	for i := range p.cfg.Rigs {
		r := &p.cfg.Rigs[i]
		rig, err := newRig(*r, counters[r.Spec.Name], p.cfg.Mode == config.Observe)
		if err != nil {
			return nil, nil, err
		}
		fleet, loads, specs = append(fleet, rig), append(loads, rig), append(specs, &r.Spec)
	}
	p.fleet = rigs.NewFleet(fleet, rigs.Bounds{}, statuses)
	if h := p.cfg.Hasher; h != nil {
		if err := p.buildPool(h, statuses); err != nil {
			return nil, nil, err
		}
		loads, specs = append(loads, p.pool), append(specs, &h.Spec)
	}
	return loads, specs, nil
}

func (p *plant) buildPool(h *config.Hasher, statuses chan<- energy.Status) error {
	self, err := os.Executable()
	if err != nil {
		return fmt.Errorf("find our own program for the workers: %w", err)
	}
	cfg, err := localLoad(h)
	if err != nil {
		return err
	}
	cfg.Statuses, cfg.Log = statuses, p.log
	cfg.Command = func() *exec.Cmd { return exec.Command(self, "hash", "--worker") }
	if _, err := p.store.State.Get(bucketCounters, h.Spec.Name, &cfg.Counters); err != nil {
		return fmt.Errorf("read counters of %s: %w", h.Spec.Name, err)
	}
	if _, err := p.store.State.Get(bucketLearned, h.Spec.Name, &cfg.Learned); err != nil {
		return fmt.Errorf("read what %s has learned: %w", h.Spec.Name, err)
	}
	p.pool, err = hasher.NewPool(cfg)
	return err
}

func (p *plant) buildMQTT(in *sink) error {
	c := &p.cfg.MQTT
	url := c.Broker
	if url == "" {
		p.broker = &mqtt.BrokerConfig{Listen: c.Listen, Username: c.Username, Password: c.Password.Reveal()}
		url = "mqtt://" + c.Listen
	}
	sources := make([]string, len(p.cfg.Signals))
	for i, s := range p.cfg.Signals {
		sources[i] = s.Name
	}
	client, err := mqtt.New(mqtt.Config{
		Broker: url, Username: c.Username, Password: c.Password.Reveal(), CA: c.CA, ClientID: c.ClientID, Prefix: c.Prefix,
		Specs: p.cfg.Readings, Sources: sources,
	}, in, p.log)
	p.client = client
	return err
}

func (p *plant) buildInflux() error {
	c := p.cfg.Influx
	if c == nil {
		return nil
	}
	var err error
	p.influx, err = influx.New(influx.Config{
		URL: c.URL, Org: c.Org, Bucket: c.Bucket, Token: c.Token.Reveal(), CA: c.CA,
		Dir: p.cfg.Store.Path, Logger: p.log,
	}, p.store.Log)
	return err
}

// keepCounters returns what puts the counters that have moved on disk.
func (p *plant) keepCounters() func() {
	last := make(map[string]rigs.Counters)
	var local hasher.Counters
	var learned hasher.Learned
	return func() {
		for _, r := range p.fleet.Rigs() {
			if c := r.Counters(); c != last[r.Name()] {
				last[r.Name()] = c
				p.lazy(bucketCounters, r.Name(), c)
			}
		}
		if p.pool == nil {
			return
		}
		if c := p.pool.Counters(); c != local {
			local = c
			p.lazy(bucketCounters, p.pool.Name(), c)
		}
		if l := p.pool.Learned(); l.Kernel != learned.Kernel || !maps.Equal(l.Lessons, learned.Lessons) {
			learned = l
			p.lazy(bucketLearned, p.pool.Name(), l)
		}
	}
}

func (p *plant) lazy(bucket, name string, value any) {
	if err := p.store.State.Lazy(bucket, name, value); err != nil {
		p.log.Error("keep counters", "load", name, "err", err)
	}
}

func setup(cfg *config.Config, specs []*energy.LoadSpec) scheduler.Setup {
	s := scheduler.Setup{
		Readings: cfg.Readings, Balance: cfg.Balance, Policies: borne(cfg.Policies, specs), Location: cfg.Site.Zone,
		ImportLimit: cfg.Site.ImportLimit, Observe: cfg.Mode == config.Observe,
	}
	if cfg.Hasher != nil {
		s.Coin = cfg.Hasher.CoinPrice / coin
	}
	for _, src := range cfg.Signals {
		s.Sources = append(s.Sources, scheduler.Source(src))
	}
	return s
}

// borne leaves out of policies what no load bears: groups that are empty now.
func borne(list []policies.Policy, specs []*energy.LoadSpec) []policies.Policy {
	names := make(map[string]bool)
	for _, s := range specs {
		names[s.Name], names[s.Group] = true, true
		for _, l := range s.Labels {
			names[l] = true
		}
	}
	out := slices.Clone(list)
	for i := range out {
		out[i].Loads = slices.DeleteFunc(slices.Clone(out[i].Loads), func(name string) bool { return !names[name] })
	}
	return out
}

func recordConfig(cfg *config.Config) record.Config {
	return record.Config{
		Site: cfg.Site.Name, Interval: cfg.Site.Interval, Balance: cfg.Balance.Kind, Aux: cfg.Balance.Aux,
		ExportLimit: cfg.Site.ExportLimit, Zone: cfg.Site.Zone.String(), Currency: cfg.Site.Currency,
	}
}
