package simulate

import (
	"math"
	"strings"
	"testing"
	"time"

	"github.com/curtaild/curtaild/energy"
	"github.com/curtaild/curtaild/internal/days"
	"github.com/curtaild/curtaild/scheduler"
)

// afternoon is some hours of a cloudy day in minutes, W.
func afternoon() (out []float64) {
	for i, w := range days.Cloudy(5, 40e3)[36_000:60_000] {
		if i%60 == 0 {
			out = append(out, w)
		}
	}
	return out
}

// The same power comes to the same, however the site tells it.
func TestBalances(t *testing.T) {
	free := afternoon()
	of := func(kind energy.BalanceKind, change func(*Config), columns []energy.ReadingSpec, row func(w float64) []float64) *Result {
		c := siteOf(kind, fleet(10))
		c.Setup.Policies[0].Objective = ""
		c.Setup.Readings = columns
		change(&c)
		s := seriesOf(columns[0], time.Minute, free...)
		s.Readings, s.Values = columns, nil
		for _, w := range free {
			s.Values = append(s.Values, row(w)...)
		}
		return mustRun(t, c, s)
	}
	none := func(*Config) {}
	base := of(energy.BalanceSurplus, none, []energy.ReadingSpec{reading("free", energy.RoleSurplus)}, func(w float64) []float64 { return []float64{w} })
	if base.AbsorbedKWh < 10 {
		t.Fatalf("absorbed %v", base.AbsorbedKWh)
	}
	grid, gen, load := reading("grid", energy.RoleGrid), reading("pv", energy.RoleGeneration), reading("load", energy.RoleLoad)
	curtailed, flexible := reading("held", energy.RoleCurtailed), reading("ours", energy.RoleFlexible)
	const limit = 12e3
	for name, got := range map[string]*Result{
		"surplus with our loads": of(energy.BalanceSurplus, func(c *Config) { c.Setup.Balance.SurplusIncludesLoads = true },
			[]energy.ReadingSpec{reading("free", energy.RoleSurplus)}, func(w float64) []float64 { return []float64{w} }),
		"grid": of(energy.BalanceGrid, none, []energy.ReadingSpec{grid}, func(w float64) []float64 { return []float64{-w} }),
		"generation and load": of(energy.BalanceGenerationLoad, none, []energy.ReadingSpec{gen, load},
			func(w float64) []float64 { return []float64{w + 3000, 3000} }),
		"generation and load with ours": of(energy.BalanceGenerationLoad, func(c *Config) { c.Setup.Balance.LoadIncludesLoads = true },
			[]energy.ReadingSpec{gen, load}, func(w float64) []float64 { return []float64{w + 3000, 3000} }),
		"held back at the connection": of(energy.BalanceGrid, func(c *Config) { c.Setup.Balance.HeldAt = energy.HeldAtConnection },
			[]energy.ReadingSpec{grid, curtailed}, func(w float64) []float64 { return []float64{-min(w, limit), w - min(w, limit)} }),
		"read while loads ran": of(energy.BalanceGrid, func(c *Config) { c.Included = true },
			[]energy.ReadingSpec{grid, flexible}, func(w float64) []float64 { return []float64{-w + 5000, 5000} }),
	} {
		if math.Abs(got.AbsorbedKWh-base.AbsorbedKWh) > 1e-6 || math.Abs(got.ImportedKWh-base.ImportedKWh) > 1e-6 || got.Starts != base.Starts {
			t.Errorf("%s: absorbed %.3f, imported %.3f kWh, %.2f starts; as surplus %.3f, %.3f, %.2f", name,
				got.AbsorbedKWh, got.ImportedKWh, got.Starts, base.AbsorbedKWh, base.ImportedKWh, base.Starts)
		}
	}
}

