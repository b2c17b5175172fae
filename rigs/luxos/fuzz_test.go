package luxos

import (
	"errors"
	"math"
	"testing"
	"time"

	"github.com/curtaild/curtaild/energy"
	"github.com/curtaild/curtaild/rigs"
	"github.com/curtaild/curtaild/rigs/cgminer"
)

const success = `{"STATUS":[{"STATUS":"S","Code":1}],`

// FuzzPoll: whatever a rig answers to a poll, an error has a class, and a
// report has numbers that can be added up. A rig that does not tell its mode
// is in no known state.
func FuzzPoll(f *testing.F) {
	f.Add([]byte(success+`"CONFIG":[{"CurtailMode":"None","IsPowerSupplyOn":true,"MACAddr":"02:00:00:00:00:01","Profile":"290MHz"}]}`),
		[]byte(success+`"SUMMARY":[{"GHS 5s":80000.5,"Accepted":12,"Rejected":1,"Elapsed":881}]}`),
		[]byte(success+`"POWER":[{"Watts":1700,"PSU":true}]}`), []byte(success+`"DEVS":[{"Temperature":61.5},{"Temperature":-3,"IsRamping":true}]}`))
	f.Add([]byte(success+`"CONFIG":{"CurtailMode":"Sleep","IsPowerSupplyOn":"N","SystemStatus":"Overheat"}}`),
		[]byte(success+`"SUMMARY":[{"GHS 5s":"1e300","Accepted":1e300,"Rejected":-1,"Elapsed":1e300}]}`),
		[]byte(success+`"POWER":[{"Watts":"-1e300"}]}`), []byte(success+`"DEVS":{"0":{"Tenperature":"1e300"},"1":{}}}`))
	f.Add([]byte(success+`"CONFIG":[{}]}`), []byte(success+`"SUMMARY":[{"GHS_5s":inf}]}`), []byte(success+`"POWER":[{"Watts":1e300}]}`), []byte(`<html>`))
	f.Fuzz(func(t *testing.T, config, summary, power, devs []byte) {
		var d Driver
		for name, raw := range map[string][]byte{"config": config, "summary": summary, "power": power, "devs": devs} {
			reply, _, err := cgminer.Parse(raw)
			if err == nil {
				s, section := d.source(name)
				err = s.take(reply, section, time.Unix(1.8e9, 0))
			}
			if err != nil && !errors.Is(err, rigs.ErrGarbage) {
				t.Fatalf("%s: %v: an error without a class", name, err)
			}
		}
		rep := d.report()
		plausible(t, rep.Draw, rep.Rate)
		if rep.TempC < 0 || math.IsNaN(rep.TempC) || math.IsInf(rep.TempC, 0) || rep.Uptime < 0 || rep.Accepted > 1<<53 || rep.Rejected > 1<<53 {
			t.Errorf("report %+v", rep)
		}
		if rep.State == "" || rep.State == energy.StateRunning && rep.Rate <= 0 || rep.Draw > 0 && rep.Source == "" {
			t.Errorf("report %+v contradicts itself", rep)
		}
		if d.config.rec.Text("CurtailMode") == "" && rep.State != energy.StateUnknown {
			t.Errorf("state %q without a mode", rep.State)
		}
	})
}

// FuzzProfiles: the levels that are offered have names, rise, and have numbers
// that can be added up; and so has a session its id.
func FuzzProfiles(f *testing.F) {
	f.Add([]byte(success+`"PROFILES":[{"Profile Name":"290MHz","Watts":1200,"Hashrate":60,"Step":-1},{"Profile Name":"default","Watts":1700,"Hashrate":80,"Step":0}]}`), "290MHz", false)
	f.Add([]byte(success+`"PROFILES":[{"Profile Name":"x","Watts":1e300,"Hashrate":1e300},{"Profile Name":"","Watts":-1,"Hashrate":"1e-300","Step":1e300}]}`), "x", true)
	f.Add([]byte(success+`"SESSION":[{"SessionID":"abcd1234"}],"PROFILES":{}}`), "", true)
	f.Fuzz(func(t *testing.T, raw []byte, set string, over bool) {
		reply, _, err := cgminer.Parse(raw)
		if err != nil {
			return
		}
		if _, err := sessionID(reply); err != nil && !errors.Is(err, rigs.ErrGarbage) {
			t.Errorf("session: %v: an error without a class", err)
		}
		points := levels(reply.Section("PROFILES"), set, over)
		for i, p := range points {
			plausible(t, p.Draw, p.Rate)
			if p.Name == "" || p.Draw <= 0 || p.Rate <= 0 || i > 0 && p.Draw < points[i-1].Draw {
				t.Errorf("points %+v", points)
			}
		}
	})
}

func plausible(t *testing.T, w energy.Watts, r energy.HashRate) {
	t.Helper()
	if !(w >= 0 && w <= rigs.MaxDraw) || !(r >= 0 && r <= rigs.MaxRate) {
		t.Errorf("draw %g W, %g H/s", float64(w), float64(r))
	}
}
