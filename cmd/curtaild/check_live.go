package main

import (
	"context"
	"encoding/json"
	"errors"
	"fmt"
	"io"
	"log/slog"
	"maps"
	"sync"
	"time"

	"github.com/spf13/cobra"

	"github.com/curtaild/curtaild/cmd/curtaild/config"
	"github.com/curtaild/curtaild/energy"
	"github.com/curtaild/curtaild/energy/influx"
	"github.com/curtaild/curtaild/energy/mqtt"
	"github.com/curtaild/curtaild/rigs"
)

const (
	// listenFor is how long a live check waits for readings.
	listenFor = 15 * time.Second
	// dialFor bounds each attempt to reach something.
	dialFor = 5 * time.Second
	// dialAtOnce is how many rigs are tried at the same time.
	dialAtOnce = 64
)

// finding is one line of a live check.
type finding struct {
	Kind string `json:"kind"` // broker, reading, rig, influxdb
	Name string `json:"name"`
	OK   bool   `json:"ok"`
	Says string `json:"says"`
}

// checkLive connects to all that the config names and tells what it found. It
// commands nothing and publishes nothing.
func checkLive(cmd *cobra.Command, cfg *config.Config, asJSON bool) error {
	ctx, cancel := context.WithTimeout(cmd.Context(), listenFor+2*dialFor)
	defer cancel()
	fmt.Fprintf(cmd.ErrOrStderr(), "listening to %d readings for up to %v, asking %d rigs\n", len(cfg.Readings), listenFor, len(cfg.Rigs))
	var found [3][]finding
	var work sync.WaitGroup
	work.Go(func() { found[0] = tryBroker(ctx, cfg) })
	work.Go(func() { found[1] = tryRigs(ctx, cfg) })
	work.Go(func() { found[2] = tryInflux(ctx, cfg) })
	work.Wait()
	all := append(append(found[0], found[1]...), found[2]...)
	if err := printFindings(cmd.OutOrStdout(), all, asJSON); err != nil {
		return err
	}
	for _, f := range all {
		if !f.OK {
			return statusError{1, errors.New("not everything was reached")}
		}
	}
	return nil
}

func printFindings(w io.Writer, all []finding, asJSON bool) error {
	if asJSON {
		enc := json.NewEncoder(w)
		enc.SetIndent("", "  ")
		return enc.Encode(all)
	}
	for _, f := range all {
		mark := "ok   "
		if !f.OK {
			mark = "FAULT"
		}
		if _, err := fmt.Fprintf(w, "%s %-8s %s: %s\n", mark, f.Kind, f.Name, f.Says); err != nil {
			return err
		}
	}
	return nil
}

func tryBroker(ctx context.Context, cfg *config.Config) []finding {
	if cfg.MQTT.Broker == "" {
		return []finding{{"broker", cfg.MQTT.Listen, true, "embedded: it starts with the daemon, so no reading can be heard now"}}
	}
	conf := mqtt.Config{
		Broker: cfg.MQTT.Broker, Username: cfg.MQTT.Username, Password: cfg.MQTT.Password.Reveal(), CA: cfg.MQTT.CA,
		Prefix: cfg.MQTT.Prefix, Specs: cfg.Readings, Watch: true,
		ClientID: fmt.Sprintf("curtaild-check-%d", time.Now().UnixNano()%1e6),
	}
	dial, cancel := context.WithTimeout(ctx, dialFor)
	defer cancel()
	if err := mqtt.Probe(dial, conf); err != nil {
		return []finding{{"broker", conf.Broker, false, err.Error()}}
	}
	out := []finding{{"broker", conf.Broker, true, "reached"}}
	heard, client := listen(ctx, conf)
	now := time.Now()
	for _, spec := range cfg.Readings {
		f := finding{Kind: "reading", Name: spec.Name, Says: "nothing came on " + spec.Topic}
		st := client.Stats().Readings[spec.Name]
		if r, ok := heard[spec.Name]; ok {
			f.OK, f.Says = true, understood(spec, r, now)
		} else if st.LastFault != "" {
			f.Says = "refused: " + st.LastFault
		}
		out = append(out, f)
	}
	return out
}

// understood says what a reading means to us: "importing 3.2 kW, 4 s old".
func understood(spec energy.ReadingSpec, r energy.Reading, now time.Time) string {
	w := energy.Watts(r.Value)
	what := w.String()
	switch {
	case spec.Role == energy.RoleGrid && w >= 0:
		what = "importing " + w.String()
	case spec.Role == energy.RoleGrid:
		what = "exporting " + (-w).String()
	case spec.Role == energy.RoleBattery && w >= 0:
		what = "charging " + w.String()
	case spec.Role == energy.RoleBattery:
		what = "discharging " + (-w).String()
	case spec.Role == energy.RoleSoC:
		what = energy.Pct(r.Value).String()
	case spec.Role == energy.RoleImportPrice, spec.Role == energy.RoleExportPrice, spec.Role == energy.RoleCarbon:
		what = fmt.Sprintf("%g", r.Value)
	}
	age := energy.Age(now, r.At, r.Arrived).Round(time.Second)
	says := fmt.Sprintf("%s, %.0f s old", what, age.Seconds())
	if age > spec.MaxAge {
		says += fmt.Sprintf(": stale, max_age is %v", spec.MaxAge)
	}
	return says
}

// listen collects readings until each has spoken, or the time is over.
func listen(ctx context.Context, conf mqtt.Config) (map[string]energy.Reading, *mqtt.Client) {
	ctx, cancel := context.WithTimeout(ctx, listenFor)
	defer cancel()
	ear := &ear{heard: make(map[string]energy.Reading), want: len(conf.Specs), all: cancel}
	client, err := mqtt.New(conf, ear, slog.New(slog.DiscardHandler))
	if err != nil {
		return nil, &mqtt.Client{}
	}
	client.Run(ctx)
	ear.mu.Lock()
	defer ear.mu.Unlock()
	return maps.Clone(ear.heard), client
}

// ear is a sink that remembers the last value of each reading.
type ear struct {
	mu    sync.Mutex
	heard map[string]energy.Reading
	want  int
	all   func()
}

func (e *ear) Readings(_ context.Context, list []energy.Reading) {
	e.mu.Lock()
	defer e.mu.Unlock()
	for _, r := range list {
		e.heard[r.Name] = r
	}
	if len(e.heard) >= e.want {
		e.all()
	}
}

func (e *ear) Presence(context.Context, energy.Presence)   {}
func (e *ear) Signal(context.Context, energy.Signal) error { return nil }

func tryRigs(ctx context.Context, cfg *config.Config) []finding {
	out := make([]finding, len(cfg.Rigs))
	slots := make(chan struct{}, dialAtOnce)
	var work sync.WaitGroup
	for i, r := range cfg.Rigs {
		slots <- struct{}{}
		work.Go(func() {
			defer func() { <-slots }()
			out[i] = tryRig(ctx, r)
		})
	}
	work.Wait()
	return out
}

func tryRig(ctx context.Context, r config.Rig) finding {
	ctx, cancel := context.WithTimeout(ctx, dialFor)
	defer cancel()
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

func tryInflux(ctx context.Context, cfg *config.Config) []finding {
	c := cfg.Influx
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
