package rigs

import (
	"context"
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
