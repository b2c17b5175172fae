package scheduler

import (
	"encoding/json"
	"fmt"
	"log/slog"
	"math/rand/v2"
	"testing"
	"time"

	"github.com/curtaild/curtaild/energy"
	"github.com/curtaild/curtaild/policies"
)

// A day begins at the first instant that bears its date, and ends with the
// next: 23 to 25 hours, whatever the clock does at midnight.
func TestDay(t *testing.T) {
	for _, tt := range []struct{ zone, at, begin, end string }{
		{"UTC", "2026-06-01T12:00:00Z", "2026-06-01T00:00:00Z", "2026-06-02T00:00:00Z"},
		{"UTC", "2026-06-01T00:00:00Z", "2026-06-01T00:00:00Z", "2026-06-02T00:00:00Z"},
		{"UTC", "2026-05-31T23:59:59Z", "2026-05-31T00:00:00Z", "2026-06-01T00:00:00Z"},
		{"Europe/Berlin", "2026-03-29T12:00:00Z", "2026-03-28T23:00:00Z", "2026-03-29T22:00:00Z"},    // 23 h
		{"Europe/Berlin", "2026-10-25T12:00:00Z", "2026-10-24T22:00:00Z", "2026-10-25T23:00:00Z"},    // 25 h
		{"America/Santiago", "2026-09-06T12:00:00Z", "2026-09-06T04:00:00Z", "2026-09-07T03:00:00Z"}, // midnight is skipped
		{"America/Santiago", "2026-04-05T03:30:00Z", "2026-04-04T03:00:00Z", "2026-04-05T04:00:00Z"}, // 23:30, the second time
		{"Africa/Cairo", "2026-04-24T12:00:00Z", "2026-04-23T22:00:00Z", "2026-04-24T21:00:00Z"},
	} {
		at, err := time.Parse(time.RFC3339, tt.at)
		if err != nil {
			t.Fatal(err)
		}
		d := dayOf(at, zone(t, tt.zone))
		if got := d.begin.Format(time.RFC3339) + " " + d.end.Format(time.RFC3339); got != tt.begin+" "+tt.end {
			t.Errorf("%s in %s: %s, want %s %s", tt.at, tt.zone, got, tt.begin, tt.end)
		}
	}
}

// What counts as a start, and once.
func TestStartsCount(t *testing.T) {
	today := dayOf(noon, time.UTC)
	off, on := energy.Setpoint{Seq: 2}, energy.Setpoint{Seq: 3, Point: 1}
	says := func(starts, seq uint64, st energy.State) *energy.Status {
		return &energy.Status{Starts: starts, Seq: seq, State: st}
	}
	told := func(s Starts) Starts { return s.told(today) }
	hear := func(st *energy.Status, sp energy.Setpoint) func(Starts) Starts {
		return func(s Starts) Starts { return s.hear(today, st, sp) }
	}
	known := hear(says(40, 0, energy.StateIdle), energy.Setpoint{})
	for name, tt := range map[string]struct {
		want  int
		steps []func(Starts) Starts
	}{
		"what it had before":           {0, []func(Starts) Starts{known}},
		"told":                         {1, []func(Starts) Starts{known, told}},
		"told and done":                {1, []func(Starts) Starts{known, told, hear(says(41, 3, energy.StateRunning), on)}},
		"of itself":                    {1, []func(Starts) Starts{known, hear(says(41, 2, energy.StateRunning), off)}},
		"told, done and rebooted":      {2, []func(Starts) Starts{known, told, hear(says(42, 3, energy.StateRunning), on)}},
		"rebooted later":               {2, []func(Starts) Starts{known, told, hear(says(41, 3, energy.StateRunning), on), hear(says(42, 3, energy.StateRunning), on)}},
		"failed":                       {1, []func(Starts) Starts{known, told, hear(says(40, 2, energy.StateFault), off)}},
		"failed, then of itself":       {2, []func(Starts) Starts{known, told, hear(says(40, 2, energy.StateIdle), off), hear(says(41, 2, energy.StateRunning), off)}},
		"stopped before it had begun":  {1, []func(Starts) Starts{known, told, hear(says(40, 1, energy.StateIdle), off), hear(says(41, 1, energy.StateRunning), off)}},
		"a counter that begins anew":   {0, []func(Starts) Starts{known, hear(says(3, 2, energy.StateIdle), off), hear(says(3, 2, energy.StateIdle), off)}},
		"told before it was heard":     {1, []func(Starts) Starts{told, known}},
		"the same again and once more": {1, []func(Starts) Starts{known, hear(says(41, 2, energy.StateRunning), off), hear(says(41, 2, energy.StateRunning), off)}},
	} {
		var s Starts
		for _, step := range tt.steps {
			s = step(s)
		}
		if s.Count != tt.want {
			t.Errorf("%s: %d starts, want %d (%+v)", name, s.Count, tt.want, s)
		}
	}
}

