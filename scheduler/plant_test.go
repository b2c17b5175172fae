package scheduler_test

import (
	"fmt"
	"log/slog"
	"math"
	"math/rand/v2"
	"testing"
	"time"

	"github.com/curtaild/curtaild/energy"
	"github.com/curtaild/curtaild/policies"
	"github.com/curtaild/curtaild/scheduler"
)

// plant is a site in one-second steps: PV behind a controller that holds
// export to a limit, some load of others, a meter, and our loads. It tells the
// loop what its readings would, and keeps count of what comes of it.
type plant struct {
	potential func(sec int) energy.Watts // what the sun gives
	base      func(sec int) energy.Watts // what others draw
	limit     func(sec int) energy.Watts // export
	// deaf plants hold back at the generator: they make cap, whatever is drawn.
	deaf bool
	cap  energy.Watts
	wait int           // seconds until the controller sees a change at the meter
	tau  float64       // seconds of its lag after that
	rest energy.Watts  // import that the controller leaves when it holds the limit
	each int           // seconds between readings
	poll int           // and between what loads say
	late time.Duration // of grid readings, which bear their time
	bare bool          // they do not: they bear the time of their arrival
	mean int           // seconds that the grid meter averages over
	wild energy.Watts  // noise of the grid meter: standard deviation
	slow time.Duration // how much later curtailed comes than the grid
	dumb bool          // curtailed bears the time of its arrival
	ours bool          // our draw is in the load reading, and taken off the surplus
	soc  float64
	cell energy.Watts // most that the battery charges with; 0: no battery

	setup scheduler.Setup
	loads []*rig
	specs []*energy.LoadSpec

	made     energy.Watts
	charge   energy.Watts
	seen     []float64 // what the controller has seen: the generation it would want
	grids    []float64 // the true grid power, second by second
	back     []float64 // what was held back
	random   *rand.Rand
	reverses int // of the sum of set-points, up after down or down after up
	way      int
	starts   int
	asked    energy.Watts
	imported energy.Joules
	drawn    energy.Joules
	could    energy.Joules // of the surplus, what the fleet could have drawn
	trace    func(sec int, p *plant)
	snap     *energy.Snapshot
}

// rig is a load that does what it is told along its ramp.
type rig struct {
	p      *plant
	spec   *energy.LoadSpec
	points []energy.OperatingPoint
	course energy.Course
	sp     energy.Setpoint
}

func (r *rig) Name() string { return r.spec.Name }

func (r *rig) Apply(sp energy.Setpoint) {
	if r.sp.Point == energy.Off && sp.Point != energy.Off {
		r.p.starts++
	}
	r.course = energy.Toward(sp.At, r.course.At(sp.At), sp.Draw, r.spec.Ramp)
	r.p.asked += sp.Draw - r.points[r.sp.Point].Draw
	r.sp = sp
}

// newPlant is a site of 100 kW of sun that may export nothing, others that
// draw 5 kW, and 40 rigs of 1, 2 and 3 kW that take their points in 5 s.
func newPlant() *plant {
	zero := energy.Watts(0)
	p := &plant{
		potential: func(int) energy.Watts { return 100e3 },
		base:      func(int) energy.Watts { return 5e3 },
		limit:     func(int) energy.Watts { return 0 },
		tau:       3, each: 5, poll: 2, made: 5e3, random: rand.New(rand.NewPCG(1, 2)),
	}
	p.setup = scheduler.Setup{
		Location: time.UTC,
		Balance:  energy.BalanceSpec{Kind: energy.BalanceGrid, HeldAt: energy.HeldAtConnection, Follow: 30 * time.Second, ExportLimit: &zero},
		Policies: []policies.Policy{{
			Name: "soak", Loads: []string{"rigs"}, Use: policies.Use{Available: true},
			Start: policies.Threshold{Power: 1500}, Stop: policies.Threshold{Power: 500},
		}},
	}
	p.reads(energy.RoleGrid)
	for i := range 40 {
		p.rig(fmt.Sprintf("r%02d", i), "rigs", energy.Ramp{Up: 600, Down: 600})
	}
	return p
}

func (p *plant) rig(name, group string, ramp energy.Ramp) {
	spec := &energy.LoadSpec{Name: name, Group: group, Ramp: ramp}
	p.specs = append(p.specs, spec)
	p.loads = append(p.loads, &rig{p: p, spec: spec, points: []energy.OperatingPoint{
		{Name: "off"}, {Name: "low", Draw: 1e3, Rate: 60e12}, {Name: "mid", Draw: 2e3, Rate: 110e12}, {Name: "top", Draw: 3e3, Rate: 150e12},
	}})
}

func (p *plant) reads(roles ...energy.Role) {
	p.setup.Readings = nil
	for _, r := range roles {
		spec := energy.ReadingSpec{Name: string(r), Role: r, MaxAge: 15 * time.Minute}
		if r == energy.RoleGrid {
			spec.Window = time.Duration(p.mean) * time.Second
		}
		p.setup.Readings = append(p.setup.Readings, spec)
	}
}

