package store

import (
	"fmt"
	"math"
	"math/rand/v2"
	"time"

	"github.com/curtaild/curtaild/energy"
)

var epoch = time.Date(2026, 4, 1, 10, 0, 0, 0, time.UTC)

// numbered is a record that carries a sequence number.
func numbered(class energy.Class, n int) energy.Point {
	return energy.Point{
		Measurement: "seq", Class: class, Tags: []energy.Tag{{Key: "site", Value: "westfield"}},
		Fields: []energy.Field{energy.Int("n", int64(n))}, Time: epoch.Add(time.Duration(n) * time.Millisecond),
	}
}

func numberedRun(class energy.Class, from, to int) []energy.Point {
	var out []energy.Point
	for n := from; n < to; n++ {
		out = append(out, numbered(class, n))
	}
	return out
}

// plant makes points as a site with many rigs makes them: counters that grow,
// readings that wander.
type plant struct {
	rnd    *rand.Rand
	at     time.Time
	energy []float64
	hashes []float64
	shares []int64
	names  []string
}

func newPlant(rigs int) *plant {
	p := &plant{rnd: rand.New(rand.NewPCG(1, 2)), at: epoch, energy: make([]float64, rigs), hashes: make([]float64, rigs), shares: make([]int64, rigs)}
	for i := range rigs {
		p.energy[i], p.hashes[i] = 1e6*p.rnd.Float64(), 1e21*p.rnd.Float64()
		p.names = append(p.names, fmt.Sprintf("a-%04d", i))
	}
	return p
}

// minute is what the plant records in one minute: six site points, and one
// point of each rig, all at the full minute.
func (p *plant) minute() []energy.Point {
	var out []energy.Point
	for i := range p.names {
		out = append(out, p.rig(i, p.at))
	}
	for i := range 6 {
		out = append(out, p.site(p.at.Add(time.Duration(i)*10*time.Second)))
	}
	p.at = p.at.Add(time.Minute)
	return out
}

func (p *plant) rig(i int, at time.Time) energy.Point {
	power := math.Round(3250 + 40*p.rnd.NormFloat64())
	rate := 110e12 * (1 + 0.01*p.rnd.NormFloat64())
	p.energy[i] += power / 60
	p.hashes[i] += rate * 60
	p.shares[i] += p.rnd.Int64N(20)
	return energy.Point{
		Measurement: "rig", Class: energy.Telemetry, Time: at,
		Tags: []energy.Tag{
			{Key: "family", Value: "luxos"}, {Key: "group", Value: "container-a"}, {Key: "model", Value: "Antminer S19"},
			{Key: "rig", Value: p.names[i]}, {Key: "site", Value: "westfield"},
		},
		Fields: []energy.Field{
			energy.Float("power_w", power), energy.Text("power_src", "measured"), energy.Float("setpoint_w", 3250),
			energy.Float("hashrate_hs", math.Round(rate/1e7)*1e7), energy.Float("energy_wh_total", p.energy[i]), energy.Float("hashes_total", p.hashes[i]),
			energy.Int("accepted_total", p.shares[i]), energy.Int("rejected_total", p.shares[i]/200),
			energy.Float("temp_c", math.Round(65+4*p.rnd.NormFloat64())), energy.Text("state", "running"), energy.Text("policy", "soak-up-surplus"),
		},
	}
}

func (p *plant) site(at time.Time) energy.Point {
	gen := math.Round(9e5 + 1e5*p.rnd.NormFloat64())
	load := math.Round(2e4 + 1e3*p.rnd.NormFloat64())
	draw := math.Round(8e5 + 2e4*p.rnd.NormFloat64())
	return energy.Point{
		Measurement: "site", Class: energy.Telemetry, Time: at, Tags: []energy.Tag{{Key: "site", Value: "westfield"}},
		Fields: []energy.Field{
			energy.Float("grid_w", load+draw-gen), energy.Float("generation_w", gen), energy.Float("load_w", load),
			energy.Float("import_price", 38.4), energy.Float("export_price", -4.1), energy.Float("available_w", gen-load),
			energy.Float("granted_w", draw), energy.Float("flexible_w", draw), energy.Text("quality", "good"),
		},
	}
}

// points are at least n records.
func (p *plant) points(n int) []energy.Point {
	var out []energy.Point
	for len(out) < n {
		out = append(out, p.minute()...)
	}
	return out[:n]
}
