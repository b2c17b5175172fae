package record

import "github.com/curtaild/curtaild/energy"

// class is why a load runs, in the order in which import is laid at its door.
type class int

const (
	fixed class = iota // its policy grants a fixed power, wherever it comes from
	minOn              // it has to stay on
	stale              // inputs are stale, and it is kept meanwhile
	tracking
	classes
)

// split is where a joule of one class came from. The parts add up to 1.
type split struct {
	known             bool // false: the balance was not known
	imported, battery float64
	absorbed, avoided float64 // avoided is a part of absorbed
}

// bucket sums the loads of one use, over one snapshot.
type bucket struct {
	loads    int
	power    [classes]float64 // W, without fans and pumps
	measured float64          // W of it that the rigs measured
	rate     float64          // H/s
	e        *energies        // of the running interval
}

// flows is the site over one span.
type flows struct {
	draw      float64 // W, ours
	scale     float64 // our draw over what the loads draw
	known     bool
	grid      float64 // W
	discharge float64
	available float64
	budgeted  bool // available is known
}

// account books dt seconds from the cursor on, in which nothing changes.
func (r *Recorder) account(dt float64) {
	if dt <= 0 {
		return
	}
	t := r.run
	r.watched += dt
	t.Seconds += dt
	b := &r.last.Balance
	r.meter(&t.Import, b.Grid, dt, 1)
	r.meter(&t.Export, b.Grid, dt, -1)
	r.meter(&t.Generation, b.Generation, dt, 1)
	r.meter(&t.SiteLoad, b.Load, dt, 1)
	r.meter(&t.Curtailed, b.Curtailed, dt, 1)

	var power [classes]float64
	var measured float64
	for _, u := range r.buckets {
		for c := range classes {
			power[c] += u.power[c]
		}
		measured += u.measured
		u.e.Hashes += u.rate * dt
	}
	f := r.flows(power)
	if f.known {
		t.Covered += dt
	}
	if f.budgeted {
		t.Unabsorbed.add(max(0, f.available-f.draw), dt)
	}
	if r.metered {
		measured = f.draw
	} else {
		measured *= f.scale
	}
	t.Measured += measured * dt
	r.split = splits(f, power, r.exportLimit())
	if f.scale == 0 && f.draw > 0 {
		r.bucket(use{Policy: noPolicy}).e.add(r.split[tracking], tracking, f.draw*dt)
		return
	}
	for _, u := range r.buckets {
		for c := range classes {
			u.e.add(r.split[c], c, u.power[c]*f.scale*dt)
		}
	}
}

// exportLimit is the most that may leave the site at the cursor; nil where
// nobody knows of one. A limit that is read goes before the config's, which it
// only lowers.
func (r *Recorder) exportLimit() *energy.Watts {
	if r.last == nil || !r.last.Balance.ExportLimit.OKAt(r.cursor) {
		return r.cfg.ExportLimit
	}
	w := r.last.Balance.ExportLimit.Watts()
	return &w
}

// meter books what a reading says, in the direction of sign, while it may be
// acted on.
func (r *Recorder) meter(q *quantity, s energy.Sample, dt, sign float64) {
	if s.OKAt(r.cursor) {
		q.add(max(0, sign*s.Value), dt)
	}
}

// flows reads the last snapshot as it holds at the cursor.
func (r *Recorder) flows(power [classes]float64) flows {
	b := &r.last.Balance
	var sum float64
	for _, p := range power {
		sum += p
	}
	f := flows{scale: r.aux(), draw: sum * r.aux()}
	if r.metered = b.DrawBy == energy.DrawByMeter && b.Flexible.OKAt(r.cursor); r.metered {
		f.draw, f.scale = float64(b.Draw), 0
		if sum > 0 {
			f.scale = f.draw / sum
		}
	}
	battery := b.Battery.OKAt(r.cursor)
	f.known = b.OK && r.mainKnown() && (battery || b.Battery.Quality == "")
	if !f.known {
		return f
	}
	if battery {
		f.discharge = max(0, -b.Battery.Value)
	}
	f.grid = f.draw - float64(b.Net)
	if b.Grid.OKAt(r.cursor) {
		f.grid = b.Grid.Value
	}
	f.available = float64(b.Available)
	f.budgeted = b.Until.IsZero() || r.cursor.Before(b.Until)
	return f
}

func (r *Recorder) mainKnown() bool {
	b := &r.last.Balance
	switch r.cfg.Balance {
	case energy.BalanceSurplus:
		return b.Surplus.OKAt(r.cursor)
	case energy.BalanceGenerationLoad:
		return b.Generation.OKAt(r.cursor) && b.Load.OKAt(r.cursor)
	}
	return b.Grid.OKAt(r.cursor)
}

func (r *Recorder) aux() float64 { return 1 + float64(r.cfg.Aux)/100 }

// splits says where each class's draw comes from. Import goes to the classes
// in their order; battery and surplus to what is left, in equal shares.
func splits(f flows, power [classes]float64, limit *energy.Watts) [classes]split {
	var out [classes]split
	if !f.known {
		return out
	}
	draws := power
	var sum float64
	for c := range draws {
		draws[c] *= f.scale
		sum += draws[c]
	}
	if f.draw > 0 && sum == 0 {
		draws[tracking] = f.draw // the sub-meter sees what no load admits to
	}
	imported := min(f.draw, max(0, f.grid))
	battery := min(f.draw-imported, f.discharge)
	absorbed := max(0, f.draw-imported-battery)
	avoided := 0.0
	if limit != nil && f.budgeted {
		avoided = min(absorbed, max(0, f.available-float64(*limit)))
	}
	left, rest := imported, f.draw-imported
	for c, d := range draws {
		s := split{known: true}
		if d > 0 {
			take := min(left, d)
			left -= take
			s.imported = take / d
		} else if f.grid > 0 {
			s.imported = 1 // one more watt would be bought
		}
		own := 1 - s.imported
		s.absorbed = own
		if rest > 0 {
			s.battery = own * battery / rest
			s.absorbed = own * absorbed / rest
		}
		if absorbed > 0 {
			s.avoided = s.absorbed * avoided / absorbed
		}
		out[c] = s
	}
	return out
}
