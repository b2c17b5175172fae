package main

import (
	"context"
	"errors"
	"fmt"
	"io"
	"log/slog"
	"net"
	"os"
	"path/filepath"
	"sync"
	"time"

	"github.com/curtaild/curtaild/cmd/curtaild/config"
	"github.com/curtaild/curtaild/cmd/curtaild/demo"
	"github.com/curtaild/curtaild/energy"
	"github.com/curtaild/curtaild/energy/store"
	"github.com/curtaild/curtaild/rigs/emulate"
)

// demoRigs is how many rigs there are of each family.
const demoRigs = 10

// demoSite is everything around the daemon, and the config that it runs on.
type demoSite struct {
	dir    string
	path   string // of the config
	cfg    *config.Config
	fleets []*emulate.Fleet
	plant  *demo.Plant
	log    *os.File
	logger *slog.Logger
}

// demoDir is the folder of the demo, as an absolute path.
func demoDir(dir string) (_ string, err error) {
	if dir == "" {
		dir, err = os.MkdirTemp("", "curtaild-demo-")
	} else if dir, err = filepath.Abs(dir); err == nil {
		err = os.MkdirAll(dir, 0o755)
	}
	if err != nil {
		return "", fmt.Errorf("make a folder for the demo: %w", err)
	}
	if len(demoSocket(dir)) > maxSocketPath {
		return "", fmt.Errorf("%s: too long a path for a socket in it: choose a shorter one with --dir", dir)
	}
	return dir, nil
}

// maxSocketPath is what every system takes as the path of a socket.
const maxSocketPath = 103

func demoSocket(dir string) string { return filepath.Join(dir, "api.sock") }

// newDemoSite starts the rigs and writes the config in which they stand.
func newDemoSite(dir string, seed uint64) (_ *demoSite, err error) {
	s := &demoSite{dir: dir}
	defer func() {
		if err != nil {
			s.close()
		}
	}()
	var rigs []emulate.Rig
	for i, family := range emulate.Families() {
		f, err := emulate.NewFleet(emulate.FleetOptions{
			// Joined: a poll reads all of a rig, so that what it does shows within one.
			Rigs: demoRigs, Families: []string{family}, Seed: seed + uint64(i), Rig: emulate.Options{TimeScale: demo.TimeScale, Noise: 0.01, Joined: true},
		})
		if err != nil {
			return nil, fmt.Errorf("start emulated rigs: %w", err)
		}
		s.fleets = append(s.fleets, f)
		rigs = append(rigs, f.Rigs()...)
	}
	ports, err := freePorts(2)
	if err != nil {
		return nil, err
	}
	if s.path, err = demo.Write(dir, demo.NewSite(ports[0], ports[1], rigs)); err != nil {
		return nil, err
	}
	cfg, faults := loadConfig(s.path)
	if cfg == nil {
		return nil, fmt.Errorf("read the demo's config: %w", faults.Err())
	}
	s.cfg = cfg
	if s.log, err = os.OpenFile(filepath.Join(dir, "curtaild.log"), os.O_CREATE|os.O_APPEND|os.O_WRONLY, 0o644); err != nil {
		return nil, fmt.Errorf("open the log: %w", err)
	}
	s.logger = newLog(s.log)
	s.plant = &demo.Plant{Day: demo.Day{Seed: seed}, Rigs: s.draw, Broker: ports[0], Log: s.logger}
	return s, nil
}

func (s *demoSite) close() {
	for _, f := range s.fleets {
		if err := f.Close(); err != nil && s.logger != nil {
			s.logger.Warn("close emulated rigs", "err", err)
		}
	}
	if s.log != nil {
		_ = s.log.Close() // nothing is read from it any more
	}
}

// draw is what the emulated rigs truly draw.
func (s *demoSite) draw() energy.Watts {
	var sum energy.Watts
	for _, f := range s.fleets {
		sum += f.Total().Draw
	}
	return sum
}

