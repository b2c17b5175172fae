package luxos_test

import (
	"context"
	"fmt"
	"math"
	"net"
	"sync"
	"sync/atomic"
	"testing"
	"time"

	"github.com/curtaild/curtaild/energy"
	"github.com/curtaild/curtaild/rigs"
	"github.com/curtaild/curtaild/rigs/cgminer"
	"github.com/curtaild/curtaild/rigs/emulate"
	"github.com/curtaild/curtaild/rigs/luxos"
)

// board keeps the latest status of each rig and wakes those who wait for one.
type board struct {
	mu   sync.Mutex
	cond *sync.Cond
	last map[string]energy.Status
}

// watch reads statuses until out is closed.
func watch(out <-chan energy.Status) *board {
	b := &board{last: make(map[string]energy.Status)}
	b.cond = sync.NewCond(&b.mu)
	go func() {
		for s := range out {
			b.mu.Lock()
			b.last[s.Load] = s
			b.cond.Broadcast()
			b.mu.Unlock()
		}
	}()
	return b
}

// until waits for a status that is as wanted; the test's own deadline ends it.
func (b *board) until(name string, ok func(energy.Status) bool) energy.Status {
	b.mu.Lock()
	defer b.mu.Unlock()
	for !ok(b.last[name]) {
		b.cond.Wait()
	}
	return b.last[name]
}

// run starts a fleet, and stops it when the test ends.
func run(tb testing.TB, list []*rigs.Rig) *board {
	tb.Helper()
	b, stop := begin(list)
	tb.Cleanup(stop)
	return b
}

// begin starts a fleet; stop ends it and waits.
func begin(list []*rigs.Rig) (b *board, stop func()) {
	out := make(chan energy.Status, len(list))
	fleet := rigs.NewFleet(list, rigs.Bounds{}, out)
	ctx, cancel := context.WithCancel(context.Background())
	var wg sync.WaitGroup
	wg.Go(func() { _ = fleet.Run(ctx) })
	return watch(out), func() {
		cancel()
		wg.Wait()
		close(out)
	}
}

func points() []energy.OperatingPoint {
	return []energy.OperatingPoint{
		{Name: "off", Draw: 20}, {Name: "290MHz", Draw: 1200, Rate: 60e12},
		{Name: "390MHz", Draw: 1700, Rate: 80e12}, {Name: "490MHz", Draw: 2300, Rate: 100e12},
	}
}

// newRig is a rig on an emulated machine, polled fast, with short ramps.
func newRig(m emulate.Rig, ramp time.Duration) *rigs.Rig {
	f := luxos.Defaults()
	f.StartTime, f.StopTime, f.Poll, f.IdleDraw = ramp, ramp, 50*time.Millisecond, 20
	f.Settle = rigs.Settle{Stop: 4 * time.Second, Start: 6 * time.Second, Level: 4 * time.Second}
	return rigs.New(rigs.Config{
		Name: m.Name(), Host: "127.0.0.1", Driver: luxos.New(m.Addr(), luxos.Options{}), Family: f, KeepReady: true,
	})
}

func TestEnergyAgreesWithTheMeter(t *testing.T) {
	const ramp = 500 * time.Millisecond
	_, m := connect(t, emulate.Options{Name: "a", Points: points(), Running: true, Point: 1, StartTime: ramp, StopTime: ramp})
	r := newRig(m, ramp)
	b := run(t, []*rigs.Rig{r})
	b.until("a", func(s energy.Status) bool { return s.State == energy.StateRunning && s.Energy > 0 })
	first := b.last["a"].Energy
	start := m.Meter().Joules
	for i, name := range []string{"off", "390MHz", "290MHz", "off", "490MHz"} {
		seq := uint64(i + 1)
		r.Apply(energy.Setpoint{Load: "a", Seq: seq, Point: i, Name: name, At: time.Now()})
		b.until("a", func(s energy.Status) bool {
			return s.Seq == seq && s.Point >= 0 && s.Points[s.Point].Name == name && s.Err == "" &&
				math.Abs(float64(s.Draw-s.Points[s.Point].Draw)) < 2
		})
	}
	// Both are read at the same draw, so that what passes between the two readings
	// and the lag of one poll cancel out to within a hundredth.
	mark := b.last["a"].Energy
	b.until("a", func(s energy.Status) bool { return s.Energy > mark+energy.Joules(2300*0.5) })
	s, meter := b.last["a"], m.Meter()
	got, want := float64(s.Energy-first), float64(meter.Joules-start)
	if math.Abs(got-want) > 0.01*want+2300*0.15 {
		t.Errorf("counted %.0f J, drawn %.0f J", got, want)
	}
	if int(s.Starts) != meter.Starts || meter.Starts != 2 {
		t.Errorf("%d starts counted, %d made", s.Starts, meter.Starts)
	}
}

