package scheduler

import (
	"slices"
	"time"

	"github.com/curtaild/curtaild/energy"
)

// lore is what a load states of itself and what has been learned of it.
type lore struct {
	Stated  []energy.OperatingPoint `json:"stated,omitempty"`
	Ramp    energy.Ramp             `json:"ramp,omitzero"` // the family's
	Learned Learned                 `json:"learned,omitzero"`
	From    int                     `json:"from"`         // the point that its way began at
	Due     time.Time               `json:"due,omitzero"` // when its way should be over by far; zero: not known
}

// over reports whether the load's way is over at t: what is not there by then
// does not come.
func (l *lore) over(t time.Time) bool { return !l.Due.IsZero() && !t.Before(l.Due) }

// restate takes over what load i states of itself. What has been learned of it
// stands above that.
func (s *site) restate(i int, st *energy.Status) {
	l := &s.loads[i].lore
	points := len(st.Points) > 0 && !samePoints(st.Points, l.Stated)
	ramp := st.Ramp != l.Ramp && st.Ramp != (energy.Ramp{})
	if points {
		l.Stated = st.Points
	}
	if ramp {
		l.Ramp = st.Ramp
	}
	if points || ramp {
		s.revise(i)
	}
}

// samePoints is whether two lists are the same. A load mostly hands out the
// very same one.
func samePoints(a, b []energy.OperatingPoint) bool {
	return len(a) == len(b) && len(a) > 0 && &a[0] == &b[0] || slices.Equal(a, b)
}

// learn steps what is known of load i.
func (s *site) learn(i int, st *energy.Status) {
	l := &s.loads[i].lore
	if l.Learned.Step(&Sighting{Status: st, Setpoint: &s.loads[i].setpoint, Points: l.Stated, Ramp: l.Ramp}) {
		s.revise(i)
		if !slices.Contains(s.taught, i) {
			s.taught = append(s.taught, i)
		}
	}
}

// revise makes plans go by what is stated and learned of load i.
func (s *site) revise(i int) {
	l := &s.loads[i]
	if points := l.lore.Learned.State(l.lore.Stated); len(points) > 0 && !slices.Equal(points, l.points) {
		l.repoint(points)
		s.stale = true
	}
	if ramp := l.lore.Learned.Ramp(l.lore.Ramp); ramp != s.specs[i].Ramp {
		spec := *s.specs[i] // snapshots that are out hold the old one
		spec.Ramp = ramp
		s.specs[i], s.stale = &spec, true
	}
}

// lessons are the loads whose teachings are to be put on disk.
func (s *site) lessons() map[string]KeptLoad {
	if len(s.taught) == 0 {
		return nil
	}
	loads := make(map[string]KeptLoad, len(s.taught))
	for _, i := range s.taught {
		loads[s.specs[i].Name] = s.loads[i].kept()
	}
	s.taught = s.taught[:0]
	return loads
}

// kept is what outlives the daemon of a load.
func (l *loadState) kept() KeptLoad {
	return KeptLoad{Setpoint: l.setpoint, Since: l.since, Starts: l.starts, Learned: l.lore.Learned}
}
