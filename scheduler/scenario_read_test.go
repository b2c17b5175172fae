package scheduler

import (
	"fmt"
	"strconv"
	"strings"
	"time"

	"github.com/curtaild/curtaild/energy"
	"github.com/curtaild/curtaild/policies"
)

// scenario is the upper part of a scenario file: lines of
//
//	zone Europe/Berlin
//	from 2026-06-01 09:00
//	to 2026-06-01 17:00
//	every 10s                                  between readings
//	rig a 1 kW 50 TH/s 1.5 kW 70 TH/s          its points
//	a min_on 5m min_off 5m starts 3 ramp 60s   what else is known of it, or nothing
//	policies                                   and below it, indented, as in a file of policies
//	10:00 free 0 W                             what happens when: free 4 kW by 12:00, free silent,
//	                                           price 50, limit 2 kW until 12:00, hold, release,
//	                                           restart, a reboots, a silent, a back
//
// and comments after #.
type scenario struct {
	setup      Setup
	start, end time.Time
	every      time.Duration
	rigs       []stageRig
	events     []event
}

type event struct {
	at    time.Time
	words []string
}

func readScenario(above string) (*scenario, error) {
	s := &scenario{every: 10 * time.Second, setup: Setup{
		Readings: []energy.ReadingSpec{
			{Name: "free", Role: energy.RoleSurplus, MaxAge: 60 * time.Second, Min: -1e6, Max: 1e6},
			{Name: "price", Role: energy.RoleExportPrice, MaxAge: time.Hour, Min: -1e3, Max: 1e3},
		},
		Balance: energy.BalanceSpec{Kind: energy.BalanceSurplus},
		Sources: []Source{{Name: "dso", Kinds: []energy.SignalKind{energy.KindLimit}, At: []energy.Bind{energy.AtFlexible}, Max: 1e6}},
	}}
	var terms strings.Builder
	for n, line := range strings.Split(above, "\n") {
		if strings.HasPrefix(line, " ") || line == "policies" {
			if line == "policies" {
				line += ":"
			}
			terms.WriteString(line + "\n")
			continue
		}
		line, _, _ = strings.Cut(line, "#")
		if words := strings.Fields(line); len(words) > 0 {
			if err := s.line(words); err != nil {
				return nil, fmt.Errorf("line %d: %w", n+1, err)
			}
		}
	}
	ps, faults := policies.Load("scenario", []byte(terms.String()))
	s.setup.Policies = ps
	return s, faults.Err()
}

func (s *scenario) line(words []string) (err error) {
	for i := range s.rigs {
		if s.rigs[i].spec.Name == words[0] {
			return s.rigs[i].learn(words[1:])
		}
	}
	switch words[0] {
	case "zone":
		s.setup.Location, err = time.LoadLocation(words[1])
	case "from":
		s.start, err = s.clock(words[1:])
	case "to":
		s.end, err = s.clock(words[1:])
	case "every":
		s.every, err = time.ParseDuration(words[1])
	case "rig":
		return s.rig(words[1], words[2:])
	default:
		n := 1
		if strings.Count(words[0], "-") == 2 { // with a date
			n = 2
		}
		at, err := s.clock(words[:n])
		s.events = append(s.events, event{at, words[n:]})
		return err
	}
	return err
}

// clock is a time of day, on the first day or on the date before it.
func (s *scenario) clock(words []string) (time.Time, error) {
	if len(words) == 1 {
		words = []string{s.start.In(s.setup.Location).Format(time.DateOnly), words[0]}
	}
	return time.ParseInLocation("2006-01-02 15:04:05", words[0]+" "+words[1]+strings.Repeat(":00", 2-strings.Count(words[1], ":")), s.setup.Location)
}

func (s *scenario) rig(name string, words []string) error {
	points := []energy.OperatingPoint{{Name: "off"}}
	for ; len(words) >= 4; words = words[4:] {
		draw, err := energy.ParseWatts(words[0] + words[1])
		rate, errRate := energy.ParseHashRate(words[2] + words[3])
		if err := firstOf(err, errRate); err != nil {
			return err
		}
		points = append(points, energy.OperatingPoint{Name: words[0] + words[1], Draw: draw, Rate: rate})
	}
	s.rigs = append(s.rigs, stageRig{spec: &energy.LoadSpec{Name: name}, points: points})
	return nil
}

// learn takes in what is known of a rig besides its points.
func (r *stageRig) learn(words []string) (err error) {
	for ; len(words) > 1 && err == nil; words = words[2:] {
		var span time.Duration
		if words[0] != "starts" {
			span, err = time.ParseDuration(words[1])
		}
		switch words[0] {
		case "min_on":
			r.spec.MinOn = span
		case "min_off":
			r.spec.MinOff = span
		case "ramp":
			rate := r.points[len(r.points)-1].Draw / energy.Watts(span.Seconds())
			r.spec.Ramp = energy.Ramp{Up: rate, Down: 10 * rate}
		case "starts":
			r.spec.MaxStarts, err = strconv.Atoi(words[1])
		default:
			return fmt.Errorf("%q is nothing that is known of a rig", words[0])
		}
	}
	return err
}

// feed sets a reading on its way: free 4 kW, free 4 kW by 12:00, free silent,
// price 50.
func (p *stage) feed(now time.Time, words []string) (err error) {
	f := &p.free
	if words[0] == "price" {
		f = &p.price
	}
	if words[1] == "silent" {
		f.silent = true
		return nil
	}
	value, by := 0.0, now
	if words[0] == "price" {
		value, err = strconv.ParseFloat(words[1], 64)
	} else {
		var w energy.Watts
		w, err = energy.ParseWatts(words[1] + words[2])
		value = float64(w)
		if len(words) > 4 {
			if by, err = p.clock(words[4:]); err != nil {
				return err
			}
		}
	}
	f.toward(now, value, by)
	return err
}

func firstOf(errs ...error) error {
	for _, err := range errs {
		if err != nil {
			return err
		}
	}
	return nil
}
