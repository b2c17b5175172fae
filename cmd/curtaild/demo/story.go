package demo

import (
	"fmt"
	"strings"
	"time"

	"github.com/curtaild/curtaild/energy"
	"github.com/curtaild/curtaild/policies"
)

// Kind says what an event is about, for its colour.
type Kind int

// The kinds of events.
const (
	Starts Kind = iota
	GoesUp
	GoesDown
	Stops
	FromGrid
)

// Event is something that was decided, or that the grid said, at one moment:
// the loads it concerns, each with the draw it was set to, and why.
type Event struct {
	Moment Moment
	Kind   Kind
	Loads  []Change
	Text   string // of what the grid says; empty otherwise
	Why    string
}

// Change is one load's new set-point.
type Change struct {
	Load string
	To   energy.Watts
}

// Story finds in the daemon's snapshots what has been decided since the last
// one, and puts it into words.
type Story struct {
	rules map[string]policies.Policy
	last  map[string]energy.Setpoint
	total int
}

// NewStory tells the story of a site with these policies.
func NewStory(ps []policies.Policy) *Story {
	s := &Story{rules: map[string]policies.Policy{}, last: map[string]energy.Setpoint{}}
	for _, p := range ps {
		s.rules[p.Name] = p
	}
	return s
}

// Decisions is how many set-points have been changed so far.
func (s *Story) Decisions() int { return s.total }

// Step tells what has been decided since the snapshot before. Loads to which
// the same happens for the same reason are in one event.
func (s *Story) Step(snap *energy.Snapshot, m Moment) []Event {
	var out []Event
	at := map[string]int{}
	was := s.before(snap)
	for i := range snap.Loads {
		l := &snap.Loads[i]
		now := l.Setpoint
		before, known := s.last[l.Spec.Name]
		s.last[l.Spec.Name] = now
		if !known || now.Seq == before.Seq || now.Point == before.Point {
			continue
		}
		s.total++
		kind := kindOf(before.Point, now.Point)
		key := fmt.Sprint(kind, now.Reason, now.Policy)
		if _, ok := at[key]; !ok {
			at[key] = len(out)
			out = append(out, Event{Moment: m, Kind: kind, Why: s.why(kind, now, snap, was)})
		}
		e := &out[at[key]]
		e.Loads = append(e.Loads, Change{l.Spec.Name, now.Draw})
	}
	return out
}

// step is what is known of one step from snapshot to snapshot as a whole.
type step struct {
	ran   map[string]bool // the policies that had a load running before it
	rises bool            // a load starts or goes up in it
}

func (s *Story) before(snap *energy.Snapshot) step {
	out := step{ran: map[string]bool{}}
	for i := range snap.Loads {
		was, now := s.last[snap.Loads[i].Spec.Name], snap.Loads[i].Setpoint
		if was.Point != energy.Off {
			out.ran[was.Policy] = true
		}
		out.rises = out.rises || now.Point > was.Point
	}
	return out
}

func kindOf(from, to int) Kind {
	switch {
	case to == energy.Off:
		return Stops
	case from == energy.Off:
		return Starts
	case to > from:
		return GoesUp
	}
	return GoesDown
}

// Lines are the sentences of the event, one a load.
func (e Event) Lines() []string {
	if e.Kind == FromGrid {
		return []string{e.Text}
	}
	out := make([]string, len(e.Loads))
	for i, c := range e.Loads {
		out[i] = e.sentence(c.Load, c.To, false)
	}
	return out
}

// Line is the event in one sentence.
func (e Event) Line() string {
	switch n := len(e.Loads); {
	case e.Kind == FromGrid:
		return e.Text
	case n == 1:
		return e.sentence(e.Loads[0].Load, e.Loads[0].To, false)
	default:
		var sum energy.Watts
		for _, c := range e.Loads {
			sum += c.To
		}
		return e.sentence(together(e.Loads), sum, true)
	}
}