// freePorts finds loopback addresses that nobody listens on. They are free
// again when it returns.
func freePorts(n int) ([]string, error) {
	out := make([]string, n)
	for i := range out {
		l, err := net.Listen("tcp", "127.0.0.1:0")
		if err != nil {
			return nil, fmt.Errorf("find a free port: %w", err)
		}
		defer l.Close() // only now, so that they differ
		out[i] = l.Addr().String()
	}
	return out, nil
}

// onScreen plays on a terminal.
func (s *demoSite) onScreen(ctx context.Context, stop func(), in demo.Intro, from io.Reader, to io.Writer) (demo.Frame, error) {
	screen := demo.NewScreen(from, to, stop)
	shown, quit := context.WithCancel(context.WithoutCancel(ctx))
	failed := make(chan error, 1)
	go func() {
		defer stop()
		failed <- screen.Run(shown)
	}()
	frame, err := s.play(ctx, screen, in)
	quit()
	select {
	case e := <-failed:
		return frame, errors.Join(err, e)
	case <-time.After(demoEnd):
		return frame, errors.Join(err, errors.New("the terminal is not given back"))
	}
}

// play runs the daemon and the world around it until ctx ends.
func (s *demoSite) play(ctx context.Context, view demo.View, in demo.Intro) (demo.Frame, error) {
	s.plant.Begin(time.Now())
	show := demo.NewShow(s.plant, demo.NewStory(s.cfg.Policies), view, in)
	grid := &demo.Operator{Plant: s.plant, Hear: show.Hear, Log: s.logger}

	world, end := context.WithCancel(context.WithoutCancel(ctx)) // goes on while loads stop
	var around sync.WaitGroup
	around.Go(func() { s.plant.Run(world) })
	around.Go(func() { grid.Run(world) })
	frame := make(chan demo.Frame, 1)
	go func() { frame <- show.Run(world, ctx.Done()) }()

	served := make(chan error, 1)
	go func() { served <- serve(ctx, s.path, s.cfg, s.logger, show.See) }()
	err := awaitDemo(ctx, served, s.logger)
	end()
	around.Wait()
	return <-frame, err
}

// awaitDemo waits for the daemon to end. That it ends before it is told to is
// an error; that a load was slow to stop is none.
func awaitDemo(ctx context.Context, served <-chan error, log *slog.Logger) error {
	select {
	case err := <-served:
		if ctx.Err() == nil && err != nil {
			return fmt.Errorf("the daemon has ended: %w", err)
		}
		return nil // or it was drained
	case <-ctx.Done():
	}
	late := time.NewTimer(demoEnd)
	defer late.Stop()
	select {
	case err := <-served:
		if err != nil {
			log.Warn("end of the demo", "err", err)
		}
		return nil
	case <-late.C:
		return fmt.Errorf("the daemon has not ended within %v", demoEnd)
	}
}

// records counts what is on disk, as the next reader would find it.
func (s *demoSite) records() (demo.Records, error) {
	out := demo.Records{Dir: s.cfg.Store.Path}
	st, err := store.Open(store.LogOptions{Dir: out.Dir, MaxSize: s.cfg.Store.MaxSize, Logger: s.logger})
	if err != nil {
		return out, fmt.Errorf("open the records: %w", err)
	}
	defer st.Close()
	all, err := st.Log.Cursor("demo")
	if err != nil {
		return out, fmt.Errorf("read the records: %w", err)
	}
	out.Bytes = st.Log.Stats().Bytes
	if err := st.Log.Close(); err != nil { // so that the reader finds an end
		return out, fmt.Errorf("read the records: %w", err)
	}
	for {
		batch, err := all.Next(context.Background(), 10_000)
		if errors.Is(err, io.EOF) {
			return out, nil
		}
		if err != nil {
			return out, fmt.Errorf("read the records: %w", err)
		}
		out.Count += len(batch.Lines)
	}
}