// A gap is no zero: loads stop when the meter has been silent for its max age,
// and the time is not accounted for.
func TestGap(t *testing.T) {
	c := siteOf(energy.BalanceSurplus, fleet(1))
	values := make([]float64, 60)
	for i := range values {
		values[i] = 10_000
		if i >= 20 && i < 40 {
			values[i] = math.NaN()
		}
	}
	r := mustRun(t, c, seriesOf(c.Setup.Readings[0], time.Minute, values...))
	if got, want := r.Days*86400, 40.0*60; math.Abs(got-want) > 1 || r.Rigs[0].Starts != 2 {
		t.Errorf("%.0f s known, %d starts; want %.0f and 2", got, r.Rigs[0].Starts, want)
	}
	// The same, with rows that are missing.
	s := &Series{Readings: c.Setup.Readings}
	for i, v := range values {
		if !math.IsNaN(v) {
			s.At, s.Values = append(s.At, noon.Add(time.Duration(i)*time.Minute)), append(s.Values, v)
		}
	}
	if again := mustRun(t, c, s); again.Rigs[0].Starts != 2 || again.AvailableKWh >= r.AvailableKWh+0.01 {
		t.Errorf("missing rows: %d starts, %.2f kWh; empty cells: %.2f kWh", again.Rigs[0].Starts, again.AvailableKWh, r.AvailableKWh)
	}
}

// Meters speak between rows that are further apart than a reading may be old.
func TestRowsFarApart(t *testing.T) {
	c := siteOf(energy.BalanceSurplus, fleet(1))
	c.Between = Linear
	r := mustRun(t, c, seriesOf(c.Setup.Readings[0], 30*time.Minute, 5000, 5000, 5000, 5000))
	if r.Rigs[0].Starts != 1 || r.AbsorbedPct < 60 {
		t.Errorf("%d starts, %.1f %% absorbed", r.Rigs[0].Starts, r.AbsorbedPct)
	}
}

func TestMoney(t *testing.T) {
	c := siteOf(energy.BalanceSurplus, fleet(1))
	price, back := reading("buy", energy.RoleImportPrice), reading("sell", energy.RoleExportPrice)
	c.Setup.Readings = append(c.Setup.Readings, price, back)
	s := seriesOf(c.Setup.Readings[0], time.Minute)
	s.Readings = c.Setup.Readings
	for i := range 61 {
		s.At = append(s.At, noon.Add(time.Duration(i)*time.Minute))
		s.Values = append(s.Values, 10_000, 200, 40)
	}
	r := mustRun(t, c, s)
	if r.ImportCost == nil || r.Forgone == nil || *r.ImportCost != 0 || math.Abs(*r.Forgone-r.AbsorbedKWh/1000*40) > 1e-9 {
		t.Errorf("paid %v, forgone %v for %.3f kWh", r.ImportCost, r.Forgone, r.AbsorbedKWh)
	}
}

// A price stands until it is too old, as it does for the daemon; energy without
// a price is told of, and not given away.
func TestMoneyOfSparsePrices(t *testing.T) {
	sell := reading("sell", energy.RoleExportPrice)
	c := siteOf(energy.BalanceSurplus, fleet(10))
	free := c.Setup.Readings[0]
	c.Setup.Readings = []energy.ReadingSpec{free, sell}
	played := func(maxAge time.Duration) *Result {
		sell.MaxAge = maxAge
		s := seriesOf(free, time.Minute, make([]float64, 181)...)
		s.Readings, s.Values = []energy.ReadingSpec{free, sell}, nil
		for i := range s.At {
			price := math.NaN()
			if i%60 == 0 {
				price = 40
			}
			s.Values = append(s.Values, 30e3, price)
		}
		return mustRun(t, c, s)
	}
	all, some := played(time.Hour), played(time.Minute)
	if math.Abs(*all.Forgone-all.AbsorbedKWh/1000*40) > 1e-9 || all.UnsoldKWh != 0 {
		t.Errorf("by the hour: forgone %v, %v kWh without a price, of %v kWh", *all.Forgone, all.UnsoldKWh, all.AbsorbedKWh)
	}
	if sold := *some.Forgone / 40 * 1000; math.Abs(sold+some.UnsoldKWh-some.AbsorbedKWh) > 1e-9 || sold > some.AbsorbedKWh/50 {
		t.Errorf("by the minute: forgone %v, %v kWh without a price, of %v kWh", *some.Forgone, some.UnsoldKWh, some.AbsorbedKWh)
	}
	var out strings.Builder
	if err := WriteTable(&out, time.UTC, Named{"p", some}); err != nil || !strings.Contains(out.String(), "no price for ") {
		t.Errorf("%v: %s", err, out.String())
	}
}

