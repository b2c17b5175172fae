package scheduler

import (
	"testing"
	"time"

	"github.com/curtaild/curtaild/energy"
	"github.com/curtaild/curtaild/policies"
)

// forecast says w for the next hour.
func forecast(w energy.Watts, trust float64) func(*siteSpec) {
	return func(s *siteSpec) {
		s.in.Forecast = energy.Outlook{Trust: trust, Forecast: &energy.Forecast{
			Made: noon, Steps: []energy.ForecastStep{{At: noon, Power: w}}, End: noon.Add(time.Hour),
		}}
	}
}

// A forecast keeps loads from starting for what will not last, and carries
// those that run to what will come; as far as it has been right.
func TestForecastInDecisions(t *testing.T) {
	carried := bridge(policies.Bridge{For: time.Hour})
	for name, c := range map[string]struct {
		site *siteSpec
		want []int // set-points
	}{
		"none":                            {newSite(2100), []int{1, 1}},
		"it lasts":                        {newSite(2100, forecast(2100, 1)), []int{1, 1}},
		"half of it lasts":                {newSite(2100, forecast(1050, 1)), []int{2, 0}},
		"nothing lasts":                   {newSite(2100, forecast(0, 1)), []int{0, 0}},
		"nothing lasts, says a liar":      {newSite(2100, forecast(0, 0)), []int{1, 1}},
		"nothing lasts, half believed":    {newSite(2100, forecast(0, 0.5)), []int{2, 0}},
		"what runs goes on":               {newSite(2100, on(time.Hour, 1, 1), forecast(0, 1)), []int{1, 1}},
		"a dip, and it comes back":        {newSite(500, on(time.Hour, 1, 1), carried, forecast(2500, 1)), []int{1, 1}},
		"a dip, and half comes back":      {newSite(500, on(time.Hour, 1, 1), carried, forecast(1200, 1)), []int{1, 0}},
		"a dip that lasts":                {newSite(500, on(time.Hour, 1, 1), carried, forecast(500, 1)), []int{0, 0}},
		"it comes back, none may be held": {newSite(500, on(time.Hour, 1, 1), forecast(2500, 1)), []int{0, 0}},
	} {
		t.Run(name, func(t *testing.T) {
			for _, spec := range c.site.specs {
				spec.MinOff = time.Second // else they may try: they can stop as fast
			}
			plan := Decide(noon, c.site.input(t))
			for i, d := range plan.Decisions {
				if d.To != c.want[i] {
					t.Errorf("%s: %d, want %d (%s)", d.Load, d.To, c.want[i], d.Reason)
				}
			}
		})
	}
}
