package rigs

import (
	"context"
	"fmt"
	"math"
	"slices"
	"sync"
	"testing"
	"testing/synctest"
	"time"

	"github.com/curtaild/curtaild/energy"
)

// bench is one rig under test, in a fleet of its own.
type bench struct {
	t    *testing.T
	rig  *Rig
	dev  *device
	mu   sync.Mutex
	last energy.Status
	seq  uint64
}

// start runs a rig on the device; a synctest bubble must be around it.
func start(t *testing.T, dev *device, change func(*Config)) *bench {
	t.Helper()
	c := Config{Name: "a", Driver: dev, Family: testFamily()}
	if change != nil {
		change(&c)
	}
	b := &bench{t: t, dev: dev, rig: New(c)}
	out := make(chan energy.Status)
	fleet := NewFleet([]*Rig{b.rig}, Bounds{}, out)
	ctx, cancel := context.WithCancel(t.Context())
	var wg sync.WaitGroup
	wg.Go(func() {
		if err := fleet.Run(ctx); err != nil {
			t.Error(err)
		}
	})
	quit := make(chan struct{})
	var reader sync.WaitGroup
	reader.Go(func() {
		for {
			select {
			case s := <-out:
				b.mu.Lock()
				b.last = s
				b.mu.Unlock()
			case <-quit:
				return
			}
		}
	})
	t.Cleanup(func() {
		cancel()
		wg.Wait()
		close(quit)
		reader.Wait()
	})
	return b
}

func (b *bench) wait(d time.Duration) energy.Status {
	time.Sleep(d)
	synctest.Wait()
	return b.status()
}

func (b *bench) status() energy.Status {
	b.mu.Lock()
	defer b.mu.Unlock()
	return b.last
}

// tell applies a set-point by its name and gives it time to arrive.
func (b *bench) tell(name string) energy.Status {
	b.seq++
	points := levelsOf(3)
	i := find(points, name)
	b.rig.Apply(energy.Setpoint{Load: "a", Seq: b.seq, Point: max(i, 0), Name: name, At: time.Now()})
	if i < 0 {
		b.t.Fatalf("no point %q", name)
	}
	synctest.Wait()
	return b.status()
}

func (b *bench) wrote(want ...string) {
	b.t.Helper()
	if got := b.dev.writes(); !slices.Equal(got, want) {
		b.t.Errorf("commands %q, want %q", got, want)
	}
}

func (b *bench) want(s energy.Status, state energy.State, point int) {
	b.t.Helper()
	if s.State != state || s.Point != point {
		b.t.Errorf("state %s at %d, want %s at %d (%s)", s.State, s.Point, state, point, s.Err)
	}
}

// in runs a test on virtual time.
func in(t *testing.T, f func(*testing.T)) {
	t.Helper()
	synctest.Test(t, f)
}

func TestStopAndStart(t *testing.T) {
	in(t, func(t *testing.T) {
		b := start(t, newDevice(3), nil)
		s := b.wait(2 * time.Second)
		b.want(s, energy.StateRunning, 3)
		if len(s.Points) != 4 || s.Points[0].Name != "off" || s.Seq != 0 || s.Model != "test" {
			t.Fatalf("status %+v", s)
		}
		s = b.tell("off")
		b.want(s, energy.StateStopping, 3)
		if s.Seq != 1 {
			t.Errorf("seq %d after acceptance", s.Seq)
		}
		b.want(b.wait(time.Minute), energy.StateIdle, 0)
		b.wrote("pause")
		b.tell("L2")
		b.want(b.status(), energy.StateStarting, 0)
		b.want(b.wait(2*time.Minute), energy.StateRunning, 2)
		b.wrote("level L2", "resume")
		b.tell("L1")
		b.want(b.wait(time.Minute), energy.StateRunning, 1)
		b.wrote("level L1")
		if b.dev.starts != 1 || b.status().Starts != 1 {
			t.Errorf("%d starts, %d counted", b.dev.starts, b.status().Starts)
		}
	})
}

func TestNothingIsSentTwice(t *testing.T) {
	in(t, func(t *testing.T) {
		b := start(t, newDevice(2), nil)
		b.wait(time.Second)
		for range 3 { // already there, as after a restart of the daemon
			b.tell("L2")
			b.wait(20 * time.Second)
		}
		b.wrote()
		if s := b.status(); s.Seq != 3 || s.Starts != 0 {
			t.Errorf("status %+v", s)
		}
		b.rig.Apply(energy.Setpoint{Seq: 2, Point: 0, Name: "off"}) // an old one
		b.wait(time.Minute)
		b.wrote()
	})
}

func TestSetpointBeforeTheFirstAnswer(t *testing.T) {
	in(t, func(t *testing.T) {
		b := start(t, newDevice(2), nil)
		b.tell("L2")
		b.wait(time.Minute)
		b.wrote()
		if s := b.status(); s.Seq != 1 {
			t.Errorf("status %+v", s)
		}
	})
}

