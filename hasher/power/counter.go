package power

import (
	"errors"
	"fmt"
	"io/fs"
	"math"
	"strconv"
	"strings"
	"time"

	"github.com/curtaild/curtaild/energy"
)

// Counter is what a machine measures of its own draw.
type Counter interface {
	// Name says what it is, for people.
	Name() string
	// Energy is what has been drawn since the counter was found, up to now. It
	// never falls. With an error, nothing is known of the time since it was
	// last read without one.
	Energy(now time.Time) (energy.Joules, error)
}

// Kind is a kind of counters, as a config names it.
type Kind string

// The kinds.
const (
	Auto  Kind = "auto"  // RAPL, else hwmon
	RAPL  Kind = "rapl"  // the processor packages' own, through powercap
	Hwmon Kind = "hwmon" // of a driver for hardware monitoring
	None  Kind = "none"
)

var (
	// ErrNone is a machine without such counters.
	ErrNone = errors.New("the machine has no energy counter that is known")
	// errRefused is a counter that only root may read.
	errRefused = errors.New("only root may read the machine's energy counter: give curtaild's user leave to (operating.md, \"Energy counters\")")
)

// Why what a counter shows cannot be a draw.
var (
	errStalled = errors.New("energy counter stands still")
	errJumped  = errors.New("energy counter has jumped")
	errGap     = errors.New("energy counter was not read for too long")
)

// Find is the best counter of that kind. One that was asked for by its own kind
// comes even with an error that it cannot be read yet, and may be tried again.
func Find(files fs.FS, kind Kind, now time.Time) (Counter, error) {
	switch kind {
	case None:
		return nil, ErrNone
	case RAPL:
		return findRAPL(files, now)
	case Hwmon:
		return findHwmon(files, now)
	}
	c, err := findRAPL(files, now)
	if err == nil {
		return c, nil
	}
	if c, second := findHwmon(files, now); second == nil {
		return c, nil
	}
	return nil, err
}

const (
	// most is more than a package, or a small machine, draws.
	most = energy.Watts(2000)
	// longest is how long a counter may go unread: the fastest wraps after
	// minutes.
	longest = time.Minute
	// stalls is how long a counter may show the same: they move by the
	// millisecond.
	stalls = 3 * time.Second
)

// counter sums domains that count energy.
type counter struct {
	name    string
	files   fs.FS
	domains []domain
	at      time.Time // when the domains were last read
	total   energy.Joules
	broken  error // what the last reading found, if it was no draw
}

// domain is one part of the machine, and no part of another.
type domain struct {
	path string
	span uint64 // the counter starts over after this many µJ; 0: never
	last uint64 // µJ
}

func (c *counter) Name() string { return c.name }

// start reads the domains for the first time.
func (c *counter) start(now time.Time) error {
	for i := range c.domains {
		v, err := readUint(c.files, c.domains[i].path)
		if errors.Is(err, fs.ErrPermission) {
			return errRefused
		}
		if err != nil {
			return err
		}
		c.domains[i].last = v
	}
	c.at = now
	return nil
}

func (c *counter) Energy(now time.Time) (energy.Joules, error) {
	shown := make([]uint64, len(c.domains))
	for i := range c.domains {
		v, err := readUint(c.files, c.domains[i].path)
		if err != nil {
			return c.total, err
		}
		shown[i] = v
	}
	passed := now.Sub(c.at)
	drawn, err := c.drawn(shown, passed)
	if err == nil && drawn == 0 && passed < stalls {
		return c.total, c.broken // too early to tell
	}
	for i := range c.domains {
		c.domains[i].last = shown[i]
	}
	c.at, c.broken = now, err
	if err == nil {
		c.total += drawn
	}
	return c.total, err
}

// drawn is what all domains have drawn, from what they last showed to what
// they show now.
func (c *counter) drawn(shown []uint64, passed time.Duration) (energy.Joules, error) {
	if passed < 0 || passed > longest {
		return 0, errGap
	}
	bound := most.Over(passed.Seconds() + 0.1)
	sum := energy.Joules(0)
	for i, d := range c.domains {
		by := energy.Joules(float64(shown[i]-d.last) / 1e6)
		if shown[i] < d.last {
			if d.span < d.last {
				return 0, errJumped // it was reset, or is not what it was
			}
			by = energy.Joules(float64(d.span-d.last+shown[i]) / 1e6)
		}
		if by > bound {
			return 0, errJumped
		}
		sum += by
	}
	if sum == 0 && passed >= stalls {
		return 0, errStalled
	}
	return sum, nil
}

func readText(files fs.FS, path string) (string, error) {
	b, err := fs.ReadFile(files, path)
	if err != nil {
		return "", fmt.Errorf("read power figures: %w", err)
	}
	return strings.TrimSpace(string(b)), nil
}

func readUint(files fs.FS, path string) (uint64, error) {
	s, err := readText(files, path)
	if err != nil {
		return 0, err
	}
	v, err := strconv.ParseUint(s, 10, 63)
	if err != nil {
		return 0, fmt.Errorf("read power figures: /%s says %.20q: want a whole number", path, s)
	}
	return v, nil
}

// readMilli reads a number of thousandths, which may be negative.
func readMilli(files fs.FS, path string) (float64, error) {
	s, err := readText(files, path)
	if err != nil {
		return math.NaN(), err
	}
	v, err := strconv.ParseInt(s, 10, 63)
	if err != nil {
		return math.NaN(), fmt.Errorf("read power figures: /%s says %.20q: want a whole number", path, s)
	}
	return float64(v) / 1000, nil
}
