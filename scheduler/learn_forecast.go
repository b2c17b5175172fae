package scheduler

import (
	"time"

	"github.com/curtaild/curtaild/energy"
)

// foresee takes the forecast that may be relied on now, and compares what
// forecasts have said with what is available. One that is stale counts for
// nothing.
func (s *site) foresee(now time.Time) {
	s.outlook = energy.Outlook{}
	if !s.board.Has(energy.RoleForecast) {
		return
	}
	f := s.board.Forecast(now)
	s.kept.Forecast = s.kept.Forecast.Step(now, f, s.balance.Available, s.balance.OK)
	if f != nil {
		s.outlook = energy.Outlook{Forecast: f, Trust: s.kept.Forecast.Trust()}
	}
}