func TestLatestSetpointWins(t *testing.T) {
	in(t, func(t *testing.T) {
		b := start(t, newDevice(energy.Off), nil)
		b.wait(time.Second)
		b.dev.set(func(d *device) { d.slow = 2 * time.Second })
		b.tell("L3")
		b.wait(time.Second) // on its way
		b.tell("off")
		b.dev.set(func(d *device) { d.slow = 0 })
		b.want(b.wait(time.Minute), energy.StateIdle, 0)
		if s := b.status(); s.Seq != 2 || b.dev.starts != 0 {
			t.Errorf("status %+v, %d starts", s, b.dev.starts)
		}
	})
}

func TestCommandCutsShortAPoll(t *testing.T) {
	in(t, func(t *testing.T) {
		b := start(t, newDevice(3), nil)
		b.wait(time.Second)
		b.dev.set(func(d *device) { d.slow = 3 * time.Second })
		polling := func() bool {
			b.rig.mu.Lock()
			defer b.rig.mu.Unlock()
			return b.rig.cut != nil
		}
		for !polling() {
			b.wait(100 * time.Millisecond)
		}
		b.dev.writes()
		b.dev.set(func(d *device) { d.slow = 0 })
		before := time.Now()
		b.tell("off")
		b.wrote("pause")
		if d := time.Since(before); d != 0 {
			t.Errorf("the command waited %v for a poll", d)
		}
	})
}

func TestIgnoredCommandIsSentAgainThenSuspect(t *testing.T) {
	in(t, func(t *testing.T) {
		b := start(t, newDevice(3), nil)
		b.wait(time.Second)
		b.dev.set(func(d *device) { d.deaf = true })
		b.tell("off")
		s := b.wait(4 * time.Minute)
		b.want(s, energy.StateSuspect, 3)
		if n := len(b.dev.writes()); n < 3 || n > 12 {
			t.Errorf("%d attempts", n)
		}
		b.dev.set(func(d *device) { d.deaf = false })
		s = b.wait(2 * time.Minute)
		b.want(s, energy.StateIdle, 0)
		if s.Err != "" {
			t.Errorf("error stays: %s", s.Err)
		}
	})
}

func TestLostAnswerDoesNotStartTwice(t *testing.T) {
	in(t, func(t *testing.T) {
		b := start(t, newDevice(energy.Off), nil)
		b.wait(time.Second)
		b.dev.set(func(d *device) { d.drop = true })
		b.tell("L1")
		b.wait(100 * time.Millisecond)
		b.dev.set(func(d *device) { d.drop = false })
		b.want(b.wait(2*time.Minute), energy.StateRunning, 1)
		b.wrote("resume")
		if s := b.status(); s.Seq != 1 || s.Starts != 1 || b.dev.starts != 1 || s.Err != "" {
			t.Errorf("status %+v", s)
		}
	})
}

func TestRebootIsCountedAndCorrected(t *testing.T) {
	in(t, func(t *testing.T) {
		b := start(t, newDevice(3), nil)
		b.wait(20 * time.Second)
		b.dev.reboot(3)
		b.wait(time.Minute)
		if s := b.status(); s.Starts != 1 {
			t.Errorf("%d starts after a reboot", s.Starts)
		}
		b.tell("off")
		b.wait(time.Minute)
		b.dev.writes()
		b.dev.reboot(3) // a pause that is not kept
		b.want(b.wait(time.Minute), energy.StateIdle, 0)
		b.wrote("pause")
		if s := b.status(); s.Starts != 2 {
			t.Errorf("%d starts", s.Starts)
		}
	})
}

func TestUnreachable(t *testing.T) {
	in(t, func(t *testing.T) {
		b := start(t, newDevice(3), nil)
		before := b.wait(time.Minute)
		b.dev.set(func(d *device) { d.err = fmt.Errorf("no route: %w", ErrUnreachable) })
		s := b.wait(time.Minute)
		if s.State != energy.StateUnreachable || s.Draw != 3000 || s.Err == "" || s.Rate != 0 {
			t.Errorf("status %+v", s)
		}
		if s.Energy < before.Energy+60000 {
			t.Errorf("a draw that is not proven off must count: %v after %v", s.Energy, before.Energy)
		}
		b.tell("off")
		b.wait(time.Minute)
		b.dev.writes()
		b.dev.set(func(d *device) { d.err = nil })
		b.want(b.wait(2*time.Minute), energy.StateIdle, 0)
		b.wrote("pause")
	})
}

func TestAnotherDeviceIsNotCommanded(t *testing.T) {
	in(t, func(t *testing.T) {
		b := start(t, newDevice(3), nil)
		b.wait(time.Second)
		b.dev.set(func(d *device) { d.id = "02:00:00:00:00:99" })
		s := b.wait(20 * time.Second)
		if s.State != energy.StateFault || s.Draw != 3000 {
			t.Errorf("status %+v", s)
		}
		b.dev.writes()
		b.tell("off")
		b.wait(time.Minute)
		b.wrote()
		b.dev.set(func(d *device) { d.id = "02:00:00:00:00:01" })
		b.want(b.wait(2*time.Minute), energy.StateIdle, 0)
	})
	in(t, func(t *testing.T) { // known from before the restart
		b := start(t, newDevice(3), func(c *Config) { c.Counters.ID = "02:00:00:00:00:99" })
		b.tell("off")
		if s := b.wait(time.Minute); s.State != energy.StateFault {
			t.Errorf("status %+v", s)
		}
		b.wrote()
	})
}

