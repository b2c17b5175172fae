package rigs

import (
	"context"
	"fmt"
	"sync"
	"time"

	"github.com/curtaild/curtaild/energy"
)

// device is a machine without a wire: its draw follows what it is told along
// straight ramps, and its meter is exact.
type device struct {
	mu      sync.Mutex
	points  []energy.OperatingPoint
	ramp    energy.Ramp
	course  energy.Course
	joules  float64
	from    time.Time // joules are counted up to here
	point   int
	level   int
	boot    time.Time
	asked   []string
	id      string
	err     error         // of every call
	slow    time.Duration // of every call
	deaf    bool          // says yes and does nothing
	drop    bool          // does it, and says no
	noPause bool
	starts  int
	report  func(*Report) // changes what is said
}

func levelsOf(n int) []energy.OperatingPoint {
	points := []energy.OperatingPoint{{Name: "off", Draw: 20}}
	for i := range n {
		points = append(points, energy.OperatingPoint{
			Name: fmt.Sprintf("L%d", i+1), Draw: energy.Watts(1000 * (i + 1)), Rate: energy.HashRate(50e12 * float64(i+1)),
		})
	}
	return points
}

func newDevice(point int) *device {
	points := levelsOf(3)
	f := testFamily()
	now := time.Now()
	d := &device{points: points, ramp: f.Ramp(points), point: point, level: max(point, 1), boot: now, from: now, id: "02:00:00:00:00:01"}
	d.course = energy.Toward(now, points[point].Draw, points[point].Draw, d.ramp)
	return d
}

func testFamily() Family {
	return Family{
		Name: "test", Settle: Settle{Stop: 20 * time.Second, Start: time.Minute, Level: 40 * time.Second},
		StartTime: 30 * time.Second, StopTime: 10 * time.Second, Poll: 5 * time.Second,
		PollTimeout: 4 * time.Second, CommandTimeout: 6 * time.Second, IdleDraw: 20,
	}.complete()
}

// call is what every call does first.
func (d *device) call(ctx context.Context, what string) error {
	d.mu.Lock()
	slow, err := d.slow, d.err
	d.asked = append(d.asked, what)
	d.mu.Unlock()
	if slow > 0 {
		select {
		case <-time.After(slow):
		case <-ctx.Done():
			return fmt.Errorf("%w: %w", ErrUnreachable, ctx.Err())
		}
	}
	if err == nil && ctx.Err() != nil {
		err = fmt.Errorf("%w: %w", ErrUnreachable, ctx.Err())
	}
	return err
}

func (d *device) Identify(ctx context.Context) (Identity, error) {
	if err := d.call(ctx, "identify"); err != nil {
		return Identity{}, err
	}
	d.mu.Lock()
	defer d.mu.Unlock()
	return Identity{ID: d.id, Model: "test"}, nil
}

func (d *device) Status(ctx context.Context) (Report, error) {
	if err := d.call(ctx, "status"); err != nil {
		return Report{}, err
	}
	d.mu.Lock()
	defer d.mu.Unlock()
	now := time.Now()
	w := d.course.At(now)
	r := Report{ID: d.id, Draw: w, Source: energy.Measured, Level: d.points[d.level].Name, Uptime: now.Sub(d.boot)}
	if w > d.points[1].Draw/2 {
		r.Rate = energy.HashRate(50e9 * float64(w))
	}
	switch {
	case d.point == energy.Off:
		r.State, r.Rate = energy.StateIdle, 0
	case r.Rate == 0:
		r.State = energy.StateStarting
	default:
		r.State = energy.StateRunning
	}
	if d.report != nil {
		d.report(&r)
	}
	return r, nil
}

func (d *device) Pause(ctx context.Context) error {
	if d.noPause {
		return ErrUnsupported
	}
	return d.do(ctx, "pause", energy.Off)
}

func (d *device) Resume(ctx context.Context) error { return d.do(ctx, "resume", -1) }

func (d *device) do(ctx context.Context, what string, point int) error {
	if err := d.call(ctx, what); err != nil {
		return err
	}
	d.mu.Lock()
	defer d.mu.Unlock()
	if point < 0 {
		point = d.level
	}
	if !d.deaf {
		d.move(time.Now(), point)
	}
	if d.drop {
		return ErrUnreachable
	}
	return nil
}

// move sends the device to a point. The caller holds the lock.
func (d *device) move(now time.Time, point int) {
	if point == d.point {
		return
	}
	if d.point == energy.Off {
		d.starts++
	}
	d.count(now)
	d.point = point
	d.course = energy.Toward(now, d.course.At(now), d.points[point].Draw, d.ramp)
}

func (d *device) count(now time.Time) {
	d.joules += area(d.course, d.from, now)
	d.from = now
}

func (d *device) Levels(ctx context.Context) ([]energy.OperatingPoint, error) {
	if err := d.call(ctx, "levels"); err != nil {
		return nil, err
	}
	return d.points[1:], nil
}

func (d *device) SetLevel(ctx context.Context, name string) error {
	if err := d.call(ctx, "level "+name); err != nil {
		return err
	}
	d.mu.Lock()
	defer d.mu.Unlock()
	if d.deaf {
		return nil
	}
	d.level = find(d.points, name)
	if d.point != energy.Off {
		d.move(time.Now(), d.level)
	}
	return nil
}

// reboot comes back at a point with its uptime at zero.
func (d *device) reboot(point int) {
	d.mu.Lock()
	defer d.mu.Unlock()
	now := time.Now()
	d.move(now, energy.Off)
	d.move(now, point)
	d.boot = now
}

func (d *device) set(change func(*device)) {
	d.mu.Lock()
	defer d.mu.Unlock()
	change(d)
}

// writes are the commands that were received since the last time.
func (d *device) writes() []string {
	d.mu.Lock()
	defer d.mu.Unlock()
	var list []string
	for _, a := range d.asked {
		switch a {
		case "identify", "status", "levels":
		default:
			list = append(list, a)
		}
	}
	d.asked = nil
	return list
}
