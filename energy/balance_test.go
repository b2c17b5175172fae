package energy

import (
	"math"
	"testing"
	"time"
)

// site is a balance with all that can be read, in the middle of a quiet hour:
// we draw 10 kW, and export nothing.
type site struct {
	spec  BalanceSpec
	specs []ReadingSpec
	in    []Reading
	draws Draws
	now   float64

	memory BalanceMemory
}

func quiet() *site {
	s := &site{spec: BalanceSpec{Kind: BalanceGrid, HeldAt: HeldAtConnection}, now: 100}
	s.has(RoleGrid, 0, 100)
	s.draw(0, 10e3)
	return s
}

func (s *site) has(r Role, v, sec float64) *site {
	name := string(r)
	s.specs = append(s.specs, ReadingSpec{Name: name, Role: r, MaxAge: 30 * time.Second})
	s.in = append(s.in, reading(name, v, sec))
	return s
}

func (s *site) read(r Role, v, sec float64) *site {
	for i := range s.in {
		if s.in[i].Name == string(r) {
			s.in[i] = reading(string(r), v, sec)
			return s
		}
	}
	return s.has(r, v, sec)
}

// draw says that we draw w from sec on.
func (s *site) draw(sec float64, w Watts) *site {
	s.draws.Add(at(sec), s.draws.At(at(sec)))
	s.draws.Add(at(sec), w)
	return s
}

func (s *site) balance() Balance {
	b := NewBoard(s.specs)
	for _, r := range s.in {
		b.Take(r)
	}
	k := Balancer{Spec: s.spec, Memory: s.memory}
	return k.Balance(at(s.now), b, &s.draws)
}

func surplusKind(includes bool) func(*site) {
	return func(s *site) {
		s.spec.Kind, s.spec.SurplusIncludesLoads = BalanceSurplus, includes
		s.read(RoleSurplus, 7e3, 100)
	}
}

func generationKind(includes bool) func(*site) {
	return func(s *site) {
		s.spec.Kind, s.spec.LoadIncludesLoads = BalanceGenerationLoad, includes
		s.read(RoleGeneration, 20e3, 100).read(RoleLoad, 14e3, 95)
	}
}

