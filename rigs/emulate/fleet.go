package emulate

import (
	"errors"
	"fmt"
	"net"
	"slices"
	"strconv"
	"sync"
	"syscall"

	"github.com/curtaild/curtaild/energy"
)

// FleetOptions describe several rigs in one process.
type FleetOptions struct {
	Rigs     int
	Families []string // they take turns; default: all
	Host     string   // default 127.0.0.1
	BasePort int      // the first rig's port, the others following; 0: any free ones
	Seed     uint64   // decides models, MACs and all that looks random

	// Rig is what all rigs have in common. Its Name is a prefix (default: the
	// family); its Listen, Seed and MAC are not used. With no Points the models
	// of a family are mixed.
	Rig Options
}

// Fleet is several running rigs.
type Fleet struct {
	rigs   []Rig
	byName map[string]Rig
}

// Families lists the families that can be emulated.
func Families() []string { return []string{"luxos", "bitaxe"} }

// New starts one rig of a family.
func New(family string, o Options) (Rig, error) {
	switch family {
	case "luxos":
		return NewLuxOS(o)
	case "bitaxe":
		return NewBitaxe(o)
	}
	return nil, fmt.Errorf("emulate: unknown family %q: want one of %q", family, Families())
}

// MaxRigs is how many rigs one address has ports for, and some to spare.
const MaxRigs = 50_000

// NewFleet starts the rigs. The same options make the same fleet, but for
// ports that are left to chance.
func NewFleet(o FleetOptions) (*Fleet, error) {
	if o.Rigs > MaxRigs {
		return nil, fmt.Errorf("emulate: %d rigs: want at most %d, a port each", o.Rigs, MaxRigs)
	}
	if o.Rigs < 0 || o.BasePort < 0 || (o.BasePort > 0 && o.BasePort+o.Rigs-1 > 65535) {
		return nil, fmt.Errorf("emulate: %d rigs from port %d on: out of range", o.Rigs, o.BasePort)
	}
	if len(o.Families) == 0 {
		o.Families = Families()
	}
	if o.Host == "" {
		o.Host = "127.0.0.1"
	}
	f := &Fleet{rigs: make([]Rig, 0, o.Rigs), byName: make(map[string]Rig, o.Rigs)}
	kinds, ports := newModels(o), newPorts(o)
	for i := range o.Rigs {
		family := o.Families[i%len(o.Families)]
		r, err := ports.start(family, kinds.rig(o, family, i), i)
		if err != nil {
			return nil, errors.Join(err, f.Close())
		}
		f.rigs = append(f.rigs, r)
		f.byName[r.Name()] = r
	}
	return f, nil
}

// models are what rigs of a family may be; their points are shared.
type models struct {
	lux   []Options
	axe   Options
	fixed bool
}

func newModels(o FleetOptions) models {
	m := models{fixed: len(o.Rig.Points) > 0, axe: Options{Points: axePoints()}}
	for _, l := range luxModels() {
		m.lux = append(m.lux, Options{Model: l.name, Points: luxPoints(l)})
	}
	return m
}

// rig is the i-th rig's options.
func (m models) rig(o FleetOptions, family string, i int) Options {
	r := o.Rig
	prefix := r.Name
	if prefix == "" {
		prefix = family
	}
	r.Name = fmt.Sprintf("%s-%0*d", prefix, len(strconv.Itoa(o.Rigs)), i+1)
	r.Seed = mix(o.Seed, uint64(i))
	r.MAC = ""
	if m.fixed {
		return r
	}
	kind := m.axe
	if family == "luxos" {
		kind = m.lux[mix(r.Seed, 1)%uint64(len(m.lux))]
	}
	r.Points = kind.Points
	if r.Model == "" {
		r.Model = kind.Model
	}
	return r
}

// ports hands out the rigs' ports.
type ports struct {
	host string
	base int // 0: free ones
	next int // the next to try, when free ones are looked for here; else 0
}

// The system takes milliseconds to find a free port once thousands of its own
// range are taken, so a large fleet looks below that range.
const (
	manyRigs  = 2000
	lowestOwn = 10000
	endOwn    = 32768
)

func newPorts(o FleetOptions) *ports {
	p := &ports{host: o.Host, base: o.BasePort}
	if o.BasePort == 0 && o.Rigs > manyRigs {
		p.next = lowestOwn
	}
	return p
}

// start starts the i-th rig on a port of its own.
func (p *ports) start(family string, o Options, i int) (Rig, error) {
	for p.next > 0 && p.next < endOwn {
		r, err := p.listen(family, o, p.next)
		p.next++
		if !errors.Is(err, syscall.EADDRINUSE) {
			return r, err
		}
	}
	if p.base > 0 {
		return p.listen(family, o, p.base+i)
	}
	return p.listen(family, o, 0)
}

func (p *ports) listen(family string, o Options, port int) (Rig, error) {
	o.Listen = net.JoinHostPort(p.host, strconv.Itoa(port))
	return New(family, o)
}

// Rigs are the rigs in order.
func (f *Fleet) Rigs() []Rig { return slices.Clone(f.rigs) }

// Rig finds a rig by its name.
func (f *Fleet) Rig(name string) (Rig, bool) {
	r, ok := f.byName[name]
	return r, ok
}

// Total is the sum of all meters.
func (f *Fleet) Total() Meter {
	var sum Meter
	for _, r := range f.rigs {
		sum = sum.Add(r.Meter())
	}
	return sum
}

// Full is the draw of all rigs at their highest points.
func (f *Fleet) Full() energy.Watts {
	var sum energy.Watts
	for _, r := range f.rigs {
		sum += r.Points()[len(r.Points())-1].Draw
	}
	return sum
}

// Close closes all rigs at once and waits for them.
func (f *Fleet) Close() error {
	errs := make([]error, len(f.rigs))
	var wg sync.WaitGroup
	for i, r := range f.rigs {
		wg.Go(func() { errs[i] = r.Close() })
	}
	wg.Wait()
	return errors.Join(errs...)
}
