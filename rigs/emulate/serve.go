package emulate

import (
	"context"
	"encoding/json"
	"errors"
	"fmt"
	"io"
	"net"
	"net/http"
	"slices"
	"strconv"
	"time"
)

// Config is what [Serve] runs.
type Config struct {
	Fleet   FleetOptions
	Control string    // address of the control endpoint; empty: none
	Out     io.Writer // takes one line of JSON a rig, then one for the control endpoint
}

// Announcement is a line that [Serve] writes about one rig.
type Announcement struct {
	Name   string `json:"name"`
	Family string `json:"family"`
	Addr   string `json:"addr"`
	MAC    string `json:"mac"`
}

// ControlAnnouncement is the last line that [Serve] writes: where meters are
// read and faults injected.
type ControlAnnouncement struct {
	Control string `json:"control"`
}

// Serve runs a fleet of emulated rigs until the context ends: emulators in a
// process of their own. The control endpoint is for tests and has no lock on
// its door, so that it stands on a loopback address or not at all.
//
//	GET  /meters                  {"<rig>": Meter, …}
//	GET  /total                   Meter, the sum
//	POST /fault                   {"rig":"luxos-01","fault":"hang","for":"30s","count":1,"delay":"1s","variant":""}; no rig: all
//	POST /clear                   {"rig":"luxos-01"}; no rig: all
func Serve(ctx context.Context, cfg Config) (err error) {
	var ln net.Listener
	if cfg.Control != "" {
		// First: rigs that were announced are used.
		if ln, err = listenLoopback(cfg.Control); err != nil {
			return fmt.Errorf("listen for control: %w", err)
		}
		defer ln.Close() // again, after serveControl: no harm
	}
	fleet, err := NewFleet(cfg.Fleet)
	if err != nil {
		return err
	}
	defer func() { err = errors.Join(err, fleet.Close()) }()
	if cfg.Out == nil {
		cfg.Out = io.Discard
	}
	lines := json.NewEncoder(cfg.Out)
	for _, r := range fleet.rigs {
		if err := lines.Encode(Announcement{r.Name(), r.Family(), r.Addr(), r.MAC()}); err != nil {
			return fmt.Errorf("announce rig %s: %w", r.Name(), err)
		}
	}
	if ln == nil {
		<-ctx.Done()
		return nil
	}
	if err := lines.Encode(ControlAnnouncement{ln.Addr().String()}); err != nil {
		return fmt.Errorf("announce control: %w", err)
	}
	return serveControl(ctx, ln, fleet.Control())
}

// CheckControl reports what is wrong with an address for the control endpoint:
// it must be a loopback one, with a port.
func CheckControl(addr string) error {
	host, port, err := net.SplitHostPort(addr)
	if err != nil {
		return fmt.Errorf("control address %q: want one as in %q", addr, "127.0.0.1:8000")
	}
	if _, err := strconv.ParseUint(port, 10, 16); err != nil {
		return fmt.Errorf("control address %q: want a port of 0 to 65535", addr)
	}
	if ip := net.ParseIP(host); host != "localhost" && (ip == nil || !ip.IsLoopback()) {
		return fmt.Errorf("control address %q: want a loopback one: who reaches it may break the rigs", addr)
	}
	return nil
}

// listenLoopback listens where nobody but this machine can reach it.
func listenLoopback(addr string) (net.Listener, error) {
	if err := CheckControl(addr); err != nil {
		return nil, err
	}
	ln, err := net.Listen("tcp", addr)
	if err != nil {
		return nil, err
	}
	// A name is whatever the resolver makes of it.
	if at, ok := ln.Addr().(*net.TCPAddr); !ok || !at.IP.IsLoopback() {
		ln.Close()
		return nil, fmt.Errorf("%s is %v, which is no loopback address", addr, ln.Addr())
	}
	return ln, nil
}

