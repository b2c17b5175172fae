package record

import (
	"time"

	"github.com/curtaild/curtaild/energy"
)

// load is what is remembered of one load between snapshots.
type load struct {
	name  string
	round uint64 // of the snapshot that it was last in

	use    use
	class  class
	bucket *bucket
	watts  float64 // that are being booked
	rate   float64
	mark   float64 // of Recorder.watched, up to which booked is

	energy, hashes counter
	starts         uint64
	started        bool // starts is known

	tags     []energy.Tag
	model    string
	family   string
	written  rigKey
	decided  decisionKey
	decision time.Time // of the last decision written
}

// rigKey is what a rig point is written at once for, when it changes.
type rigKey struct {
	state  energy.State
	seq    uint64
	policy string
	source energy.PowerSource
}

type decisionKey struct {
	to     int
	reason energy.Reason
	policy string
}

// counter follows a load's own counter, and what was booked ahead of it.
type counter struct {
	base, booked float64
	known        bool
}

// move gives what has to be booked beside what already was, now that the
// counter stands at v. A counter that fell has begun anew.
func (c *counter) move(v float64) float64 {
	switch {
	case !c.known || v < c.base:
		*c = counter{base: v, known: true}
		return 0
	case v == c.base:
		return 0
	}
	d := v - c.base - c.booked
	c.base, c.booked = v, 0
	return d
}

// takeLoads takes in the loads of a snapshot: corrects what was booked by
// their counters, and sums what is to be booked from now on.
func (r *Recorder) takeLoads(views []energy.LoadView) {
	r.round++
	for _, b := range r.buckets {
		*b = bucket{e: b.e}
	}
	if cap(r.order) < len(views) {
		r.order = append(make([]*load, 0, len(views)), r.order...)
	}
	r.order = r.order[:min(len(r.order), len(views))]
	for i := range views {
		v := &views[i]
		l := r.find(i, v.Spec.Name)
		r.takeLoad(l, v)
		r.writeChanges(l, v)
	}
	if len(r.loads) > len(views) {
		for name, l := range r.loads {
			if l.round != r.round {
				delete(r.loads, name)
			}
		}
	}
}

// find gives the load in place i of the snapshot: nearly always the one that
// was there the last time.
func (r *Recorder) find(i int, name string) *load {
	if i < len(r.order) && r.order[i].name == name {
		r.order[i].round = r.round
		return r.order[i]
	}
	l := r.loads[name]
	if l == nil {
		l = &load{name: name, mark: r.watched}
		r.loads[name] = l
	}
	l.round = r.round
	if i < len(r.order) {
		r.order[i] = l
	} else {
		r.order = append(r.order, l)
	}
	return l
}

func (r *Recorder) takeLoad(l *load, v *energy.LoadView) {
	dt := r.watched - l.mark
	l.mark = r.watched
	l.energy.booked += l.watts * dt
	l.hashes.booked += l.rate * dt

	u := use{Policy: v.Setpoint.Policy, Group: v.Spec.Group}
	if u.Policy == "" || v.Setpoint.Point == energy.Off {
		u.Policy = noPolicy
	}
	b := l.bucket
	if b == nil || u != l.use {
		b = r.bucket(u)
	}
	if l.bucket == nil {
		l.bucket, l.use = b, u
	}
	if !v.Status.At.IsZero() { // until it was heard, its counters are not known
		r.correct(l, v)
		if l.started && v.Status.Starts > l.starts {
			b.e.Starts += int64(min(v.Status.Starts-l.starts, 1<<20))
		}
		l.starts, l.started = v.Status.Starts, true
	}
	l.use, l.bucket, l.class = u, b, classOf(v)
	l.watts = max(0, float64(v.Draw))
	l.rate = 0
	if v.Status.Heard() {
		l.rate = max(0, float64(v.Status.Rate))
	}
	b.loads++
	b.power[l.class] += l.watts
	b.rate += l.rate
	if v.Status.Source == energy.Measured {
		b.measured += l.watts
	}
}

// correct sets right what was booked ahead of the counters, in the use and the
// class under which it was booked.
func (r *Recorder) correct(l *load, v *energy.LoadView) {
	e := l.bucket.e
	d := l.hashes.move(v.Status.Hashes)
	if short := -d - e.Hashes; short > 0 {
		l.hashes.booked = short
	}
	e.Hashes = max(0, e.Hashes+d)

	j := l.energy.move(float64(v.Status.Energy))
	if j == 0 || r.metered {
		return // a sub-meter has the last word on the sum
	}
	scaled := j * r.aux()
	if j > 0 {
		e.add(r.split[l.class], l.class, scaled)
	} else {
		left := e.remove(-scaled)
		l.energy.booked = left / r.aux()
		scaled += left
	}
	if v.Status.Source == energy.Measured {
		r.run.Measured = max(0, r.run.Measured+scaled)
	}
}

// classOf says why a load runs: by the last decision where that names a cause
// of its own, else by the set-point.
func classOf(v *energy.LoadView) class {
	switch v.Decision.Reason {
	case energy.MinOn:
		return minOn
	case energy.StaleKeep:
		return stale
	case energy.Fixed:
		return fixed
	}
	if v.Setpoint.Reason == energy.Fixed && v.Setpoint.Point != energy.Off {
		return fixed
	}
	return tracking
}

func (r *Recorder) bucket(u use) *bucket {
	b := r.buckets[u]
	if b == nil {
		b = &bucket{e: r.run.of(u)}
		r.buckets[u] = b
	}
	return b
}
