package main

import (
	"context"
	"fmt"
	"log/slog"
	"sync"
	"testing"
	"testing/synctest"
	"time"

	"github.com/curtaild/curtaild/energy"
	"github.com/curtaild/curtaild/energy/store"
	"github.com/curtaild/curtaild/policies"
	"github.com/curtaild/curtaild/scheduler"
)

// past is a real loop in virtual time that writes into a real log: a grid
// meter, two rigs, one policy.
type past struct {
	t        *testing.T
	dir      string
	store    *store.Store
	loop     *scheduler.Loop
	readings chan energy.Reading
	signals  chan scheduler.Delivery
	statuses chan energy.Status
	stop     func(cause error)

	mu     sync.Mutex
	points map[string]int
	told   []told
}

// told is a set-point, and when it came.
type told struct {
	at    time.Time
	load  string
	point int
}

func (t told) String() string {
	return fmt.Sprintf("%s %s %d", t.at.UTC().Format(time.TimeOnly), t.load, t.point)
}

func pastPoints() []energy.OperatingPoint {
	return []energy.OperatingPoint{{Name: "off"}, {Name: "low", Draw: 1000, Rate: 60e12}, {Name: "high", Draw: 2000, Rate: 100e12}}
}

// pastRig does at once what it is told.
type pastRig struct {
	p    *past
	name string
}

func (r pastRig) Name() string { return r.name }

func (r pastRig) Apply(sp energy.Setpoint) {
	r.p.mu.Lock()
	r.p.points[r.name] = sp.Point
	r.p.told = append(r.p.told, told{time.Now(), r.name, sp.Point})
	r.p.mu.Unlock()
	go func() {
		if r.name == "a-2" {
			time.Sleep(time.Millisecond) // one after the other
		}
		r.p.says(r.name, sp.Seq, func(*energy.Status) {})
	}()
}

// says has a rig say what it does.
func (p *past) says(name string, seq uint64, change func(*energy.Status)) {
	p.mu.Lock()
	point := p.points[name]
	p.mu.Unlock()
	st := energy.Status{
		Load: name, At: time.Now(), State: energy.StateRunning, Point: point, Seq: seq, Points: pastPoints(),
		Draw: pastPoints()[point].Draw, Source: energy.Measured,
	}
	if point == energy.Off {
		st.State = energy.StateIdle
	}
	change(&st)
	p.statuses <- st
}

// openPast starts the loop on a state folder. It must be in a bubble.
func openPast(t *testing.T, dir string, change ...func(*scheduler.Loop)) *past {
	t.Helper()
	st, err := store.Open(store.LogOptions{Dir: dir, SegmentSize: 4 << 10})
	if err != nil {
		t.Fatal(err)
	}
	p := &past{
		t: t, dir: dir, store: st, readings: make(chan energy.Reading), signals: make(chan scheduler.Delivery),
		statuses: make(chan energy.Status, 100), points: map[string]int{},
	}
	l := scheduler.Loop{
		Setup: scheduler.Setup{
			Readings: []energy.ReadingSpec{
				{Name: "grid", Role: energy.RoleGrid, MaxAge: 30 * time.Second, Min: -1e6, Max: 1e6},
				{Name: "price", Role: energy.RoleExportPrice, MaxAge: time.Hour, Min: -500, Max: 3000},
			},
			Balance: energy.BalanceSpec{Kind: energy.BalanceGrid},
			Policies: []policies.Policy{{
				Name: "soak-up-surplus", Loads: []string{"a-1", "a-2"}, Order: policies.Efficient, Use: policies.Use{Available: true},
				Start: policies.Threshold{Power: 1500, For: 2 * time.Minute}, Stop: policies.Threshold{Power: 500, For: time.Minute},
				OnStale: policies.OnStale{Keep: 5 * time.Minute, Then: policies.ThenStop},
			}},
			Location: time.UTC,
			Sources:  []scheduler.Source{{Name: "dso", Kinds: []energy.SignalKind{energy.KindLimit}, At: []energy.Bind{energy.AtFlexible}, Max: 1e6}},
		},
		Keep:     func(scheduler.Change) error { return nil },
		Readings: p.readings, Signals: p.signals, Statuses: p.statuses,
		Answer: func(energy.SignalStatus, scheduler.Notice) {}, Log: slog.New(slog.DiscardHandler),
		Journal: scheduler.NewJournal("v1.2.3", "sha"),
	}
	for _, name := range []string{"a-1", "a-2"} {
		l.Loads = append(l.Loads, pastRig{p, name})
		l.Specs = append(l.Specs, &energy.LoadSpec{Name: name, MinOn: 10 * time.Minute, MinOff: 5 * time.Minute})
	}
	for _, c := range change {
		c(&l)
	}
	p.loop = scheduler.New(l)
	ctx, cancel := context.WithCancelCause(context.Background())
	done := make(chan error, 1)
	go func() { done <- p.loop.Run(ctx, time.Second) }()
	var work tasks
	work.start(t.Context(), (&plant{loop: p.loop, store: st, log: l.Log}).writeJournal)
	p.stop = func(cause error) {
		cancel(cause)
		if err := <-done; err != nil {
			t.Error(err)
		}
		work.stop()
		if err := st.Close(); err != nil {
			t.Error(err)
		}
	}
	for _, spec := range l.Specs {
		p.says(spec.Name, 0, func(*energy.Status) {})
		synctest.Wait()
	}
	return p
}

// sun feeds the meter every ten seconds: what the site has left over, less
// what the rigs draw.
func (p *past) sun(w energy.Watts, span time.Duration) {
	for end := time.Now().Add(span); time.Now().Before(end); time.Sleep(10007 * time.Millisecond) { // never at the very instant of a timer
		p.mu.Lock()
		draw := energy.Watts(0)
		for _, at := range p.points {
			draw += pastPoints()[at].Draw
		}
		p.mu.Unlock()
		p.readings <- energy.Reading{Name: "grid", Value: float64(draw - w), At: time.Now(), Arrived: time.Now()}
		synctest.Wait()
	}
}
