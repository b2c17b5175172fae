package scheduler

import (
	"context"
	"log/slog"
	"strings"
	"sync"
	"testing"
	"testing/synctest"
	"time"

	"github.com/curtaild/curtaild/energy"
	"github.com/curtaild/curtaild/policies"
)

// bench is a loop on a bench: virtual time, loads that obey at once or not at
// all, and a disk that remembers.
type bench struct {
	t        *testing.T
	loop     *Loop
	readings chan energy.Reading
	signals  chan Delivery
	statuses chan energy.Status
	rigs     map[string]*benchRig
	start    time.Time

	mu      sync.Mutex
	calls   []string // load:point, in order
	kept    Kept
	disk    time.Duration // how long a write takes
	refuse  error
	answers []energy.SignalStatus // states that were entered
	again   int                   // and how often one was said again
	last    *energy.Snapshot
}

type benchRig struct {
	b     *bench
	name  string
	point int
	dead  bool    // takes set-points and does nothing
	earns float64 // with each hash
}

func (r *benchRig) Name() string { return r.name }

func (r *benchRig) Apply(sp energy.Setpoint) {
	r.b.mu.Lock()
	r.b.calls = append(r.b.calls, r.name+":"+sp.Name)
	dead := r.dead
	if !dead {
		r.point = sp.Point
	}
	r.b.mu.Unlock()
	if !dead {
		go r.say(sp.Seq)
	}
}

// say reports the rig's state, as a driver would after a command.
func (r *benchRig) say(seq uint64) {
	r.b.mu.Lock()
	st := energy.Status{
		Load: r.name, At: time.Now(), State: energy.StateIdle, Point: r.point, Seq: seq, Points: benchPoints,
		Draw: benchPoints[r.point].Draw, Rate: benchPoints[r.point].Rate, Source: energy.Measured,
		PerHash: r.earns,
	}
	r.b.mu.Unlock()
	if st.Point != energy.Off {
		st.State = energy.StateRunning
	}
	r.b.statuses <- st
}

// newBench makes a site with a grid meter and two rigs under one policy: start
// above 1.5 kW for 10 s, stop below 0 W for 5 s, stale inputs kept for 20 s.
func newBench(t *testing.T, change ...func(*Loop)) *bench {
	b := &bench{
		t: t, readings: make(chan energy.Reading), signals: make(chan Delivery), statuses: make(chan energy.Status, 100),
		rigs: map[string]*benchRig{}, start: time.Now(), kept: Kept{Loads: map[string]KeptLoad{}},
	}
	l := Loop{
		Setup: Setup{
			Readings: []energy.ReadingSpec{{Name: "grid", Role: energy.RoleGrid, Factor: 1, MaxAge: 30 * time.Second, Min: -1e6, Max: 1e6}},
			Balance:  energy.BalanceSpec{Kind: energy.BalanceGrid},
			Policies: []policies.Policy{{
				Name: "soak", Loads: []string{"a", "b"}, Order: policies.Efficient, Use: policies.Use{Available: true},
				Start: policies.Threshold{Power: 1500, For: 10 * time.Second}, Stop: policies.Threshold{For: 5 * time.Second},
				OnStale: policies.OnStale{Keep: 20 * time.Second, Then: policies.ThenStop},
			}},
			Location: time.UTC, Sources: []Source{*dso},
		},
		Keep:     b.keep,
		Readings: b.readings, Signals: b.signals, Statuses: b.statuses,
		Publish: func(s *energy.Snapshot) { b.mu.Lock(); b.last = s; b.mu.Unlock() },
		Answer: func(s energy.SignalStatus, why Notice) {
			b.mu.Lock()
			defer b.mu.Unlock()
			if why == Entered {
				b.answers = append(b.answers, s)
			} else {
				b.again++
			}
		},
		Log: slog.New(slog.DiscardHandler),
	}
	for _, name := range []string{"a", "b"} {
		b.rigs[name] = &benchRig{b: b, name: name}
		l.Loads = append(l.Loads, b.rigs[name])
		l.Specs = append(l.Specs, &energy.LoadSpec{Name: name, OnExit: energy.ExitStop})
	}
	for _, c := range change {
		c(&l)
	}
	b.loop = New(l)
	return b
}

func (b *bench) keep(c Change) error {
	b.mu.Lock()
	wait, err := b.disk, b.refuse
	b.mu.Unlock()
	time.Sleep(wait)
	if err != nil {
		return err
	}
	b.mu.Lock()
	defer b.mu.Unlock()
	if c.Site != nil {
		b.kept.KeptSite = *c.Site
	}
	for name, l := range c.Loads {
		b.kept.Loads[name] = l
	}
	return nil
}

// run starts the loop and the rigs' first words; the returned function ends it.
func (b *bench) run() (end func(cause error) error) {
	ctx, cancel := context.WithCancelCause(context.Background())
	done := make(chan error, 1)
	go func() { done <- b.loop.Run(ctx, 10*time.Second) }()
	for _, r := range b.rigs {
		if !r.dead {
			go r.say(0)
		}
	}
	return func(cause error) error {
		cancel(cause)
		return <-done
	}
}

// silence has rigs take set-points and do nothing, or obey again.
func (b *bench) silence(dead bool, names ...string) {
	b.mu.Lock()
	defer b.mu.Unlock()
	for _, name := range names {
		b.rigs[name].dead = dead
	}
}

// surplus feeds the meter once a second: what the site has left over, less
// what the rigs draw.
func (b *bench) surplus(w energy.Watts, seconds int) {
	for range seconds {
		b.mu.Lock()
		draw := energy.Watts(0)
		for _, r := range b.rigs {
			draw += benchPoints[r.point].Draw
		}
		b.mu.Unlock()
		b.readings <- energy.Reading{Name: "grid", Value: float64(draw - w), At: time.Now(), Arrived: time.Now()}
		time.Sleep(1001 * time.Millisecond) // never at the very instant of a timer
	}
}

// took returns what the loads were told since the last call.
func (b *bench) took() string {
	b.mu.Lock()
	defer b.mu.Unlock()
	s := strings.Join(b.calls, " ")
	b.calls = nil
	return s
}

func (b *bench) expect(what, want string) {
	b.t.Helper()
	synctest.Wait()
	if got := b.took(); got != want {
		b.t.Fatalf("%s, at %v: loads were told %q, want %q", what, time.Since(b.start), got, want)
	}
}
