package main

import (
	"context"
	"errors"
	"fmt"
	"log/slog"
	"os"
	"os/signal"
	"sync/atomic"
	"syscall"
	"time"

	"github.com/curtaild/curtaild/api"
	"github.com/curtaild/curtaild/cmd/curtaild/config"
	"github.com/curtaild/curtaild/energy"
	"github.com/curtaild/curtaild/energy/store"
	"github.com/curtaild/curtaild/scheduler"
)

// daemon is the program as it runs as a service: one plant at a time, and
// what outlives a reload.
type daemon struct {
	path    string // of the config
	cfg     *config.Config
	store   *store.Store
	log     *slog.Logger
	started time.Time
	plant   atomic.Pointer[plant]
	ended   chan struct{}          // closed when the last plant has ended
	seen    func(*energy.Snapshot) // also told of every snapshot; may be nil
}

// serve runs the daemon on cfg until ctx ends, it is told to end, or it is
// drained.
func serve(ctx context.Context, path string, cfg *config.Config, log *slog.Logger, seen func(*energy.Snapshot)) (err error) {
	st, err := store.Open(store.LogOptions{
		Dir: cfg.Store.Path, MaxSize: cfg.Store.MaxSize, Tags: []energy.Tag{{Key: "site", Value: cfg.Site.Name}}, Logger: log,
	})
	if err != nil {
		return fmt.Errorf("open the state folder: %w", err)
	}
	defer func() { err = errors.Join(err, st.Close()) }()
	if st.Warning != nil {
		log.Error("state was damaged", "err", st.Warning)
	}
	d := &daemon{
		path: path, cfg: cfg, store: st, log: log,
		started: time.Now(), ended: make(chan struct{}), seen: seen,
	}
	p, err := d.build(cfg)
	if err != nil {
		return err
	}
	d.plant.Store(p) // whoever asks how we are finds one
	srv, err := api.Listen(d, cfg.HTTP.Socket, cfg.HTTP.Listen, log)
	if err != nil {
		return err
	}
	defer func() {
		ctx, cancel := context.WithTimeout(context.WithoutCancel(ctx), 2*time.Second)
		defer cancel()
		_ = srv.Close(ctx) // whoever still asks is cut off
	}()
	return d.run(ctx, p)
}

func (d *daemon) build(cfg *config.Config) (*plant, error) {
	p, err := build(cfg, d.store, d.log)
	if err != nil {
		return nil, err
	}
	p.seen = d.seen
	return p, nil
}

// run runs plants, one after the other, until there is to be no more.
func (d *daemon) run(ctx context.Context, p *plant) error {
	defer close(d.ended)
	hup := make(chan os.Signal, 1)
	signal.Notify(hup, syscall.SIGHUP)
	defer signal.Stop(hup)
	var dog tasks
	dog.start(ctx, func(ctx context.Context) { watchdog(ctx, d.Alive) })
	defer dog.stop()
	d.log.Info("start", "site", d.cfg.Site.Name, "mode", string(d.cfg.Mode), "loads", len(p.loop.Loads), "version", version())
	for {
		next, err := d.watch(ctx, p, hup)
		if next == nil {
			notify("STOPPING=1")
			d.log.Info("stop")
			return err
		}
		// Counters and gates have moved since it was built to be checked.
		if p, err = d.build(next.cfg); err != nil {
			return fmt.Errorf("reload: %w", err)
		}
		d.cfg = next.cfg
		d.log.Info("reloaded", "loads", len(p.loop.Loads))
	}
}

// watch runs p until it ends, or until a reload has made another that is to
// take its place.
func (d *daemon) watch(ctx context.Context, p *plant, hup <-chan os.Signal) (next *plant, err error) {
	ctx, cancel := context.WithCancelCause(ctx)
	defer cancel(nil)
	d.plant.Store(p)
	done := make(chan error, 1)
	go func() { done <- p.run(ctx) }()
	notify("READY=1\nSTATUS=" + fmt.Sprintf("%d loads", len(p.loop.Loads)))
	for {
		select {
		case err := <-done:
			return nil, err
		case <-ctx.Done():
			notify("STOPPING=1")
			return nil, <-done
		case <-hup:
			if ctx.Err() != nil {
				continue // we are to end: a reload has come too late
			}
			notifyReloading()
			if next := d.reload(); next != nil {
				cancel(scheduler.ErrHandOver)
				return next, <-done
			}
			notify("READY=1")
		}
	}
}

// reload loads the config again and builds a plant from it. Where that cannot
// be, it says why, and the old one stays in force.
func (d *daemon) reload() *plant {
	cfg, faults := loadConfig(d.path)
	for _, f := range faults {
		d.log.Error("reload", "fault", f.String())
	}
	if cfg == nil {
		d.log.Error("reload refused: the old configuration stays in force", "faults", len(faults))
		return nil
	}
	if cfg.Store.Path != d.cfg.Store.Path || cfg.HTTP != d.cfg.HTTP {
		d.log.Error("reload refused: store.path and http need a restart; the old configuration stays in force")
		return nil
	}
	p, err := d.build(cfg)
	if err == nil {
		err = p.listens(d.plant.Load())
	}
	if err != nil {
		d.log.Error("reload refused: the old configuration stays in force", "err", err)
		return nil
	}
	return p
}

// Hold is part of [api.Daemon].
func (d *daemon) Hold(ctx context.Context, off bool, who string) error {
	return d.plant.Load().loop.Hold(ctx, off, who)
}

// Drain is part of [api.Daemon].
func (d *daemon) Drain(ctx context.Context, who string) error {
	p := d.plant.Load()
	if err := p.loop.Drain(ctx, p.cfg.ExitWithin, who); err != nil {
		return err
	}
	select {
	case <-d.ended:
		return nil
	case <-ctx.Done():
		return context.Cause(ctx)
	}
}

// Alive is part of [api.Daemon].
func (d *daemon) Alive(ctx context.Context) error {
	if err := d.plant.Load().loop.Alive(ctx); err != nil {
		return fmt.Errorf("the loop that decides does not answer: %w", err)
	}
	return nil
}
