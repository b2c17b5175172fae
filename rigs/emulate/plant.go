package emulate

import (
	"math"
	"time"

	"github.com/curtaild/curtaild/energy"
)

// segmentsKept is how many past courses a plant remembers, for averages.
const segmentsKept = 8

// segment is a stretch of time with one target: a ramp, then rest. Its totals
// are those at its start.
type segment struct {
	energy.Course
	joules float64
	hashes float64
}

// plant is the physics of one rig. It reads no clock, and times never go
// back. Its owner guards it with a lock.
type plant struct {
	curve *curve
	past  []segment // oldest first; the last one is in force

	point int // that it is at or on its way to
	// wake and wakeDraw are what to return to at wakeAt, the end of a reboot.
	wake     int
	wakeDraw energy.Watts
	wakeAt   time.Time
	// level is the point that a wake-up leads to.
	level int

	starts, stops, changes int

	seed   uint64
	bootAt time.Time // when the counters that clients see began
	boot   float64   // hashes at that time
}

// newPlant is at rest at the given point since now.
func newPlant(now time.Time, c *curve, point, level int, seed uint64) plant {
	w := c.points[point].Draw
	return plant{
		curve: c, point: point, level: level, seed: seed, bootAt: now,
		past: []segment{{Course: energy.Toward(now, w, w, energy.Ramp{Up: c.up, Down: c.down})}},
	}
}

func (p *plant) current() *segment { return &p.past[len(p.past)-1] }

// seek sends the draw to w from now on.
func (p *plant) seek(now time.Time, w energy.Watts) {
	s := p.current()
	joules, hashes := s.totals(now, p.curve)
	from := s.At(now)
	if len(p.past) == segmentsKept {
		copy(p.past, p.past[1:])
		p.past = p.past[:segmentsKept-1]
	}
	p.past = append(p.past, segment{
		Course: energy.Toward(now, from, w, energy.Ramp{Up: p.curve.up, Down: p.curve.down}),
		joules: joules, hashes: hashes,
	})
}

// settle takes in what was due by now. Every use of a plant begins with it.
func (p *plant) settle(now time.Time) {
	if p.wakeAt.IsZero() || now.Before(p.wakeAt) {
		return
	}
	at := p.wakeAt
	p.wakeAt = time.Time{}
	p.bootAt = at
	_, p.boot = p.current().totals(at, p.curve)
	p.setDraw(at, p.wake, p.wakeDraw)
}

// set sends the rig to a point.
func (p *plant) set(now time.Time, point int) { p.setDraw(now, point, p.curve.points[point].Draw) }

// setDraw sends the rig to a draw that lies at or above a point's, below the
// next one's.
func (p *plant) setDraw(now time.Time, point int, w energy.Watts) {
	if point == p.point && w == p.current().To {
		return
	}
	switch {
	case p.point == energy.Off && point != energy.Off:
		p.starts++
	case p.point != energy.Off && point == energy.Off:
		p.stops++
	default:
		p.changes++
	}
	p.point = point
	p.seek(now, w)
}

// reboot switches off at now and comes back, at the given point and draw,
// after down.
func (p *plant) reboot(now time.Time, down time.Duration, point int, w energy.Watts) {
	p.set(now, energy.Off)
	p.wake, p.wakeDraw, p.wakeAt = point, w, now.Add(down)
}

// down reports whether the rig is rebooting.
func (p *plant) down() bool { return !p.wakeAt.IsZero() }

// moving reports whether the draw is on its way up or down.
func (p *plant) moving(now time.Time) bool { return now.Before(p.current().End()) }

func (p *plant) draw(now time.Time) energy.Watts    { return p.current().At(now) }
func (p *plant) rate(now time.Time) energy.HashRate { return p.curve.rate(p.draw(now)) }

// hashesAt is the count at a time in the past, as far back as segments are
// kept.
func (p *plant) hashesAt(t time.Time) float64 {
	for i := len(p.past) - 1; i >= 0; i-- {
		if s := &p.past[i]; i == 0 || !t.Before(s.Start) {
			_, h := s.totals(t, p.curve)
			return h
		}
	}
	return 0
}

// average is the mean hash rate over the window that ends now, or since the
// last boot if that is later; on the way to its first hash it is the momentary one.
func (p *plant) average(now time.Time, window time.Duration) energy.HashRate {
	from := now.Add(-window)
	for _, limit := range []time.Time{p.bootAt, p.past[0].Start} {
		if from.Before(limit) {
			from = limit
		}
	}
	s := now.Sub(from).Seconds()
	if s <= 0 {
		return p.rate(now)
	}
	return energy.HashRate((p.hashesAt(now) - p.hashesAt(from)) / s)
}

// totals are the joules and hashes by t, which is not before the segment's
// start.
func (s *segment) totals(t time.Time, c *curve) (joules, hashes float64) {
	elapsed := max(0, t.Sub(s.Start).Seconds())
	ramp := 0.0
	slope := float64(s.Up)
	if s.To < s.From {
		slope = -float64(s.Down)
	}
	if slope != 0 {
		ramp = math.Abs(float64(s.To-s.From) / slope)
	}
	if elapsed < ramp {
		w := s.From + energy.Watts(slope*elapsed)
		return s.joules + float64(s.From+w)/2*elapsed, s.hashes + (c.area(w)-c.area(s.From))/slope
	}
	rest := elapsed - ramp
	joules = s.joules + float64(s.From+s.To)/2*ramp + float64(s.To)*rest
	hashes = s.hashes + float64(c.rate(s.To))*rest
	if ramp > 0 {
		hashes += (c.area(s.To) - c.area(s.From)) / slope
	}
	return joules, hashes
}
