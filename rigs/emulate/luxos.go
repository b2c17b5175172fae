package emulate

import (
	"fmt"
	"math"
	"net"
	"strings"
	"time"

	"github.com/curtaild/curtaild/energy"
)

// LuxOS is an emulated rig with LuxOS firmware: the cgminer API on TCP with
// its session lock, curtailment and profiles. An operating point is a profile,
// off is curtailment sleep.
type LuxOS struct {
	base

	session luxSession // guarded by mu
	atm     luxATM     // guarded by mu
}

var _ Rig = (*LuxOS)(nil)

const (
	luxReboot     = 40 * time.Second // API away, before scaling
	luxDifficulty = 1 << 15          // of a share
	luxBoards     = 3
)

// luxModel is a machine that LuxOS runs on.
type luxModel struct {
	name       string
	draw, rate float64 // against the first model's
}

func luxModels() []luxModel {
	return []luxModel{
		{"Antminer S19k Pro", 1, 1},
		{"Antminer S19j Pro", 1.1, 0.85},
		{"Antminer S21", 1.25, 1.62},
	}
}

// luxPoints are the 25 profiles that the firmware makes for a model, 16 steps
// below its nominal one and 8 above, and sleep with the fans on.
func luxPoints(m luxModel) []energy.OperatingPoint {
	points := []energy.OperatingPoint{{Name: "off", Draw: 22}}
	for mhz := 190; mhz <= 790; mhz += 25 {
		over := float64(mhz - 190)
		points = append(points, energy.OperatingPoint{
			Name: fmt.Sprintf("%dMHz", mhz),
			Draw: energy.Watts(math.Round((780 + 3.75*over + 0.0032*over*over) * m.draw)),
			Rate: energy.HashRate(float64(mhz) * 0.206e12 * m.rate),
		})
	}
	return points
}

// luxNominal is the index of the profile with step 0 among n points.
func luxNominal(n int) int { return min(17, n-1) }

// NewLuxOS starts a rig that serves until it is closed. Its default points are
// the 25 profiles of an S19k Pro; it takes five minutes from sleep to the
// highest.
func NewLuxOS(o Options) (*LuxOS, error) {
	model := luxModels()[0]
	o, err := o.complete("luxos", model.name, func() []energy.OperatingPoint { return luxPoints(model) }, ramps{5 * time.Minute, 8 * time.Second})
	if err != nil {
		return nil, err
	}
	l := &LuxOS{}
	if err := l.listen(o, "luxos", luxNominal(len(o.Points)), luxDifficulty); err != nil {
		return nil, err
	}
	l.atm = luxATM{enabled: o.ATM, startup: 15, postRamp: 10, window: 5, lowest: o.Points[1].Name, highest: o.Points[len(o.Points)-1].Name}
	l.run(l.serve)
	return l, nil
}

// Inject implements [Rig].
func (l *LuxOS) Inject(f Fault) {
	switch f.Kind {
	case Reboot:
		l.restart(f.For)
	case ExpireSession:
		l.mu.Lock()
		l.session = luxSession{made: l.session.made}
		l.mu.Unlock()
	default:
		l.inject(f)
	}
}

// restart reboots the rig. Sleep is kept, the session is not.
func (l *LuxOS) restart(down time.Duration) {
	if down <= 0 {
		down = l.opts.scaled(luxReboot)
	}
	now := l.opts.clock()
	l.mu.Lock()
	defer l.mu.Unlock()
	p := &l.plant
	p.settle(now)
	resume := p.point
	if p.down() {
		resume = p.wake
	}
	p.reboot(now, down, resume, l.opts.Points[resume].Draw)
	l.session = luxSession{made: l.session.made}
}

// serve answers the one request of a connection.
func (l *LuxOS) serve(conn net.Conn) {
	if l.barred(conn) {
		return
	}
	b, err := readRequest(conn)
	if err != nil {
		return
	}
	r := parseRequest(b)
	a := l.answer(r)
	if a.drop {
		return
	}
	l.deliver(conn, a.encode(r.text), func(body []byte) []byte { return append(body, 0) })
}

// answer carries out a request.
func (l *LuxOS) answer(r request) answer {
	switch {
	case r.broken:
		return l.refuse(23, "Invalid JSON")
	case strings.Contains(r.command, "+"):
		return l.joined(r)
	}
	if a, ok := l.read(r); ok {
		return a
	}
	if a, ok := l.write(r); ok {
		return a
	}
	return l.refuse(14, "Invalid command")
}

// joined answers several reads in one, each under its name, or refuses as
// older builds do.
func (l *LuxOS) joined(r request) answer {
	names := strings.Split(r.command, "+")
	if !l.opts.Joined || len(names) > 16 {
		return l.refuse(14, "Invalid command")
	}
	parts := make(map[string]answer, len(names))
	for _, name := range names {
		a, ok := l.read(request{command: name})
		if !ok {
			a = l.refuse(14, "Invalid command")
		}
		parts[name] = a
	}
	return answer{parts: parts}
}