func TestSuspectWhenWordsAndDrawDisagree(t *testing.T) {
	for name, lie := range map[string]func(*Report){
		"hashes without power": func(r *Report) { r.Draw = 25 },
		"hashes nothing":       func(r *Report) { r.Rate = 0 },
		"starts for ever":      func(r *Report) { r.Rate, r.State = 0, energy.StateStarting },
	} {
		t.Run(name, func(t *testing.T) {
			in(t, func(t *testing.T) {
				b := start(t, newDevice(3), nil)
				b.want(b.wait(time.Minute), energy.StateRunning, 3)
				b.dev.set(func(d *device) { d.report = lie })
				if s := b.wait(5 * time.Minute); s.State != energy.StateSuspect || s.Err == "" {
					t.Errorf("status %+v", s)
				}
				b.dev.set(func(d *device) { d.report = nil })
				b.want(b.wait(time.Minute), energy.StateRunning, 3)
			})
		})
	}
}

func TestFirmwareThatCannotPause(t *testing.T) {
	in(t, func(t *testing.T) {
		dev := newDevice(3)
		dev.noPause = true
		b := start(t, dev, nil)
		b.wait(time.Second)
		b.tell("off")
		s := b.wait(time.Minute)
		if s.State != energy.StateFault || s.Seq != 0 || s.Err == "" {
			t.Errorf("status %+v", s)
		}
		b.tell("L1")
		b.want(b.wait(time.Minute), energy.StateRunning, 1)
	})
}

func TestUnknownStaysUnknown(t *testing.T) {
	in(t, func(t *testing.T) {
		dev := newDevice(3)
		dev.report = func(r *Report) { r.State, r.Level = energy.StateUnknown, "" }
		b := start(t, dev, nil)
		b.want(b.wait(time.Minute), energy.StateUnknown, -1)
	})
}

// The energy counter must follow the meter through starts, stops and changes
// of level, at slow and at fast polls.
func TestEnergyCounter(t *testing.T) {
	for _, poll := range []time.Duration{time.Second, 5 * time.Second} {
		t.Run(poll.String(), func(t *testing.T) {
			in(t, func(t *testing.T) {
				b := start(t, newDevice(2), func(c *Config) { c.Family.Poll = poll })
				b.wait(poll)
				from, meter := b.status().Energy, b.dev.meter()
				for i, name := range []string{"off", "L3", "L1", "L2", "off", "L1", "off", "L3"} {
					b.tell(name)
					b.wait(time.Duration(37+13*i) * time.Second)
				}
				b.wait(2 * poll)
				got, want := float64(b.status().Energy-from), b.dev.meter()-meter
				if off := math.Abs(got/want - 1); off > 0.01 {
					t.Errorf("counted %.0f J, drawn %.0f J: %.2f %% off", got, want, 100*off)
				}
			})
		})
	}
}

func TestCountersGoOnAfterARestart(t *testing.T) {
	in(t, func(t *testing.T) {
		dev := newDevice(3)
		var kept Counters
		r := New(Config{Name: "a", Driver: dev, Family: testFamily()})
		ctx, cancel := context.WithCancel(t.Context())
		out := make(chan energy.Status, 1000)
		var wg sync.WaitGroup
		wg.Go(func() { _ = NewFleet([]*Rig{r}, Bounds{}, out).Run(ctx) })
		time.Sleep(time.Minute)
		synctest.Wait()
		kept = r.Counters()
		cancel()
		wg.Wait()
		time.Sleep(30 * time.Second)
		b := start(t, dev, func(c *Config) { c.Counters = kept })
		s := b.wait(30 * time.Second)
		if want := 3000 * 120.0; math.Abs(float64(s.Energy)/want-1) > 0.06 || s.Energy < kept.Energy {
			t.Errorf("counted %v J, drawn %.0f J", float64(s.Energy), want)
		}
		if s.Starts != 0 || kept.ID != dev.id {
			t.Errorf("starts %d, id %q", s.Starts, kept.ID)
		}
		if again := New(Config{Name: "a", Driver: dev, Counters: kept}).Counters(); again != kept {
			t.Errorf("unheard, %+v, want %+v", again, kept)
		}
	})
}

func TestShareCountersAreMonotone(t *testing.T) {
	ta := newTally(Counters{})
	now := time.Unix(1e9, 0)
	for i, c := range []struct{ device, want uint64 }{{100, 0}, {110, 10}, {5, 15}, {5, 15}, {8, 18}, {0, 18}, {2, 20}} {
		ta.take(now.Add(time.Duration(i)*time.Second), Report{State: energy.StateRunning, Accepted: c.device}, 0)
		if ta.c.Accepted != c.want {
			t.Errorf("step %d: %d, want %d", i, ta.c.Accepted, c.want)
		}
	}
}
