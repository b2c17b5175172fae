package demo

import (
	"time"

	"github.com/curtaild/curtaild/energy"
)

// Intro is what is known before anything runs.
type Intro struct {
	Dir    string
	Socket string
	Rigs   int
	For    time.Duration // 0: until it is interrupted
}

// Frame is all that a view shows, at one moment. It is not written to once it
// has been handed over.
type Frame struct {
	Intro     Intro
	Day       Day
	Elapsed   time.Duration
	Power     Power
	Sums      Sums
	Heard     bool         // the daemon has decided something
	Available energy.Watts // for our loads, as the daemon sees it
	Loads     []Row
	Totals    Totals
	Events    []Event // the latest, oldest first
	Ending    bool
}

// Row is one load.
type Row struct {
	Name   string
	Family string
	State  energy.State
	On     bool // told to run
	Set    energy.Watts
	Top    energy.Watts
	Draw   energy.Watts
	Rate   energy.HashRate
	Reason energy.Reason
}

// Totals are the daemon's own counts since the start.
type Totals struct {
	On       int // loads that are told to run
	Rate     energy.HashRate
	Energy   energy.Joules // that our loads took
	Hashes   float64
	Accepted uint64 // shares
	Changes  int    // of set-points
}

// JoulesPerTH is what a terahash cost; 0 if none was made.
func (t Totals) JoulesPerTH() float64 {
	if t.Hashes <= 0 {
		return 0
	}
	return float64(t.Energy) / (t.Hashes / 1e12)
}

// counts are the counters of one load when it was first heard from: they go on
// over restarts, and this demo begins there.
type counts struct {
	energy   energy.Joules
	hashes   float64
	accepted uint64
}

// book turns snapshots into rows and totals.
type book struct {
	base map[string]counts
}

// open takes in a snapshot.
func (b *book) open(snap *energy.Snapshot) (rows []Row, sum Totals) {
	rows = make([]Row, len(snap.Loads))
	for i := range snap.Loads {
		l := &snap.Loads[i]
		st := &l.Status
		rows[i] = rowOf(l)
		if !st.Heard() {
			continue
		}
		base, ok := b.base[l.Spec.Name]
		if !ok {
			base = counts{st.Energy, st.Hashes, st.Accepted}
			b.base[l.Spec.Name] = base
		}
		sum.Rate += st.Rate
		sum.Energy += st.Energy - base.energy
		sum.Hashes += st.Hashes - base.hashes
		sum.Accepted += st.Accepted - min(st.Accepted, base.accepted)
	}
	for _, r := range rows {
		if r.On {
			sum.On++
		}
	}
	return rows, sum
}

func rowOf(l *energy.LoadView) Row {
	r := Row{
		Name: l.Spec.Name, Family: l.Spec.Family, State: l.Status.State, On: l.Setpoint.Point != energy.Off,
		Set: l.Setpoint.Draw, Draw: l.Status.Draw, Rate: l.Status.Rate, Reason: l.Decision.Reason,
	}
	if n := len(l.Status.Points); n > 0 {
		r.Top = l.Status.Points[n-1].Draw
	}
	return r
}
