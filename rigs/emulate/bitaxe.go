package emulate

import (
	"fmt"
	"net"
	"sort"
	"strconv"
	"strings"
	"time"

	"github.com/curtaild/curtaild/energy"
)

// Bitaxe is an emulated small miner with AxeOS (ESP-Miner) firmware: an HTTP
// API with pause and resume. An operating point is a frequency, off is paused.
type Bitaxe struct {
	base

	mhz   float64 // guarded by mu: the frequency that is set
	volts float64 // guarded by mu: core mV; kept and shown, without effect on the draw
}

var _ Rig = (*Bitaxe)(nil)

const (
	axeReboot     = 6 * time.Second // API away, before scaling
	axeDifficulty = 1000            // of a share
	axeCores      = 2040            // hashes per clock
)

// axePoints are the frequencies that the firmware offers for a BM1370.
func axePoints() []energy.OperatingPoint {
	points := []energy.OperatingPoint{{Name: "off", Draw: 2}}
	for _, mhz := range []float64{400, 490, 525, 550, 600, 625} {
		points = append(points, energy.OperatingPoint{
			Name: strconv.FormatFloat(mhz, 'f', -1, 64) + "MHz",
			Draw: energy.Watts(round(3.6+0.011*mhz+2.95e-5*mhz*mhz, 1)),
			Rate: energy.HashRate(mhz * axeCores * 1e6),
		})
	}
	return points
}

// NewBitaxe starts a rig that serves until it is closed. Its default points
// are the frequencies of a Bitaxe Gamma; it takes 20 s from paused to the
// highest.
func NewBitaxe(o Options) (*Bitaxe, error) {
	o, err := o.complete("bitaxe", "BM1370", axePoints, ramps{20 * time.Second, 3 * time.Second})
	if err != nil {
		return nil, err
	}
	x := &Bitaxe{volts: 1150}
	if err := x.listen(o, "bitaxe", min(3, len(o.Points)-1), axeDifficulty); err != nil {
		return nil, err
	}
	x.mhz = x.frequency(x.plant.level)
	x.run(x.serve)
	return x, nil
}

// Inject implements [Rig]. Busy and ExpireSession mean nothing here.
func (x *Bitaxe) Inject(f Fault) {
	if f.Kind == Reboot {
		x.restart(f.For)
		return
	}
	x.inject(f)
}

// restart reboots the rig. It comes back hashing: a pause is not kept.
func (x *Bitaxe) restart(down time.Duration) {
	if down <= 0 {
		down = x.opts.scaled(axeReboot)
	}
	now := x.opts.clock()
	x.mu.Lock()
	defer x.mu.Unlock()
	x.plant.settle(now)
	point, w := x.level()
	x.plant.reboot(now, down, point, w)
}

// frequency is the MHz of a point: its name tells, or its place.
func (x *Bitaxe) frequency(point int) float64 {
	digits := strings.TrimRight(x.opts.Points[point].Name, "MHzmh ")
	if f, err := strconv.ParseFloat(digits, 64); err == nil && f > 0 {
		return f
	}
	return 375 + 25*float64(point)
}

// level is the operating point and the draw that the frequency leads to: in
// between points, draw follows frequency in a straight line. The caller holds
// the lock.
func (x *Bitaxe) level() (int, energy.Watts) {
	points := x.opts.Points
	n := len(points) - 1
	i := sort.Search(n, func(i int) bool { return x.frequency(i+1) > x.mhz })
	switch i {
	case 0:
		return 1, points[1].Draw
	case n:
		return n, points[n].Draw
	}
	lo, hi := x.frequency(i), x.frequency(i+1)
	share := energy.Watts((x.mhz - lo) / (hi - lo))
	return i, points[i].Draw + share*(points[i+1].Draw-points[i].Draw)
}

// pause stops hashing or lets it go on.
func (x *Bitaxe) pause(paused bool) {
	if x.ignored() {
		return
	}
	now := x.opts.clock()
	x.mu.Lock()
	defer x.mu.Unlock()
	x.plant.settle(now)
	if paused {
		x.plant.set(now, energy.Off)
		return
	}
	point, w := x.level()
	x.plant.setDraw(now, point, w)
}

// serve answers the requests of a connection, one after the other.
func (x *Bitaxe) serve(conn net.Conn) {
	in := newHTTPReader(conn)
	for {
		req, err := in.next()
		if err != nil {
			if err != errGone {
				x.deliver(conn, []byte(err.Error()), frameHTTP(400, "text/plain", false))
			}
			return
		}
		if x.barred(conn) {
			return
		}
		x.told(fmt.Sprintf("%s %s", req.Method, req.URL.Path), req.Method != "GET" && req.Method != "OPTIONS")
		r := x.answer(conn.RemoteAddr(), req, in.body)
		if r.drop {
			return
		}
		if !x.deliver(conn, r.body, frameHTTP(r.status, r.kind, !req.Close && !r.last)) || req.Close || r.last {
			return
		}
	}
}
