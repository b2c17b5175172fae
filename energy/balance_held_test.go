package energy

import (
	"encoding/json"
	"math"
	"testing"
	"time"
)

func limited(x Watts) func(*site) {
	return func(s *site) {
		s.spec.ExportLimit, s.spec.Follow = &x, 30*time.Second
		s.has(RoleCurtailed, 5e3, 100)
	}
}

func potential(v, sec float64) func(*site) {
	return func(s *site) { s.has(RolePotential, v, sec).has(RoleGeneration, 20e3, 95) }
}

func batteryOf(soc, power float64, enough bool) func(*site) {
	return func(s *site) {
		s.spec.Battery = &BatterySpec{FirstUntil: 80, AgainBelow: 75, MaxCharge: 6e3}
		s.memory.Charge.Enough = enough
		s.has(RoleSoC, soc, 100).has(RoleBattery, power, 100)
	}
}

// One instant, with what was remembered, on both sides of every edge. The site
// is the quiet one: we draw 10 kW, and grid power is 0.
func TestBalanceEdges(t *testing.T) {
	for _, c := range []struct {
		name      string
		changes   []func(*site)
		available Watts
		reason    Reason
	}{
		{"at the limit", []func(*site){limited(0)}, 15e3, ""},
		{"within the band", []func(*site){limited(0), func(s *site) { s.read(RoleGrid, 500, 100) }}, 14.5e3, ""},
		{"out of the band", []func(*site){limited(0), func(s *site) { s.read(RoleGrid, 501, 100) }}, 9499, OffLimit},
		{"beyond the limit", []func(*site){limited(0), func(s *site) { s.read(RoleGrid, -9e3, 100) }}, 24e3, ""},
		{"5 % of a high limit", []func(*site){limited(100e3), func(s *site) { s.read(RoleGrid, -95e3, 100) }}, 110e3, ""},
		{"more than 5 %", []func(*site){limited(100e3), func(s *site) { s.read(RoleGrid, -94.999e3, 100) }}, 104.999e3, OffLimit},
		{"a band of one's own", []func(*site){limited(0), func(s *site) { s.spec.ExportBand = 2e3; s.read(RoleGrid, 2e3, 100) }}, 13e3, ""},
		{"out of it", []func(*site){limited(0), func(s *site) { s.spec.ExportBand = 2e3; s.read(RoleGrid, 2001, 100) }}, 7999, OffLimit},
		{"our last rise excuses the distance", []func(*site){limited(0), func(s *site) { s.draw(70.001, 13e3).read(RoleGrid, 3500, 100) }}, 14.5e3, ""},
		{"and no more than it", []func(*site){limited(0), func(s *site) { s.draw(70.001, 13e3).read(RoleGrid, 3501, 100) }}, 9499, OffLimit},
		{"nor one that the plant has had time to follow", []func(*site){limited(0), func(s *site) { s.draw(69.999, 13e3).read(RoleGrid, 3500, 100) }}, 9500, OffLimit},
		{"limit by a reading", []func(*site){limited(1e3), func(s *site) { s.has(RoleExportLimit, 0, 100) }}, 15e3, ""},
		{"the lower one counts", []func(*site){limited(0), func(s *site) { s.has(RoleExportLimit, 1e6, 100) }}, 15e3, ""},
		{"a limit below 0 is 0", []func(*site){limited(1e3), func(s *site) { s.has(RoleExportLimit, -9e3, 100).read(RoleGrid, 500, 100) }}, 14.5e3, ""},
		{"stale limit", []func(*site){limited(0), func(s *site) { s.has(RoleExportLimit, 0, 70) }}, 10e3, StaleInput},
		{"all but stale limit", []func(*site){limited(0), func(s *site) { s.has(RoleExportLimit, 0, 70.001) }}, 15e3, ""},
		{"limit never heard", []func(*site){limited(0), func(s *site) {
			s.specs = append(s.specs, ReadingSpec{Name: "x", Role: RoleExportLimit, MaxAge: time.Minute})
		}}, 10e3, StaleInput},
		{"nothing to hold a surplus against the limit by", []func(*site){surplusKind(false), limited(1e6)}, 12e3, ""},
		{"generation and load against the limit", []func(*site){generationKind(false), limited(0)}, 6e3, OffLimit}, // we import 4 kW

		{"held back since before export left its limit", []func(*site){limited(0), func(s *site) { s.memory.Follow.Off = at(100) }}, 10e3, OffLimit},
		{"and after", []func(*site){limited(0), func(s *site) { s.memory.Follow.Off = at(99.999) }}, 15e3, ""},
		{"a plant that does not follow", []func(*site){limited(0), func(s *site) { s.memory.Follow = Follow{Refused: at(0), Wait: 101 * time.Second} }}, 10e3, NotRecoverable},
		{"tried again", []func(*site){limited(0), func(s *site) { s.memory.Follow = Follow{Refused: at(0), Wait: 100 * time.Second} }}, 15e3, ""},

		{"potential", []func(*site){potential(24e3, 90)}, 14e3, ""},
		{"potential all made", []func(*site){potential(20e3, 90)}, 10e3, ""},
		{"potential below what is made", []func(*site){potential(19e3, 90)}, 10e3, ""},
		{"we have drawn more since generation was read", []func(*site){potential(24e3, 90), func(s *site) { s.draw(97, 12e3) }}, 14e3, ""},
		{"stale potential", []func(*site){potential(24e3, 70)}, 10e3, StaleInput},
		{"stale generation", []func(*site){potential(24e3, 90), func(s *site) { s.read(RoleGeneration, 20e3, 70) }}, 10e3, StaleInput},
		{"potential held at the generator", []func(*site){potential(24e3, 90), func(s *site) { s.spec.HeldAt = HeldAtGenerator }}, 10e3, NotRecoverable},

		{"battery first", []func(*site){batteryOf(79.9, 1e3, false)}, 5e3, ""},
		{"battery has enough", []func(*site){batteryOf(80, 1e3, false)}, 11e3, ""},
		{"still enough", []func(*site){batteryOf(75, 1e3, true)}, 11e3, ""},
		{"no longer enough", []func(*site){batteryOf(74.9, 1e3, true)}, 5e3, ""},
		{"charging with all it takes", []func(*site){batteryOf(50, 6e3, false)}, 10e3, ""},
		{"and with more", []func(*site){batteryOf(50, 7e3, false)}, 10e3, ""},
		{"never discharged for loads", []func(*site){batteryOf(90, -1e3, true)}, 9e3, ""},
		{"nor when it comes first", []func(*site){batteryOf(50, -1e3, false)}, 3e3, ""},
		{"stale charge: first", []func(*site){batteryOf(90, 1e3, true), func(s *site) { s.read(RoleSoC, 90, 70) }}, 5e3, StaleInput},
		{"export it might have taken", []func(*site){batteryOf(50, 1e3, false), func(s *site) { s.read(RoleGrid, -4e3, 100) }}, 9e3, ""},
		{"export for a minute, so it takes no more", []func(*site){batteryOf(50, 1e3, false), func(s *site) {
			s.read(RoleGrid, -4e3, 100)
			s.memory.Charge.Exporting = at(40)
		}}, 14e3, ""},
		{"for less", []func(*site){batteryOf(50, 1e3, false), func(s *site) {
			s.read(RoleGrid, -4e3, 100)
			s.memory.Charge.Exporting = at(40.001)
		}}, 9e3, ""},
		{"known to take no more", []func(*site){batteryOf(50, 1e3, false), func(s *site) {
			s.memory.Charge = Charge{Takes: 3e3, TakesAt: at(100 - 3600), TakesSoC: 50.9}
		}}, 8e3, ""},
		{"for an hour", []func(*site){batteryOf(50, 1e3, false), func(s *site) {
			s.memory.Charge = Charge{Takes: 3e3, TakesAt: at(99.999 - 3600), TakesSoC: 50}
		}}, 5e3, ""},
		{"unless it is emptier", []func(*site){batteryOf(50, 1e3, false), func(s *site) {
			s.memory.Charge = Charge{Takes: 3e3, TakesAt: at(90), TakesSoC: 51}
		}}, 5e3, ""},
		{"or takes more", []func(*site){batteryOf(50, 5e3, false), func(s *site) {
			s.memory.Charge = Charge{Takes: 3e3, TakesAt: at(90), TakesSoC: 50}
		}}, 10e3, ""},
		{"generation before the battery, which comes first", []func(*site){generationKind(true), batteryOf(50, 1e3, false)}, 10e3, ""},
		{"generation before the battery, which has enough", []func(*site){generationKind(true), batteryOf(90, 1e3, false)}, 16e3, ""},
	} {
		t.Run(c.name, func(t *testing.T) {
			s := quiet()
			for _, change := range c.changes {
				change(s)
			}
			b := s.balance()
			if !b.OK || b.Reason != c.reason || math.Abs(float64(b.Available-c.available)) > 1e-6 {
				t.Errorf("available %v, ok %t, reason %q; want %v, %q (net %v, held %v)", b.Available, b.OK, b.Reason, c.available, c.reason, b.Net, b.Held)
			}
		})
	}
}