// A clock that jumps does not open a budget that was used.
func TestStartsClock(t *testing.T) {
	s := Starts{}.told(dayOf(noon, time.UTC)).told(dayOf(noon, time.UTC))
	for name, tt := range map[string]struct {
		day  day
		want int
	}{
		"later today":   {dayOf(noon.Add(11*time.Hour), time.UTC), 2},
		"tomorrow":      {dayOf(noon.Add(13*time.Hour), time.UTC), 0},
		"back a little": {dayOf(noon.Add(-13*time.Hour), time.UTC), 2},
		"back a year":   {dayOf(noon.AddDate(-1, 0, 0), time.UTC), 0},
		"not known":     {day{}, 2},
	} {
		if got := s.on(tt.day).Count; got != tt.want {
			t.Errorf("%s: %d, want %d", name, got, tt.want)
		}
	}
}

// yardRig starts when told, but for one time in ten, and now and then of
// itself. It keeps its own account of starts by the date on the wall.
type yardRig struct {
	name   string
	r      *rand.Rand
	told   energy.Setpoint
	starts uint64
	date   string
	byDate map[string]int
	most   int
	heard  bool
	late   bool // told to start, and has not
	fault  string
}

func (y *yardRig) Name() string { return y.name }

func (y *yardRig) Apply(sp energy.Setpoint) {
	if y.told.Point == energy.Off && sp.Point != energy.Off {
		if y.byDate[y.date]++; y.byDate[y.date] > y.most {
			y.fault = fmt.Sprintf("%s is told to start for the %dth time on %s", y.name, y.byDate[y.date], y.date)
		}
		if y.late = y.r.IntN(10) == 0; !y.late {
			y.starts++
		}
	}
	y.told = sp
}

func (y *yardRig) status(now time.Time) energy.Status {
	if y.heard && y.r.IntN(40) == 0 {
		if y.starts++; !y.late {
			y.byDate[y.date]++
		}
		y.late = false
	}
	y.heard = true
	st := energy.Status{Load: y.name, At: now, State: energy.StateIdle, Point: y.told.Point, Seq: y.told.Seq, Starts: y.starts, Source: energy.Measured}
	st.Points = []energy.OperatingPoint{{Name: "off"}, {Name: "on", Draw: 1000, Rate: 50e12}}
	if y.late = y.late && y.told.Point != energy.Off; y.late {
		st.State = energy.StateFault
	} else if st.Draw = st.Points[st.Point].Draw; st.Point > energy.Off {
		st.State = energy.StateRunning
	}
	return st
}

// No load is told to start more often on one local day than it may, its own
// starts and failed ones included, over changes of the clock and restarts.
func TestStartsOverDaysAndRestarts(t *testing.T) {
	for _, at := range []struct{ zone, from string }{
		{"Europe/Berlin", "2026-03-28T20:00:00Z"}, {"Europe/Berlin", "2026-10-24T20:00:00Z"},
		{"America/Santiago", "2026-09-05T20:00:00Z"}, {"America/Santiago", "2026-04-03T20:00:00Z"},
		{"Africa/Cairo", "2026-04-22T20:00:00Z"}, {"Australia/Lord_Howe", "2026-10-03T02:00:00Z"},
	} {
		t.Run(at.zone+" "+at.from[:10], func(t *testing.T) {
			start, err := time.Parse(time.RFC3339, at.from)
			if err != nil {
				t.Fatal(err)
			}
			for seed := range uint64(4) {
				total := playDays(t, zone(t, at.zone), start, rand.New(rand.NewPCG(seed, 7)))
				if total < 20 {
					t.Errorf("seed %d: only %d starts: the days ask too little", seed, total)
				}
			}
		})
	}
}

