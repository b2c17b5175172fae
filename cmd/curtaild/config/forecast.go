package config

import (
	"time"

	"github.com/curtaild/curtaild/energy"
	"github.com/curtaild/curtaild/policies/strict"
)

// forecast reads what only a forecast has: the paths of its lists, or for how
// long its one value holds.
func (l *loader) forecast(m *strict.Map, s *energy.ReadingSpec) {
	if s.Role != energy.RoleForecast {
		if s.Role != "" {
			m.Refuse("is for the role forecast only: remove it", "times", "values", "stamps", "horizon")
		}
		return
	}
	s.Times, s.Values = m.String("times", ""), m.String("values", "")
	s.Stamps = strict.Enum(m, "stamps", energy.StampStart, energy.StampStart, energy.StampEnd)
	s.Horizon = positive(m, "horizon", 0)
	list := m.Has("times") || m.Has("values")
	switch {
	case list:
		m.Require("times", "values")
		m.Refuse("times and values say where the forecast is: remove this", "value")
		if s.Decoder != "" {
			m.At("decoder").Fault("%s knows no lists: remove it, or times and values", s.Decoder)
		}
	case !m.Has("horizon"):
		m.Fault("a forecast is a list (add times and values, paths in its JSON), or one value for a time to come (add horizon, as in horizon: 1h)")
	}
	if s.Combine == energy.CombineSum {
		m.At("combine").Fault("forecasts of several topics cannot be summed: have one topic for the site, or combine: latest")
	}
}

// maxAgeOf is how old a reading may be, if the config does not say.
func maxAgeOf(r energy.Role) time.Duration {
	if r == energy.RoleForecast {
		return defaultForecastAge
	}
	return defaultMaxAge
}
