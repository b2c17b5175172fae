package mqtt

import (
	"errors"
	"math"
	"strconv"
	"strings"
	"testing"
	"time"

	"github.com/curtaild/curtaild/energy"
)

// sunny is a forecast as a service sends it: kW, half hours named by their end.
func sunny() energy.ReadingSpec {
	return energy.ReadingSpec{
		Name: "f", Role: energy.RoleForecast, Topic: "t/f", Factor: 1e3, MaxAge: 6 * time.Hour, Min: 0, Max: 600e3,
		Times: "forecasts.#.period_end", Values: "forecasts.#.pv_estimate", Time: "made", Stamps: energy.StampEnd,
	}
}

const sunnyPayload = `{"made":"2026-04-01T11:50:00Z","forecasts":[
 {"pv_estimate":10.5,"period_end":"2026-04-01T12:00:00Z"},
 {"pv_estimate":"20","period_end":"2026-04-01T12:30:00.000Z"},
 {"pv_estimate":0,"period_end":"2026-04-01T13:30:00Z"}]}`

// TestForecast: what lists and single values say of the time to come.
func TestForecast(t *testing.T) {
	starts := func(s *energy.ReadingSpec) {
		s.Times, s.Values, s.Time, s.Stamps = "t", "w", "", energy.StampStart
	}
	unix := strconv.FormatInt(noon().Unix(), 10)
	for name, c := range map[string]struct {
		change  func(*energy.ReadingSpec)
		payload string
		value   float64 // now
		until   time.Duration
		mean    energy.Watts // from now to then
	}{
		"ends":          {nil, sunnyPayload, 20000, 90 * time.Minute, 20000.0 / 3},
		"starts":        {starts, `{"t":[` + unix + `,"2026-04-01T13:00:00+00:00"],"w":[1,3]}`, 1000, 2 * time.Hour, 2000},
		"begins later":  {starts, `{"t":["2026-04-01T13:00:00Z","2026-04-01T14:00:00Z"],"w":[5,3]}`, 5000, 0, 0},
		"one in a list": {func(s *energy.ReadingSpec) { starts(s); s.Horizon = time.Hour }, `{"t":[` + unix + `],"w":[4]}`, 4000, time.Hour, 4000},
		"a bare number": {func(s *energy.ReadingSpec) {
			s.Times, s.Values, s.Time, s.Stamps, s.Horizon = "", "", "", "", 30*time.Minute
		}, "12.5", 12500, 30 * time.Minute, 12500},
		"one value": {func(s *energy.ReadingSpec) {
			s.Times, s.Values, s.Stamps, s.Value, s.Time, s.Horizon = "", "", "", "p.next", "p.ts", time.Hour
		}, `{"p":{"next":7,"ts":"2026-04-01T11:45:00Z"}}`, 7000, 45 * time.Minute, 7000},
	} {
		t.Run(name, func(t *testing.T) {
			spec := sunny()
			if c.change != nil {
				c.change(&spec)
			}
			if err := CheckSpec(&spec); err != nil {
				t.Fatal(err)
			}
			r, err := Understand(&spec, "t/f", []byte(c.payload), false, noon())
			if err != nil {
				t.Fatal(err)
			}
			if r.Value != c.value {
				t.Errorf("value %v, want %v", r.Value, c.value)
			}
			if c.until == 0 {
				return
			}
			got, ok := r.Forecast.Expected(noon(), noon().Add(c.until))
			if !ok || math.Abs(float64(got-c.mean)) > 1e-6 {
				t.Errorf("mean %v, %v; want %v", got, ok, c.mean)
			}
			if _, ok := r.Forecast.Expected(noon(), noon().Add(c.until+time.Second)); ok {
				t.Errorf("it says more than it knows: %+v", r.Forecast)
			}
		})
	}
}

