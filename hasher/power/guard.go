package power

import (
	"fmt"
	"io/fs"
	"time"

	"github.com/curtaild/curtaild/energy"
)

// Limits say when a machine should not hash. What is zero is not looked at.
type Limits struct {
	OnBattery bool       // while it runs on a battery
	HotC      float64    // while its CPU is hotter, in degrees Celsius
	Busy      energy.Pct // while other programs use more of all its cores
}

const (
	// How much better things must be, and for how long, before it may hash
	// again.
	cooler  = 5.0              // degrees
	quieter = energy.Pct(10)   // points, and at the most half the limit
	calm    = 30 * time.Second // below all limits
	unread  = calm             // a sensor that fails for so long counts as a bad one
	reach   = 10 * time.Second // others' CPU time is judged over so long
	coldest = -60.0            // degrees that a sensor may show
	hottest = 150.0
)

// Guard watches a machine for the reasons not to hash.
type Guard struct {
	files    fs.FS
	limits   Limits
	cores    int
	supplies []supply
	thermals []string

	battery, heat, busy latch
	temp                float64
	tempAt              time.Time
	others              ring
}

// NewGuard watches a machine of so many cores. How busy others are, the caller
// tells.
func NewGuard(files fs.FS, limits Limits, cores int, now time.Time) *Guard {
	return &Guard{files: files, limits: limits, cores: cores, thermals: thermals(files), tempAt: now}
}

// Missing is which sensor the limits need and the machine does not have, so
// far: drivers may be loaded late.
func (g *Guard) Missing() error {
	if g.limits.OnBattery && len(g.supplies) == 0 {
		if g.supplies = supplies(g.files); len(g.supplies) == 0 {
			return fmt.Errorf("pause.on_battery: the machine tells of no battery or mains supply (/%s): leave it out of the config", supplyDir)
		}
	}
	if g.limits.HotC != 0 && len(g.thermals) == 0 {
		if g.thermals = thermals(g.files); len(g.thermals) == 0 {
			return fmt.Errorf("pause.cpu_above: the machine tells of no CPU temperature (/%s, /%s): leave it out of the config", hwmon, thermalDir)
		}
	}
	return nil
}

// Note takes in how much CPU time others have used in a window that ends now.
func (g *Guard) Note(now time.Time, length, others time.Duration) {
	if length > 0 {
		g.others.add(now, length, others)
	}
}

// Look is why the machine should not hash at now; empty if it may. A limit that
// nobody can watch is a reason.
func (g *Guard) Look(now time.Time) string {
	if err := g.Missing(); err != nil {
		g.tempAt = now // from when there is a sensor
		return err.Error()
	}
	g.look(now)
	switch {
	case g.battery.on:
		return "on battery power"
	case g.heat.on && now.Sub(g.tempAt) > unread:
		return "the CPU's temperature can no longer be read"
	case g.heat.on:
		return fmt.Sprintf("CPU at %.0f °C, limit %.0f °C", g.temp, g.limits.HotC)
	case g.busy.on:
		return fmt.Sprintf("other programs use more than %v of the machine", g.limits.Busy)
	}
	return ""
}

func (g *Guard) look(now time.Time) {
	if g.limits.OnBattery {
		off := onBattery(g.files, g.supplies)
		g.battery.step(now, off, !off)
	}
	if t, ok := temperature(g.files, g.thermals); ok {
		g.temp, g.tempAt = t, now
	}
	if hot := g.limits.HotC; hot != 0 {
		lost := now.Sub(g.tempAt) > unread
		g.heat.step(now, g.temp > hot || lost, g.temp <= hot-cooler && !lost)
	}
	if most := g.limits.Busy; most != 0 {
		used, known := g.others.share(now, g.cores)
		g.busy.step(now, known && used > most, !known || used <= most-min(quieter, most/2))
	}
}

// TempC is the CPU's temperature when last looked at; 0 if it is not known.
func (g *Guard) TempC(now time.Time) float64 {
	if now.Sub(g.tempAt) > unread {
		return 0
	}
	return g.temp
}

// latch is on from when it gets bad until it has been good for a while.
type latch struct {
	on   bool
	good time.Time // since when, while it is on; zero: it is not
}

func (l *latch) step(now time.Time, bad, good bool) {
	switch {
	case bad:
		l.on, l.good = true, time.Time{}
	case !good:
		l.good = time.Time{}
	case l.good.IsZero():
		l.good = now
	}
	if l.on && !l.good.IsZero() && now.Sub(l.good) >= calm {
		l.on = false
	}
	if !l.on {
		l.good = time.Time{}
	}
}

// ring keeps the windows of the last while.
type ring struct{ list []seen }

type seen struct {
	at           time.Time
	length, used time.Duration
}

func (r *ring) add(at time.Time, length, used time.Duration) {
	r.list = append(r.list, seen{at, length, used})
	for len(r.list) > 0 && at.Sub(r.list[0].at) >= reach {
		r.list = r.list[1:]
	}
}

// share is the part of all cores that was used; not known while too little of
// the while has been seen.
func (r *ring) share(now time.Time, cores int) (energy.Pct, bool) {
	var length, used time.Duration
	for _, s := range r.list {
		if now.Sub(s.at) < reach {
			length, used = length+s.length, used+s.used
		}
	}
	if length < reach/2 {
		return 0, false
	}
	return energy.Pct(100 * used.Seconds() / length.Seconds() / float64(cores)), true
}
