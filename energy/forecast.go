package energy

import "time"

// Forecast is the surplus that is expected to come: what our loads may draw
// then. It is a list of steps, each with the mean power from its start to the
// start of the next; the last one goes to End. It is never written to once it
// has been made.
type Forecast struct {
	Made  time.Time      `json:"made"`
	Steps []ForecastStep `json:"steps"` // by time
	End   time.Time      `json:"end"`
}

// ForecastStep is the power expected from a time on.
type ForecastStep struct {
	At    time.Time `json:"at"`
	Power Watts     `json:"w"`
}

// Expected is the mean power expected from one instant to another; not ok if
// the forecast does not cover all of that. A nil forecast covers nothing.
func (f *Forecast) Expected(from, to time.Time) (w Watts, ok bool) {
	if f == nil || len(f.Steps) == 0 || from.Before(f.Steps[0].At) || to.After(f.End) || !from.Before(to) {
		return 0, false
	}
	sum := 0.0 // J
	for i, s := range f.Steps {
		begin, end := s.At, f.End
		if i+1 < len(f.Steps) {
			end = f.Steps[i+1].At
		}
		if begin.Before(from) {
			begin = from
		}
		if end.After(to) {
			end = to
		}
		if d := end.Sub(begin).Seconds(); d > 0 {
			sum += float64(s.Power) * d
		}
	}
	return Watts(sum / to.Sub(from).Seconds()), true
}

// Outlook is a forecast and how far it is to be trusted. The zero value is
// none.
type Outlook struct {
	Forecast *Forecast `json:"forecast,omitempty"`
	// Trust is 0 for a forecast that is worth no more than to suppose that all
	// stays as it is, or that has not been proven yet; 1 for one that errs not
	// at all.
	Trust float64 `json:"trust,omitempty"`
}

// Expected is the mean power expected from one instant to another; not ok
// without a forecast that covers it all.
func (o Outlook) Expected(from, to time.Time) (w Watts, ok bool) {
	return o.Forecast.Expected(from, to)
}