// together names several loads: all of few, one and a count of many.
func together(list []Change) string {
	if len(list) == 2 {
		return list[0].Load + " and " + list[1].Load
	}
	return fmt.Sprintf("%s and %d others", list[0].Load, len(list)-1)
}

func (e Event) sentence(who string, to energy.Watts, many bool) string {
	verb := [...]string{Starts: "starts at %s", GoesUp: "goes up to %s", GoesDown: "goes down to %s", Stops: "stops"}[e.Kind]
	if many {
		verb = [...]string{Starts: "start, %s in all", GoesUp: "go up, to %s in all", GoesDown: "go down, to %s in all", Stops: "stop"}[e.Kind]
	}
	if strings.Contains(verb, "%s") {
		verb = fmt.Sprintf(verb, watts(to))
	}
	return who + " " + verb + ": " + e.Why
}

// why puts the reason of a set-point into words.
func (s *Story) why(k Kind, sp energy.Setpoint, snap *energy.Snapshot, in step) string {
	spare := snap.Balance.Available - snap.Balance.Draw
	p := s.rules[sp.Policy]
	first := !in.ran[sp.Policy]
	switch sp.Reason {
	case energy.Surplus:
		return rising(k, spare, p, first)
	case energy.NoBudget, energy.InFlight:
		switch {
		case k == Starts || k == GoesUp:
			return rising(k, spare, p, first)
		case in.rises:
			return "others make more of its power"
		case spare < p.Reserve:
			return watts(p.Reserve-spare) + " too little"
		}
		return "what is left does not carry it"
	case energy.NoSurplus:
		return fmt.Sprintf("less than %s to spare for %s", watts(p.Stop.Power), seconds(p.Stop.For))
	case energy.StopDelay:
		return fmt.Sprintf("too little to spare, stops after %s of it", seconds(p.Stop.For))
	case energy.MinOn:
		return "too little, but started too lately to stop"
	case energy.MinOff:
		return "stopped too lately to start"
	case energy.SignalLimit:
		return "the grid's limit allows no more"
	case energy.SignalStop:
		return "the grid has ordered a stop"
	case energy.ImportLimit:
		return "the site may not import more"
	case energy.HoldOff:
		return "an operator holds all loads off"
	case energy.StaleInput, energy.StaleKeep:
		return "the meter has fallen silent"
	case energy.Shutdown, energy.Drain:
		return "the demo ends"
	}
	return "reason " + string(sp.Reason)
}

func rising(k Kind, spare energy.Watts, p policies.Policy, first bool) string {
	switch {
	case first && k == Starts && spare > 0:
		return fmt.Sprintf("%s of surplus, for %s", watts(spare), seconds(p.Start.For))
	case spare > 0:
		return watts(spare) + " to spare"
	}
	return "power comes free"
}

// Signal tells what the grid has been told of its limit.
func (s *Story) Signal(st energy.SignalStatus, m Moment) Event {
	asked := "limit"
	if st.AskedKW != nil {
		asked = "limit of " + watts(energy.Watts(*st.AskedKW*1000))
	}
	text := fmt.Sprintf("grid: %s %s", asked, st.State)
	switch {
	case st.State == energy.SignalAccepted:
		text = fmt.Sprintf("grid: %s for %s, in %s: accepted", asked, seconds(limitFor), seconds(limitAhead))
	case st.State == energy.SignalAchieved && st.AchievedS != nil && st.MeasuredKW != nil:
		text += fmt.Sprintf(" in %.1f s, at %s", *st.AchievedS, watts(energy.Watts(*st.MeasuredKW*1000)))
	case st.State == energy.SignalCompleted && st.Delivered != nil:
		text += fmt.Sprintf(", %s delivered", watts(energy.Watts(*st.Delivered*1000)))
	case st.Reason != "":
		text += ": " + st.Reason
	}
	return Event{Moment: m, Kind: FromGrid, Text: text}
}

// seconds is a delay in words.
func seconds(d time.Duration) string { return fmt.Sprintf("%.3g s", d.Seconds()) }
