package simulate

import (
	"errors"
	"fmt"
	"math"
	"slices"
	"sort"
	"time"

	"github.com/curtaild/curtaild/energy"
)

// Series is what the meters of a site read over time. It is never changed once
// made, so several runs may share it.
type Series struct {
	Readings []energy.ReadingSpec // of the columns
	At       []time.Time          // of the rows, rising
	// Values holds row after row, in the program's units and signs; NaN where
	// nothing was read.
	Values []float64
}

// value is that of a column in a row.
func (s *Series) value(row, column int) float64 { return s.Values[row*len(s.Readings)+column] }

// column is that of a role; -1 if there is none. Backups are no columns of
// their own.
func (s *Series) column(role energy.Role) int {
	return slices.IndexFunc(s.Readings, func(r energy.ReadingSpec) bool { return r.Role == role })
}

// standing is what a column's reading says in each row: a value stands until it
// is older than the reading's max_age. NaN where there is none; nil without a
// column.
func (s *Series) standing(column int) []float64 {
	if column < 0 {
		return nil
	}
	out := make([]float64, len(s.At))
	spec, last := &s.Readings[column], -1
	for i := range out {
		if out[i] = s.value(i, column); !math.IsNaN(out[i]) {
			last = i
		} else if last >= 0 && s.At[i].Sub(s.At[last]) < spec.MaxAge {
			out[i] = out[last]
		}
	}
	return out
}

// cut is the rows from one time to another; a zero time is no bound.
func (s *Series) cut(from, to time.Time) (*Series, error) {
	i, j := 0, len(s.At)
	if !from.IsZero() {
		i = sort.Search(len(s.At), func(i int) bool { return !s.At[i].Before(from) })
	}
	if !to.IsZero() {
		j = max(i, sort.Search(len(s.At), func(i int) bool { return s.At[i].After(to) }))
	}
	if j-i < 2 && len(s.At) > 1 {
		return nil, fmt.Errorf("fewer than two rows lie in the time asked for: the readings go from %s to %s",
			s.At[0].Format(time.RFC3339), s.At[len(s.At)-1].Format(time.RFC3339))
	}
	n := len(s.Readings)
	return &Series{Readings: s.Readings, At: s.At[i:j], Values: s.Values[i*n : j*n]}, nil
}

// step is the usual time between two rows.
func (s *Series) step() time.Duration {
	var steps []time.Duration
	for i := 1; i < min(len(s.At), 10_000); i++ {
		steps = append(steps, s.At[i].Sub(s.At[i-1]))
	}
	if len(steps) == 0 {
		return time.Second
	}
	slices.Sort(steps)
	return steps[len(steps)/2]
}

// Between says how the power went between two rows.
type Between string

// How it went.
const (
	Linear Between = "linear"
	Held   Between = "held"
)

// site is the plant and its meters without our loads, as a series tells it.
type site struct {
	series  *Series
	balance energy.BalanceSpec
	between Between
	start   time.Time
	hole    time.Duration // rows that are further apart have nothing between them
	free    []float64     // of each row, W: what is left before anything is held back; NaN: not known
	held    []float64     // of each row, W: what the plant holds back and would give
	drew    int           // the column of what our loads drew when it was read; -1: there were none
	price   [2][]float64  // of each row: what is paid and what is got for a MWh; NaN: not known; nil: no column
}

// newSite reads the balance out of a series. With included, what is in it are
// the readings of a site whose loads ran, and which drew what its column of
// role flexible says.
func newSite(s *Series, cfg *Config) (*site, error) {
	if len(s.At) < 2 {
		return nil, errors.New("fewer than two rows: there is nothing to simulate")
	}
	t := &site{
		series: s, balance: cfg.Setup.Balance, between: cfg.Between, start: s.At[0], hole: 3 * s.step(),
		free: make([]float64, len(s.At)), held: make([]float64, len(s.At)), drew: -1,
		price: [2][]float64{s.standing(s.column(energy.RoleImportPrice)), s.standing(s.column(energy.RoleExportPrice))},
	}
	need := map[energy.BalanceKind][]energy.Role{
		energy.BalanceGrid: {energy.RoleGrid}, energy.BalanceSurplus: {energy.RoleSurplus},
		energy.BalanceGenerationLoad: {energy.RoleGeneration, energy.RoleLoad},
	}[t.balance.Kind]
	if cfg.Included {
		need = append(need, energy.RoleFlexible)
	}
	for _, role := range need {
		if s.column(role) < 0 {
			return nil, fmt.Errorf("no column for the reading of role %q: name one after the reading, its topic or its role", role)
		}
	}
	if cfg.Included {
		t.drew = s.column(energy.RoleFlexible)
	}
	battery := s.column(energy.RoleBattery)
	for i := range s.At {
		t.free[i] = t.freeAt(i)
		if battery >= 0 {
			t.free[i] += min(0, s.value(i, battery)) // what a battery gives is not there for us
		}
		if t.drew >= 0 && t.counted() {
			t.free[i] += s.value(i, t.drew)
		}
		t.held[i] = t.heldAt(i)
	}
	return t, nil
}