// serveControl serves until the context ends; it closes the listener.
func serveControl(ctx context.Context, ln net.Listener, h http.Handler) error {
	srv := &http.Server{
		Handler: h, ReadTimeout: 10 * time.Second, WriteTimeout: 30 * time.Second, IdleTimeout: time.Minute, MaxHeaderBytes: 16 << 10,
	}
	failed := make(chan error, 1)
	go func() { failed <- srv.Serve(ln) }()
	select {
	case err := <-failed:
		return fmt.Errorf("serve control: %w", err)
	case <-ctx.Done():
	}
	end, cancel := context.WithTimeout(context.WithoutCancel(ctx), 2*time.Second)
	defer cancel()
	if err := srv.Shutdown(end); err != nil {
		srv.Close()
	}
	<-failed
	return nil
}

// Control is the fleet's control endpoint, as [Serve] offers it.
func (f *Fleet) Control() http.Handler {
	mux := http.NewServeMux()
	mux.HandleFunc("GET /meters", func(w http.ResponseWriter, _ *http.Request) {
		all := make(map[string]Meter, len(f.rigs))
		for _, r := range f.rigs {
			all[r.Name()] = r.Meter()
		}
		writeJSON(w, all)
	})
	mux.HandleFunc("GET /total", func(w http.ResponseWriter, _ *http.Request) { writeJSON(w, f.Total()) })
	mux.HandleFunc("POST /fault", func(w http.ResponseWriter, r *http.Request) {
		f.order(w, r, func(o order, rig Rig) { rig.Inject(o.fault) })
	})
	mux.HandleFunc("POST /clear", func(w http.ResponseWriter, r *http.Request) {
		f.order(w, r, func(_ order, rig Rig) { rig.ClearFaults() })
	})
	return mux
}

func writeJSON(w http.ResponseWriter, v any) {
	w.Header().Set("Content-Type", typeJSON)
	_ = json.NewEncoder(w).Encode(v) // the client has gone, if it fails
}

// order is the body of a request to the control endpoint.
type order struct {
	Rig     string `json:"rig"`
	Kind    string `json:"fault"`
	For     string `json:"for"`
	Count   int    `json:"count"`
	Delay   string `json:"delay"`
	Variant string `json:"variant"`

	fault Fault
}

// order reads an order and carries it out on the rigs that it names.
func (f *Fleet) order(w http.ResponseWriter, r *http.Request, do func(order, Rig)) {
	var o order
	dec := json.NewDecoder(http.MaxBytesReader(w, r.Body, 16<<10))
	dec.DisallowUnknownFields()
	if err := dec.Decode(&o); err != nil {
		http.Error(w, fmt.Sprintf("read order: %v", err), http.StatusBadRequest)
		return
	}
	if err := o.complete(r.URL.Path == "/fault"); err != nil {
		http.Error(w, err.Error(), http.StatusBadRequest)
		return
	}
	targets := f.rigs
	if o.Rig != "" {
		rig, ok := f.byName[o.Rig]
		if !ok {
			http.Error(w, fmt.Sprintf("no rig %q", o.Rig), http.StatusNotFound)
			return
		}
		targets = []Rig{rig}
	}
	for _, rig := range targets {
		do(o, rig)
	}
	writeJSON(w, map[string]int{"rigs": len(targets)})
}

// complete checks an order and makes the fault of it, where it is to have one.
func (o *order) complete(wanted bool) error {
	if !wanted {
		return nil
	}
	o.fault = Fault{Kind: FaultKind(o.Kind), Count: o.Count, Variant: o.Variant}
	if !slices.Contains(FaultKinds(), o.fault.Kind) {
		return fmt.Errorf("unknown fault %q: want one of %q", o.Kind, FaultKinds())
	}
	if o.Count < 0 {
		return fmt.Errorf("count %d is negative", o.Count)
	}
	for _, d := range []struct {
		text string
		into *time.Duration
	}{{o.For, &o.fault.For}, {o.Delay, &o.fault.Delay}} {
		if d.text == "" {
			continue
		}
		v, err := time.ParseDuration(d.text)
		if err != nil || v < 0 {
			return fmt.Errorf("duration %q: want one as in %q", d.text, "30s")
		}
		*d.into = v
	}
	return nil
}