func TestBalance(t *testing.T) {
	for _, c := range []struct {
		name      string
		change    func(*site)
		available Watts
		reason    Reason
	}{
		{"grid at 0", func(*site) {}, 10e3, ""},
		{"exporting", func(s *site) { s.read(RoleGrid, -3e3, 100) }, 13e3, ""},
		{"importing", func(s *site) { s.read(RoleGrid, 3e3, 100) }, 7e3, ""},
		{"importing more than we draw", func(s *site) { s.read(RoleGrid, 13e3, 100) }, 0, ""},
		{"our step after the reading is none of its business", func(s *site) { s.draw(100.5, 50e3); s.now = 101 }, 10e3, ""},
		{"our step before the reading", func(s *site) { s.draw(99, 50e3).read(RoleGrid, 40e3, 100) }, 10e3, ""},
		{"averaging meter, half of it before our step", func(s *site) {
			s.specs[0].Window = 10 * time.Second
			s.draw(95, 20e3).read(RoleGrid, 5e3, 100)
		}, 10e3, ""},
		{"fans and pumps", func(s *site) { s.spec.Aux = 10 }, 11e3, ""},
		{"sub-meter", func(s *site) { s.read(RoleFlexible, 12e3, 98) }, 12e3, ""},
		{"sub-meter sees fans and pumps itself", func(s *site) { s.spec.Aux = 10; s.read(RoleFlexible, 12e3, 98) }, 12e3, ""},
		{"sub-meter from before our step", func(s *site) { s.read(RoleFlexible, 12e3, 90).draw(95, 20e3) }, 22e3, ""},
		{"stale sub-meter", func(s *site) { s.read(RoleFlexible, 12e3, 60) }, 10e3, ""},

		{"surplus beside us", surplusKind(false), 7e3, ""},
		{"surplus less us", surplusKind(true), 17e3, ""},
		{"generation and load beside us", generationKind(false), 6e3, ""},
		{"generation and load with us", generationKind(true), 16e3, ""},
		{"load read before our step", func(s *site) { generationKind(true)(s); s.draw(97, 30e3) }, 16e3, ""},

		{"discharging", func(s *site) { s.has(RoleBattery, -3e3, 100) }, 7e3, ""},
		{"charging is the battery's own", func(s *site) { s.has(RoleBattery, 3e3, 100) }, 10e3, ""},
		{"discharging more than all", func(s *site) { s.has(RoleBattery, -30e3, 100) }, 0, ""},
		{"battery read after our step up covers it", func(s *site) {
			s.draw(100.5, 13e3).has(RoleBattery, -3e3, 101)
			s.now = 101
		}, 10e3, ""},
		{"battery read after our step down was relieved by it", func(s *site) {
			s.draw(100.5, 7e3).has(RoleBattery, 0, 101)
			s.now = 101
		}, 7e3, ""},
		{"export covers our step, so the battery has reasons of its own", func(s *site) {
			s.read(RoleGrid, -20e3, 100).draw(100.5, 13e3).has(RoleBattery, -3e3, 101)
			s.now = 101
		}, 27e3, ""},
		{"battery carries us beyond the surplus", func(s *site) { surplusKind(false)(s); s.has(RoleBattery, -3e3, 100) }, 7e3, ""},
		{"generation that holds the discharge", func(s *site) {
			generationKind(false)(s)
			s.read(RoleGeneration, 24e3, 100).has(RoleBattery, -3e3, 100)
		}, 7e3, ""},

		{"held back at the connection", func(s *site) { s.has(RoleCurtailed, 5e3, 100) }, 15e3, ""},
		{"drawn already since", func(s *site) {
			s.has(RoleCurtailed, 5e3, 90).draw(95, 13e3).read(RoleGrid, 0, 100)
		}, 15e3, ""},
		{"drawn more than was held back", func(s *site) {
			s.has(RoleCurtailed, 5e3, 90).draw(95, 18e3).read(RoleGrid, 3e3, 100)
		}, 15e3, ""},
		{"read after our step, which the grid has not seen", func(s *site) {
			s.draw(100.5, 12e3).has(RoleCurtailed, 3e3, 101)
			s.now = 101
		}, 15e3, ""},
		{"nothing held back", func(s *site) { s.has(RoleCurtailed, 0, 100) }, 10e3, ""},
		{"held at the generator", func(s *site) { s.spec.HeldAt = HeldAtGenerator; s.has(RoleCurtailed, 5e3, 100) }, 10e3, NotRecoverable},
		{"stale held back", func(s *site) { s.has(RoleCurtailed, 5e3, 70) }, 10e3, StaleInput},
		{"all but stale held back", func(s *site) { s.has(RoleCurtailed, 5e3, 70.001) }, 15e3, ""},
		{"stale price", func(s *site) { s.has(RoleImportPrice, 5, 0) }, 10e3, ""},
	} {
		t.Run(c.name, func(t *testing.T) {
			s := quiet()
			c.change(s)
			b := s.balance()
			if !b.OK || b.Reason != c.reason || math.Abs(float64(b.Available-c.available)) > 1e-6 {
				t.Errorf("available %v, ok %t, reason %q; want %v, %q (net %v)", b.Available, b.OK, b.Reason, c.available, c.reason, b.Net)
			}
		})
	}
}