// Between two rows power goes straight, and prices and limits stay.
func TestBetweenRows(t *testing.T) {
	c := siteOf(energy.BalanceSurplus, fleet(1))
	c.Between = Linear
	s := seriesOf(c.Setup.Readings[0], time.Hour, 0, 0)
	for role, want := range map[energy.Role]float64{
		energy.RoleGeneration: 15, energy.RoleSoC: 15,
		energy.RoleImportPrice: 10, energy.RoleExportPrice: 10, energy.RoleCarbon: 10, energy.RoleExportLimit: 10,
	} {
		s.Readings, s.Values = []energy.ReadingSpec{c.Setup.Readings[0], reading("x", role)}, []float64{0, 10, 0, 20}
		site, err := newSite(s, &c)
		if err != nil {
			t.Fatal(err)
		}
		if got, ok := site.read(0, 1, 30*time.Minute, 0); !ok || got != want {
			t.Errorf("%s: %v, want %v", role, got, want)
		}
	}
}

func TestSeriesLacksReading(t *testing.T) {
	c := siteOf(energy.BalanceGrid, fleet(1))
	if _, err := Run(t.Context(), c, seriesOf(reading("pv", energy.RoleGeneration), time.Minute, 1, 2, 3)); err == nil {
		t.Error("a grid balance without a grid reading")
	}
}

// A history has what was known at each instant, and nothing that was too old.
func TestHistory(t *testing.T) {
	grid := reading("grid", energy.RoleGrid)
	grid.MaxAge = 20 * time.Second
	h := NewHistory([]energy.ReadingSpec{grid}, 10, 5*time.Second)
	at := func(s float64) time.Time { return noon.Add(seconds(s)) }
	for _, e := range []scheduler.Event{
		{Kind: scheduler.EventReading, At: at(1), Reading: energy.Reading{Name: "grid", Value: -900, At: at(0)}},
		{Kind: scheduler.EventReading, At: at(2), Reading: energy.Reading{Name: "gone", Value: 7, At: at(0)}},
		{Kind: scheduler.EventStatus, At: at(3), Status: energy.Status{Load: "a", State: energy.StateRunning, Draw: 100}},
		{Kind: scheduler.EventStatus, At: at(8), Status: energy.Status{Load: "b", State: energy.StateRunning, Draw: 50}},
		{Kind: scheduler.EventStatus, At: at(9), Status: energy.Status{Load: "a", State: energy.StateUnreachable}},
		{Kind: scheduler.EventPass, At: at(26)},
	} {
		if err := h.Take(e); err != nil {
			t.Fatal(err)
		}
	}
	s, err := h.Series()
	if err != nil {
		t.Fatal(err)
	}
	want := [][2]float64{{-900, 110}, {-900, 165}, {-900, 165}, {math.NaN(), 165}, {math.NaN(), 165}}
	if len(s.At) != len(want) {
		t.Fatalf("%d rows, want %d", len(s.At), len(want))
	}
	for i, w := range want {
		g, o := s.value(i, 0), s.value(i, 1)
		if (g != w[0] && !(math.IsNaN(g) && math.IsNaN(w[0]))) || math.Abs(o-w[1]) > 1e-9 || !s.At[i].Equal(at(float64(5*i+5))) {
			t.Errorf("row %d at %v: %v and %v, want %v", i, s.At[i], g, o, w)
		}
	}
}