func TestOneHangsOneLiesOneTalksRubbish(t *testing.T) {
	faults := map[string]emulate.Fault{
		"hangs": {Kind: emulate.Hang}, "garbage": {Kind: emulate.Garbage, Variant: "random"},
		"other": {Kind: emulate.OtherRig}, "good": {},
	}
	var list []*rigs.Rig
	machines := make(map[string]emulate.Rig)
	for name := range faults {
		_, m := connect(t, emulate.Options{Name: name, Points: points(), Running: true, StartTime: -1, StopTime: -1})
		machines[name] = m
		list = append(list, newRig(m, 0))
	}
	b := run(t, list)
	for name := range faults {
		b.until(name, func(s energy.Status) bool { return s.State == energy.StateRunning })
	}
	for name, f := range faults {
		if f.Kind != "" {
			machines[name].Inject(f)
		}
	}
	b.until("garbage", func(s energy.Status) bool { return s.State == energy.StateUnreachable && s.Draw == 2300 })
	b.until("other", func(s energy.Status) bool { return s.State == energy.StateFault && s.Err != "" })
	for _, r := range list {
		r.Apply(energy.Setpoint{Load: r.Name(), Seq: 1, Name: "off"})
	}
	b.until("good", func(s energy.Status) bool { return s.Seq == 1 && s.State == energy.StateIdle })
	if machines["other"].Meter().Writes > 2 {
		t.Errorf("%d writes to another device", machines["other"].Meter().Writes)
	}
	for _, name := range []string{"garbage", "other", "hangs"} {
		machines[name].ClearFaults()
	}
	for _, name := range []string{"garbage", "other"} {
		b.until(name, func(s energy.Status) bool { return s.State == energy.StateIdle && s.Seq == 1 })
	}
}

func TestCloseGivesSessionsBack(t *testing.T) {
	_, m := connect(t, emulate.Options{Name: "a", Points: points(), Running: true, StartTime: -1, StopTime: -1})
	r := newRig(m, 0)
	out := make(chan energy.Status, 1)
	fleet := rigs.NewFleet([]*rigs.Rig{r}, rigs.Bounds{}, out)
	loggedOn := make(chan struct{}, 16)
	m.OnCommand(func(cmd string, _ time.Time) {
		if cmd == "logon" {
			loggedOn <- struct{}{}
		}
	})
	var wg sync.WaitGroup
	wg.Go(func() { _ = fleet.Run(t.Context()) })
	<-loggedOn
	if err := fleet.Close(t.Context()); err != nil {
		t.Fatal(err)
	}
	wg.Wait()
	if err := luxos.New(m.Addr(), luxos.Options{}).Ready(t.Context()); err != nil {
		t.Errorf("the session was kept: %v", err)
	}
	if !m.Meter().Running {
		t.Error("closing stopped the machine")
	}
}

// BenchmarkReduce tells n rigs to stop and waits until each has heard it, with
// sessions ready and without, beside a bare TCP fan-out to the same machines.
func BenchmarkReduce(b *testing.B) {
	for _, n := range []int{100, 1000} {
		for _, c := range []struct {
			name  string
			ready bool
		}{{"ready", true}, {"cold", false}} {
			b.Run(fmt.Sprintf("rigs=%d/%s", n, c.name), func(b *testing.B) { benchReduce(b, n, c.ready) })
		}
		b.Run(fmt.Sprintf("rigs=%d/bare", n), func(b *testing.B) { benchBare(b, n) })
	}
}

