package demo

import (
	"context"
	"sync/atomic"
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
	keptSun    = 240
	sunEvery   = 5 // frames to one column of the sun's curve
)

// Show joins what the daemon, the plant and the grid say, and hands it to a
// view.
type Show struct {
	plant   *Plant
	view    View
	story   *Story
	frame   Frame
	book    book
	latest  atomic.Pointer[energy.Snapshot]
	woken   chan struct{}
	signals chan energy.SignalStatus
}

// NewShow makes a show that has yet to run.
func NewShow(p *Plant, s *Story, v View, in Intro) *Show {
	return &Show{
		plant: p, view: v, story: s, frame: Frame{Intro: in}, book: book{map[string]counts{}},
		woken: make(chan struct{}, 1), signals: make(chan energy.SignalStatus, 64),
	}
}

// See takes in a snapshot. It never blocks; of several, the last is seen.
func (s *Show) See(snap *energy.Snapshot) {
	s.latest.Store(snap)
	select {
	case s.woken <- struct{}{}:
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
	s.refresh(time.Now(), 0)
	for n := 1; ; n++ {
		select {
		case <-s.woken:
			s.see(s.plant.Moment(time.Now()))
		case st := <-s.signals:
			s.frame.Limited = st.State == energy.SignalStarted || st.State == energy.SignalAchieved || st.State == energy.SignalViolated || st.State == energy.SignalPartial
			s.tell([]Event{s.story.Signal(st, s.plant.Moment(time.Now()))})
		case now := <-tick.C:
			s.refresh(now, n)
		case <-ending:
			s.frame.Ending, ending = true, nil
			s.refresh(time.Now(), n)
		case <-ctx.Done():
			s.see(s.plant.Moment(time.Now()))
			s.refresh(time.Now(), n)
			return s.frame
		}
	}
}

func (s *Show) see(m Moment) {
	snap := s.latest.Load()
	if snap == nil {
		return
	}
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

func (s *Show) refresh(now time.Time, n int) {
	s.frame.Power, s.frame.Sums = s.plant.Power()
	s.frame.Elapsed = now.Sub(s.plant.started)
	if n%sunEvery == 0 {
		sun := append(s.frame.Sun[:len(s.frame.Sun):len(s.frame.Sun)], float64(s.frame.Power.Sky.Generation/panels))
		s.frame.Sun = sun[max(0, len(sun)-keptSun):]
	}
	s.view.Show(s.frame)
}
