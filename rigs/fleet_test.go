package rigs

import (
	"context"
	"errors"
	"fmt"
	"sync"
	"testing"
	"testing/synctest"
	"time"

	"github.com/curtaild/curtaild/energy"
)

// A consumer that does not read must not hold up commands, and finds the
// latest status of every rig when it comes back.
func TestSlowConsumerLosesNothingThatCounts(t *testing.T) {
	in(t, func(t *testing.T) {
		const n = 50
		devices := make([]*device, n)
		list := make([]*Rig, n)
		for i := range list {
			devices[i] = newDevice(2)
			devices[i].id = fmt.Sprint(i)
			list[i] = New(Config{Name: fmt.Sprint(i), Driver: devices[i], Family: testFamily()})
		}
		out := make(chan energy.Status)
		fleet := NewFleet(list, Bounds{}, out)
		ctx, cancel := context.WithCancel(t.Context())
		var wg sync.WaitGroup
		wg.Go(func() { _ = fleet.Run(ctx) })
		time.Sleep(10 * time.Second)
		for _, r := range list {
			r.Apply(energy.Setpoint{Seq: 1, Name: "off"})
		}
		time.Sleep(time.Minute)
		synctest.Wait()
		for i, d := range devices {
			if d.point != energy.Off {
				t.Fatalf("rig %d was not stopped", i)
			}
		}
		last := make(map[string]energy.Status)
		for range n + 1 { // one was on its way since the start
			s := <-out
			last[s.Load] = s
		}
		for name, s := range last {
			if s.State != energy.StateIdle {
				t.Errorf("rig %s: %s", name, s.State)
			}
		}
		if len(last) != n {
			t.Errorf("%d rigs heard of, want %d", len(last), n)
		}
		cancel()
		wg.Wait()
	})
}

// Rigs that hang in their polls fill the bound on polls; commands go on.
func TestHungPollsDoNotHoldUpCommands(t *testing.T) {
	in(t, func(t *testing.T) {
		const n = 20
		devices := make([]*device, n)
		list := make([]*Rig, n)
		for i := range list {
			devices[i] = newDevice(2)
			devices[i].id = fmt.Sprint(i)
			list[i] = New(Config{Name: fmt.Sprint(i), Host: "h", Driver: devices[i], Family: testFamily()})
		}
		out := make(chan energy.Status, n)
		fleet := NewFleet(list, Bounds{Polls: 2, PollsPerHost: 2}, out)
		ctx, cancel := context.WithCancel(t.Context())
		var wg sync.WaitGroup
		wg.Go(func() { _ = fleet.Run(ctx) })
		time.Sleep(5 * time.Second)
		for _, d := range devices[1:] {
			d.set(func(d *device) { d.slow = time.Hour })
		}
		time.Sleep(20 * time.Second)
		synctest.Wait()
		list[0].Apply(energy.Setpoint{Seq: 1, Name: "off"})
		synctest.Wait()
		if devices[0].point != energy.Off {
			t.Error("the command waits behind polls")
		}
		cancel()
		wg.Wait()
	})
}

func TestFleetRunsOnceAndClosesUnstarted(t *testing.T) {
	in(t, func(t *testing.T) {
		out := make(chan energy.Status)
		never := NewFleet(nil, Bounds{}, out)
		if err := never.Close(t.Context()); err != nil {
			t.Error(err)
		}
		if err := never.Run(t.Context()); err == nil {
			t.Error("a closed fleet ran")
		}
		f := NewFleet([]*Rig{New(Config{Name: "a", Driver: newDevice(1), Family: testFamily()})}, Bounds{}, out)
		var wg sync.WaitGroup
		wg.Go(func() { _ = f.Run(context.Background()) })
		time.Sleep(time.Second)
		if err := f.Close(t.Context()); err != nil {
			t.Error(err)
		}
		wg.Wait()
		if err := f.Run(t.Context()); err == nil {
			t.Error("ran twice")
		}
	})
}

// stubborn is a driver that does not let go.
type stubborn struct{ *device }

func (stubborn) Close(ctx context.Context) error {
	<-ctx.Done()
	return ctx.Err()
}

func TestCloseHasADeadline(t *testing.T) {
	in(t, func(t *testing.T) {
		f := NewFleet([]*Rig{New(Config{Name: "a", Driver: stubborn{newDevice(1)}, Family: testFamily()})}, Bounds{}, make(chan energy.Status))
		var wg sync.WaitGroup
		var runErr error
		wg.Go(func() { runErr = f.Run(context.Background()) })
		time.Sleep(time.Second)
		ctx, cancel := context.WithTimeout(t.Context(), 2*time.Second)
		defer cancel()
		before := time.Now()
		_ = f.Close(ctx)
		wg.Wait()
		if !errors.Is(runErr, context.DeadlineExceeded) || time.Since(before) != 2*time.Second {
			t.Errorf("%v after %v", runErr, time.Since(before))
		}
	})
}

func TestOutboxKeepsTheLatestOfEach(t *testing.T) {
	b := newOutbox(3)
	for i := range 10 {
		for rig := range 3 {
			b.put(rig, energy.Status{Load: fmt.Sprint(rig), Seq: uint64(i)})
		}
	}
	if s, ok := b.next(); !ok || s.Load != "0" || s.Seq != 9 {
		t.Errorf("%+v, %v", s, ok)
	}
	b.put(0, energy.Status{Load: "0", Seq: 10})
	rest := b.take(nil)
	if len(rest) != 3 || rest[0].Load != "1" || rest[2].Seq != 10 {
		t.Errorf("%+v", rest)
	}
	if _, ok := b.next(); ok {
		t.Error("not empty")
	}
}