// A forecast that is broken in one place is refused as a whole, and counted.
func TestForecastFaults(t *testing.T) {
	for name, c := range map[string]struct {
		payload string
		want    Cause
	}{
		"empty":              {"", Empty},
		"no JSON":            {"sunny", NotJSON},
		"no lists":           {`{"made":"2026-04-01T11:50:00Z"}`, NoValue},
		"nothing foretold":   {`{"made":"2026-04-01T11:50:00Z","forecasts":[]}`, Absent},
		"no time made":       {strings.Replace(sunnyPayload, `"made"`, `"mode"`, 1), NoTime},
		"made in the future": {strings.Replace(sunnyPayload, "11:50", "13:50", 1), Future},
		"made long ago":      {strings.Replace(sunnyPayload, "T11:50", "T01:50", 1), Old},
		"a value is missing": {strings.Replace(sunnyPayload, `"pv_estimate":10.5,`, "", 1), NoValue},
		"a value is null":    {strings.Replace(sunnyPayload, "10.5", "null", 1), NoValue},
		"a value is a word":  {strings.Replace(sunnyPayload, `"20"`, `"much"`, 1), NotANumber},
		"a value is a list":  {strings.Replace(sunnyPayload, `"20"`, `[20]`, 1), WrongType},
		"out of range":       {strings.Replace(sunnyPayload, "10.5", "10.5e3", 1), OutOfRange},
		"negative":           {strings.Replace(sunnyPayload, "10.5", "-1", 1), OutOfRange},
		"a time is a word":   {strings.Replace(sunnyPayload, "2026-04-01T12:00:00Z", "noon", 1), NoTime},
		"times fall":         {strings.Replace(sunnyPayload, "12:30:00.000", "11:30:00", 1), NoTime},
		"times stand still":  {strings.Replace(sunnyPayload, "12:30:00.000", "12:00:00", 1), NoTime},
		"over":               {strings.ReplaceAll(strings.ReplaceAll(sunnyPayload, "T12:", "T09:"), "T13:", "T11:"), Old},
		"one time":           {`{"made":1775044200,"forecasts":[{"pv_estimate":1,"period_end":1775046600}]}`, NoTime},
		"too many": {`{"made":1775044200,"forecasts":[` + strings.Repeat(`{"pv_estimate":1,"period_end":1775046600},`, 1000) +
			`{"pv_estimate":1,"period_end":1775046600}]}`, Oversize},
	} {
		spec := sunny()
		f := newFeed(&spec)
		if _, fl, _ := f.take("t/f", []byte(c.payload), false, noon()); fl == nil || fl.Cause != c.want {
			t.Errorf("%s: %v, want %s", name, fl, c.want)
		}
		if got := f.snapshot().Refused[c.want]; got != 1 {
			t.Errorf("%s: %d counted, want 1", name, got)
		}
	}
}

func TestCheckForecast(t *testing.T) {
	for name, change := range map[string]func(*energy.ReadingSpec){
		"another role": func(s *energy.ReadingSpec) { s.Role = energy.RoleGrid },
		"no values":    func(s *energy.ReadingSpec) { s.Values = "" },
		"no times":     func(s *energy.ReadingSpec) { s.Times = "" },
		"a value too":  func(s *energy.ReadingSpec) { s.Value = "w" },
		"no horizon":   func(s *energy.ReadingSpec) { s.Times, s.Values = "", "" },
		"a decoder":    func(s *energy.ReadingSpec) { s.Decoder = DecoderShelly },
		"horizon of one": func(s *energy.ReadingSpec) {
			s.Role, s.Times, s.Values, s.Stamps, s.Horizon = energy.RoleGrid, "", "", "", 1
		},
	} {
		spec := sunny()
		change(&spec)
		if CheckSpec(&spec) == nil {
			t.Errorf("%s: no fault", name)
		}
	}
}

// FuzzForecast: whatever comes is refused with a cause, or is a forecast whose
// times rise and whose values are in range.
func FuzzForecast(f *testing.F) {
	f.Add([]byte(sunnyPayload), false, false)
	f.Add([]byte(`{"forecasts":[{"pv_estimate":1,"period_end":1e300},{"pv_estimate":1,"period_end":-1}]}`), false, true)
	f.Add([]byte("12.5"), true, false)
	f.Add([]byte(`{"t":["2026-04-01T12:00:00Z"],"w":[4]}`), true, true)
	f.Fuzz(func(t *testing.T, payload []byte, start, one bool) {
		spec := sunny()
		if start {
			spec.Stamps, spec.Time = energy.StampStart, ""
		}
		if one {
			spec.Times, spec.Values, spec.Horizon = "", "", time.Hour
			spec.Value = "w.0"
		}
		r, err := Understand(&spec, "t/f", payload, false, noon())
		if err != nil {
			var fault *Fault
			if !errors.As(err, &fault) || (fault.Cause != Absent && fault.Cause.index() == 0) || len(err.Error()) > 300 {
				t.Fatalf("fault %v", err)
			}
			return
		}
		last := time.Time{}
		for _, s := range r.Forecast.Steps {
			if !s.At.After(last) || !(s.Power >= 0 && s.Power <= 600e3) {
				t.Fatalf("%+v", r.Forecast)
			}
			last = s.At
		}
		if !r.Forecast.End.After(last) || !r.Forecast.End.After(noon()) {
			t.Fatalf("ends at %v, after %v", r.Forecast.End, last)
		}
		if w, ok := r.Forecast.Expected(r.Forecast.Steps[0].At, r.Forecast.End); !ok || !(w >= 0 && w <= 600e3+1e-3) {
			t.Fatalf("expects %v, %v of %+v", w, ok, r.Forecast)
		}
	})
}