// playDays plays three days of gusts, the daemon started anew at times, and
// returns the starts in all.
func playDays(t *testing.T, loc *time.Location, start time.Time, r *rand.Rand) (total int) {
	rigs := make([]*yardRig, 3)
	l := Loop{
		Setup: Setup{
			Readings: []energy.ReadingSpec{{Name: "free", Role: energy.RoleSurplus, MaxAge: time.Hour, Max: 1e6}},
			Balance:  energy.BalanceSpec{Kind: energy.BalanceSurplus},
			Policies: []policies.Policy{{Name: "soak", Loads: []string{"a", "b", "c"}, Use: policies.Use{Available: true}}},
			Location: loc,
		},
		Log: slog.New(slog.DiscardHandler),
	}
	for i := range rigs {
		rigs[i] = &yardRig{name: string(rune('a' + i)), r: r, byDate: map[string]int{}, most: 5 + i}
		l.Loads, l.Specs = append(l.Loads, rigs[i]), append(l.Specs, &energy.LoadSpec{Name: rigs[i].name, MaxStarts: 5 + i})
	}
	v, err := NewVirtual(l, start)
	for now := start; err == nil && now.Before(start.Add(72*time.Hour)); now = now.Add(5 * time.Minute) {
		for _, y := range rigs {
			y.date = now.In(loc).Format(time.DateOnly)
			v.Status(now, y.status(now))
		}
		if r.IntN(3) == 0 {
			v.Reading(energy.Reading{Name: "free", At: now, Value: float64(r.IntN(4000))})
		}
		v.Pass(now)
		if r.IntN(50) == 0 {
			l.Kept = v.s.outlives(t, now)
			v, err = NewVirtual(l, now.Add(time.Minute))
		}
		for _, y := range rigs {
			if y.fault != "" {
				t.Fatal(y.fault)
			}
		}
	}
	if err != nil {
		t.Fatal(err)
	}
	for _, y := range rigs {
		for _, n := range y.byDate {
			total += n
		}
	}
	return total
}

// outlives is what a restart finds of the site, by way of the disk.
func (s *site) outlives(t *testing.T, now time.Time) (k Kept) {
	written := Kept{KeptSite: *s.record(now), Loads: map[string]KeptLoad{}}
	for i := range s.loads {
		written.Loads[s.specs[i].Name] = s.loads[i].kept()
	}
	text, err := json.Marshal(written)
	if err == nil {
		err = json.Unmarshal(text, &k)
	}
	if err != nil {
		t.Fatal(err)
	}
	return k
}

// Of loads that run, those that may not start again today are the last to be
// stopped; but a policy's own order comes first, and midnight ends it.
func TestStartsUsedUpStopLast(t *testing.T) {
	listed := func(p *policies.Policy) { p.Order, p.Loads = policies.Listed, []string{"a", "b"} }
	tests := map[string]struct {
		change []func(*siteSpec)
		want   string // what of a and b still runs
	}{
		"the more efficient one":   {nil, "a"},
		"b has none left":          {[]func(*siteSpec){spent(1)}, "b"},
		"a has none left":          {[]func(*siteSpec){spent(0)}, "a"},
		"neither has":              {[]func(*siteSpec){spent(0), spent(1)}, "a"},
		"a comes first":            {[]func(*siteSpec){spent(1), policy(listed)}, "a"},
		"tracked":                  {[]func(*siteSpec){tracked}, "a"},
		"tracked, b has none":      {[]func(*siteSpec){tracked, spent(1)}, "b"},
		"tracked, a comes first":   {[]func(*siteSpec){tracked, spent(1), policy(listed)}, "a"},
		"b has, when the day ends": {[]func(*siteSpec){spent(1), func(s *siteSpec) { s.in.DayEnd = noon }}, "a"},
	}
	for name, c := range tests {
		t.Run(name, func(t *testing.T) {
			s := newSite(1200, append([]func(*siteSpec){on(time.Hour, 1, 1)}, c.change...)...)
			running := ""
			for _, d := range Decide(noon, s.input(t)).Decisions {
				if d.To > energy.Off {
					running += d.Load
				}
			}
			if running != c.want {
				t.Errorf("%q runs, want %q", running, c.want)
			}
		})
	}
}

// spent leaves load i no start for the rest of the day.
func spent(i int) func(*siteSpec) {
	return func(s *siteSpec) {
		s.specs[i].MaxStarts, s.in.Loads[i].Starts, s.in.DayEnd = 3, 3, noon.Add(time.Hour)
	}
}
