package bitaxe

import (
	"errors"
	"math"
	"testing"

	"github.com/curtaild/curtaild/energy"
	"github.com/curtaild/curtaild/rigs"
)

const sound = `{"power":17.4,"hashRate":1180.2,"expectedHashrate":1207.2,"temp":58.1,"vrTemp":61,"frequency":525,"coreVoltage":1150,` +
	`"uptimeSeconds":8312,"sharesAccepted":412,"sharesRejected":1,"overheat_mode":0,"miningPaused":false,"macAddr":"02:00:00:00:00:01",` +
	`"version":"v2.14.0","ASICModel":"BM1370","boardVersion":"601"}`

// FuzzInfo: whatever a device answers, an error has a class, and a report has
// numbers that can be added up.
func FuzzInfo(f *testing.F) {
	for _, s := range []string{
		sound, "", "null", "[]", "<html>", sound + "{}", `{"hashRate":"1e300"}`, `{"power":"NaN","hashRate":-1e308,"temp":"Inf","uptimeSeconds":1e300}`,
		`{"frequency":1e-300,"expectedHashrate":1e15,"miningPaused":true}`, `{"frequency":1e300}`, `{"sharesAccepted":1e300,"sharesRejected":-1}`,
	} {
		f.Add([]byte(s))
	}
	f.Fuzz(func(t *testing.T, body []byte) {
		var i info
		if err := decode(body, &i); err != nil {
			if !errors.Is(err, rigs.ErrGarbage) {
				t.Fatalf("%v: an error without a class", err)
			}
			return
		}
		rep := i.report()
		plausible(t, rep.Draw, rep.Rate)
		if rep.TempC < 0 || math.IsNaN(rep.TempC) || math.IsInf(rep.TempC, 0) || rep.Uptime < 0 || rep.Accepted > 1<<53 || rep.Rejected > 1<<53 {
			t.Errorf("report %+v", rep)
		}
		if rep.State == energy.StateRunning && rep.Rate <= 0 || rep.Draw > 0 && rep.Source == "" {
			t.Errorf("report %+v contradicts itself", rep)
		}
		if _, ok := parseLevel(rep.Level); rep.Level != "" && !ok {
			t.Errorf("level %q is none that can be set", rep.Level)
		}
		usable(t, levels(i, asic{}))
	})
}

// FuzzASIC: whatever a device says of its chip, its levels can be set, rise,
// and have numbers that can be added up.
func FuzzASIC(f *testing.F) {
	f.Add([]byte(sound), []byte(`{"frequencyOptions":[400,425,"450",525,600],"defaultFrequency":525}`))
	f.Add([]byte(`{"hashRate":1e9,"power":9e5}`), []byte(`{"frequencyOptions":[1e-300,-1,1e300,null,{}],"defaultFrequency":2000}`))
	f.Add([]byte(`{"frequency":50,"expectedHashrate":1e308}`), []byte(`{"frequencyOptions":{}}`))
	f.Add([]byte(`{"frequency":500}`), []byte("null"))
	f.Fuzz(func(t *testing.T, first, second []byte) {
		var i info
		var a asic
		if decode(first, &i) != nil {
			return
		}
		if err := decode(second, &a); err != nil {
			if !errors.Is(err, rigs.ErrGarbage) {
				t.Fatalf("%v: an error without a class", err)
			}
			return
		}
		usable(t, levels(i, a))
	})
}

// usable sees to it that points can be chosen from, and set.
func usable(t *testing.T, points []energy.OperatingPoint) {
	t.Helper()
	for n, p := range points {
		plausible(t, p.Draw, p.Rate)
		mhz, ok := parseLevel(p.Name)
		if !ok || p.Rate <= 0 || p.Draw < Defaults().IdleDraw {
			t.Errorf("point %+v cannot be used", p)
		}
		if n > 0 && (p.Draw < points[n-1].Draw || p.Rate < points[n-1].Rate) {
			t.Errorf("point %+v after %+v", p, points[n-1])
		}
		if n > 0 {
			if before, _ := parseLevel(points[n-1].Name); before >= mhz {
				t.Errorf("point %+v after %+v", p, points[n-1])
			}
		}
	}
}

// plausible holds a draw and a hash rate to what a device, or an estimate from
// its numbers over all of its frequencies, can come to.
func plausible(t *testing.T, w energy.Watts, r energy.HashRate) {
	t.Helper()
	const most = 100 * maxMHz / minMHz
	if !(w >= 0 && w <= most*rigs.MaxDraw) || !(r >= 0 && r <= most*rigs.MaxRate) {
		t.Errorf("draw %g W, %g H/s", float64(w), float64(r))
	}
}