// heard counts commands of a kind over many machines.
type heard struct {
	left atomic.Int64
	done chan struct{}
}

func benchMachines(b *testing.B, n int, on func(string, time.Time)) []emulate.Rig {
	b.Helper()
	machines := make([]emulate.Rig, n)
	for i := range machines {
		m, err := emulate.NewLuxOS(emulate.Options{Name: fmt.Sprintf("r%d", i), Points: points(), Running: true, StartTime: -1, StopTime: -1})
		if err != nil {
			b.Fatal(err)
		}
		b.Cleanup(func() { m.Close() })
		m.OnCommand(on)
		machines[i] = m
	}
	return machines
}

func benchReduce(b *testing.B, n int, ready bool) {
	h := heard{done: make(chan struct{}, 1)}
	machines := benchMachines(b, n, func(cmd string, _ time.Time) {
		if cmd == "curtail sleep" && h.left.Add(-1) == 0 {
			h.done <- struct{}{}
		}
	})
	for b.Loop() {
		b.StopTimer()
		list, board, stop := benchFleet(machines, ready)
		h.left.Store(int64(n))
		b.StartTimer()
		for _, r := range list {
			r.Apply(energy.Setpoint{Load: r.Name(), Seq: 1, Name: "off"})
		}
		<-h.done
		b.StopTimer()
		for _, to := range []energy.Setpoint{{Seq: 1, Name: "off"}, {Seq: 2, Name: "490MHz", Point: 3}} {
			for _, r := range list {
				r.Apply(to)
			}
			for _, r := range list {
				board.until(r.Name(), func(s energy.Status) bool { return s.Seq == to.Seq })
			}
		}
		stop()
		b.StartTimer()
	}
}

// benchFleet starts a new fleet and waits until every rig has been read and,
// if sessions are to be ready, has one.
func benchFleet(machines []emulate.Rig, ready bool) ([]*rigs.Rig, *board, func()) {
	list := make([]*rigs.Rig, len(machines))
	for i, m := range machines {
		f := luxos.Defaults()
		f.Settle = rigs.Settle{Stop: time.Hour, Start: time.Hour, Level: time.Hour}
		list[i] = rigs.New(rigs.Config{Name: m.Name(), Driver: luxos.New(m.Addr(), luxos.Options{}), Family: f, KeepReady: ready})
	}
	board, stop := begin(list)
	for _, r := range list {
		board.until(r.Name(), func(s energy.Status) bool { return s.Heard() })
	}
	return list, board, stop
}

// benchBare opens a connection to each machine, sends the same bytes as a
// command does and waits for the answer.
func benchBare(b *testing.B, n int) {
	machines := benchMachines(b, n, nil)
	for b.Loop() {
		var wg sync.WaitGroup
		for _, m := range machines {
			wg.Go(func() {
				conn, err := net.Dial("tcp", m.Addr())
				if err != nil {
					b.Error(err)
					return
				}
				defer conn.Close()
				_, _ = conn.Write([]byte(`{"command":"curtail","parameter":"12345678,sleep"}`))
				_, _ = conn.Read(make([]byte, 512))
			})
		}
		wg.Wait()
	}
}

func BenchmarkParse(b *testing.B) {
	raw := []byte(`{"CONFIG":[{"CurtailMode":"None","IsPowerSupplyOn":true,"MACAddr":"02:00:00:00:00:01","Profile":"290MHz","Model":"Antminer S19k Pro"}],"STATUS":[{"STATUS":"S","Code":33,"Msg":"config"}],"id":1}` + "\x00")
	b.SetBytes(int64(len(raw)))
	for b.Loop() {
		if _, _, err := cgminer.Parse(raw); err != nil {
			b.Fatal(err)
		}
	}
}