// heldAt is what the plant holds back in a row and would give, W.
func (t *site) heldAt(row int) float64 {
	if t.balance.HeldAt != energy.HeldAtConnection {
		return 0
	}
	s := t.series
	v := math.NaN()
	if c := s.column(energy.RoleCurtailed); c >= 0 {
		v = s.value(row, c)
	} else if p, g := s.column(energy.RolePotential), s.column(energy.RoleGeneration); p >= 0 && g >= 0 {
		v = s.value(row, p) - s.value(row, g)
	}
	if v > 0 {
		return v
	}
	return 0
}

// freeAt is what the rows' own readings leave, W.
func (t *site) freeAt(row int) float64 {
	s := t.series
	switch t.balance.Kind {
	case energy.BalanceSurplus:
		return s.value(row, s.column(energy.RoleSurplus))
	case energy.BalanceGenerationLoad:
		return s.value(row, s.column(energy.RoleGeneration)) - s.value(row, s.column(energy.RoleLoad))
	default:
		return -s.value(row, s.column(energy.RoleGrid))
	}
}

// counted reports whether our draw is in the readings that the balance is
// made of.
func (t *site) counted() bool {
	switch t.balance.Kind {
	case energy.BalanceSurplus:
		return t.balance.SurplusIncludesLoads
	case energy.BalanceGenerationLoad:
		return t.balance.LoadIncludesLoads
	default:
		return true
	}
}

// known reports whether the power is known from a row up to the next.
func (t *site) known(row int) bool {
	if math.IsNaN(t.free[row]) {
		return false
	}
	return row+1 >= len(t.free) || t.series.At[row+1].Sub(t.series.At[row]) <= t.hole
}

// mix is a value that is a in a row and b in the next, at a fraction of
// the way. Where the next is not known, the last one holds.
func (t *site) mix(a, b, fraction float64) float64 {
	if t.between == Held || math.IsNaN(b) {
		return a
	}
	return a + (b-a)*fraction
}

// at is what is free and what is held back at x, in the row's span.
func (t *site) at(row int, x time.Duration) (free, held float64) {
	f := t.fraction(row, x)
	n := min(row+1, len(t.free)-1)
	return t.mix(t.free[row], t.free[n], f), t.mix(t.held[row], t.held[n], f)
}

func (t *site) fraction(row int, x time.Duration) float64 {
	if row+1 >= len(t.series.At) {
		return 0
	}
	a, b := t.row(row), t.row(row+1)
	return float64(x-a) / float64(b-a)
}

// row is when a row is, since the start.
func (t *site) row(i int) time.Duration { return t.series.At[i].Sub(t.start) }

// steps reports whether what a reading says holds until the next row, however
// power goes between them: prices and limits are those of a period.
func steps(role energy.Role) bool {
	switch role {
	case energy.RoleImportPrice, energy.RoleExportPrice, energy.RoleCarbon, energy.RoleExportLimit:
		return true
	}
	return false
}

// read is what the meter of a column reads at x, when our loads draw so much,
// fans and pumps included; false if it is silent.
//
// A plant that holds power back at the connection gives it as we draw: then
// what it exports does not change, and what it makes does.
func (t *site) read(row, column int, x time.Duration, ours float64) (float64, bool) {
	s := t.series
	n := min(row+1, len(s.At)-1)
	v := s.value(row, column)
	if math.IsNaN(v) || x > t.row(row) && !t.known(row) {
		return 0, false
	}
	if !steps(s.Readings[column].Role) {
		v = t.mix(v, s.value(n, column), t.fraction(row, x))
	}
	free, held := t.at(row, x)
	if math.IsNaN(free) {
		held = 0
	}
	given, more := min(held, ours), ours
	if t.drew >= 0 {
		then := t.mix(s.value(row, t.drew), s.value(n, t.drew), t.fraction(row, x))
		if math.IsNaN(then) {
			return 0, false
		}
		more -= then
	}
	switch s.Readings[column].Role {
	case energy.RoleGrid:
		v += more - given
	case energy.RoleSurplus:
		v += given
		if t.balance.SurplusIncludesLoads {
			v -= more
		}
	case energy.RoleLoad:
		if t.balance.LoadIncludesLoads {
			v += more
		}
	case energy.RoleGeneration:
		v += given
	case energy.RoleCurtailed:
		if t.balance.HeldAt == energy.HeldAtConnection {
			v -= given
		}
	case energy.RoleFlexible:
		v = ours
	}
	return v, true
}
