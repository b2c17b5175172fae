package main

import (
	"bufio"
	"context"
	"fmt"
	"log/slog"
	"math/rand/v2"
	"net"
	"slices"
	"strconv"
	"strings"
	"sync"
	"sync/atomic"
	"testing"
	"time"

	paho "github.com/eclipse/paho.mqtt.golang"

	"github.com/curtaild/curtaild/cmd/curtaild/config"
	"github.com/curtaild/curtaild/energy"
	"github.com/curtaild/curtaild/energy/store"
	"github.com/curtaild/curtaild/policies"
	"github.com/curtaild/curtaild/rigs/emulate"
)

// reactionPoints are four operating points, as every rig of the benchmarks has.
var reactionPoints = []energy.OperatingPoint{
	{Name: "off", Draw: 20}, {Name: "200MHz", Draw: 1600, Rate: 80e12}, {Name: "300MHz", Draw: 2400, Rate: 115e12}, {Name: "400MHz", Draw: 3000, Rate: 138e12},
}

// stand is a whole daemon in this process, over an embedded broker, with a
// fleet of emulated rigs that follow at once.
type stand struct {
	b     testing.TB
	fleet *emulate.Fleet
	plant *plant
	meter paho.Client
	// wanted is the number of reductions that are still to be received, one a
	// rig; the last one goes to all.
	wanted atomic.Int64
	vigils []*vigil
	all    atomic.Pointer[chan time.Time]
	snap   chan *energy.Snapshot // the latest
}

func newStand(b testing.TB, rigs int) *stand {
	s := &stand{b: b, snap: make(chan *energy.Snapshot, 1)}
	var err error
	s.fleet, err = emulate.NewFleet(emulate.FleetOptions{
		Rigs: rigs, Families: []string{"luxos"}, Seed: 1,
		Rig: emulate.Options{Points: reactionPoints, StartTime: -1, StopTime: -1, Running: true, Point: 3},
	})
	if err != nil {
		b.Fatal(err)
	}
	b.Cleanup(func() { s.fleet.Close() })
	cfg := s.config()
	st, err := store.Open(store.LogOptions{Dir: b.TempDir()})
	if err != nil {
		b.Fatal(err)
	}
	b.Cleanup(func() { st.Close() })
	if s.plant, err = build(cfg, st, slog.New(slog.DiscardHandler)); err != nil {
		b.Fatal(err)
	}
	s.plant.seen = s.see
	ctx, cancel := context.WithCancel(context.Background())
	done := make(chan error, 1)
	go func() { done <- s.plant.run(ctx) }()
	b.Cleanup(func() { cancel(); <-done })
	for _, r := range s.fleet.Rigs() {
		e := &vigil{}
		s.vigils = append(s.vigils, e)
		r.OnCommand(func(cmd string, at time.Time) { s.count(e, cmd, at) })
	}
	s.connect(cfg.MQTT.Listen)
	return s
}

func (s *stand) config() *config.Config {
	l, err := net.Listen("tcp", "127.0.0.1:0")
	if err != nil {
		s.b.Fatal(err)
	}
	addr := l.Addr().String()
	l.Close()
	cfg := &config.Config{
		Site:     config.Site{Name: "stand", Zone: time.UTC, Interval: 15 * time.Minute},
		MQTT:     config.MQTT{Listen: addr, Prefix: "curtaild/stand"},
		Readings: []energy.ReadingSpec{{Name: "grid", Role: energy.RoleGrid, Topic: "grid", Factor: 1, MaxAge: time.Minute, Min: -1e9, Max: 1e9}},
		Balance:  energy.BalanceSpec{Kind: energy.BalanceGrid},
		Policies: []policies.Policy{{Name: "soak", Order: policies.Efficient, Use: policies.Use{Available: true},
			Stop: policies.Threshold{Power: -1e9}, OnStale: policies.OnStale{Keep: time.Minute, Then: policies.ThenKeep}}},
		ExitWithin: 5 * time.Second,
	}
	for _, r := range s.fleet.Rigs() {
		cfg.Policies[0].Loads = append(cfg.Policies[0].Loads, r.Name())
		cfg.Rigs = append(cfg.Rigs, config.Rig{
			Spec:    energy.LoadSpec{Name: r.Name(), Family: "luxos", OnExit: energy.ExitKeep},
			Address: r.Addr(), Points: reactionPoints, StartTime: time.Nanosecond, StopTime: time.Nanosecond,
		})
	}
	return cfg
}

func (s *stand) connect(addr string) {
	s.meter = paho.NewClient(paho.NewClientOptions().AddBroker("tcp://" + addr).SetClientID("meter").
		SetConnectRetry(true).SetConnectRetryInterval(20 * time.Millisecond))
	t := s.meter.Connect()
	select {
	case <-t.Done():
	case <-time.After(10 * time.Second):
		s.b.Fatal("no broker")
	}
	if t.Error() != nil {
		s.b.Fatal(t.Error())
	}
	s.b.Cleanup(func() { s.meter.Disconnect(0) })
}

func (s *stand) see(snap *energy.Snapshot) {
	select {
	case <-s.snap:
	default:
	}
	s.snap <- snap
}

// vigil is what one rig waits to hear. What comes before a logon under an expired
// session is refused, and does not count.
type vigil struct{ now atomic.Int32 }