// run plays so many seconds.
func (p *plant) run(t testing.TB, seconds int) {
	t.Helper()
	start := time.Date(2026, 4, 1, 12, 0, 0, 0, time.UTC)
	list := make([]scheduler.Load, len(p.loads))
	for i, l := range p.loads {
		list[i] = l
	}
	v, err := scheduler.NewVirtual(scheduler.Loop{
		Setup: p.setup, Loads: list, Specs: p.specs, Log: slog.New(slog.DiscardHandler),
		Publish: func(s *energy.Snapshot) { p.snap = s },
	}, start)
	if err != nil {
		t.Fatal(err)
	}
	next := start
	for sec := range seconds {
		now := start.Add(time.Duration(sec) * time.Second)
		p.step(sec, now)
		heard := p.tell(v, sec, now)
		if !heard && now.Before(next) {
			continue
		}
		before := p.asked
		next, _ = v.Pass(now)
		way := 0
		switch {
		case p.asked > before:
			way = 1
		case p.asked < before:
			way = -1
		}
		if way != 0 && way == -p.way {
			p.reverses++
		}
		if way != 0 {
			p.way = way
		}
		if p.trace != nil {
			p.trace(sec, p)
		}
	}
}

// draw is what our loads take.
func (p *plant) draw(now time.Time) (sum energy.Watts) {
	for _, l := range p.loads {
		sum += l.course.At(now)
	}
	return sum
}

// step moves the plant on by a second.
func (p *plant) step(sec int, now time.Time) {
	sun, base, draw := p.potential(sec), p.base(sec), p.draw(now)
	if p.deaf {
		p.made = min(sun, p.cap)
	} else {
		p.seen = append(p.seen, float64(base+draw+p.charge-p.rest+p.limit(sec)))
		want := energy.Watts(p.seen[max(0, len(p.seen)-1-p.wait)])
		p.made += (want - p.made) * energy.Watts(1-math.Exp(-1/max(p.tau, 0.1)))
		p.made = max(0, min(p.made, sun))
	}
	if p.cell > 0 { // it holds grid power at 0
		left := p.made - base - draw
		p.charge = max(-p.cell, min(p.cell, left))
		p.soc = max(0, min(100, p.soc+float64(p.charge)/3600/2000)) // 200 kWh
	}
	grid := base + draw + p.charge - p.made
	p.grids = append(p.grids, float64(grid))
	p.back = append(p.back, float64(sun-p.made))
	p.imported += max(0, grid).Over(1)
	p.drawn += draw.Over(1)
	p.could += max(0, min(sun-base, energy.Watts(len(p.loads))*3e3)).Over(1)
}

// tell hands over what is read this second.
func (p *plant) tell(v *scheduler.Virtual, sec int, now time.Time) bool {
	heard := p.report(v, sec, now)
	if sec%p.each != 0 {
		return heard
	}
	draw := p.draw(now)
	mine := energy.Watts(0)
	if p.ours {
		mine = draw
	}
	then := max(0, sec-int(p.late.Seconds()))
	from, grid := max(0, then-max(1, p.mean)+1), 0.0
	for _, g := range p.grids[from : then+1] {
		grid += g / float64(then+1-from)
	}
	slow := max(0, then-int(p.slow.Seconds()))
	for _, r := range p.setup.Readings {
		x := energy.Reading{Name: r.Name, At: now, Arrived: now}
		switch r.Role {
		case energy.RoleGrid:
			x.Value = grid + p.random.NormFloat64()*float64(p.wild)
			if !p.bare {
				x.At = now.Add(time.Duration(then-sec) * time.Second)
			}
		case energy.RoleCurtailed:
			x.Value = p.back[slow]
			if !p.dumb {
				x.At = now.Add(time.Duration(slow-sec) * time.Second)
			}
		case energy.RoleGeneration:
			x.Value = float64(p.made)
		case energy.RolePotential:
			x.Value = float64(p.potential(sec))
		case energy.RoleLoad:
			x.Value = float64(p.base(sec) + mine)
		case energy.RoleSurplus:
			x.Value = float64(p.potential(sec) - p.base(sec) - mine)
		case energy.RoleExportLimit:
			x.Value = float64(p.limit(sec))
		case energy.RoleBattery:
			x.Value = float64(p.charge)
		case energy.RoleSoC:
			x.Value = p.soc
		}
		v.Reading(x)
	}
	return true
}

// report has the loads say what they do.
func (p *plant) report(v *scheduler.Virtual, sec int, now time.Time) bool {
	if sec%p.poll != 0 {
		return false
	}
	for _, l := range p.loads {
		state := energy.StateRunning
		if l.sp.Point == energy.Off {
			state = energy.StateIdle
		}
		v.Status(now, energy.Status{
			Load: l.spec.Name, At: now, State: state, Point: l.sp.Point, Seq: l.sp.Seq, Points: l.points,
			Draw: l.course.At(now), DrawAt: now, Source: energy.Measured,
		})
	}
	return true
}

// absorbed is how much of what could be drawn was.
func (p *plant) absorbed() float64 { return float64((p.drawn - p.imported) / p.could) }
