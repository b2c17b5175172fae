package scheduler

import (
	"flag"
	"fmt"
	"log/slog"
	"os"
	"path/filepath"
	"slices"
	"strings"
	"testing"
	"time"

	"github.com/curtaild/curtaild/energy"
)

var update = flag.Bool("update", false, "rewrite the decisions in the scenarios under testdata")

// below divides a scenario: the day above, what is decided below.
const below = "\n--- decisions ---\n"

// Each file under testdata named *.day is a site and a day above, and the
// decisions below, which -update rewrites. A line below is written when a load
// is set to another point, or is where it is for another reason.
func TestScenarios(t *testing.T) {
	files, err := filepath.Glob("testdata/*.day")
	if err != nil || len(files) == 0 {
		t.Fatalf("no scenarios: %v", err)
	}
	for _, file := range files {
		t.Run(strings.TrimSuffix(filepath.Base(file), ".day"), func(t *testing.T) {
			src, err := os.ReadFile(file)
			if err != nil {
				t.Fatal(err)
			}
			above, want, _ := strings.Cut(string(src), below)
			s, err := readScenario(above)
			if err != nil {
				t.Fatal(err)
			}
			got := s.play(t)
			if *update {
				if err := os.WriteFile(file, []byte(above+below+got), 0o644); err != nil {
					t.Fatal(err)
				}
				return
			}
			if got != want {
				t.Errorf("got:\n%swant:\n%s", got, want)
			}
		})
	}
}

// stage is a site on which a scenario is played.
type stage struct {
	*scenario
	loop  Loop
	v     *Virtual
	rigs  []*stageRig
	free  feed
	price feed
	said  []string // the last line of each load
	out   strings.Builder
	date  string
}

// feed is a reading that goes along a line.
type feed struct {
	silent   bool
	from, to float64
	at, end  time.Time
}

func (f feed) value(now time.Time) float64 {
	if !now.Before(f.end) {
		return f.to
	}
	return f.from + (f.to-f.from)*now.Sub(f.at).Seconds()/f.end.Sub(f.at).Seconds()
}

func (f *feed) toward(now time.Time, to float64, by time.Time) {
	*f = feed{from: f.value(now), to: to, at: now, end: by}
}

// stageRig does what it is told, along its ramp, and counts its starts.
type stageRig struct {
	spec   *energy.LoadSpec
	points []energy.OperatingPoint
	now    time.Time
	told   energy.Setpoint
	course energy.Course
	starts uint64
	silent bool
}

func (r *stageRig) Name() string { return r.spec.Name }

func (r *stageRig) Apply(sp energy.Setpoint) {
	if r.told.Point == energy.Off && sp.Point != energy.Off {
		r.starts++
	}
	r.told, r.course = sp, energy.Toward(r.now, r.course.At(r.now), r.points[sp.Point].Draw, r.spec.Ramp)
}

func (r *stageRig) status() energy.Status {
	st := energy.Status{
		Load: r.spec.Name, At: r.now, State: energy.StateIdle, Point: r.told.Point, Seq: r.told.Seq, Points: r.points,
		Draw: r.course.At(r.now), Source: energy.Measured, Starts: r.starts,
	}
	switch {
	case r.silent:
		st.State = energy.StateUnreachable
	case r.told.Point > energy.Off:
		st.State = energy.StateRunning
	}
	return st
}

// play plays the scenario and returns what was decided.
func (s *scenario) play(t *testing.T) string {
	p := &stage{scenario: s, said: make([]string, len(s.rigs))}
	p.loop = Loop{Setup: s.setup, Log: slog.New(slog.DiscardHandler)}
	for _, r := range s.rigs {
		rig := r
		p.rigs = append(p.rigs, &rig)
		p.loop.Loads, p.loop.Specs = append(p.loop.Loads, &rig), append(p.loop.Specs, rig.spec)
	}
	p.open(t, s.start)
	events, tick := s.events, s.start
	var wake time.Time
	for now := s.start; now.Before(s.end); now = earliest(earliest(tick, wake), s.end) {
		for ; len(events) > 0 && !events[0].at.After(now); events = events[1:] {
			if err := p.do(t, now, events[0].words); err != nil {
				t.Fatalf("%s: %v", strings.Join(events[0].words, " "), err)
			}
		}
		for _, r := range p.rigs {
			r.now = now
			p.v.Status(now, r.status())
		}
		if !now.Before(tick) {
			p.read(now)
			tick = now.Add(s.every)
		}
		if len(events) > 0 && events[0].at.Before(tick) {
			tick = events[0].at
		}
		var plan *Plan
		wake, plan = p.v.Pass(now)
		p.write(now, plan)
	}
	return p.out.String()
}

func (p *stage) open(t *testing.T, now time.Time) {
	v, err := NewVirtual(p.loop, now)
	if err != nil {
		t.Fatal(err)
	}
	p.v = v
}

// read lets the meters speak.
func (p *stage) read(now time.Time) {
	if !p.free.silent {
		p.v.Reading(energy.Reading{Name: "free", At: now, Value: p.free.value(now)})
	}
	if !p.price.silent {
		p.v.Reading(energy.Reading{Name: "price", At: now, Value: p.price.value(now)})
	}
}

// do lets something happen.
func (p *stage) do(t *testing.T, now time.Time, words []string) error {
	if i := slices.IndexFunc(p.rigs, func(r *stageRig) bool { return r.spec.Name == words[0] }); i >= 0 {
		switch r := p.rigs[i]; words[1] {
		case "silent", "back":
			r.silent = words[1] == "silent"
		case "reboots":
			r.starts++
		default:
			return fmt.Errorf("what is it that a rig does?")
		}
		return nil
	}
	switch words[0] {
	case "free", "price":
		return p.feed(now, words)
	case "limit": // limit 2 kW until 12:00
		max, err := energy.ParseWatts(words[1] + words[2])
		until, errUntil := p.clock(words[4:])
		p.v.Signal(now, energy.Signal{
			Source: "dso", ID: fmt.Sprint(now.Unix()), Issued: now, Received: now, Kind: energy.KindLimit,
			At: energy.AtFlexible, Max: max, Start: now, End: until,
		})
		return firstOf(err, errUntil)
	case "hold", "release":
		p.v.Hold(now, words[0] == "hold", "ann")
	case "restart":
		p.loop.Kept = p.v.s.outlives(t, now)
		p.open(t, now)
	default:
		return fmt.Errorf("what is it that happens?")
	}
	return nil
}

// write notes what has changed, loads of which the same is said together.
func (p *stage) write(now time.Time, plan *Plan) {
	local := now.In(p.setup.Location)
	names := map[string][]string{}
	var lines []string
	for i, d := range plan.Decisions {
		point := func(at int) string {
			if at == energy.Off {
				return "off"
			}
			return p.rigs[i].points[at].Draw.String()
		}
		state := fmt.Sprintf("%s, %s", point(d.To), d.Reason)
		if d.Policy != "" {
			state += " (" + d.Policy + ")"
		}
		if state == p.said[i] {
			continue
		}
		p.said[i] = state
		if d.From != d.To {
			state = point(d.From) + " to " + state
		}
		if names[state] == nil {
			lines = append(lines, state)
		}
		names[state] = append(names[state], d.Load)
	}
	if date := local.Format("2006-01-02"); len(lines) > 0 && date != p.date {
		fmt.Fprintf(&p.out, "%s\n", date)
		p.date = date
	}
	for _, line := range lines {
		fmt.Fprintf(&p.out, "%s %s: %s\n", local.Format("15:04:05 -0700"), strings.Join(names[line], " "), line)
	}
}