const (
	deaf int32 = iota // it has heard all
	awaitsLogon
	awaitsReduction
)

// count is told of every command that a rig has received.
func (s *stand) count(e *vigil, cmd string, at time.Time) {
	switch {
	case cmd == "logon":
		e.now.CompareAndSwap(awaitsLogon, awaitsReduction)
	case strings.HasPrefix(cmd, "profileset 200MHz"):
		if e.now.CompareAndSwap(awaitsReduction, deaf) && s.wanted.Add(-1) == 0 {
			*s.all.Load() <- at
		}
	}
}

// await has every rig wait for a reduction, under the session that it has or,
// as after a restart of its own, after a logon. It returns when the last came.
func (s *stand) await(expired bool) <-chan time.Time {
	all := make(chan time.Time, 1)
	s.all.Store(&all)
	s.wanted.Store(int64(len(s.vigils)))
	from := awaitsReduction
	if expired {
		from = awaitsLogon
	}
	for i, r := range s.fleet.Rigs() {
		s.vigils[i].now.Store(from)
		if expired {
			r.Inject(emulate.Fault{Kind: emulate.ExpireSession})
		}
	}
	return all
}

// publish says what the meter at the grid reads when the site has w left over.
func (s *stand) publish(w energy.Watts) time.Time {
	grid := s.fleet.Total().Draw - w
	at := time.Now()
	s.meter.Publish("grid", 0, false, strconv.FormatFloat(float64(grid), 'f', 1, 64))
	return at
}

// settle publishes until every rig has taken the given point.
func (s *stand) settle(w energy.Watts, point int) {
	deadline := time.After(2 * time.Minute)
	again := time.NewTicker(500 * time.Millisecond)
	defer again.Stop()
	for {
		select {
		case snap := <-s.snap:
			there := func(l energy.LoadView) bool { return l.Setpoint.Point == point && l.Status.Seq >= l.Setpoint.Seq }
			if !slices.ContainsFunc(snap.Loads, func(l energy.LoadView) bool { return !there(l) }) {
				return
			}
		case <-again.C:
			s.publish(w)
		case <-deadline:
			s.b.Fatalf("the rigs do not come to point %d", point)
		}
	}
}

// BenchmarkReaction is the time from a reading on the broker to the last of
// the reductions that follow from it, received by the rigs: sessions are
// ready, or have all expired without our knowing, so that a reduction is
// refused and takes two requests more. Beside it, in the same run, a bare
// fan-out: as many connections, each a request and its answer.
func BenchmarkReaction(b *testing.B) {
	for _, rigs := range []int{100, 1000} {
		b.Run(fmt.Sprintf("rigs=%d/session=ready", rigs), func(b *testing.B) { benchReaction(b, rigs, false) })
		b.Run(fmt.Sprintf("rigs=%d/session=expired", rigs), func(b *testing.B) { benchReaction(b, rigs, true) })
	}
}

func benchReaction(b *testing.B, rigs int, expired bool) {
	s := newStand(b, rigs)
	full, low := energy.Watts(4000*rigs), energy.Watts(1600*rigs+100) // all at the top, all at the lowest
	var took, bare []time.Duration
	for b.Loop() {
		b.StopTimer()
		s.settle(full, 3)
		// The last rig has just said that it is there, amid the bustle that
		// the rise has left; a meter's next reading comes at any time.
		time.Sleep(rand.N(time.Second))
		all := s.await(expired)
		b.StartTimer()
		from := s.publish(low)
		select {
		case last := <-all:
			took = append(took, last.Sub(from))
		case <-time.After(30 * time.Second):
			b.Fatalf("%d reductions have not come", s.wanted.Load())
		}
		b.StopTimer()
		s.settle(low, 1)
		bare = append(bare, fanOut(b, s.fleet))
		b.StartTimer()
	}
	worst := "ms/p99"
	if len(took) < 100 {
		worst = "ms/max" // there is no such percentile of so few
	}
	b.ReportMetric(float64(len(took)), "n")
	b.ReportMetric(ms(took, 0.5), "ms/p50")
	b.ReportMetric(ms(took, 0.99), worst)
	b.ReportMetric(ms(bare, 0.5), "bare-ms/p50")
	b.ReportMetric(ms(bare, 0.99), "bare-"+worst)
	b.ReportMetric(ms(took, 0.5)/ms(bare, 0.5), "x-bare")
}

// ms is a quantile in milliseconds; of fewer than 100, a high one is the greatest.
func ms(d []time.Duration, q float64) float64 {
	slices.Sort(d)
	if len(d) < 100 && q > 0.9 {
		q = 1
	}
	return float64(d[int(q*float64(len(d)-1)+0.5)].Microseconds()) / 1000
}

// fanOut asks every rig something, each over a connection of its own, and
// returns how long that took.
func fanOut(b *testing.B, fleet *emulate.Fleet) time.Duration {
	var work sync.WaitGroup
	from := time.Now()
	for _, r := range fleet.Rigs() {
		work.Go(func() {
			c, err := net.Dial("tcp", r.Addr())
			if err != nil {
				b.Error(err)
				return
			}
			defer c.Close()
			fmt.Fprint(c, `{"command":"version"}`)
			if _, err := bufio.NewReader(c).ReadString(0); err != nil {
				b.Error(err)
			}
		})
	}
	work.Wait()
	return time.Since(from)
}