// A plant that is said to hold 20 kW back, reading by reading: what it makes
// when we draw more is what tells.
func TestFollow(t *testing.T) {
	type row struct {
		sec        float64
		draw, grid Watts
		held       float64
		want       Watts // available
		reason     Reason
	}
	for _, c := range []struct {
		name string
		rows []row
	}{
		{"follows within the time", []row{
			{0, 10e3, 0, 20e3, 30e3, ""},
			{10, 30e3, 20e3, 20e3, 30e3, ""},
			{39, 30e3, 19e3, 19e3, 30e3, ""}, // 29 s after the rise
			{41, 30e3, 0, 0, 30e3, ""},
		}},
		{"follows half the way", []row{
			{0, 10e3, 0, 20e3, 30e3, ""},
			{10, 30e3, 20e3, 20e3, 30e3, ""},
			{41, 30e3, 10e3, 10e3, 30e3, ""},
			{50, 30e3, 10e3, 10e3, 30e3, ""},
		}},
		{"follows less than that", []row{
			{0, 10e3, 0, 20e3, 30e3, ""},
			{10, 30e3, 20e3, 20e3, 30e3, ""},
			{41, 30e3, 10.1e3, 20e3, 19.9e3, NotRecoverable},
			{60, 15e3, 5e3, 20e3, 10e3, NotRecoverable},
			{640.9, 10e3, 0, 20e3, 10e3, NotRecoverable},
			{641, 10e3, 0, 20e3, 30e3, ""}, // 10 min later
			{650, 30e3, 20e3, 20e3, 30e3, ""},
			{681, 30e3, 20e3, 20e3, 10e3, NotRecoverable},
			{700, 10e3, 0, 20e3, 10e3, NotRecoverable},
			{681 + 1199, 10e3, 0, 20e3, 10e3, NotRecoverable},
			{681 + 1200, 10e3, 0, 20e3, 30e3, ""}, // 20 min the second time
		}},
		{"a new episode is a new chance", []row{
			{0, 10e3, 0, 20e3, 30e3, ""},
			{10, 30e3, 20e3, 20e3, 30e3, ""},
			{41, 30e3, 20e3, 20e3, 10e3, NotRecoverable},
			{60, 10e3, 0, 0, 10e3, ""},
			{70, 10e3, 0, 20e3, 30e3, ""},
		}},
		{"a rise within the band judges nobody", []row{
			{0, 10e3, 0, 20e3, 30e3, ""},
			{10, 10.5e3, 500, 20e3, 30e3, ""},
			{41, 10.5e3, 500, 20e3, 30e3, ""},
		}},
		{"a slow creep does", []row{
			{0, 10e3, 0, 20e3, 30e3, ""},
			{31, 10.4e3, 400, 20e3, 30e3, ""},
			{62, 10.8e3, 800, 20e3, 30e3, ""},
			{93, 10.8e3, 800, 20e3, 10e3, NotRecoverable},
		}},
	} {
		t.Run(c.name, func(t *testing.T) {
			board := NewBoard([]ReadingSpec{{Name: "grid", Role: RoleGrid, MaxAge: time.Hour}, {Name: "curtailed", Role: RoleCurtailed, MaxAge: time.Hour}})
			k := Balancer{Spec: BalanceSpec{Kind: BalanceGrid, HeldAt: HeldAtConnection, Follow: 30 * time.Second}}
			var draws Draws
			draws.Add(at(-100), 10e3)
			for _, r := range c.rows {
				last := draws.At(at(r.sec))
				draws.Add(at(r.sec-1), last) // a step a second before the reading
				draws.Add(at(r.sec-1), r.draw)
				board.Take(reading("grid", float64(r.grid), r.sec))
				board.Take(reading("curtailed", r.held, r.sec))
				for range 2 { // looked at twice, it is the same
					b := k.Balance(at(r.sec), board, &draws)
					if b.Available != r.want || b.Reason != r.reason {
						t.Fatalf("at %v s: available %v, %q; want %v, %q (held %v, %+v)", r.sec, b.Available, b.Reason, r.want, r.reason, b.Held, k.Memory.Follow)
					}
				}
				k = Balancer{Spec: k.Spec, Memory: kept(t, k.Memory), Made: k.Made}
			}
		})
	}
}

// kept is m after a restart.
func kept(t *testing.T, m BalanceMemory) (out BalanceMemory) {
	t.Helper()
	text, err := json.Marshal(m)
	if err == nil {
		err = json.Unmarshal(text, &out)
	}
	if err != nil {
		t.Fatal(err)
	}
	return out
}
