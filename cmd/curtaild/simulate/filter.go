package simulate

import (
	"bufio"
	"bytes"
	"encoding/json"
	"errors"
	"fmt"
	"io"
	"math"
	"slices"
	"time"

	"github.com/curtaild/curtaild/energy"
	"github.com/curtaild/curtaild/policies"
	"github.com/curtaild/curtaild/scheduler"
)

// maxLine is the longest line that a filter reads: a tick of the most rigs.
const maxLine = 32 << 20

// LineError is a line that a filter cannot go on from.
type LineError struct {
	Line int // counts from 1
	Err  error
}

func (e *LineError) Error() string { return fmt.Sprintf("line %d: %v", e.Line, e.Err) }
func (e *LineError) Unwrap() error { return e.Err }

// Filter decides for a fleet that another program simulates. It reads JSON
// lines until the end of in: one that describes the fleet, and one for each
// tick, which it answers with one line. In the policies, every name stands for
// all rigs, which are alike; with none, [Default] holds. An error in what it
// reads is a [LineError].
func Filter(in io.Reader, out io.Writer, ps []policies.Policy) error {
	lines := bufio.NewScanner(in)
	lines.Buffer(make([]byte, 64<<10), maxLine)
	to := bufio.NewWriter(out)
	var c *core
	n := 0
	for lines.Scan() {
		n++
		if len(bytes.TrimSpace(lines.Bytes())) == 0 {
			continue
		}
		reply, err := answer(&c, lines.Bytes(), ps)
		if err != nil {
			return &LineError{n, err}
		}
		if reply == nil {
			continue
		}
		if err := json.NewEncoder(to).Encode(reply); err != nil {
			return fmt.Errorf("reply to line %d: %w", n, err)
		}
		if err := to.Flush(); err != nil {
			return fmt.Errorf("reply to line %d: %w", n, err)
		}
	}
	if err := lines.Err(); err != nil {
		if errors.Is(err, bufio.ErrTooLong) {
			err = fmt.Errorf("longer than %d MB: no tick of %d rigs is", maxLine>>20, maxRigs)
		}
		return &LineError{n + 1, err}
	}
	return nil
}

// reply is the wanted level of each rig; leave where it is to stay as it is.
type reply struct {
	Levels []int `json:"levels"`
}

const leave = -1

// answer takes in one line; c is what the last init made.
func answer(c **core, src []byte, ps []policies.Policy) (*reply, error) {
	var m message
	if err := json.Unmarshal(src, &m); err != nil {
		return nil, fmt.Errorf("not a message of the protocol: %w", plainly(err))
	}
	switch {
	case m.Type == "init":
		var err error
		*c, err = newCore(&m, ps)
		return nil, err
	case m.Type != "tick":
		return nil, fmt.Errorf(`type %q: want "init" or "tick"`, m.Type)
	case *c == nil:
		return nil, errors.New("a tick before any init")
	}
	return (*c).tick(&m)
}

// Default is the policy where none is given: all that is available, for the
// most net energy, through dips as it pays.
func Default() policies.Policy {
	return policies.Policy{
		Name: "default", Loads: []string{"rigs"}, Order: policies.Efficient,
		Use: policies.Use{Available: true}, OnStale: policies.OnStale{Then: policies.ThenStop},
		Objective: policies.Net, Bridge: policies.Bridge{Auto: true},
	}
}

// core is the decision core with a fleet of like rigs.
type core struct {
	points  []energy.OperatingPoint
	ramp    energy.Ramp
	latency time.Duration
	minOn   time.Duration
	minOff  time.Duration
	rigs    []rigMessage
	sent    []sent
	in      scheduler.Input
	last    float64 // t of the last tick
}

// sent is the last level that a rig was told to take. Until it has arrived, a
// tick does not show it.
type sent struct {
	level int
	at    time.Time // zero: nothing was sent
	flip  time.Time // when it was last told to go on or off
}

