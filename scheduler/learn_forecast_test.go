package scheduler

import (
	"encoding/json"
	"math"
	"reflect"
	"testing"
	"time"

	"github.com/curtaild/curtaild/energy"
)

// sky is a site with a meter and a forecast, whose surplus goes up and down.
func sky(t *testing.T, begin time.Time, kept Kept) *field {
	f := newField(t, nil)
	l := *f.v.s.Loop
	l.Setup.Readings = append(l.Setup.Readings, energy.ReadingSpec{Name: "sky", Role: energy.RoleForecast, MaxAge: time.Hour, Min: 0, Max: 1e6})
	l.Kept = kept
	v, err := NewVirtual(l, begin)
	if err != nil {
		t.Fatal(err)
	}
	f.v, f.now = v, begin
	return f
}

func shines(at time.Time) energy.Watts {
	return energy.Watts(5000 + 3000*math.Sin(at.Sub(noon).Hours()*3))
}

// look makes one pass a minute, with a new forecast every quarter of an hour
// until talks is over. It says factor times what will come.
func (f *field) look(d, talks time.Duration, factor energy.Watts) {
	begin := f.now
	for ; f.now.Before(begin.Add(d)); f.now = f.now.Add(time.Minute) {
		if f.now.Sub(begin)%(15*time.Minute) == 0 && f.now.Sub(begin) < talks {
			fc := &energy.Forecast{Made: f.now, End: f.now.Add(4 * time.Hour)}
			for at := f.now; at.Before(fc.End); at = at.Add(5 * time.Minute) {
				fc.Steps = append(fc.Steps, energy.ForecastStep{At: at, Power: factor * shines(at)})
			}
			f.v.Reading(energy.Reading{Name: "sky", At: f.now, Value: float64(fc.Steps[0].Power), Forecast: fc})
		}
		f.v.Reading(energy.Reading{Name: "free", At: f.now, Value: float64(shines(f.now))})
		f.v.Pass(f.now)
	}
}

// A forecast that is right enters decisions with trust, one that is wrong with
// none, and one that is stale not at all.
func TestForecastEntersDecisions(t *testing.T) {
	f := sky(t, noon, Kept{})
	f.look(6*time.Hour, 6*time.Hour, 1)
	in := f.v.s.input(f.now)
	w, ok := in.Forecast.Expected(f.now, f.now.Add(time.Hour))
	if !ok || w <= 0 || in.Forecast.Trust < 0.8 {
		t.Errorf("expects %v, %v, trust %v", w, ok, in.Forecast.Trust)
	}
	f.look(90*time.Minute, 0, 1)
	if in := f.v.s.input(f.now); in.Forecast != (energy.Outlook{}) {
		t.Errorf("stale: %+v", in.Forecast)
	}
	wrong := sky(t, noon, Kept{})
	wrong.look(6*time.Hour, 6*time.Hour, 2)
	if in := wrong.v.s.input(wrong.now); in.Forecast.Forecast == nil || in.Forecast.Trust > 0 {
		t.Errorf("twice as much as comes: trust %v", in.Forecast.Trust)
	}
}

// Trust outlives a restart.
func TestForecastTrustIsKept(t *testing.T) {
	f := sky(t, noon, Kept{})
	f.look(6*time.Hour, 6*time.Hour, 1)
	text, err := json.Marshal(f.v.s.record(f.now))
	if err != nil {
		t.Fatal(err)
	}
	var kept Kept
	if err := json.Unmarshal(text, &kept.KeptSite); err != nil {
		t.Fatal(err)
	}
	g := sky(t, f.now, kept)
	f.look(30*time.Minute, 30*time.Minute, 1)
	g.look(30*time.Minute, 30*time.Minute, 1)
	if a, b := f.v.s.outlook, g.v.s.outlook; !reflect.DeepEqual(a, b) || a.Trust == 0 {
		t.Errorf("trust %v, after a restart %v", a.Trust, b.Trust)
	}
}

// A journal has the forecasts, and is read back as they were.
func TestForecastInJournal(t *testing.T) {
	r := energy.Reading{
		Name: "sky", Value: 1, At: noon, Arrived: noon,
		Forecast: &energy.Forecast{Made: noon, Steps: []energy.ForecastStep{{At: noon, Power: 1.1}}, End: noon.Add(time.Hour)},
	}
	p := packer{words: map[string]uint64{}}
	h := heading{readings: []string{"sky"}, at: noon}
	p.event(&h, &Event{Kind: EventForecast, At: noon.Add(time.Second), Reading: r})
	in := eventReader{heading: heading{readings: []string{"sky"}, at: noon}}
	in.buf = p.buf
	e, err := in.next()
	if err != nil || !reflect.DeepEqual(e.Reading, r) {
		t.Errorf("%+v, %v; want %+v", e.Reading, err, r)
	}
}