func TestBalanceStale(t *testing.T) {
	for _, c := range []struct {
		name   string
		change func(*site)
		ok     bool
	}{
		{"grid just fresh", func(s *site) { s.now = 129.999 }, true},
		{"grid stale", func(s *site) { s.now = 130 }, false},
		{"surplus never heard", func(s *site) { s.spec.Kind = BalanceSurplus }, false},
		{"surplus stale", func(s *site) { surplusKind(false)(s); s.now = 130 }, false},
		{"load goes stale before generation", func(s *site) { generationKind(false)(s); s.now = 125 }, false},
		{"load just fresh", func(s *site) { generationKind(false)(s); s.now = 124.999 }, true},
		{"generation stale", func(s *site) { generationKind(false)(s); s.read(RoleGeneration, 1, 70) }, false},
		{"battery stale", func(s *site) { s.has(RoleBattery, 0, 70) }, false},
		{"battery just fresh", func(s *site) { s.has(RoleBattery, 0, 70.001) }, true},
	} {
		t.Run(c.name, func(t *testing.T) {
			s := quiet()
			c.change(s)
			b := s.balance()
			if b.OK != c.ok || b.OK == (b.Reason == StaleInput) {
				t.Errorf("ok %t, reason %q", b.OK, b.Reason)
			}
			if !b.OK && b.Available != 0 {
				t.Errorf("available %v", b.Available)
			}
		})
	}
}

func TestBalanceBatteryNeverHeard(t *testing.T) {
	s := quiet()
	s.specs = append(s.specs, ReadingSpec{Name: "battery", Role: RoleBattery, MaxAge: time.Minute})
	if b := s.balance(); b.OK || b.Reason != StaleInput {
		t.Errorf("%+v", b)
	}
}

// Nothing changes before Until, and something does at it.
func TestBalanceUntil(t *testing.T) {
	s := quiet()
	s.has(RoleCurtailed, 5e3, 80).has(RoleFlexible, 9e3, 85).has(RoleBattery, 0, 95)
	for _, until := range []float64{110, 115, 125} {
		b := s.balance()
		if !b.Until.Equal(at(until)) {
			t.Fatalf("until %v, want %v", b.Until.Sub(noon), until)
		}
		s.now = until - 0.001
		before := s.balance()
		if before.Available != b.Available || before.OK != b.OK || before.Reason != b.Reason {
			t.Errorf("changed before %v", until)
		}
		s.now = until
		if after := s.balance(); after.Available == b.Available && after.OK == b.OK {
			t.Errorf("did not change at %v", until)
		}
	}
	if b := s.balance(); b.OK || !b.Until.IsZero() {
		t.Errorf("stale for good: %+v", b)
	}
}

func TestBalanceDrawBy(t *testing.T) {
	s := quiet()
	if b := s.balance(); b.DrawBy != DrawByRigs || b.Draw != 10e3 {
		t.Error(b.DrawBy, b.Draw)
	}
	s.draws.Source = Nameplate
	if b := s.balance(); b.DrawBy != DrawByEstimate {
		t.Error(b.DrawBy)
	}
	s.has(RoleFlexible, 11e3, 100)
	if b := s.balance(); b.DrawBy != DrawByMeter || b.Draw != 11e3 || !b.Flexible.OK() {
		t.Error(b.DrawBy, b.Draw)
	}
}

func BenchmarkBalance(b *testing.B) {
	limit := Watts(600e3)
	k := Balancer{Spec: BalanceSpec{
		Kind: BalanceGrid, HeldAt: HeldAtConnection, Follow: 30 * time.Second, ExportLimit: &limit, Aux: 4,
		Battery: &BatterySpec{FirstUntil: 80, AgainBelow: 75, MaxCharge: 50e3},
	}}
	names := []Role{RoleGrid, RoleFlexible, RoleGeneration, RoleLoad, RoleCurtailed, RoleBattery, RoleSoC, RoleImportPrice}
	var specs []ReadingSpec
	for _, r := range names {
		specs = append(specs, ReadingSpec{Name: string(r), Role: r, MaxAge: 30 * time.Second, Window: 10 * time.Second})
	}
	board := NewBoard(specs)
	var d Draws
	for i := range 900 {
		d.Add(at(float64(i-900)), Watts(i%7)*1000)
	}
	b.ReportAllocs()
	i := 0
	for b.Loop() {
		now := noon.Add(time.Duration(i) * time.Millisecond)
		board.Take(Reading{Name: string(names[i%len(names)]), Value: float64(i % 100), At: now, Arrived: now})
		k.Balance(now, board, &d)
		i++
	}
	b.ReportMetric(float64(i)/b.Elapsed().Seconds(), "readings/s")
}
