package demo

import (
	"context"
	"time"

	"github.com/curtaild/curtaild/energy"
)

// View shows what happens. Its methods are called by one goroutine.
type View interface {
	Tell(events []Event) // as soon as something has been decided
	Show(f Frame)        // several times a second
}

const (
	showEvery  = 250 * time.Millisecond
	keptEvents = 200
	waiting    = 1024 // snapshots; the daemon makes tens a second
)

// Show joins what the daemon, the plant and the grid say, and hands it to a
// view.
type Show struct {
	plant   *Plant
	view    View
	story   *Story
	frame   Frame
	book    book
	snaps   chan *energy.Snapshot
	signals chan energy.SignalStatus
}

// NewShow makes a show that has yet to run.
func NewShow(p *Plant, s *Story, v View, in Intro) *Show {
	return &Show{
		plant: p, view: v, story: s, frame: Frame{Intro: in, Day: p.Day}, book: book{map[string]counts{}},
		snaps: make(chan *energy.Snapshot, waiting), signals: make(chan energy.SignalStatus, 64),
	}
}

// See takes in a snapshot. It never blocks: what a machine that is far too slow
// cannot show in time is left out.
func (s *Show) See(snap *energy.Snapshot) {
	select {
	case s.snaps <- snap:
	default:
	}
}

// Hear takes in what the grid was told. It never blocks.
func (s *Show) Hear(st energy.SignalStatus) {
	select {
	case s.signals <- st:
	default:
	}
}

// Run shows what happens until ctx ends, and returns the last frame. From the
// end of ending on it says that the demo ends.
func (s *Show) Run(ctx context.Context, ending <-chan struct{}) Frame {
	tick := time.NewTicker(showEvery)
	defer tick.Stop()
	s.refresh(time.Now())
	for {
		select {
		case snap := <-s.snaps:
			s.see(snap, s.plant.Moment(time.Now()))
		case st := <-s.signals:
			s.tell([]Event{s.story.Signal(st, s.plant.Moment(time.Now()))})
		case now := <-tick.C:
			s.refresh(now)
		case <-ending:
			s.frame.Ending, ending = true, nil
			s.refresh(time.Now())
		case <-ctx.Done():
			for len(s.snaps) > 0 {
				s.see(<-s.snaps, s.plant.Moment(time.Now()))
			}
			s.refresh(time.Now())
			return s.frame
		}
	}
}

func (s *Show) see(snap *energy.Snapshot, m Moment) {
	var local energy.Watts
	for i := range snap.Loads {
		if snap.Loads[i].Spec.Family == "local" {
			local += snap.Loads[i].Status.Draw
		}
	}
	s.plant.SetLocal(local)
	s.frame.Heard, s.frame.Available = snap.Balance.OK, snap.Balance.Available
	s.frame.Loads, s.frame.Totals = s.book.open(snap)
	if events := s.story.Step(snap, m); len(events) > 0 {
		s.tell(events)
	}
	s.frame.Totals.Changes = s.story.Decisions()
}

func (s *Show) tell(events []Event) {
	s.view.Tell(events)
	kept := append(s.frame.Events[:len(s.frame.Events):len(s.frame.Events)], events...)
	s.frame.Events = kept[max(0, len(kept)-keptEvents):]
}

func (s *Show) refresh(now time.Time) {
	s.frame.Power, s.frame.Sums = s.plant.Power()
	s.frame.Elapsed = now.Sub(s.plant.started)
	s.view.Show(s.frame)
}