func newCore(m *message, ps []policies.Policy) (*core, error) {
	n, err := m.rigs()
	if err != nil {
		return nil, err
	}
	if err := m.check(); err != nil {
		return nil, err
	}
	c := &core{
		points: m.points(), ramp: m.ramp(), latency: seconds(m.LatencyS), minOn: seconds(m.MinOnS), minOff: seconds(m.MinOffS),
		rigs: make([]rigMessage, n), sent: make([]sent, n), last: math.Inf(-1),
	}
	if len(ps) == 0 {
		ps = []policies.Policy{Default()}
	}
	var labels []string
	for _, p := range ps {
		labels = append(labels, p.Loads...)
	}
	slices.Sort(labels)
	labels = slices.Compact(labels)
	specs := make([]*energy.LoadSpec, n)
	points := make([][]energy.OperatingPoint, n)
	for i := range specs {
		specs[i] = &energy.LoadSpec{Name: fmt.Sprintf("#%d", i), Labels: labels, MinOn: c.minOn, MinOff: c.minOff, Ramp: c.ramp}
		points[i] = c.points
	}
	c.in = scheduler.Input{Fleet: scheduler.NewFleet(specs, points), Loads: make([]scheduler.LoadState, n), ClockOK: true, Latency: c.latency, Period: seconds(m.PeriodS)}
	c.in.Rules, err = scheduler.NewRules(ps, c.in.Fleet, time.UTC)
	return c, err
}

// epoch is when t is 0.
func epoch() time.Time { return time.Date(2026, 1, 1, 0, 0, 0, 0, time.UTC) }

// tick decides once.
func (c *core) tick(m *message) (*reply, error) {
	switch {
	case m.T == nil || m.Surplus == nil:
		return nil, errors.New(`tick: "t" or "surplus_w" is missing`)
	case *m.T <= c.last:
		return nil, fmt.Errorf("tick: t %v does not come after %v", *m.T, c.last)
	case *m.T < 0 || *m.T > math.MaxInt32:
		return nil, fmt.Errorf("tick: t %v is no time of a run, in seconds", *m.T)
	}
	if err := m.states(c.rigs, len(c.points)); err != nil {
		return nil, err
	}
	c.last = *m.T
	now := epoch().Add(seconds(*m.T))
	draw := energy.Watts(0)
	for i := range c.rigs {
		c.in.Loads[i] = c.state(now, i)
		draw += energy.Watts(c.rigs[i].PowerW)
	}
	surplus := energy.Watts(*m.Surplus)
	c.in.Balance = energy.Balance{
		Available: max(0, surplus), Net: surplus, OK: true, Draw: draw, DrawBy: energy.DrawByRigs,
		Surplus: energy.Sample{Value: *m.Surplus, At: now, Quality: energy.Good},
	}
	plan := scheduler.Decide(now, c.in)
	c.in.Memory = plan.Memory
	out := &reply{Levels: make([]int, len(c.rigs))}
	for i, d := range plan.Decisions {
		out.Levels[i] = c.send(now, i, d.To)
		c.in.Loads[i].Policy = d.Policy
	}
	return out, nil
}

// state is rig i as a decision sees it. What it was told within the latency
// has not reached it, and counts as the loop would count it.
func (c *core) state(now time.Time, i int) scheduler.LoadState {
	r, s := &c.rigs[i], &c.sent[i]
	st := scheduler.LoadState{State: energy.StateIdle, Since: now.Add(-seconds(r.ForS) - c.latency), Policy: c.in.Loads[i].Policy}
	draw := energy.Watts(r.PowerW)
	switch r.State {
	case "on":
		st.State, st.Setpoint = energy.StateRunning, r.Level
		if draw < c.points[1].Draw {
			st.State = energy.StateStarting
		}
	case "stopping":
		st.State = energy.StateStopping
		st.Since = now // its time off has not begun
	}
	start := now
	if !s.at.IsZero() && !now.After(s.at.Add(c.latency)) {
		if (s.level == energy.Off) != (st.Setpoint == energy.Off) {
			st.Since = s.flip
		}
		st.Setpoint, start = s.level, s.at.Add(c.latency)
	}
	st.Course = energy.Toward(start, draw, c.points[st.Setpoint].Draw, c.ramp)
	return st
}

// send is what rig i is told, if it is to be at level. One that is stopping
// would refuse to start.
func (c *core) send(now time.Time, i, level int) int {
	was := c.in.Loads[i].Setpoint
	if level == was || level != energy.Off && c.rigs[i].State == "stopping" {
		return leave
	}
	s := &c.sent[i]
	if (level == energy.Off) != (was == energy.Off) {
		s.flip = now
	}
	s.level, s.at = level, now
	return level
}
