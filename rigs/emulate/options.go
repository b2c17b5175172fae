package emulate

import (
	"fmt"
	"hash/fnv"
	"math"
	"strings"
	"time"

	"github.com/curtaild/curtaild/energy"
)

// Options describe one emulated rig. The zero value is a usable rig at rest.
type Options struct {
	Name   string // default: the family and the port
	Listen string // default "127.0.0.1:0"

	// Points are the operating points, off first, then by rising draw; the
	// default is the family's. The slice is shared, never written to.
	Points []energy.OperatingPoint

	// TimeScale makes ramps, reboots and the averaging windows of reported
	// hash rates that many times shorter; 0 is 1. Energy is counted in real
	// time, and sessions expire in real time.
	TimeScale float64
	// StartTime and StopTime are the ramps from off to the highest point and
	// back, before scaling. Zero is the family's default, negative at once.
	StartTime, StopTime time.Duration

	Seed  uint64  // of everything that looks random
	MAC   string  // default: made of Seed and Name
	Model string  // default: the family's
	Noise float64 // reported draw and rates are off by at most this share; the meter is not

	Running bool // hashing already at the start, at full draw
	// Point is the level at the start, or, when not running, the one a wake-up
	// leads to; 0 is the family's default.
	Point int

	OldFirmware bool // Bitaxe: before pausing was known
	Metered     bool // LuxOS: the power supply measures the draw, while it is on
	Joined      bool // LuxOS: answers joined commands (a+b) instead of refusing them
	ATM         bool // LuxOS: the firmware's own profile switching is on

	clock func() time.Time // tests of this package set it
}

// ramps are a family's default start and stop times.
type ramps struct{ start, stop time.Duration }

// complete checks o and fills in the defaults of a family.
func (o Options) complete(family, model string, points func() []energy.OperatingPoint, r ramps) (Options, error) {
	if o.Listen == "" {
		o.Listen = "127.0.0.1:0"
	}
	if len(o.Points) == 0 {
		o.Points = points()
	}
	if err := checkPoints(o.Points); err != nil {
		return o, fmt.Errorf("emulate %s %q: %w", family, o.Name, err)
	}
	if o.Point < 0 || o.Point >= len(o.Points) {
		return o, fmt.Errorf("emulate %s %q: no operating point %d", family, o.Name, o.Point)
	}
	if o.TimeScale == 0 {
		o.TimeScale = 1
	}
	if !(o.TimeScale > 0) || math.IsInf(o.TimeScale, 0) {
		return o, fmt.Errorf("emulate %s %q: time scale %v is not positive", family, o.Name, o.TimeScale)
	}
	if o.StartTime == 0 {
		o.StartTime = r.start
	}
	if o.StopTime == 0 {
		o.StopTime = r.stop
	}
	if o.Model == "" {
		o.Model = model
	}
	if o.clock == nil {
		o.clock = time.Now
	}
	return o, nil
}

func checkPoints(points []energy.OperatingPoint) error {
	if len(points) < 2 {
		return fmt.Errorf("%d operating points: want off and at least one more", len(points))
	}
	if points[energy.Off].Rate != 0 {
		return fmt.Errorf("the first operating point hashes: want off first")
	}
	for i, p := range points[1:] {
		if !(p.Draw > points[i].Draw) || p.Rate < points[i].Rate {
			return fmt.Errorf("operating point %q does not draw more than %q", p.Name, points[i].Name)
		}
	}
	return nil
}

// scaled is d, shortened by the time scale.
func (o Options) scaled(d time.Duration) time.Duration {
	return time.Duration(float64(d) / o.TimeScale)
}

// makeMAC is a locally administered address, the same for the same name and
// seed.
func makeMAC(name string, seed uint64) string {
	h := fnv.New64a()
	fmt.Fprintf(h, "%s/%d", name, seed)
	s := h.Sum64()
	b := make([]string, 0, 6)
	b = append(b, "02")
	for i := range 5 {
		b = append(b, fmt.Sprintf("%02x", byte(s>>(8*i))))
	}
	return strings.Join(b, ":")
}
